// SPDX-License-Identifier: GPL-2.0
/* A guest looks at the server of its vCPU, and switches it, within what it may */
#include "vmm_call.h"

#define AT		0x90000ULL	/* a page that no vCPU has */
#define CAP		(VBS_BW_UNIT * 3 / 10 + 1)
#define COST		SYSCTL_VBS "release_cost_ns"

static struct kvm_vbs_config config(u32 flags)
{
	struct kvm_vbs_config cfg = vm_config(2 * MS, 10 * MS, MS, 10 * MS);

	cfg.vcpu.cap = CAP;
	cfg.flags = flags;
	return cfg;
}

static struct machine *with_cap(u32 flags)
{
	struct kvm_vbs_config cfg = config(flags);
	struct machine *m = machine_new(1, guest_calls, 0);

	machine_start(m);
	t_equal(vm_configure_soon(m->pid, &cfg), 0, "configured, flags 0x%x", flags);
	machine_go(m);
	return m;
}

static s64 vbs_call(struct machine *m, u64 op, u64 a1, u64 a2)
{
	return guest_call(m, 0, KVM_HC_VBS, op, a1, a2);
}

static s64 get(struct machine *m, struct kvm_vbs_guest *g)
{
	s64 ret = vbs_call(m, KVM_VBS_OP_GET, AT, 0);

	memcpy(g, m->mem + AT, sizeof(*g));
	return ret;
}

static s64 change(struct machine *m, u64 runtime, u64 period)
{
	return vbs_call(m, KVM_VBS_OP_SWITCH, runtime, period);
}

static void shows(struct machine *m, u64 runtime, u64 period, const char *what)
{
	u64 now = now_ns(), ticks = vmm_ticks(SEC);
	struct kvm_vbs_guest g;

	t_equal(get(m, &g), 0, "%s: GET", what);
	t_equal(g.runtime, runtime, "%s: runtime", what);
	t_equal(g.period, period, "%s: period", what);
	t_equal(g.cap, CAP, "%s: cap", what);
	t_equal(g.period_min, 10 * MS / 8, "%s: the shortest period it may ask for", what);
	t_at_most(g.left, runtime, "%s: budget left", what);
	t_ok(g.deadline > now / SEC * ticks && g.deadline < (now / SEC + 2) * ticks + ticks,
	     "%s: a deadline about now", what);
	t_equal(server_val(m->tid[0], "runtime"), runtime, "%s: here, too", what);
	t_equal(server_val(m->tid[0], "period"), period, "%s: its period", what);
}

static void within_the_cap(void)
{
	struct machine *m = with_cap(KVM_VBS_GUEST_SWITCH);
	struct kvm_vbs_guest a, b;
	struct kvm_vbs_config cfg = config(KVM_VBS_GUEST_SWITCH);

	t_equal(vbs_call(m, KVM_VBS_OP_PROBE, 0, 0), 0, "PROBE");
	shows(m, 2 * MS, 10 * MS, "as configured");
	t_equal(change(m, 3 * MS, 10 * MS), 0, "up to the cap");
	shows(m, 3 * MS, 10 * MS, "all of the cap");
	t_equal(change(m, MS, 5 * MS), 0, "less, with another period");
	shows(m, MS, 5 * MS, "less");
	t_equal(change(m, 10 * MS / 8 / 10, 10 * MS / 8), 0, "the shortest period");
	t_equal(change(m, 3 * MS + 10 * US, 10 * MS), -EPERM, "above the cap");
	t_equal(change(m, 100 * US, 10 * MS / 8 - 1), -EINVAL, "too short a period");
	t_equal(change(m, 0, 10 * MS), -EINVAL, "no budget");
	t_equal(change(m, 20 * MS, 10 * MS), -EINVAL, "more than a period");
	t_equal(change(m, MS, 1ULL << 63), -EINVAL, "a period of years");
	t_equal(change(m, ~0ULL, ~0ULL), -EINVAL, "the largest numbers");
	shows(m, 10 * MS / 8 / 10, 10 * MS / 8, "what is refused changes nothing");
	t_equal(vbs_call(m, KVM_VBS_OP_GET, AT + 8, 0), -EINVAL, "GET: not aligned");
	t_equal(vbs_call(m, KVM_VBS_OP_GET, VMM_MMIO, 0), -EFAULT, "GET: no memory there");
	t_equal(vbs_call(m, 77, 0, 0), -1000, "no such operation");
	get(m, &a);
	t_equal(vm_configure_soon(m->pid, &cfg), 0, "configured anew");
	get(m, &b);
	t_ok(b.count != a.count, "that it was is told");
	machine_end(m);
}

