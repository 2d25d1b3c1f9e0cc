// SPDX-License-Identifier: GPL-2.0
#include "vmm_machine.h"

/* What guests see on their own TSC, without any help from the kernel */
#define MACHINES	3
#define INSTANCES	100ULL

static const u64 periods[MACHINES] = { 2 * MS, 5 * MS, 10 * MS };

/* The longest that an interrupt of the machine keeps a guest from running */
static u64 interruption(void)
{
	struct machine *m = machine_new(1, guest_watch, 0);
	u64 worst;

	machine_start(m);
	if (set_fifo(m->tid[0], 99))
		t_fatal("SCHED_FIFO");
	machine_go(m);
	sleep_ns(5 * MS);
	machine_page(m, 0)->worst = 0;	/* what its start took */
	sleep_ns(200 * MS);
	worst = vmm_ns(machine_page(m, 0)->worst);
	machine_end(m);
	return worst;
}

/* Its pieces end at interrupts, which are nobody's time. */
static void check(struct machine *m, u64 runtime, u64 period, u64 irq)
{
	struct vmm_page *p = machine_page(m, 0);
	u64 from = p->piece[1].from, to = p->piece[p->n - 1].from, len = vmm_ns(to - from);
	u64 eps = irq + eps_start(2 * MACHINES), ran = guest_ran(m, 0, from, to);
	double u = (double)runtime / period;
	char who[64];

	snprintf(who, sizeof(who), "%ju us in %ju ms", (uintmax_t)(runtime / US),
		 (uintmax_t)(period / MS));
	t_ok(p->n < VMM_PIECES, "%s: all of its %ju pieces", who, (uintmax_t)p->n);
	t_at_least(len / period, INSTANCES - 3, "%s: periods", who);
	t_at_most(guest_gap(m, 0), 2 * (period - runtime) + eps, "%s: longest gap in ns", who);
	/* At both ends of a piece its thread is in the kernel, or has left, as in @irq. */
	t_at_least(ran, (len / period - 1) * runtime - p->n * irq, "%s: ran in %ju periods", who,
		   (uintmax_t)(len / period));
	t_at_most(ran, u * len + 2 * runtime * (1 - u) + eps, "%s: ran in %ju periods", who,
		  (uintmax_t)(len / period));
}

VBS_TEST("G1 as guests see it: no gap over 2 (pi - lambda), k lambda in k periods", 120)
{
	struct machine *m[MACHINES];
	u64 runtime[MACHINES], bw, irq;

	need_vbs();
	need_kvm();
	eps_measure_long();
	irq = interruption();
	t_diag("longest interruption of a guest: %.3f us", irq / 1e3);
	for (int i = 0; i < MACHINES; i++) {
		m[i] = machine_new(1, guest_watch, vmm_ticks(3 * US));
		machine_start(m[i]);
	}
	/* the device models have a tenth of the CPU each */
	bw = cpu_room(0) / MACHINES;
	if (!t_arg("plain", 0))
		bw -= vbs_bw(1, 10) + 1;
	for (int i = 0; i < MACHINES; i++) {
		runtime[i] = (bw * periods[i]) >> VBS_BW_SHIFT;
		machine_into_servers(m[i], runtime[i], periods[i]);
	}
	for (int i = 0; i < MACHINES; i++)
		machine_go(m[i]);
	sleep_ns(INSTANCES * periods[MACHINES - 1]);
	for (int i = 0; i < MACHINES; i++) {
		t_ok(machine_stop(m[i]), "machine %d has stopped", i);
		check(m[i], runtime[i], periods[i], irq);
		machine_end(m[i]);
	}
}
