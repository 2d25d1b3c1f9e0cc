// SPDX-License-Identifier: GPL-2.0
#include "vmm_machine.h"

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)

/* In the machine: a child that has its files, the VM's among them, and is no thread of it */
enum { CHILD };

static void with_child(struct machine *m)
{
	pid_t pid;

	gate_wait(&m->gate);
	pid = fork();

	if (!pid)
		for (;;)
			pause();
	m->word[CHILD] = pid;
	for (;;)
		pause();
}

static void all_is_free(const char *what)
{
	t_equal(books_empty(PERIOD + 5 * MS), 0, "%s: booked a period later", what);
	t_equal(cpu_key(0, "servers"), 0, "%s: servers", what);
}

/* It has joined the device model's server as any child does; that is over now. */
VBS_TEST("a VMM is killed that has a child: nothing of its servers is left with that", 30)
{
	struct machine *m;
	pid_t pid;

	need_vbs();
	need_kvm_vbs();
	m = machine_new(1, guest_out, 0);
	m->device = with_child;
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	machine_go(m);
	sleep_ns(5 * PERIOD);
	pid = m->word[CHILD];
	machine_end(m);
	all_is_free("its child lives");
	t_equal(sched_getscheduler(pid), SCHED_OTHER, "the child's policy");
	t_equal(group_key(m->pid, "vms", &(u64){ 0 }), false, "a group");
	kill(pid, SIGKILL);
	all_is_free("its child is dead");
}
