// SPDX-License-Identifier: GPL-2.0
#include <sys/ioctl.h>
#include "vmm_attack.h"
#include "vmm_machine.h"

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)
#define INSTANCES	100ULL
#define STAYS		3ULL		/* longest stay in user mode, in budgets */
#define EVENTS		(EV_ACCOUNTS | EV_BIT(EV_EXHAUST))
#define POLL_NS		"/sys/module/kvm/parameters/halt_poll_ns"

static struct machine *in_server(guest_fn *guest, u64 arg,
				 void (*after)(struct machine *, unsigned int))
{
	struct machine *m = machine_new(1, guest, arg);

	m->after = after;
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	return m;
}

struct run {
	struct trace t;
	struct slices s;
	struct stops stops;
	u64 exits;
	u64 rounds;		/* of the guest's loop */
};

static struct run record(struct machine *m, u64 length)
{
	struct run r;
	u64 id;

	machine_go(m);
	sleep_ns(5 * PERIOD);
	id = server_val(m->tid[0], "id");
	trace_start(EVENTS, 32);
	r.exits = m->stats[0].exits;
	r.rounds = machine_page(m, 0)->count;
	sleep_ns(length);
	r.exits = m->stats[0].exits - r.exits;
	r.rounds = machine_page(m, 0)->count - r.rounds;
	r.t = trace_stop();
	r.s = service_of(&r.t, &m->tid[0], 1);
	r.stops = stops_of(&r.t, id);
	return r;
}

static void run_free(struct run *r)
{
	slices_free(&r->s);
	free(r->t.ev);
}

/* In the long run it has its share, but for the instances that the trace cuts. */
static void check_share(const struct run *r, u64 instances, u64 lent, const char *what)
{
	u64 all = service_total(&r->s);

	t_at_most(all, instances * RUNTIME + RUNTIME + lent + eps_budget(),
		  "%s: ns charged in %ju periods", what, (uintmax_t)instances);
	t_at_least(all, (instances - 1) * RUNTIME - lent - eps_budget(),
		   "%s: ns charged in %ju periods", what, (uintmax_t)instances);
	check_g2(&r->s, (double)RUNTIME / PERIOD, RUNTIME, lent + eps_budget(), what);
}

/* ---- exits just before the budget ends ----------------------------------- */

/*
 * The guest leaves between 32 and 0 us before its budget ends: the VMM works on
 * what is left, and a little more.
 */
static void at_the_edge(void)
{
	struct machine *m = in_server(guest_attack, ATTACK_EDGE |
				      vmm_ticks(RUNTIME) << ATTACK_BITS, NULL);
	struct run r;

	r = record(m, INSTANCES * PERIOD);
	t_diag("edge: %ju exits; budget %ju, borrow %ju, waiting %ju, fair %ju",
	       (uintmax_t)r.exits, (uintmax_t)r.stops.why[WHY_BUDGET],
	       (uintmax_t)r.stops.why[WHY_BORROW], (uintmax_t)r.stops.why[WHY_WAITING],
	       (uintmax_t)r.stops.why[WHY_FAIR]);
	t_at_least(r.exits, INSTANCES * 9 / 10, "edge: exits before the end of a budget");
	t_at_least(r.stops.why[WHY_BUDGET] + r.stops.why[WHY_BORROW], INSTANCES * 9 / 10,
		   "edge: ends of a budget");
	t_at_most(m->stats[0].user_worst, eps_start(1) + eps_budget(),
		  "edge: ns of the longest stay in user mode");
	check_share(&r, INSTANCES, 0, "edge");
	run_free(&r);
	machine_end(m);
}

/* ---- stays of up to three budgets ---------------------------------------- */

/* word[0] us on the CPU, whatever part of it is lent */
static void stay(struct machine *m, unsigned int i)
{
	(void)i;
	burn(m->word[0] * US);
}

/*
 * Nothing else wants the CPU: it is never stopped, only the guest waits, till the
 * instances are over that the stay has used up.
 */
