// SPDX-License-Identifier: GPL-2.0
/*
 * Servers in a guest whose vCPU is in a server: what the guest grants holds beside a
 * hostile machine, since it grants what its host supplies and no more.
 */
#include "qemu_vm.h"

#define VCPU_RUNTIME	(5 * MS)
#define VCPU_PERIOD	(10 * MS)
#define RUNTIME		(2 * MS)
#define PERIOD		(20 * MS)
#define SYSTEM		"/sys/kernel/vbs/cpu0/"
#define LEAST		"/proc/sys/kernel/sched_vbs_period_min_us"
#define COST		SYSCTL_VBS "release_cost_ns"

static u64 guest_number(struct qemu *q, const char *path)
{
	guest_must(q, "cat %s", path);
	return strtoull(q->said, NULL, 10);
}

/* errno of the guest's echo, as words of its shell */
static bool guest_refuses(struct qemu *q, const char *text, const char *path, const char *why)
{
	bool refused = guest_does(q, "echo '%s' 2>&1 >%s", text, path);

	return refused && strstr(q->said, why);
}

static void shows_the_host(struct qemu *q)
{
	t_equal(guest_number(q, SYSTEM "runtime_ns"), VCPU_RUNTIME, "the guest sees: runtime");
	t_equal(guest_number(q, SYSTEM "period_ns"), VCPU_PERIOD, "the guest sees: period");
	t_equal(guest_number(q, SYSTEM "period_min_ns"), VCPU_PERIOD / 8,
		"the guest sees: the shortest period");
	t_at_most(guest_number(q, SYSTEM "budget_left_ns"), VCPU_RUNTIME, "budget left");
}

/* One errno, one cause: what does not fit is what the host does not supply */
static void admits(struct qemu *q)
{
	guest_must(q, "guest_work 2000000 20000000 10");
	t_ok(!strncmp(q->said, "error 16", 8),
	     "a period of 100 us could be without its CPU for 10 ms: nothing is admitted");
	guest_must(q, "echo 20000 >%s", LEAST);
	guest_must(q, "sed -n 's/.*capacity=\\([0-9]*\\).*/\\1/p' /proc/vbs");
	/* 1/2 * (20 - 0.001024 - 10) / 20.001024 */
	t_near(strtoull(q->said, NULL, 10), VBS_BW_UNIT / 2 * 9998976ULL / 20001024, 1,
	       "capacity with periods from 20 ms on");
	guest_must(q, "guest_work 6000000 20000000 10");
	t_ok(!strncmp(q->said, "error 16", 8), "30 %% is more than that");
}

/*
 * Interrupts, the guest's and the host's, take of a budget what they cost.  Twice what they
 * took of a task of no server in this place, which has no release and no timer at the end of
 * a budget, nor two switches, and one more; a fifth of the budget at most.
 */
static u64 taken_by_interrupts(struct qemu *q, const char *what)
{
	double most, longest;

	guest_must(q, "guest_work taken %llu 2000", (unsigned long long)RUNTIME);
	if (sscanf(q->said, "%lf %lf", &most, &longest) != 2)
		t_fatal("%s: %s", what, q->said);
	t_diag("%s: interrupts take %.0f ns of a budget, the longest %.0f", what, most, longest);
	t_at_most(2 * most + longest, RUNTIME / 5, "%s: ns that interrupts take of a budget", what);
	return 2 * most + longest;
}

static void holds(struct qemu *q, const char *what)
{
	double least[5], longest, taken = taken_by_interrupts(q, what);

	guest_must(q, "guest_work %llu %llu 2000", (unsigned long long)RUNTIME,
		   (unsigned long long)PERIOD);
	if (sscanf(q->said, "%lf %lf %lf %lf %lf %lf", &least[0], &least[1], &least[2], &least[3],
		   &least[4], &longest) != 6)
		t_fatal("%s: %s", what, q->said);
	for (int k = 0; k < 5; k++)
		t_at_least(least[k], (k + 1) * (RUNTIME - taken),
			   "%s: least ns in any %d periods and a phase", what, k + 1);
	t_at_most(longest, 2 * (PERIOD - RUNTIME) + taken, "%s: longest without", what);
}

