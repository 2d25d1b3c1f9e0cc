// SPDX-License-Identifier: GPL-2.0
#include "vmm_machine.h"

/*
 * A CPU that is booked up: a server of 2 ms in 10, a device model of 1, and a guest of 5.8
 * whose timers interrupt its host as often as they can.  All have work at all times; what
 * is left is a task's of SCHED_OTHER, but for interrupts, which are nobody's.
 */
#define PERIOD		(10 * MS)
#define JUDGE		(2 * MS)
#define RUNTIME		(5800 * US)
#define STRETCH		(20 * PERIOD)
#define SETTLE		(3 * PERIOD)
#define COST		SYSCTL_VBS "release_cost_ns"
#define EVENTS		EV_ACCOUNTS

static const u64 ahead[] = { 20 * MS, 3 * US, 8 * US, 20 * US };	/* the first: no storm */

static pid_t fair;

static void spins(struct machine *m)
{
	gate_wait(&m->gate);
	spin_forever(NULL);
}

static struct machine *storm(guest_fn *guest)
{
	struct machine *m = machine_new(1, guest, vmm_ticks(MS));

	m->irqchip = true;
	m->device = spins;
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	machine_go(m);
	return m;
}

static u64 charged(const struct trace *t, pid_t pid)
{
	u64 sum = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->ev[i].kind == EV_RUNTIME && (!pid || (pid_t)t->ev[i].f[RUNTIME_PID] == pid))
			sum += t->ev[i].f[RUNTIME_NS];
	return sum;
}

static void worst(struct g1 *a, const struct g1 *g)
{
	a->instances = g->instances < a->instances ? g->instances : a->instances;
	a->instance = g->instance > a->instance ? g->instance : a->instance;
	a->run = g->run > a->run ? g->run : a->run;
	a->tardiness = g->tardiness > a->tardiness ? g->tardiness : a->tardiness;
	a->broken += g->broken;
	a->misses = g->misses;
	a->lost = g->lost;
}

struct had {
	u64 wall;
	u64 vcpu;
	u64 nobody;
};

static struct had stretch(struct machine *m, struct crowd *judge, u64 ns, struct g1 *all)
{
	struct vmm_page *page = machine_page(m, 0);
	struct had had;
	struct trace t;
	u64 timers;
	struct g1 g;

	*(volatile u64 *)&page->arg = ns;
	sleep_ns(SETTLE);
	timers = page->count;
	trace_start(EVENTS, 64);
	sleep_ns(STRETCH);
	timers = page->count - timers;
	g = crowd_g1(judge, &t);
	worst(all, &g);
	had.wall = t.ev[t.n - 1].ts - t.ev[0].ts;
	had.vcpu = charged(&t, m->tid[0]);
	had.nobody = had.wall - charged(&t, 0);
	t_diag("%5ju us|%8ju|%6.2f|%6.2f|%8.2f|%8.3f|%9.3f", (uintmax_t)(ns / US),
	       (uintmax_t)(timers * SEC / had.wall), 100. * had.vcpu / had.wall,
	       100. * charged(&t, fair) / had.wall, 100. * had.nobody / had.wall,
	       g.instance / 1e3, g.tardiness / 1e3);
	free(t.ev);
	return had;
}

/* A stretch begins and ends inside a period, and the other server may come first there. */
static u64 at_most(u64 wall, double u)
{
	return wall * u + RUNTIME * (1 - u) + JUDGE + eps_budget();
}

static void beside(guest_fn *guest, const char *what, struct crowd *judge, struct g1 *all)
{
	struct machine *m = storm(guest);
	double u = (double)RUNTIME / PERIOD;
	struct had usual, had;

	t_diag("%s: timer|   per s|vCPU %%|fair %%|nobody %%|  us off|  us late", what);
	usual = stretch(m, judge, ahead[0], all);
	u += (double)usual.nobody / usual.wall;
	for (size_t i = 1; i < ARRAY_SIZE(ahead); i++) {
		had = stretch(m, judge, ahead[i], all);
		t_at_most(had.vcpu + had.nobody, at_most(had.wall, u),
			  "%s, %ju us: ns that the vCPU and its timers have had", what,
			  (uintmax_t)(ahead[i] / US));
	}
	machine_end(m);
}

VBS_TEST("a guest pays for interrupts of its timers, and its neighbours keep their budgets", 150)
{
	u64 cost = file_num(COST);
	struct g1 g = { .instances = SIZE_MAX };
	struct crowd *judge;

	need_vbs();
	need_kvm_vbs();
	trace_need(EVENTS);
	eps_measure_long();
	if (!t_arg("free", 0) && file_write(COST, "%ju", (uintmax_t)cost))
		t_fatal("the cost of a release");
	t_diag("a release costs %ju ns", (uintmax_t)cost);
	judge = crowd_new(1, vbs_bw(JUDGE, PERIOD), PERIOD, PERIOD);
	crowd_go(judge);
	fair = t_fork(spin_forever, NULL);
	beside(guest_alarm, "running", judge, &g);
	beside(guest_timer, "halting", judge, &g);
	check_g1(&g, STRETCH / PERIOD - 2, eps_budget(), eps_start(3));
}
