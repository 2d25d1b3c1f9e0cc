// SPDX-License-Identifier: GPL-2.0
#include "tl_test.h"
#include "vmm_call.h"

#define PERIOD	(100 * MS)
#define MAX	1000
#define OFF	(30 * MS)	/* of the timeline's multiples from CLOCK_MONOTONIC's */
#define OTHER	(80 * MS)	/* and of another's */
#define COST	SYSCTL_VBS "release_cost_ns"
#define LIMIT	(2 * MS)	/* to user space, through a guest where there is one */

/* On the timeline: when a thread came back after it had not run for 1 ms */
struct starts {
	volatile u32 id, n;
	volatile u64 last;
	u64 at[MAX];
};

static struct starts *starts;

static void note(void)
{
	u64 now = now_ns();

	if (now > starts->last + MS && starts->n < MAX) {
		tl_clock(CLOCK_TIMELINE(starts->id), &starts->at[starts->n]);
		starts->n++;
	}
	starts->last = now;
}

static void spin(struct machine *m)
{
	(void)m;
	for (;;)
		note();
}

static void after(struct machine *m, unsigned int i)
{
	(void)m;
	(void)i;
	note();
}

/* How late releases come from now on */
static void check_phase(const char *what)
{
	u64 worst = 0;
	u32 first;

	sleep_ns(2 * PERIOD);
	first = starts->n;
	sleep_ns(10 * PERIOD);
	for (u32 i = first; i < starts->n; i++)
		if (starts->at[i] % PERIOD > worst)
			worst = starts->at[i] % PERIOD;
	t_at_least(starts->n - first, 9, "releases, %s", what);
	t_ok(worst > 0, "they are seen, %s", what);
	t_at_most(worst, LIMIT, "ns after a multiple of the timeline, the latest, %s", what);
}

static void configure(struct machine *m, const struct kvm_vbs_config *c, const char *what)
{
	t_equal(vm_configure_soon(m->pid, c), 0, "%s", what);
}

/* The first call, the same once more, and one by who is bound to none */
static void calls(struct machine *m, const struct kvm_vbs_config *c, const char *who)
{
	t_equal(prctl(PR_SET_TIMELINE, starts->id, 0, 0, 0), 0, "bind the caller");
	configure(m, c, who);
	check_phase("after the first call");
	configure(m, c, "the same once more");
	check_phase("after that");
	t_equal(prctl(PR_SET_TIMELINE, TIMELINE_NONE, 0, 0, 0), 0, "it is bound no longer");
	configure(m, c, "by who is bound to none");
	check_phase("after that, too");
}

static struct kvm_vbs_config aligned(bool vcpu)
{
	struct kvm_vbs_config c = vm_config(4 * MS, PERIOD, 4 * MS, PERIOD);

	c.vcpus = 1;
	if (vcpu)
		c.vcpu.flags = KVM_VBS_ALIGN;
	else
		c.dm.flags = KVM_VBS_ALIGN;
	return c;
}

static void device_model(void)
{
	struct machine *m = machine_new(1, guest_out, 0);
	struct kvm_vbs_config c = aligned(false);

	m->device = spin;
	machine_start(m);
	calls(m, &c, "the device model's server");
	machine_end(m);
	books_empty(SEC);
}

static void vcpu(void)
{
	struct machine *m = machine_new(1, guest_out, 0);
	struct kvm_vbs_config c = aligned(true);

	m->after = after;
	machine_start(m);
	machine_go(m);
	calls(m, &c, "a vCPU's server");
	machine_end(m);
	books_empty(SEC);
}

/* ---- what leaves the timeline alone -------------------------------------- */

