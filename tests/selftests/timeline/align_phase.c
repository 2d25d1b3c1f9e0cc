// SPDX-License-Identifier: GPL-2.0
#include "tl_test.h"
#include "vbs_trace.h"

#define PERIOD	(10 * MS)
#define MAX	400

/* Releases of a server, as the scheduler computed them, in the trace's clock */
struct side {
	pid_t pid;
	u64 id, lost;
	u32 n;
	u64 at[MAX];
};

static volatile u32 *gate;

/* Little of each instance: virtual CPUs that are counted take turns */
static void member(void *unused)
{
	(void)unused;
	gate_wait(gate);
	for (;;)
		sched_yield();
}

static void start(struct side *s, int cpu)
{
	struct vbs_sched_attr attr = vbs_attr(1 * MS, PERIOD, VBS_BW_UNIT / 5);

	s->pid = t_fork(member, NULL);
	pin_to(s->pid, cpu);
	attr.sched_flags = SCHED_FLAG_VBS_ALIGN;
	t_equal(vbs_setattr(s->pid, &attr), 0, "an aligned server on CPU %d", cpu);
	s->id = server_val(s->pid, "id");
	s->lost = server_val(s->pid, "lost");
}

/* The clock drifts by 300 ppm, and is corrected by up to 20 us every 70 ms */
static void correct(int fd, u32 id)
{
	struct timeline_time tt;
	struct timeline_set set;

	for (int i = 0; i < 50; i++) {
		sleep_ns(70 * MS);
		set = tl_params(fd, id, 0, i % 2 ? 300 : -300);
		tl_vdso(id, &tt);
		set.counter_value = tt.counter;
		set.time_sec = tt.sec;
		set.time_frac_sec = (u64)(tt.nsec + i % 5 * 5000) * 18446744073ULL;
		if (tl_ioctl(fd, TIMELINE_SET, &set))
			t_fatal("correct timeline %u", id);
	}
}

static void collect(struct side *s, const struct trace *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct trace_event *e = &t->ev[i];

		if (e->kind == EV_RELEASE && (u64)e->f[RELEASE_SERVER] == s->id && s->n < MAX)
			s->at[s->n++] = e->f[RELEASE_AT] + s->lost;
	}
	t_equal(server_val(s->pid, "lost"), s->lost, "time that its CPU has lost since");
}

static u64 apart(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

/* Each release of one server with the nearest of the other */
static void compare(const struct side *a, const struct side *b)
{
	u32 pairs = 0, i, j = 0;
	u64 worst = 0, diff;

	for (i = 0; i < a->n && j < b->n; i++) {
		while (j + 1 < b->n && apart(a->at[i], b->at[j + 1]) < apart(a->at[i], b->at[j]))
			j++;
		diff = apart(a->at[i], b->at[j]);
		if (diff > PERIOD / 2)
			continue;	/* the other one has none of this instant */
		worst = diff > worst ? diff : worst;
		pairs++;
	}
	t_at_least(pairs, 300, "releases of both");
	t_at_most(worst, 10 * US, "ns between two releases of one multiple, the most");
}

VBS_TEST("two servers aligned to one timeline on two CPUs are in phase", 60)
{
	static struct side side[2];
	int fd = tl_open();
	struct trace t;
	u32 id;

	need_vbs();
	need_cpus(2);
	trace_need(EV_BIT(EV_RELEASE));
	gate = t_shared(sizeof(*gate));
	id = tl_make(fd, "phase", 0);
	t_equal(prctl(PR_SET_TIMELINE, id, 0, 0, 0), 0, "bind the caller");
	start(&side[0], 0);
	start(&side[1], 1);
	trace_start(EV_BIT(EV_RELEASE), 1);
	gate_open(gate);
	correct(fd, id);
	t = trace_stop();
	collect(&side[0], &t);
	collect(&side[1], &t);
	compare(&side[0], &side[1]);
	tl_destroy(fd, id);
}
