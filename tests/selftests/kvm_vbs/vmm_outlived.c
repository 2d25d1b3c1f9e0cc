// SPDX-License-Identifier: GPL-2.0
#include "vmm_machine.h"

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)
#define CHILDREN	100	/* more than are looked at in one go */

static pid_t *child;		/* of the machine's process */

/* They have its files, the VM's among them, and are no threads of it. */
static void with_children(struct machine *m)
{
	gate_wait(&m->gate);
	for (unsigned int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (!pid)
			for (;;)
				pause();
		child[i] = pid;
	}
	for (;;)
		pause();
}

static unsigned int with_policy(int policy)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < CHILDREN; i++)
		n += child[i] > 0 && sched_getscheduler(child[i]) == policy;
	return n;
}

static void all_is_free(const char *what)
{
	t_equal(books_empty(PERIOD + 5 * MS), 0, "%s: booked a period later", what);
	t_equal(cpu_key(0, "servers"), 0, "%s: servers", what);
}

/* They have joined the device model's server as any child does; that is over now. */
VBS_TEST("a VMM is killed that has children: nothing of its servers is left with them", 30)
{
	struct machine *m;

	need_vbs();
	need_kvm_vbs();
	child = t_shared(CHILDREN * sizeof(*child));
	m = machine_new(1, guest_out, 0);
	m->device = with_children;
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	machine_go(m);
	for (int i = 0; with_policy(SCHED_VBS) < CHILDREN && i < 1000; i++)
		sleep_ns(PERIOD);
	t_equal(with_policy(SCHED_VBS), CHILDREN, "children in the device model's server");
	machine_end(m);
	all_is_free("its children live");
	t_equal(with_policy(SCHED_OTHER), CHILDREN, "children of SCHED_OTHER then");
	t_equal(group_key(m->pid, "vms", &(u64){ 0 }), false, "a group");
	for (unsigned int i = 0; i < CHILDREN; i++)
		kill(child[i], SIGKILL);
	all_is_free("its children are dead");
}