/* When they are due, in the clock of the trace */
static u64 releases(struct machine *m)
{
	u64 id = server_val(m->tid[0], "id"), lost = server_val(m->tid[0], "lost"), at = 0, n = 0;
	struct trace t;

	trace_start(EV_BIT(EV_RELEASE), 1);
	sleep_ns(6 * PERIOD);
	t = trace_stop();
	for (size_t i = 0; i < t.n; i++) {
		const struct trace_event *e = &t.ev[i];

		if (e->kind != EV_RELEASE || (u64)e->f[RELEASE_SERVER] != id)
			continue;
		at = e->f[RELEASE_AT] + lost;
		n++;
	}
	t_at_least(n, 4, "releases");
	return at % PERIOD;
}

static void stay(struct machine *m, u64 before, const char *what)
{
	u64 by = (releases(m) + PERIOD - before) % PERIOD;

	if (by > PERIOD / 2)
		by = PERIOD - by;
	t_at_most(by, MS, "ns by which releases have moved, %s", what);
}

static void bind_vcpu(struct machine *m, unsigned int i)
{
	(void)i;
	if (prctl(PR_SET_TIMELINE, m->word[0], 0, 0, 0))
		t_fatal("bind a vCPU's thread");
}

/* By who is bound to another one: what is not adopted changes no server. */
static void not_adopted(struct machine *m, struct kvm_vbs_config c, u64 phase)
{
	c.vcpu.runtime = 8 * MS;
	c.flags |= KVM_VBS_TEST;
	t_equal(vm_configure(m->pid, &c), 0, "asked for twice as much");
	stay(m, phase, "after a question");
	c.flags &= ~KVM_VBS_TEST;
	c.vcpu.runtime = 50 * MS;
	c.vcpus = 3;
	t_equal(vm_configure(m->pid, &c), -EBUSY, "asked for more than there is");
	stay(m, phase, "after a refusal");
}

static void by_others(u32 other)
{
	struct machine *m = machine_new(1, guest_calls, 0);
	struct kvm_vbs_config c = aligned(true);
	u64 phase;

	m->word[0] = other;
	m->begin = bind_vcpu;
	c.flags = KVM_VBS_GUEST_SWITCH;
	machine_start(m);
	t_equal(prctl(PR_SET_TIMELINE, starts->id, 0, 0, 0), 0, "bind the manager");
	configure(m, &c, "a vCPU's server");
	machine_go(m);
	phase = releases(m);
	t_equal(prctl(PR_SET_TIMELINE, other, 0, 0, 0), 0, "bind it to another one");
	not_adopted(m, c, phase);
	t_equal(guest_call(m, 0, KVM_HC_VBS, KVM_VBS_OP_SWITCH, 3 * MS, PERIOD), 0,
		"a guest whose thread is bound to that, too, switches");
	t_equal(server_val(m->tid[0], "runtime"), 3 * MS, "its budget");
	stay(m, phase, "after the switch");
	t_equal(prctl(PR_SET_TIMELINE, TIMELINE_NONE, 0, 0, 0), 0, "bound no longer");
	machine_end(m);
	books_empty(SEC);
}

/* Its multiples are @off before those of CLOCK_MONOTONIC. */
static u32 timeline_apart(int fd, const char *name, u64 off)
{
	u32 id = tl_make(fd, name, TIMELINE_STEP);
	u64 now = now_ns();

	sleep_until(now - now % PERIOD + 2 * PERIOD - off);
	tl_set(fd, id, 1000000, 0);
	return id;
}

VBS_TEST("servers of a machine keep to its manager's timeline from the first call on", 100)
{
	int fd = tl_open();
	u32 other;

	need_vbs();
	need_kvm_vbs();
	starts = t_shared(sizeof(*starts));
	file_restore(COST);
	t_equal(file_write(COST, "2000"), 0, "a release costs 2 us");
	trace_need(EV_BIT(EV_RELEASE));
	starts->id = timeline_apart(fd, "manager", OFF);
	other = timeline_apart(fd, "other", OTHER);
	device_model();
	vcpu();
	by_others(other);
	tl_destroy(fd, other);
	tl_destroy(fd, starts->id);
}
