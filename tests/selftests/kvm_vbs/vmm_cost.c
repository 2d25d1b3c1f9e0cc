// SPDX-License-Identifier: GPL-2.0
/*
 * What an exit to the kernel and the entry after it cost, in instructions: of a machine
 * that nobody has put into servers, before and after another one was, and of one in
 * servers. On a kernel without SCHED_VBS it prints the first alone.
 */
#include "vmm_machine.h"

/* Instructions by which a machine outside may notice that there are others */
#define NOTICE	16

static u64 exit_cost(struct machine *m)
{
	struct vmm_page *page = machine_page(m, 0);
	u64 before = page->count;

	page->sum = 0;
	sleep_ns(100 * MS);
	if (page->count - before < 1000)
		t_fatal("the guest does not exit");
	return vmm_ns(page->sum);
}

static struct machine *new_machine(void)
{
	struct machine *m = machine_new(1, guest_exit, 0);

	machine_start(m);
	machine_go(m);
	return m;
}

VBS_TEST("an exit of a machine outside costs what it did without others in servers", 50)
{
	struct machine *outside, *inside;
	u64 off, on, in;

	need_kvm();
	outside = new_machine();
	off = exit_cost(outside);
	t_diag("no machine in servers: %ju instructions", (uintmax_t)off);
	if (!have_kvm_vbs())
		t_skip_all("this KVM has no KVM_CAP_VBS");
	inside = new_machine();
	machine_into_servers(inside, 5 * MS, 10 * MS);
	in = exit_cost(inside);
	machine_end(inside);
	on = exit_cost(outside);
	t_diag("another one in servers: %ju, in servers: %ju", (uintmax_t)on, (uintmax_t)in);
	t_near(on, off + NOTICE / 2, NOTICE / 2, "outside, with another one in servers");
	t_at_most(in, off + 4 * NOTICE, "in servers");
	machine_end(outside);
}
