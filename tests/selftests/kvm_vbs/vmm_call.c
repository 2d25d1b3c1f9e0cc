// SPDX-License-Identifier: GPL-2.0
#include "vmm_call.h"
#include "vmm_guest.h"

/* The page: @n requests, @count done; what is asked in pieces 0 and 1, @sum the result */
static inline IN_GUEST u64 call(const struct vmm_page *p)
{
	u64 a = p->piece[0].from & ~CALL_TWICE;

	asm volatile("vmmcall" : "+a"(a)
		     : "b"(p->piece[0].to), "c"(p->piece[1].from), "d"(p->piece[1].to), "S"(0)
		     : "memory");
	return a;
}

GUEST void guest_calls(struct vmm_page *p)
{
	while (!p->stop) {
		u64 a = p->piece[0].from;

		if (p->n == p->count) {
			asm volatile("pause");
			continue;
		}
		if (a == CALL_EXIT) {
			out(VMM_PORT);
			p->count = p->n;
			continue;
		}
		if (a & CALL_TWICE)
			call(p);
		p->sum = call(p);
		asm volatile("" : : : "memory");
		p->count = p->n;
	}
	stopped();
}

struct machine *calls_new(unsigned int vcpus, u64 flags)
{
	struct machine *m = machine_new(vcpus, guest_calls, 0);

	calls_start(m, flags);
	return m;
}

void calls_start(struct machine *m, u64 flags)
{
	struct kvm_vbs_config cfg = vm_config(2 * MS, 10 * MS, MS, 10 * MS);

	cfg.flags = flags;
	machine_start(m);
	t_equal(vm_configure_soon(m->pid, &cfg), 0, "configured, flags 0x%jx", (uintmax_t)flags);
	machine_go(m);
}

s64 guest_call(struct machine *m, unsigned int i, u64 nr, u64 a0, u64 a1, u64 a2)
{
	struct vmm_page *p = machine_page(m, i);

	p->piece[0].from = nr;
	p->piece[0].to = a0;
	p->piece[1].from = a1;
	p->piece[1].to = a2;
	__sync_synchronize();
	p->n++;
	for (int n = 0; p->count != p->n; n++) {
		if (n > 2000)
			t_fatal("a guest that does not answer");
		sleep_ns(MS);
	}
	return p->sum;
}
