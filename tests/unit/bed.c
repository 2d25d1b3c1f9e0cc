// SPDX-License-Identifier: GPL-2.0
#include "bed.h"

struct bed bed;

void vbs_env_runnable(struct vbs_cpu *c, struct vbs_server *s)
{
	assert_ptr_equal(c, &bed.cpu);
	assert_true(vbs_nr_eligible(s) <= s->nr_user + s->nr_kernel);
}

void vbs_env_released(struct vbs_cpu *c, struct vbs_server *s, u64 debt)
{
	assert_ptr_equal(c, &bed.cpu);
	assert_int_equal(debt, s->consumed);
}

void vbs_env_stopped(struct vbs_cpu *c, struct vbs_server *s, enum vbs_why why,
		     u64 until)
{
	assert_ptr_equal(c, &bed.cpu);
	assert_true(why <= VBS_WHY_WAITING);
	assert_true(until || !s->release);
}

void vbs_env_fair(struct vbs_cpu *c, struct vbs_server *s)
{
	assert_ptr_equal(c, &bed.cpu);
	assert_true(s->nr_kernel);
	bed.fair = true;
}

void vbs_env_recall(struct vbs_cpu *c, struct vbs_server *s)
{
	assert_ptr_equal(c, &bed.cpu);
	assert_true(s->nr_fair);
	bed.recall = true;
}

void vbs_env_cap_freed(struct vbs_cpu *c, struct vbs_server *s, u32 amount)
{
	assert_ptr_equal(c, &bed.cpu);
	assert_true(amount && s->cap);
	bed.freed += amount;
}

void vbs_env_booking_over(struct vbs_cpu *c, struct vbs_booking *b)
{
	assert_ptr_equal(c, &bed.cpu);
	assert_ptr_equal(b, &bed.b);
	bed.over = true;
}

u64 vbs_env_align_offset(struct vbs_cpu *c, struct vbs_server *s)
{
	assert_ptr_equal(c, &bed.cpu);
	assert_true(s->align);
	return bed.ahead;
}

void bed_start(u64 now)
{
	memset(&bed, 0, sizeof(bed));
	vbs_cpu_init(&bed.cpu);
	bed.now = now;
}

void give_nodes(void)
{
	for (int i = 0; i < VBS_NODES_PER_ENT; i++)
		vbs_pool_give(&bed.cpu.pool, &bed.node[bed.nr_nodes++]);
}

void take_nodes(void)
{
	for (int i = 0; i < VBS_NODES_PER_ENT; i++)
		assert_non_null(vbs_pool_take(&bed.cpu.pool));
}

struct vbs_server *enter_z(u64 runtime, u64 period, u32 cap, bool align, u64 z)
{
	struct vbs_params p = {
		.runtime = runtime, .period = period, .cap = cap, .align = align,
	};
	struct vbs_server *s = &bed.s[bed.nr++];

	assert_int_equal(vbs_params_in_cap(&p), VBS_REJECT_NONE);
	vbs_server_init(s, &p, z);
	give_nodes();
	vbs_server_attach(s);
	return s;
}

struct vbs_server *enter(u64 runtime, u64 period, u32 cap)
{
	return enter_z(runtime, period, cap, false, 0);
}

void wake(struct vbs_server *s, bool kernel)
{
	vbs_member_add(&bed.cpu, s, kernel, bed.now);
}

void stop(struct vbs_server *s, bool kernel)
{
	vbs_member_del(&bed.cpu, s, kernel, bed.now);
}

void mode(struct vbs_server *s, bool kernel)
{
	vbs_member_mode(s, kernel);
	vbs_settle(&bed.cpu, s, bed.now);
}

void run(struct vbs_server *s, u64 ns)
{
	bed.now += ns;
	vbs_charge(s, ns);
	vbs_settle(&bed.cpu, s, bed.now);
}

void late_at(u64 t)
{
	assert_true(t >= bed.now);
	bed.now = t;
}

void at(u64 t)
{
	u64 when;

	while (vbs_next_release(&bed.cpu, &when) && when <= t) {
		late_at(max(when, bed.now));
		vbs_release_due(&bed.cpu, bed.now, 64);
	}
	late_at(t);
}

void switch_cap(struct vbs_server *s, u64 runtime, u64 period, u32 cap)
{
	struct vbs_params p = {
		.runtime = runtime, .period = period, .cap = cap,
		.align = s->align,
	};

	assert_int_equal(vbs_params_in_cap(&p), VBS_REJECT_NONE);
	vbs_settle(&bed.cpu, s, bed.now);
	vbs_switch(&bed.cpu, s, &p, bed.now);
}

void switch_to(struct vbs_server *s, u64 runtime, u64 period)
{
	switch_cap(s, runtime, period, s->cap_next);
}

void ask_cap(struct vbs_server *s, u32 cap)
{
	vbs_settle(&bed.cpu, s, bed.now);
	vbs_set_cap(&bed.cpu, s, cap, bed.now);
}

void yield(struct vbs_server *s)
{
	vbs_yield(s);
	vbs_settle(&bed.cpu, s, bed.now);
}

static void judged_run(struct vbs_server *s, u64 ns)
{
	if (s == bed.judge && bed.now + ns > s->deadline)
		bed.late = max(bed.late, bed.now + ns - s->deadline);
	run(s, ns);
}

static void edf_step(u64 t)
{
	struct vbs_server *s = vbs_first_ready(&bed.cpu);
	u64 until = t, when;

	if (vbs_next_release(&bed.cpu, &when))
		until = min(until, max(when, bed.now));
	if (s)
		judged_run(s, min(until - bed.now, vbs_budget_left(s)));
	else
		late_at(until);
	vbs_release_due(&bed.cpu, bed.now, 64);
}

void edf(u64 t)
{
	while (bed.now < t)
		edf_step(t);
}

void edf_until(const struct vbs_server *s, u64 ns)
{
	while (s->stats.consumed < ns)
		edf_step(bed.now + ns - s->stats.consumed);
}

struct vbs_server *enter_where_releases_cost(bool kernel)
{
	struct vbs_server *s;

	bed_start(0);
	bed.cpu.release_cost = 10 * US;
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, kernel);
	return s;
}
