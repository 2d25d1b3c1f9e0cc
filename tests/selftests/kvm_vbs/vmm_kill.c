// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>
#include "vmm_machine.h"

#define RUNTIME	(2 * MS)
#define PERIOD	(10 * MS)
#define PHASES	64

struct result {
	u64 gone;		/* ns until the process was no more */
	u64 booked;		/* until nothing was booked */
};

/* Killed at a phase of its first periods, sometimes as it is configured */
static struct result one(guest_fn *guest, unsigned int vcpus, u64 phase, bool servers)
{
	struct machine *m = machine_new(vcpus, guest, 0);
	struct result r;
	u64 began;
	int status;

	machine_start(m);
	if (servers)
		machine_into_servers(m, RUNTIME, PERIOD);
	machine_go(m);
	sleep_ns(phase);
	began = now_ns();
	kill(m->pid, SIGKILL);
	status = t_wait(m->pid);
	r.gone = now_ns() - began;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		t_fatal("the machine has ended by itself: %x", status);
	books_empty(2 * PERIOD);
	r.booked = now_ns() - began;
	return r;
}

static void at_all_phases(guest_fn *guest, unsigned int vcpus, const char *what)
{
	struct result worst = {}, r;
	u64 plain = 0;

	for (u64 i = 0; i < PHASES; i++) {
		r = one(guest, vcpus, i * 2 * PERIOD / PHASES, false);
		plain = r.gone > plain ? r.gone : plain;
		r = one(guest, vcpus, i * 2 * PERIOD / PHASES, true);
		worst.gone = r.gone > worst.gone ? r.gone : worst.gone;
		worst.booked = r.booked > worst.booked ? r.booked : worst.booked;
	}
	/* Grace periods are most of it, of ticks; a wait for budget would be 8 ms and more. */
	t_at_most(worst.gone, plain + 4 * MS,
		  "%s: ns until it was gone, at worst, without servers %ju", what,
		  (uintmax_t)plain);
	/* z is a period after a release at most; who looks does so every 5 ms */
	t_at_most(worst.booked, worst.gone + PERIOD + 5 * MS + eps_start(vcpus + 1),
		  "%s: ns until nothing was booked, at worst", what);
	t_equal(books_empty(SEC), 0, "%s: booked in the end", what);
	t_equal(cpu_key(0, "servers"), 0, "%s: servers in the end", what);
}

VBS_TEST("kill -9 ends a machine at once in all phases, and leaves no booking beyond z", 120)
{
	need_vbs();
	need_kvm();
	eps_measure();
	at_all_phases(guest_watch, 1, "a loop");
	at_all_phases(guest_out, 1, "port I/O");
	at_all_phases(guest_cpuid, 2, "two vCPUs");
}
