// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * A timer that comes late because somebody keeps interrupts off does not mean that
 * the CPU did not run: who does it is charged, and the victim's deadlines stay.
 */
#define RUNTIME		(5 * MS)	/* the victim's */
#define PERIOD		(10 * MS)
#define PERIODS		200
#define CAP		(1 * MS)	/* the attacker's, in the same period */

/* As a member when t0 is over, or at any time as a fair task */
static void attacks(struct actor *a)
{
	while (now_ns() < a->t0 + PERIODS * PERIOD)
		irqs_off();
}

static void spins(struct actor *a)
{
	rec_until(&a->rec, a->t0 + PERIODS * PERIOD);
	for (;;)	/* its server can be looked at */
		pause();
}

static struct actor *attacker_new(u64 t0, bool member)
{
	struct actor *a;

	if (member)
		return actor_new(attacks, t0, CAP, PERIOD, 0);
	a = t_shared(sizeof(*a));
	a->t0 = t0;
	a->pid = t_fork((void (*)(void *))attacks, a);
	return a;
}

/*
 * On PREEMPT_RT what it does can be preempted, and it goes on as a fair task beyond
 * its budget: nobody is fair here for long.
 */
static void leaves_nothing(void *t0)
{
	sleep_until(*(u64 *)t0);
	spin_until(*(u64 *)t0 + PERIODS * PERIOD);
}

static void scene(bool member, u64 section)
{
	const char *who = member ? "in a server" : "in no server";
	u64 t0 = stage(), len = PERIODS * PERIOD, eps, took;
	pid_t hog = member ? t_fork(leaves_nothing, &t0) : 0;
	struct actor *victim = actor_new(spins, t0, RUNTIME, PERIOD, 0);
	struct actor *attacker;
	struct trace t;

	if (member && set_fifo(hog, 1))
		t_fatal("FIFO 1: %m");
	trace_start(EV_BIT(EV_SWITCH), 16);
	attacker = attacker_new(t0, member);
	sleep_until(t0 + len + PERIOD);
	t_wait(attacker->pid);
	if (member)
		t_wait(hog);
	t = trace_stop();
	t_equal(server_val(victim->pid, "misses"), 0, "%s: the victim's misses", who);
	t_equal(server_val(victim->pid, "lost"), 0, "%s: ns that the CPU did not run", who);
	t_kill(victim->pid);
	rec_print(&victim->rec, t0, 6);
	took = on_cpu(&t, attacker->pid, member ? PRIO_VBS : PRIO_ANY);
	t_diag("%s: victim %.2f %% of %ju ms; attacker, from before to after them, %.2f ms", who,
	       rec_total(&victim->rec) * 100. / len, (uintmax_t)(len / MS), took / 1e6);
	/* The budget of each end may fall out, a section may cut the last; ticks are nobody's */
	eps = section + eps_budget() + eps_ticks(len / 2);
	t_at_least(rec_total(&victim->rec), len / 2 - eps,
		   "%s: ns that the victim ran, %ju less allowed", who, (uintmax_t)eps);
	/* 2 lambda (1 - u), 3 lambda borrowed, the last section */
	if (member)
		t_at_most(took, len / 10 + 2 * CAP + 3 * CAP + section + eps_ticks(len / 10),
			  "%s: ns that the attacker ran", who);
}

VBS_TEST("who keeps interrupts off is charged, and moves no deadline", 100)
{
	u64 section;

	need_vbs();
	irqs_off_prepare();
	section = irqs_off();
	t_at_least(section, 2 * MS, "ns with interrupts off at a write");
	eps_measure();
	scene(true, section);
	scene(false, section);
}
