// SPDX-License-Identifier: GPL-2.0
#include "vmm_machine.h"

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)
#define INSTANCES	100ULL
#define EVENTS		(EV_ACCOUNTS | EV_BIT(EV_EXHAUST))

/*
 * A guest that never leaves by itself: each end of its budget is an interrupt that
 * ends its time there, on the way back into the guest.
 */
static void busy(guest_fn *guest, const char *real, bool in_kernel, const char *what)
{
	struct machine *m = machine_new(1, guest, 0);
	struct slices s;
	struct stops n;
	struct trace t;
	u64 id;

	m->real = real;
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	machine_go(m);
	sleep_ns(50 * MS);
	id = server_val(m->tid[0], "id");
	trace_start(EVENTS, 16);
	sleep_ns(INSTANCES * PERIOD);
	t = trace_stop();
	n = stops_of(&t, id);
	t_diag("%s: %ju releases, stops: budget %ju, borrow %ju, fair %ju, waiting %ju", what,
	       (uintmax_t)n.releases, (uintmax_t)n.why[WHY_BUDGET], (uintmax_t)n.why[WHY_BORROW],
	       (uintmax_t)n.why[WHY_FAIR], (uintmax_t)n.why[WHY_WAITING]);
	/* the trace cuts one at each end */
	t_near(n.releases, INSTANCES, 1, "%s: releases in %ju periods", what, (uintmax_t)INSTANCES);
	if (in_kernel) {
		/* What ends while an exit is handled is lent until the next entry. */
		t_near(n.why[WHY_BUDGET] + n.why[WHY_BORROW], INSTANCES, 1,
		       "%s: ends of a budget", what);
		t_near(n.why[WHY_WAITING], n.why[WHY_BORROW], 1,
		       "%s: waits before the next entry after a loan", what);
	} else {
		t_near(n.why[WHY_BUDGET], INSTANCES, 1, "%s: stops at the end of a budget",
		       what);
		t_equal(n.why[WHY_BORROW], 0, "%s: loans", what);
		t_equal(n.why[WHY_WAITING], 0, "%s: other stops", what);
	}
	t_equal(n.why[WHY_FAIR], 0, "%s: times that it went on as a fair task", what);
	s = service_of(&t, &m->tid[0], 1);
	/* One instance at the edge, and the rounding of none */
	t_near(service_total(&s), INSTANCES * RUNTIME, RUNTIME + eps_budget(),
	       "%s: charged in all", what);
	check_g2(&s, (double)RUNTIME / PERIOD, RUNTIME, eps_budget(), what);
	slices_free(&s);
	machine_end(m);
}

VBS_TEST("a guest that spins stops at the end of each budget, once, and borrows nothing", 60)
{
	need_vbs();
	need_kvm();
	eps_measure_long();
	busy(guest_watch, NULL, false, "a loop");
	busy(NULL, guest_real_spin, false, "a loop in real mode");
	busy(guest_cpuid, NULL, true, "exits to the kernel");
	busy(guest_pause, NULL, false, "PAUSE");
}
