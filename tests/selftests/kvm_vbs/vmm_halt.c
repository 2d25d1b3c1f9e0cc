// SPDX-License-Identifier: GPL-2.0
#include <sys/ioctl.h>
#include "vmm_machine.h"

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)
#define WAKE		(1037 * US)	/* no multiple of the tick's */
#define TIMER		(150 * US)
#define WORK		(20 * US)
#define LENGTH		(1 * SEC)
#define POLL_NS		"/sys/module/kvm/parameters/halt_poll_ns"

/* KVM polls for 2 ms, as far as it is asked: longer than any halt here. */
static void want_polling(struct machine *m)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HALT_POLL, .args = { 2 * MS } };

	if (ioctl(m->vm.fd, KVM_ENABLE_CAP, &cap))
		t_fatal("KVM_CAP_HALT_POLL");
}

/* The device model: an interrupt every @WAKE */
static void wake(struct machine *m)
{
	u64 when;

	gate_wait(&m->gate);
	when = now_ns();
	for (;;) {
		when += WAKE;
		sleep_until(when);
		vmm_interrupt(&m->vm, 0);
		m->word[0]++;
	}
}

static struct machine *halting(guest_fn *guest, u64 arg)
{
	struct machine *m = machine_new(1, guest, vmm_ticks(arg));

	m->irqchip = true;
	m->prepare = want_polling;
	m->device = guest == guest_halt ? wake : NULL;
	machine_start(m);
	return m;
}

struct use {
	u64 cpu;		/* ns of the vCPU's thread */
	u64 woken;		/* times that the guest was */
	u64 asked;
	u64 worst;		/* ns, of the guest's own timer */
};

static struct use measure(struct machine *m, u64 length)
{
	struct vmm_page *p = machine_page(m, 0);
	struct use u = {};
	struct trace t;

	machine_go(m);
	sleep_ns(100 * MS);
	p->worst = 0;
	u.woken = p->count;
	u.asked = m->word[0];
	trace_start(EV_BIT(EV_SWITCH), 16);
	sleep_ns(length);
	t = trace_stop();
	u.woken = p->count - u.woken;
	u.asked = m->word[0] - u.asked;
	u.worst = vmm_ns(p->worst);
	u.cpu = on_cpu(&t, m->tid[0], PRIO_ANY);
	free(t.ev);
	machine_end(m);
	return u;
}

/* As a FIFO task with nothing polled: what the same costs at least */
static struct use measure_fifo(guest_fn *guest, u64 arg)
{
	struct machine *m = halting(guest, arg);
	struct use u;

	if (set_fifo(m->tid[0], 50))
		t_fatal("SCHED_FIFO");
	file_write(POLL_NS, "0");
	m->word[1] = 1;
	u = measure(m, LENGTH);
	return u;
}

static struct use measure_vbs(guest_fn *guest, u64 arg, u32 flags)
{
	struct machine *m = halting(guest, arg);
	struct kvm_vbs_config cfg = vm_config(RUNTIME, PERIOD, 1 * MS, 10 * MS);

	machine_into_servers(m, RUNTIME, PERIOD);
	cfg.flags = flags;
	if (flags)
		t_equal(vm_configure(m->pid, &cfg), 0, "configured with flags %u", flags);
	return measure(m, LENGTH);
}

static void show(const char *what, struct use u)
{
	t_diag("%s: %ju wake-ups, %.3f ms on the CPU, worst lateness %.3f us", what,
	       (uintmax_t)u.woken, u.cpu / 1e6, u.worst / 1e3);
}

static void without_polling(guest_fn *guest, u64 arg, const char *what)
{
	struct use fifo = measure_fifo(guest, arg), vbs;

	show("without polling, FIFO", fifo);
	vbs = measure_vbs(guest, arg, 0);
	show(what, vbs);
	/* Its instance is over when it halts; it takes no more than what it does. */
	t_at_most(vbs.cpu / vbs.woken, fifo.cpu / fifo.woken * 5 / 4,
		  "%s: ns for one wake-up", what);
	if (guest == guest_halt)
		t_near(vbs.woken, vbs.asked, 2, "%s: woken as often as asked", what);
	else
		t_at_most(vbs.worst, fifo.worst + eps_start(2), "%s: worst lateness in ns", what);
}

VBS_TEST("HLT ends the work: nothing is polled for it, but if the configuration says so", 90)
{
	struct use poll;

	need_vbs();
	need_kvm();
	eps_measure();
	file_restore(POLL_NS);
	without_polling(guest_halt, WORK, "woken by interrupts");
	without_polling(guest_timer, TIMER, "woken by its own timer");
	if (!have_kvm_vbs()) {
		t_skip("no KVM_VBS_POLL");
		return;
	}
	poll = measure_vbs(guest_halt, WORK, KVM_VBS_POLL);
	show("with polling", poll);
	/* It blocks when its budget ends, and the next instance begins when it is woken. */
	t_at_least(poll.cpu, LENGTH / (PERIOD + WAKE) * RUNTIME,
		   "what is polled is charged, and uses the budget up");
	t_at_most(poll.cpu, LENGTH / PERIOD * RUNTIME + RUNTIME + LENGTH / PERIOD * eps_budget(),
		  "and no more than the budget");
}
