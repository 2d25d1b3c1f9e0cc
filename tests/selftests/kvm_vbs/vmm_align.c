// SPDX-License-Identifier: GPL-2.0
#include "tl_test.h"
#include "vmm_machine.h"

#define PERIOD	(100 * MS)
#define MAX	1000
#define OFF	(30 * MS)	/* of the timeline's multiples from CLOCK_MONOTONIC's */
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

/* Set while CLOCK_MONOTONIC is far from a multiple */
static void timeline_apart(int fd)
{
	u64 now = now_ns();

	sleep_until(now - now % PERIOD + PERIOD + PERIOD - OFF);
	tl_set(fd, starts->id, 1000000, 0);
}

VBS_TEST("servers of a machine keep to its manager's timeline from the first call on", 60)
{
	int fd = tl_open();

	need_vbs();
	need_kvm_vbs();
	starts = t_shared(sizeof(*starts));
	starts->id = tl_make(fd, "manager", TIMELINE_STEP);
	timeline_apart(fd);
	device_model();
	vcpu();
	tl_destroy(fd, starts->id);
}