static void may_not(void)
{
	struct machine *m = with_cap(0);
	struct kvm_vbs_config one = {
		.version = KVM_VBS_VERSION, .flags = KVM_VBS_GUEST_SWITCH,
		.vcpu = { 2 * MS, 10 * MS, CAP, 0 },
	};
	struct kvm_vbs_guest g;

	t_equal(vbs_call(m, KVM_VBS_OP_PROBE, 0, 0), -1000, "not allowed: PROBE");
	t_equal(change(m, MS, 10 * MS), -1000, "not allowed: SWITCH");
	t_equal(vm_configure_soon(m->pid, &one), 0, "one server for all");
	t_equal(change(m, MS, 10 * MS), -EPERM, "one server for all: SWITCH");
	t_equal(get(m, &g), -EPERM, "one server for all: GET");
	t_equal(server_val(m->tid[0], "runtime"), 2 * MS, "one server for all: as it was");
	machine_end(m);
}

static void one_vcpu_more(struct machine *m)
{
	t_equal(vmm_add_vcpu(&m->vm), 0, "a second vCPU");
}

/* Whose place the thread keeps, for as long as it is told to */
static void run_the_other(struct machine *m, unsigned int i)
{
	if (i || m->word[0] != 1)
		return;
	vmm_boot(&m->vm, 1, guest_calls);
	while (m->word[0] == 1)
		vmm_run(&m->vm.vcpu[1]);
}

static void leave_guest(struct machine *m, unsigned int i)
{
	struct vmm_page *p = machine_page(m, i);

	p->piece[0].from = CALL_EXIT;
	__sync_synchronize();
	p->n++;
}

/* It has gone on behind leave_guest() */
static void wait_for_guest(struct machine *m, unsigned int i)
{
	struct vmm_page *p = machine_page(m, i);

	for (int n = 0; p->count != p->n && n < 2000; n++)
		sleep_ns(MS);
	if (p->count != p->n)
		t_fatal("a guest that does not go on");
}

/* One of a thread that has the place of another vCPU, perhaps of another guest */
static void not_anothers(void)
{
	struct kvm_vbs_config cfg = config(KVM_VBS_GUEST_SWITCH);
	struct machine *m = machine_new(1, guest_calls, 0);

	m->prepare = one_vcpu_more;
	m->after = run_the_other;
	machine_start(m);
	t_equal(vm_configure_soon(m->pid, &cfg), 0, "configured, with two vCPUs");
	machine_go(m);
	t_equal(change(m, MS, 10 * MS), 0, "the first one's guest switches its server");
	m->word[0] = 1;
	leave_guest(m, 0);
	t_equal(guest_call(m, 1, KVM_HC_VBS, KVM_VBS_OP_PROBE, 0, 0), 0,
		"its thread runs the second one");
	t_equal(guest_call(m, 1, KVM_HC_VBS, KVM_VBS_OP_SWITCH, 2 * MS, 10 * MS), -EPERM,
		"whose guest may not switch that server");
	t_equal(guest_call(m, 1, KVM_HC_VBS, KVM_VBS_OP_GET, AT, 0), -EPERM,
		"and is told of none");
	t_equal(server_val(m->tid[0], "runtime"), MS, "it is as it was");
	m->word[0] = 2;
	leave_guest(m, 1);
	wait_for_guest(m, 0);
	t_equal(change(m, 2 * MS, 10 * MS), -EPERM,
		"nor does the first one's, while others run in it");
	t_equal(server_val(m->tid[0], "runtime"), MS, "as it was");
	t_equal(vm_configure_soon(m->pid, &cfg), 0, "configured anew");
	t_equal(change(m, MS, 10 * MS), -EPERM, "with the same threads");
	machine_end(m);
}

/* What a release costs is charged: where that is not known, nobody releases more often */
static void without_cost(void)
{
	struct machine *m = with_cap(KVM_VBS_GUEST_SWITCH);

	t_equal(file_write(COST, "0"), 0, "no release cost");
	t_equal(change(m, MS, 5 * MS), -EINVAL, "then no switch");
	machine_end(m);
}

/* The guest runs what it has asked for, and no more than its cap */
static void storm(void)
{
	struct machine *m = with_cap(KVM_VBS_GUEST_SWITCH);
	struct trace t;
	struct slices s;
	u64 i = 0, end = now_ns() + 2 * SEC;

	trace_start(EV_ACCOUNTS, 32);
	while (now_ns() < end) {
		change(m, i % 2 ? 3 * MS : 375 * US, i % 2 ? 10 * MS : 10 * MS / 8);
		i++;
	}
	t = trace_stop();
	s = service_of(&t, &m->tid[0], 1);
	t_at_least(i, 100, "switches in 2 s");
	check_g2(&s, (double)CAP / VBS_BW_UNIT, 3 * MS, eps_budget(), "a storm of switches");
	slices_free(&s);
	free(t.ev);
	machine_end(m);
}

VBS_TEST("a guest looks at its vCPU's server and switches it within the cap", 100)
{
	need_vbs();
	need_kvm_vbs();
	file_restore(COST);
	t_equal(file_write(COST, "2000"), 0, "a release costs 2 us");
	within_the_cap();
	may_not();
	not_anothers();
	storm();
	without_cost();
}
