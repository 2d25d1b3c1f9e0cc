// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * An owner on CPU 0 switches its server on CPU 1 as fast as it can.  An instance
 * that begins costs c and holds off the next one for c/u at least, so what the
 * other CPU is interrupted for is within the server's cap, and the judge there
 * has its own.
 */
#define PERIOD	(1 * MS)
#define RUNTIME	(100 * US)	/* even: one more or less is within the cap */
#define LEN	(3 * SEC)

static u64 until;

static void storm(void *arg)
{
	struct vbs_sched_attr attr = vbs_attr(RUNTIME, PERIOD, 0);
	pid_t pid = *(pid_t *)arg;

	pin_to(0, 0);
	while (now_ns() < until) {
		attr.sched_runtime ^= 1;
		if (vbs_setattr(pid, &attr))
			_exit(1);
	}
}

/* What CPU 1 has been interrupted for, by timers or other CPUs */
static u64 taken(void)
{
	static const char * const kinds[] = { "LOC:", "RES:", "CAL:" };
	static char text[65536];
	u64 sum = 0;
	char *line;

	file_read("/proc/interrupts", text, sizeof(text));
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		line = strstr(text, kinds[i]);
		if (!line)
			t_skip_all("no count of interrupts");
		strtoull(line + 4, &line, 10);
		sum += strtoull(line, NULL, 10);
	}
	return sum;
}

VBS_TEST("who switches a server on another CPU pays for what that is interrupted", 60)
{
	u64 cost, irqs, switches, instances, most, len;
	pid_t judge, target, owner;

	need_vbs();
	need_cpus(2);
	pin_to(0, 0);
	cost = sysctl_vbs("release_cost_ns");
	judge = t_fork(spin_forever, NULL);
	target = t_fork(spin_forever, NULL);
	pin_to(judge, 1);
	pin_to(target, 1);
	must_enter(judge, 40 * MS, 100 * MS, 0);
	must_enter(target, RUNTIME + 1, PERIOD, 0);
	sleep_ns(100 * MS);
	irqs = taken();
	instances = server_val(target, "instances");
	len = now_ns();
	until = len + LEN;
	owner = t_fork(storm, &target);
	t_equal(t_wait(owner), 0, "all switches are within the owner's rights");
	len = now_ns() - len;
	irqs = taken() - irqs;
	instances = server_val(target, "instances") - instances;
	switches = server_val(target, "switches");
	t_diag("c = %ju ns: %ju switches, %ju instances, %ju interrupts in %ju ms",
	       (uintmax_t)cost, (uintmax_t)switches, (uintmax_t)instances, (uintmax_t)irqs,
	       (uintmax_t)(len / MS));
	t_at_least(switches, 1000, "switches");
	/* Each takes z on by c/u */
	most = len / PERIOD + (cost ? len / (cost * PERIOD / RUNTIME) : 0) + 1;
	t_at_most(instances, most, "instances");
	/* A release, a call to arm it, two reschedules, a budget's end; ticks, the judge's */
	t_at_most(irqs, 5 * most + len / MS * 2, "interrupts of the other CPU");
}