static void switches(struct qemu *q)
{
	guest_must(q, "echo '2000000 4000000' >" SYSTEM "resource");
	t_equal(server_val(q->vcpu[0], "period"), 4 * MS, "the guest has switched its vCPU");
	t_ok(guest_refuses(q, "9000000 10000000", SYSTEM "resource", "not permitted"),
	     "above the cap: EPERM");
	t_ok(guest_refuses(q, "100000 1000000", SYSTEM "resource", "Invalid"),
	     "too short a period: EINVAL");
	/* Half a CPU for the guest, and nothing may be booked that needs more */
	guest_must(q, "guest_work 2000000 20000000 1000 >/tmp/work & sleep 0.2");
	t_ok(guest_refuses(q, "500000 10000000", SYSTEM "resource", "busy"),
	     "less than the guest has booked: EBUSY");
	guest_must(q, "sleep 2");
	guest_must(q, "echo '5000000 10000000' >" SYSTEM "resource");
}

/* Each time that the guest's kernel asks its host is a hypercall, on each CPU */
static void owner_asks_nobody(struct qemu *q)
{
	u64 before = qemu_stat(q, "hypercalls"), root;
	int done;

	guest_must(q, "guest_work 2000000 20000000 1");
	root = qemu_stat(q, "hypercalls") - before;
	t_at_least(root, 1, "hypercalls for one admission");
	before = qemu_stat(q, "hypercalls");
	guest_must(q, "guest_work lower 2000000 20000000 1000");
	done = atoi(q->said);
	t_equal(done, 1000, "an owner lowers his cap");
	/* Its own admission, and while something is booked once a second */
	t_at_most(qemu_stat(q, "hypercalls") - before, root + 5, "hypercalls for all that");
}

/* ---- with the load --------------------------------------------------------------- */

static bool vcpu_gets(struct qemu *q, u64 runtime)
{
	for (int i = 0; i < 2000 && server_val(q->vcpu[0], "runtime") != runtime; i++)
		sleep_ns(MS);
	return server_val(q->vcpu[0], "runtime") == runtime;
}

/* samples/sched_vbs/follow.c: between 1 and 5 ms of 10, looked at every 100 ms */
static void follows_its_load(struct qemu *q)
{
	u32 cap = server_val(q->vcpu[0], "cap");

	guest_must(q, "guest_follow 0 10000 1000 5000 100 >/tmp/follow 2>&1 & echo $! >/tmp/pid");
	t_ok(vcpu_gets(q, MS), "a guest that rests has lowered its vCPU's budget");
	guest_must(q, "while :; do :; done & echo $! >/tmp/hog");
	t_ok(vcpu_gets(q, 5 * MS), "one that is busy has raised it");
	guest_must(q, "kill $(cat /tmp/hog)");
	t_ok(vcpu_gets(q, MS), "and lowered it again");
	t_equal(server_val(q->vcpu[0], "period"), VCPU_PERIOD, "its period");
	t_equal(server_val(q->vcpu[0], "cap"), cap, "its cap");
	guest_must(q, "kill $(cat /tmp/pid); cat /tmp/follow");
	t_diag("%s", q->said);
	guest_must(q, "echo '5000000 10000000' >" SYSTEM "resource");
}

/* What the host takes away is told in the guest, and taken from nobody there */
static void host_lowers(struct qemu *q)
{
	guest_must(q, "guest_work 2000000 20000000 4000 >/tmp/work & sleep 0.2");
	t_equal(shell("vbsctl switch %d 3ms/10ms", q->vcpu[0]), 0, "the host gives it less");
	guest_must(q, "sleep 3; dmesg | grep -c 'host.s 3000000 of each 10000000'");
	t_at_least(atoi(q->said), 1, "the guest says so");
}

VBS_TEST("what a guest grants in servers of its own holds beside a hostile machine", 390)
{
	struct qemu *q, *hostile;

	need_qemu();
	file_restore(COST);
	t_equal(file_write(COST, "2000"), 0, "a release costs 2 us");
	q = qemu_start("guest", "vbsctl vm run --vcpu 5ms/10ms --cap 60% --dm 1ms/10ms --guest-switch --",
		       "");
	t_equal(qemu_vcpus(q), 1, "vCPUs");
	qemu_boots(q, "guest");
	qemu_vcpus(q);
	shows_the_host(q);
	admits(q);
	holds(q, "alone");
	hostile = qemu_start("hostile", "vbsctl vm run --vcpu 1ms/10ms --dm 500us/10ms --", "");
	qemu_boots(hostile, "hostile");
	guest_does(hostile, "while :; do :; done & while :; do cat /proc/uptime >/dev/null; done &");
	holds(q, "beside a hostile machine");
	switches(q);
	owner_asks_nobody(q);
	follows_its_load(q);
	host_lowers(q);
	qemu_end(q);
	qemu_end(hostile);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
