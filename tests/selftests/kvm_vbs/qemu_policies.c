// SPDX-License-Identifier: GPL-2.0
#include "qemu_vm.h"

/* A policy that a VMM, or its vCPU threads, have before they are configured */
struct policy {
	const char *name;
	int policy;
	bool all;			/* all its threads have it: they inherit it */
	int (*set)(pid_t tid);
	int after;			/* what is restored */
};

static int other(pid_t tid)
{
	return vbs_leave(tid);
}

static int fifo(pid_t tid)
{
	return set_fifo(tid, 10);
}

static int deadline(pid_t tid)
{
	return set_deadline(tid, 500 * US, 5 * MS);
}

/* A server of its own, wherever it is */
static int vbs(pid_t tid)
{
	return vbs_leave(tid) ?: vbs_enter(tid, 500 * US, 5 * MS, 0);
}

static const struct policy policies[] = {
	{ "OTHER", SCHED_OTHER, true, other, SCHED_OTHER },
	{ "FIFO", SCHED_FIFO, true, fifo, SCHED_FIFO },
	/* A task of SCHED_DEADLINE creates no threads. */
	{ "DEADLINE", SCHED_DEADLINE, false, deadline, SCHED_DEADLINE },
	{ "VBS", SCHED_VBS, true, vbs, SCHED_OTHER },
};

/*
 * Its threads are what this one is, and in its server.  With one vCPU it would run outside,
 * too: of two of SCHED_FIFO on one CPU one spins for the other.
 */
static struct qemu *start_as(const struct policy *p, const char *vcpus)
{
	struct qemu *q;

	if (p->all && p->set(0))
		t_fatal("%s", p->name);
	q = qemu_start(p->name, "", vcpus);
	vbs_leave(0);
	qemu_vcpus(q);
	t_equal(sched_getscheduler(q->pid), p->all ? p->policy : SCHED_OTHER, "policy of QEMU");
	return q;
}

static void set_all(struct qemu *q, const struct policy *p)
{
	for (unsigned int i = 0; i < q->n; i++) {
		errno = -p->set(q->vcpu[i]);
		if (errno)
			t_fatal("%s of vCPU %u", p->name, i);
	}
}

static void undo(struct qemu *q, const struct policy *p, const char *what)
{
	t_equal(shell("vbsctl vm detach %d", q->pid), 0, "%s: detached", what);
	for (unsigned int i = 0; i < q->n; i++)
		t_equal(sched_getscheduler(q->vcpu[i]), p->after, "%s: policy of vCPU %u then",
			what, i);
}

static void goes_on(struct qemu *q, const char *what)
{
	t_equal(guest_does(q, "cat /proc/uptime >/dev/null"), 0, "%s: the guest goes on", what);
}

/* The vCPU takes it once more after it was configured, so KVM_RUN finds it outside. */
static struct qemu *before_first_run(const struct policy *p)
{
	struct qemu *q = start_as(p, "-smp 1");
	char what[64];

	snprintf(what, sizeof(what), "%s before the first KVM_RUN", p->name);
	set_all(q, p);
	t_equal(vm_attach(q, ""), 0, "%s: attached", what);
	t_equal(sched_getscheduler(q->vcpu[0]), SCHED_VBS, "%s: the vCPU is in a server", what);
	t_ok(!p->set(q->vcpu[0]), "%s: it has that policy again", what);
	t_ok(!in_role(q->vcpu[0], "dm"), "%s: outside", what);
	qemu_boots(q, what);
	qemu_all_inside(q, what);
	return q;
}

static void after_first_run(struct qemu *q, const struct policy *p)
{
	char what[64];

	snprintf(what, sizeof(what), "%s after the first KVM_RUN", p->name);
	set_all(q, p);
	goes_on(q, what);
	t_equal(vm_attach(q, ""), 0, "%s: attached", what);
	goes_on(q, what);
	qemu_all_inside(q, what);
	undo(q, p, what);
	goes_on(q, what);
}

/* With a place each they take turns, whatever they were. */
static void two_of_fifo(void)
{
	struct qemu *q = start_as(&policies[1], "-smp 2");

	set_all(q, &policies[1]);
	t_equal(vm_attach(q, ""), 0, "two of FIFO: attached");
	qemu_boots(q, "two of FIFO");
	t_equal(guest_does(q, "[ $(nproc) = 2 ]"), 0, "two of FIFO: the guest has both");
	qemu_all_inside(q, "two of FIFO");
	qemu_end(q);
}

VBS_TEST("a VMM may have any policy before it is configured, and its guest boots", 500)
{
	struct qemu *q;

	need_qemu();
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		q = before_first_run(&policies[i]);
		if (i) {
			qemu_end(q);
			continue;
		}
		undo(q, &policies[i], "OTHER");
		for (size_t k = 0; k < ARRAY_SIZE(policies); k++)
			after_first_run(q, &policies[k]);
		qemu_end(q);
	}
	two_of_fifo();
	t_equal(books_empty(SEC), 0, "booked in the end");
}
