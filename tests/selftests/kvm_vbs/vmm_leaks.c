// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <semaphore.h>
#include "vmm_machine.h"

#define RUNTIME		(200 * US)
#define PERIOD		(10 * MS)
#define EXPEDITED	"/sys/kernel/rcu_expedited"
/*
 * What the system itself may take meanwhile: a byte for each entry, 64 for each
 * configuration.  With the argument "lose" a file is lost with each of these.
 */
#define NOISE_KB	64

static sem_t *turn;		/* of the vCPU's thread, and of the device model's */

/* Enters the place by KVM_RUN, and leaves it, when the other one has */
static void in_turns(struct machine *m, unsigned int me)
{
	for (;;) {
		while (sem_wait(&turn[me]))
			;
		if (m->word[0])
			m->word[1] += vmm_run(&m->vm.vcpu[0]) ||
				      sched_getscheduler(0) != SCHED_VBS || vbs_leave(0);
		m->word[2]++;
		if (m->word[0]) {
			m->word[0]--;
			sem_post(&turn[!me]);
		}
	}
}

static void begin(struct machine *m, unsigned int i)
{
	in_turns(m, i);
}

static void device(struct machine *m)
{
	in_turns(m, 1);
}

static u64 slab_kb(void)
{
	static char text[8192];
	const char *p;

	sleep_ns(SEC);		/* whatever waits for a grace period */
	if (file_read("/proc/meminfo", text, sizeof(text)) < 0)
		t_fatal("/proc/meminfo");
	p = strstr(text, "SUnreclaim:");
	return p ? strtoull(p + 11, NULL, 10) : 0;
}

static void run_rounds(struct machine *m, u64 rounds)
{
	m->word[0] = rounds;
	sem_post(&turn[0]);
	while (m->word[0])
		sleep_ns(10 * MS);
}

static int configure(struct machine *m)
{
	struct kvm_vbs_config c = vm_config(RUNTIME, PERIOD, RUNTIME, PERIOD);

	return vm_configure(m->pid, &c);
}

static void entered_and_left(struct machine *m, u64 rounds)
{
	u64 before, booked = cpu_key(0, "booked");

	run_rounds(m, 200);	/* what is taken once */
	before = slab_kb();
	run_rounds(m, rounds);
	t_at_most(slab_kb() - before, NOISE_KB, "KB of slabs taken by %ju entries and leaves",
		  (uintmax_t)rounds);
	t_equal(m->word[1], 0, "of them that failed");
	t_equal(sched_getscheduler(m->pid), SCHED_OTHER, "a thread that has left");
	t_equal(group_val(m->pid, "places"), 1, "places");
	t_equal(booked_becomes(0, booked), booked, "booked as before");
}

/* What was booked is so until z: several configurations' shares at once. */
static void attached_and_detached(struct machine *m, u64 rounds)
{
	u64 before = 0, failed = 0;

	for (u64 i = 0; i < rounds + 20; i++) {
		if (i == 20)
			before = slab_kb();
		failed += vm_undo(m->pid) != 0;
		if (t_arg("lose", 0))
			open("/dev/null", O_RDONLY);
		sleep_ns(PERIOD);
		failed += configure(m) != 0;
	}
	t_equal(failed, 0, "of %ju times attached and detached: failures", (uintmax_t)rounds);
	t_at_most(slab_kb() - before, NOISE_KB, "KB of slabs taken by them");
}

VBS_TEST("threads enter and leave a place, and VMs are attached and detached, without a trace", 300)
{
	u64 rounds = t_arg("rounds", 100000);
	struct machine *m;

	need_vbs();
	need_kvm_vbs();
	file_restore(EXPEDITED);
	file_write(EXPEDITED, "1");	/* KVM waits for one as another thread runs a vCPU */
	turn = t_shared(2 * sizeof(*turn));
	sem_init(&turn[0], 1, 0);
	sem_init(&turn[1], 1, 0);
	m = machine_new(1, guest_out, 0);
	m->begin = begin;
	m->device = device;
	machine_start(m);
	machine_go(m);
	t_equal(configure(m), 0, "configured");
	entered_and_left(m, rounds);
	attached_and_detached(m, rounds / 100);
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
