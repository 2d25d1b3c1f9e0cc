// SPDX-License-Identifier: GPL-2.0
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "vmm_machine.h"

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)
#define PHASES		64

static struct machine *machine_with(guest_fn *guest, void (*begin)(struct machine *, unsigned int),
				    void (*after)(struct machine *, unsigned int))
{
	struct machine *m = machine_new(1, guest, 0);

	m->begin = begin;
	m->after = after;
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	machine_go(m);
	sleep_ns(2 * PERIOD);
	return m;
}

static void on_signal(int sig)
{
	(void)sig;
}

static void with_handler(struct machine *m, unsigned int i)
{
	struct sigaction sa = { .sa_handler = on_signal };

	(void)m;
	(void)i;
	sigaction(SIGUSR1, &sa, NULL);
}

/* Of those that are blocked SIGUSR1 alone is not while KVM_RUN waits. */
static void with_mask(struct machine *m, unsigned int i)
{
	struct { struct kvm_signal_mask head; u64 bits; } __attribute__((packed)) mask = {
		.head.len = 8, .bits = 1ULL << (SIGUSR2 - 1),
	};
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &both, NULL);
	if (ioctl(m->vm.vcpu[i].fd, KVM_SET_SIGNAL_MASK, &mask))
		t_fatal("KVM_SET_SIGNAL_MASK");
}

static void take_signal(struct machine *m, unsigned int i)
{
	struct timespec none = {};
	sigset_t usr1;

	(void)m;
	(void)i;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigtimedwait(&usr1, NULL, &none);
}

static void tell(struct machine *m, int sig)
{
	if (syscall(SYS_tgkill, m->pid, m->tid[0], sig))
		t_fatal("tgkill");
}

/* At all phases of the time in which it waits for the next release */
static void times(struct machine *m, const char *what)
{
	unsigned int unheard = 0, throttled = 0;
	u64 t0 = now_ns(), before, sent, took, worst = 0, sum = 0;

	for (u64 i = 0; i < PHASES; i++) {
		sleep_until(t0 + i * 3 * PERIOD + i * PERIOD / PHASES);
		throttled += server_state(m->tid[0], "throttled") ||
			     server_state(m->tid[0], "waiting");
		before = m->stats[0].interrupted;
		sent = now_ns();
		tell(m, SIGUSR1);
		sleep_ns(2 * PERIOD);
		unheard += m->stats[0].interrupted == before;
		took = m->stats[0].heard - sent;
		worst = took > worst ? took : worst;
		sum += took;
	}
	t_diag("%s: %.3f us on average", what, sum / 1e3 / PHASES);
	t_equal(unheard, 0, "%s: signals that KVM_RUN did not hear", what);
	t_at_least(throttled, PHASES * 3 / 4, "%s: of them while it waited", what);
	t_at_most(worst, eps_start(2), "%s: ns until KVM_RUN has returned", what);
}

static void handled(void)
{
	struct machine *m = machine_with(guest_watch, with_handler, NULL);

	times(m, "a handler");
	machine_end(m);
}

static void masked(void)
{
	struct machine *m = machine_with(guest_watch, with_mask, take_signal);
	u64 before;

	times(m, "KVM_SET_SIGNAL_MASK");
	before = m->stats[0].interrupted;
	for (int i = 0; i < 8; i++) {
		tell(m, SIGUSR2);
		sleep_ns(PERIOD + PERIOD / 8);
	}
	t_equal(m->stats[0].interrupted - before, 0, "what it blocks does not end KVM_RUN");
	machine_end(m);
}

/* The budget is over, the VMM at work: it asks, and does not want to enter. */
static void ask(struct machine *m, unsigned int i)
{
	struct vmm_vcpu *v = &m->vm.vcpu[i];
	u64 from, took;

	if (m->stats[i].exits % 10)
		return;
	spin_until(now_ns() + RUNTIME + RUNTIME / 2);
	v->run->immediate_exit = 1;
	from = now_ns();
	m->word[0] += vmm_run(v) == -EINTR;
	took = now_ns() - from;
	m->word[1]++;
	if (took > m->word[2])
		m->word[2] = took;
	v->run->immediate_exit = 0;
}

static void immediate(void)
{
	struct machine *m = machine_with(guest_out, NULL, ask);

	sleep_ns(100 * PERIOD);
	t_at_least(m->word[1], 10, "immediate_exit: times");
	t_equal(m->word[0], m->word[1], "immediate_exit: KVM_RUN says EINTR");
	t_at_most(m->word[2], eps_start(2), "immediate_exit: ns until KVM_RUN has returned");
	machine_end(m);
}

VBS_TEST("a signal ends KVM_RUN at once, and not at the next release", 120)
{
	need_vbs();
	need_kvm();
	eps_measure_long();
	handled();
	masked();
	immediate();
}