static void stays(u64 us, const char *what)
{
	struct machine *m = in_server(guest_out, 0, stay);
	u64 lent = us * US, budgets = lent / RUNTIME + 1;
	struct run r;

	m->word[0] = us;
	r = record(m, INSTANCES * PERIOD);
	t_diag("%s: %ju stays; budget %ju, borrow %ju, waiting %ju, fair %ju", what,
	       (uintmax_t)r.exits, (uintmax_t)r.stops.why[WHY_BUDGET],
	       (uintmax_t)r.stops.why[WHY_BORROW], (uintmax_t)r.stops.why[WHY_WAITING],
	       (uintmax_t)r.stops.why[WHY_FAIR]);
	t_near(r.exits, INSTANCES * RUNTIME / lent, budgets, "%s: exits", what);
	t_equal(r.stops.why[WHY_FAIR], 0, "%s: times that it went on as a fair task", what);
	t_at_most(m->stats[0].user_worst, lent + eps_start(4) + eps_ticks(lent),
		  "%s: ns of the longest stay in user mode", what);
	t_at_least(service_gap(&r.s), PERIOD - lent % PERIOD - eps_start(2),
		   "%s: ns of the longest wait before an entry", what);
	t_at_most(service_gap(&r.s), budgets * PERIOD - lent + eps_start(2),
		  "%s: ns of the longest wait before an entry", what);
	check_share(&r, INSTANCES, lent, what);
	run_free(&r);
	machine_end(m);
}

/* ---- beyond three budgets ------------------------------------------------- */

/* When a stay has run for 3 lambda it is a fair task, beside a hog, until it enters. */
static void beyond(void)
{
	struct machine *m = in_server(guest_out, 0, stay);
	pid_t hog = t_fork(spin_forever, NULL);
	u64 us = 5 * RUNTIME / US, vbs, fair;
	struct slices in_class;
	struct run r;

	m->word[0] = us;
	r = record(m, 2 * INSTANCES * PERIOD);
	t_kill(hog);
	in_class = service_vbs_except(&r.t, &m->pid, 1);
	vbs = service_total(&in_class);
	fair = service_total(&r.s) - vbs;
	t_diag("beyond: %ju stays of %ju us, %.3f ms in the class, %.3f ms as a fair task",
	       (uintmax_t)r.exits, (uintmax_t)us, vbs / 1e6, fair / 1e6);
	t_at_least(r.stops.why[WHY_FAIR], r.exits / 2, "beyond: times that it became fair");
	/* Of each stay two budgets at least are beyond what is lent, less what was left. */
	t_at_least(fair, r.exits / 2 * RUNTIME, "beyond: ns as a fair task");
	t_at_most(vbs, 2 * INSTANCES * RUNTIME + 4 * RUNTIME + eps_budget(),
		  "beyond: ns charged in %ju periods", (uintmax_t)(2 * INSTANCES));
	check_g2(&in_class, (double)RUNTIME / PERIOD, RUNTIME, STAYS * RUNTIME + eps_budget(),
		 "beyond");
	slices_free(&in_class);
	run_free(&r);
	machine_end(m);
}

/* ---- polling -------------------------------------------------------------- */

static void want_polling(struct machine *m)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HALT_POLL, .args = { 2 * MS } };

	if (ioctl(m->vm.fd, KVM_ENABLE_CAP, &cap))
		t_fatal("KVM_CAP_HALT_POLL");
}

struct use {
	u64 charged;
	u64 woken;
};

/* A guest that is woken by its timer each ms; what it is charged for each */
static struct use timer_guest(u32 flags, s64 poll_ns, bool cap)
{
	struct machine *m = machine_new(1, guest_timer, vmm_ticks(MS));
	struct kvm_vbs_config cfg = vm_config(RUNTIME, PERIOD, 1 * MS, 10 * MS);
	struct use u;
	struct run r;

