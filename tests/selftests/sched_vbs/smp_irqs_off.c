// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * A member keeps interrupts off on CPU 1, where its timer is overdue then;
 * CPU 0 looks at the clock of CPU 1 all the time, and must not decide that this
 * did not run. Where the host takes the CPU away from the kernel, that is charged.
 */
#define RUNTIME	(20 * MS)
#define PERIOD	(50 * MS)
#define LEN	(4 * SEC)

static u64 until;

static void attacks(void *unused)
{
	(void)unused;
	for (;;)
		irqs_off();
}

static void sleeps(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

/* Each switch of a server that sleeps reads the clock of its CPU */
static void looks(void *arg)
{
	struct vbs_sched_attr attr = vbs_attr(1 * MS, 20 * MS, 0);
	pid_t pid = *(pid_t *)arg;

	while (now_ns() < until) {
		attr.sched_runtime ^= 1;
		if (vbs_setattr(pid, &attr))
			_exit(1);
	}
}

VBS_TEST("another CPU does not take a late timer for lost time", 60)
{
	pid_t attacker, sleeper;
	u64 charged, took;
	struct trace t;

	need_vbs();
	need_cpus(2);
	pin_to(0, 0);
	irqs_off_prepare();
	attacker = t_fork(attacks, NULL);
	sleeper = t_fork(sleeps, NULL);
	pin_to(attacker, 1);
	pin_to(sleeper, 1);
	must_enter(sleeper, 1 * MS, 20 * MS, 0);
	must_enter(attacker, RUNTIME, PERIOD, 0);
	sleep_ns(100 * MS);
	trace_start(EV_BIT(EV_SWITCH), 16);
	charged = server_val(attacker, "consumed");
	until = now_ns() + LEN;
	t_equal(t_wait(t_fork(looks, &sleeper)), 0, "the other CPU looks");
	charged = server_val(attacker, "consumed") - charged;
	t = trace_stop();
	took = on_cpu(&t, attacker, PRIO_VBS);
	t_at_least(took, 100 * MS, "ns that the attacker ran");
	/* Its ticks are not its own, nor what the host takes in user mode */
	t_at_least(charged, took * 8 / 10, "ns that it was charged");
}
