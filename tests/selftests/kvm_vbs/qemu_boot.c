// SPDX-License-Identifier: GPL-2.0
#include "qemu_vm.h"

/* What the guest's clock may show beside ours: it is read in units of 10 ms */
#define UNIT	(10 * MS)

struct reading {
	u64 before, after;	/* ours */
	u64 guest;
};

static struct reading read_uptime(struct qemu *q)
{
	struct reading r = { .before = now_ns() };
	double s;

	guest_must(q, "cat /proc/uptime");
	r.after = now_ns();
	if (sscanf(q->said, "%lf", &s) != 1)
		t_fatal("uptime: %s", q->said);
	r.guest = s * 1e9;
	return r;
}

/* Its clock goes as ours, and stands still while it is stopped */
static void clock_is_sane(struct qemu *q, const char *what)
{
	struct reading a = read_uptime(q), b;
	u64 stopped;

	guest_must(q, "sleep 1");
	qmp_do(q, "stop", "%s", "");
	stopped = now_ns();
	sleep_ns(3 * SEC);
	stopped = now_ns() - stopped;
	qmp_do(q, "cont", "%s", "");
	b = read_uptime(q);
	t_at_least(b.guest - a.guest, SEC - UNIT, "%s: ns of its clock", what);
	t_at_most(b.guest - a.guest, b.after - a.before - stopped + UNIT,
		  "%s: and not those while it was stopped", what);
}

static void boots(const char *name, unsigned int vcpus, const char *vcpu)
{
	char before[128], more[32];
	struct qemu *q;

	snprintf(before, sizeof(before), "vbsctl vm run --vcpu %s --dm 200us/1.5ms --", vcpu);
	snprintf(more, sizeof(more), "-smp %u", vcpus);
	q = qemu_start(name, before, more);
	t_equal(qemu_vcpus(q), vcpus, "%s: vCPUs", name);
	t_equal(group_val(q->pid, "places"), vcpus, "%s: places before the first KVM_RUN", name);
	qemu_boots(q, name);
	qemu_all_inside(q, name);
	guest_must(q, "grep -c ^processor /proc/cpuinfo");
	t_equal(atoi(q->said), vcpus, "%s: processors that it has", name);
	clock_is_sane(q, name);
	qemu_all_inside(q, "after stop and cont");
	t_equal(group_val(q->pid, "unplaced"), 0, "%s: unplaced", name);
	t_equal(group_val(q->pid, "outside"), 0, "%s: times that a thread was outside", name);
	qemu_end(q);
	t_equal(books_empty(SEC), 0, "%s: booked in the end", name);
}

VBS_TEST("a Linux guest of QEMU boots inside servers, every thread is where it belongs", 400)
{
	need_qemu();
	boots("one", 1, "600us/1ms");
	boots("two", 2, "300us/1ms");
	boots("four", 4, "170us/1ms");
}
