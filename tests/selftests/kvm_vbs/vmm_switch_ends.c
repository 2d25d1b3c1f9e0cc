// SPDX-License-Identifier: GPL-2.0
/*
 * Guests that switch their vCPU's server and look at it without end, while the host takes
 * the server away and gives one anew: each answer is one of those there are, and the
 * host goes on.
 */
#include "vmm_call.h"
#include "vmm_guest.h"

#define ROUNDS	400
#define ENABLE	SYSCTL_VBS "enable"
#define COST	SYSCTL_VBS "release_cost_ns"
#define AT	0x90000ULL	/* a page that no vCPU has */

static inline IN_GUEST u64 ask(u64 op, u64 a1, u64 a2)
{
	u64 a = KVM_HC_VBS;

	asm volatile("vmmcall" : "+a"(a) : "b"(op), "c"(a1), "d"(a2), "S"(0) : "memory");
	return a;
}

/* @sum: how often it had what it asked for; @worst: answers that are none */
static GUEST void guest_switches(struct vmm_page *p)
{
	u64 ret;

	while (!p->stop) {
		u64 n = p->count++;

		ret = p->arg || n % 4 == 3 ? ask(KVM_VBS_OP_GET, AT, 0) :
		      ask(KVM_VBS_OP_SWITCH, n & 1 ? 2 * MS : MS, n & 1 ? 10 * MS : 5 * MS);
		if (!ret)
			p->sum++;
		else if (ret != (u64)-EPERM && ret != (u64)-1000 && ret != (u64)-EINVAL)
			p->worst = ret;
	}
	stopped();
}

static struct kvm_vbs_config config(void)
{
	struct kvm_vbs_config cfg = vm_config(2 * MS, 10 * MS, MS, 10 * MS);

	cfg.vcpu.cap = VBS_BW_UNIT / 2;
	cfg.flags = KVM_VBS_GUEST_SWITCH;
	return cfg;
}

static void configured_and_not(struct machine *m)
{
	struct kvm_vbs_config cfg = config(), none = { .version = KVM_VBS_VERSION };

	vm_configure_soon(m->pid, &none);
	vm_configure_soon(m->pid, &cfg);
}

static void dissolved(struct machine *m)
{
	struct kvm_vbs_config cfg = config();

	file_write(ENABLE, "0");
	file_write(ENABLE, "1");
	vm_configure_soon(m->pid, &cfg);
}

/* A cap that falls at the end of the instance */
static void lowered_and_left(struct machine *m)
{
	struct kvm_vbs_config cfg = config();

	vbs_enter(m->tid[0], MS, 10 * MS, VBS_BW_UNIT / 5);
	vbs_leave(m->tid[0]);
	vm_configure_soon(m->pid, &cfg);
}

static void race(void (*end_it)(struct machine *m), u64 arg, u32 rounds, const char *how)
{
	struct machine *m = machine_new(1, guest_switches, arg);
	struct kvm_vbs_config cfg = config();
	struct vmm_page *p;
	u32 i;

	machine_start(m);
	t_equal(vm_configure_soon(m->pid, &cfg), 0, "%s: configured", how);
	machine_go(m);
	p = machine_page(m, 0);
	for (i = 0; i < rounds; i++) {
		end_it(m);
		sleep_ns(i % 8 * 50 * US);
	}
	t_diag("%s: %ju of %ju calls", how, (uintmax_t)p->sum, (uintmax_t)p->count);
	t_at_least(p->sum, rounds, "%s: times that the guest had its way", how);
	t_equal(p->worst, 0, "%s: an answer that is none", how);
	machine_end(m);
	t_equal(books_empty(2 * SEC), 0, "%s: booked in the end", how);
}

VBS_TEST("a guest that switches a server which ends finds none", 190)
{
	u32 n = t_arg("rounds", ROUNDS);

	need_vbs();
	need_kvm_vbs();
	need_cpus(2);
	file_restore(ENABLE);
	file_restore(COST);
	t_equal(file_write(COST, "2000"), 0, "a release costs 2 us");
	race(configured_and_not, 0, n, "undone and made");
	race(configured_and_not, 1, n, "the same, and it only looks");
	race(dissolved, 0, n / 4, "all dissolved");
	race(lowered_and_left, 0, n, "its thread leaves with a lower cap");
}