	m->irqchip = true;
	m->prepare = cap ? want_polling : NULL;
	file_write(POLL_NS, "%jd", (intmax_t)poll_ns);
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	cfg.flags = flags;
	if (vm_configure(m->pid, &cfg))
		t_fatal("configure");
	r = record(m, INSTANCES * PERIOD);
	u = (struct use) { service_total(&r.s), r.rounds };
	run_free(&r);
	machine_end(m);
	return u;
}

static void polling(void)
{
	struct use none, got;

	file_restore(POLL_NS);
	none = timer_guest(0, 0, false);
	t_at_least(none.woken, INSTANCES * PERIOD / MS * 9 / 10, "halt: times that it is woken");
	for (s64 ns = 20 * US; ns <= (s64)(20 * MS); ns *= 10) {
		got = timer_guest(0, ns, false);
		t_diag("halt_poll_ns=%jd: %.3f us for each of %ju", (intmax_t)ns,
		       got.charged / 1e3 / got.woken, (uintmax_t)got.woken);
		t_at_most(got.charged / got.woken, none.charged / none.woken * 5 / 4,
			  "halt_poll_ns=%jd: ns charged for one wake-up", (intmax_t)ns);
	}
	got = timer_guest(0, 0, true);
	t_at_most(got.charged / got.woken, none.charged / none.woken * 5 / 4,
		  "KVM_CAP_HALT_POLL: ns charged for one wake-up");
	got = timer_guest(KVM_VBS_POLL, 0, true);
	t_diag("KVM_VBS_POLL: %.3f us for each of %ju, without %.3f", got.charged / 1e3 / got.woken,
	       (uintmax_t)got.woken, none.charged / 1e3 / none.woken);
	/* It polls until the budget is used up, in each instance. */
	t_near(got.charged, INSTANCES * RUNTIME, 2 * RUNTIME + INSTANCES * eps_budget(),
	       "KVM_VBS_POLL: what it polls is charged");
}

/* ---- what the guest is told ----------------------------------------------- */

#define STEAL_PREEMPTED	16		/* struct kvm_steal_time */

/* The record in its memory: steal, version, flags, preempted */
static volatile u8 *steal_of(struct machine *m)
{
	return m->mem + VMM_STEAL;
}

static u64 steal_ns(struct machine *m)
{
	return *(volatile u64 *)steal_of(m);
}

static void stolen(void)
{
	struct machine *m = in_server(guest_steal, 0, NULL);
	unsigned int told = 0, throttled = 0;
	u64 t0, before, began;

	machine_go(m);
	sleep_ns(5 * PERIOD);
	began = now_ns();
	before = steal_ns(m);
	t0 = began;
	for (u64 i = 0; i < INSTANCES; i++) {
		sleep_until(t0 + i * PERIOD + i * 97 * US);
		if (!server_state(m->tid[0], "throttled") &&
		    !server_state(m->tid[0], "waiting"))
			continue;
		throttled++;
		told += !!(steal_of(m)[STEAL_PREEMPTED] & 1);
	}
	t_at_least(throttled, INSTANCES / 2, "steal: looks while it is throttled");
	t_equal(told, throttled, "steal: of them with the flag preempted set");
	/* Counted to where its last instance began, or begins */
	t_near(steal_ns(m) - before, (now_ns() - began) * (PERIOD - RUNTIME) / PERIOD,
	       2 * (PERIOD - RUNTIME) + eps_budget(), "steal: ns that were stolen");
	machine_end(m);
}

VBS_TEST("at the budget's edge: what is lent is paid, nothing is polled, steal is told", 150)
{
	need_vbs();
	need_kvm_vbs();
	eps_measure_long();
	at_the_edge();
	stays(RUNTIME * 5 / 4 / US, "stays of 5/4 lambda");
	stays(RUNTIME * 11 / 4 / US, "stays of 11/4 lambda");
	beyond();
	polling();
	stolen();
}
