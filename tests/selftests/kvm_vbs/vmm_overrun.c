// SPDX-License-Identifier: GPL-2.0
#include "vmm_machine.h"

#define RUNTIME	(2 * MS)
#define PERIOD	(10 * MS)
#define INSTANCES	100

static struct machine *mine;

static void on_xcpu(int sig)
{
	(void)sig;
	mine->word[0]++;
}

static void prepare(struct machine *m)
{
	mine = m;
	signal(SIGXCPU, on_xcpu);
}

/*
 * Handled at once by who is in the kernel as its budget ends, with the next budget by
 * who is stopped there: at either end of the time watched one is there or still to come.
 */
static u32 signals_with(u64 flags, guest_fn *guest, const char *what)
{
	struct vbs_sched_attr attr = vbs_attr(RUNTIME, PERIOD, 0);
	struct machine *m = machine_new(1, guest, 0);
	u32 before, n;

	m->prepare = prepare;
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	machine_go(m);
	sleep_ns(3 * PERIOD);
	attr.sched_flags = flags;
	t_equal(vbs_setattr(m->tid[0], &attr), 0, "%s: set flags 0x%jx", what, (uintmax_t)flags);
	while (server_state(m->tid[0], "running"))
		sleep_ns(100 * US);
	sleep_ns(PERIOD / 4);
	before = m->word[0];
	sleep_ns(INSTANCES * PERIOD);
	n = m->word[0] - before;
	machine_end(m);
	return n;
}

static void one_for_each(guest_fn *guest, const char *what)
{
	u32 n = signals_with(SCHED_FLAG_DL_OVERRUN, guest, what);

	t_ok(n >= INSTANCES - 1 && n <= INSTANCES + 1, "%s: %u signals in %d instances", what,
	     n, INSTANCES);
}

VBS_TEST("DL_OVERRUN: SIGXCPU to a vCPU's thread as each budget ends", 30)
{
	need_vbs();
	need_kvm();
	t_equal(signals_with(0, guest_watch, "a loop"), 0, "signals without the flag");
	one_for_each(guest_watch, "a loop");
	one_for_each(guest_out, "port I/O");
}
