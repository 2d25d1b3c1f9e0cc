// SPDX-License-Identifier: GPL-2.0
#include "vmm_machine.h"

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)
#define LENGTH		(1 * SEC)
#define EVENTS		(EV_ACCOUNTS | EV_BIT(EV_EXHAUST))

static struct machine *in_server(guest_fn *guest, void (*after)(struct machine *, unsigned int))
{
	struct machine *m = machine_new(1, guest, 0);

	m->after = after;
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	return m;
}

/* Emulating one write takes microseconds: it is never stopped while it does. */
static void short_stays(guest_fn *guest, const char *what)
{
	struct machine *m = in_server(guest, NULL);
	struct slices s;
	struct trace t;

	trace_start(EV_ACCOUNTS, 32);
	machine_go(m);
	sleep_ns(LENGTH);
	t = trace_stop();
	t_at_least(m->stats[0].exits, 10000, "%s: exits to user mode", what);
	t_at_most(m->stats[0].user_worst, eps_start(1) + eps_budget(),
		  "%s: ns of the longest stay in user mode", what);
	s = service_of(&t, &m->tid[0], 1);
	t_at_least(service_total(&s), (LENGTH / PERIOD - 1) * RUNTIME - eps_budget(),
		   "%s: it has what it was given, in ns", what);
	check_g2(&s, (double)RUNTIME / PERIOD, RUNTIME, eps_budget(), what);
	slices_free(&s);
	machine_end(m);
}

/* From each tenth exit it returns after a stay of @word[0] us, of @word[2] on the CPU */
static void long_stay(struct machine *m, unsigned int i)
{
	if (m->stats[i].exits % 10)
		return;
	m->word[1]++;
	spin_until(now_ns() + m->word[0] * US);
	burn(m->word[2] * US);
}

/*
 * A stay of @us, of which 2 ms at most are still in the budget, is lent up to
 * 3 lambda.  The debt is paid: what it has in all is its share.
 */
static void lent_stays(unsigned int us, const char *what)
{
	struct machine *m = in_server(guest_out, long_stay);
	struct slices s;
	struct trace t;
	struct stops n;
	u64 id;

	m->word[0] = us;
	machine_go(m);
	sleep_ns(50 * MS);
	id = server_val(m->tid[0], "id");
	trace_start(EVENTS, 32);
	sleep_ns(3 * LENGTH);
	t = trace_stop();
	n = stops_of(&t, id);
	t_diag("%s: %u stays; budget %ju, borrow %ju, fair %ju", what, m->word[1],
	       (uintmax_t)n.why[WHY_BUDGET], (uintmax_t)n.why[WHY_BORROW],
	       (uintmax_t)n.why[WHY_FAIR]);
	t_at_least(n.why[WHY_BORROW], m->word[1] / 4, "%s: loans", what);
	t_equal(n.why[WHY_FAIR], 0, "%s: times that the limit was passed", what);
	/* Nothing else wants the CPU but the test, which sleeps */
	t_at_most(m->stats[0].user_worst, us * US + eps_start(4) + eps_ticks(us * US),
		  "%s: ns of the longest stay in user mode", what);
	s = service_of(&t, &m->tid[0], 1);
	t_at_least(service_total(&s), (3 * LENGTH / PERIOD - 4) * RUNTIME - us * US,
		   "%s: it has its share in the long run, in ns", what);
	check_g2(&s, (double)RUNTIME / PERIOD, RUNTIME, eps_budget() + 3 * RUNTIME, what);
	slices_free(&s);
	machine_end(m);
}

/* Beyond 3 lambda it shares the CPU with whoever is fair, at the next entry it waits. */
static void endless_stay(void)
{
	struct machine *m = in_server(guest_out, long_stay);
	pid_t hog = t_fork(spin_forever, NULL);
	u64 stay = 60 * MS, id, limit;
	struct slices s;
	struct trace t;
	struct stops n;

	m->word[2] = stay / US;
	machine_go(m);
	sleep_ns(200 * MS);
	id = server_val(m->tid[0], "id");
	trace_start(EVENTS, 32);
	sleep_ns(3 * LENGTH);
	t = trace_stop();
	t_kill(hog);
	n = stops_of(&t, id);
	t_diag("endless: %u stays; budget %ju, borrow %ju, fair %ju", m->word[1],
	       (uintmax_t)n.why[WHY_BUDGET], (uintmax_t)n.why[WHY_BORROW],
	       (uintmax_t)n.why[WHY_FAIR]);
	t_at_least(n.why[WHY_FAIR], 3, "endless: times that the limit of lending was passed");
	/*
	 * Of the stay 3 lambda at least are lent, the rest is at worst half of the CPU,
	 * in turns of the fair class; in real servers, it never waits for a release.
	 */
	limit = 2 * stay + 10 * MS;
	t_at_most(m->stats[0].user_worst, limit, "endless: ns of the longest stay in user mode");
	s = service_vbs_except(&t, NULL, 0);
	check_g2(&s, (double)RUNTIME / PERIOD, RUNTIME, eps_budget() + 3 * RUNTIME, "endless");
	slices_free(&s);
	machine_end(m);
}

VBS_TEST("a vCPU's thread is not stopped in user mode, where the VMM may hold a lock", 120)
{
	need_vbs();
	need_kvm();
	eps_measure_long();
	short_stays(guest_out, "port I/O");
	short_stays(guest_mmio, "MMIO");
	lent_stays(3000, "stays of 3 ms");
	lent_stays(5000, "stays of 5 ms");
	endless_stay();
}
