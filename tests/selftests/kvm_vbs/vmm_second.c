// SPDX-License-Identifier: GPL-2.0
/*
 * A process has a second virtual machine, which ends before it; and its places go where
 * its cpuset lets it run, whether somebody is in them or not.
 */
#include <sched.h>
#include <sys/syscall.h>
#include "vbs_group.h"
#include "vmm_machine.h"

#define PERIOD	(10 * MS)

/* The device model opens a second VM, and closes it, as word[STEP] says; word[TID] runs it. */
enum { STEP, TID };
enum { FIRST, OPEN, OPENED, CLOSE, CLOSED };

/* The process's alone */
static struct vmm second;

static void *run_second(void *arg)
{
	struct machine *m = arg;

	vmm_run(&second.vcpu[0]);
	m->word[TID] = syscall(SYS_gettid);
	for (;;)
		pause();
}

static void open_second(struct machine *m)
{
	pthread_t thread;

	vmm_open(&second, vmm_memory(), false);
	vmm_add_vcpu(&second);
	vmm_boot(&second, 0, guest_out);
	pthread_create(&thread, NULL, run_second, m);
	while (!m->word[TID])
		sleep_ns(MS);
}

static void two_machines(struct machine *m)
{
	for (;; sleep_ns(MS)) {
		if (m->word[STEP] == OPEN) {
			open_second(m);
			m->word[STEP] = OPENED;
		} else if (m->word[STEP] == CLOSE) {
			vmm_close(&second);
			m->word[STEP] = CLOSED;
		}
	}
}

static void step(struct machine *m, u32 ask, u32 done)
{
	m->word[STEP] = ask;
	for (int i = 0; m->word[STEP] != done && i < 2000; i++)
		sleep_ns(MS);
	if (m->word[STEP] != done)
		t_fatal("the machine does not answer");
}

static struct machine *new_machine(u32 vcpus)
{
	struct kvm_vbs_config c = vm_config(MS, PERIOD, MS, PERIOD);
	struct machine *m = machine_new(1, guest_out, 0);

	m->device = two_machines;
	machine_start(m);
	c.vcpus = vcpus;
	t_equal(vm_configure(m->pid, &c), 0, "a machine, configured");
	machine_go(m);
	return m;
}

static void second_ends(void)
{
	struct machine *m = new_machine(1);

	step(m, OPEN, OPENED);
	t_equal(group_val(m->pid, "vms"), 2, "a second one");
	t_equal(group_val(m->pid, "places"), 2, "with a place");
	t_ok(in_role(m->word[TID], "vcpu"), "in which its thread is");
	step(m, CLOSE, CLOSED);
	for (int i = 0; group_val(m->pid, "places") != 1 && i < 1000; i++)
		sleep_ns(MS);
	t_equal(group_val(m->pid, "vms"), 1, "it ends");
	t_equal(group_val(m->pid, "places"), 1, "its place is given back");
	t_ok(in_role(m->word[TID], "dm"), "its thread is a device model's now");
	t_ok(in_role(m->tid[0], "vcpu"), "the first one's is where it was");
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}

static u64 servers_on_1(u64 want)
{
	for (int i = 0; cpu_key(1, "servers") != want && i < 1000; i++)
		sleep_ns(MS);
	return cpu_key(1, "servers");
}

static void cpuset_shrinks(void)
{
	struct group g = group_new(CGROUP2, "vm", "0-1");
	struct machine *m;

	m = new_machine(4);
	t_equal(group_take(&g, m->pid), 0, "into a cpuset of two CPUs");
	t_at_least(cpu_key(1, "servers"), 2, "servers on CPU 1");
	t_equal(group_set(&g, "cpuset.cpus", "0"), 0, "which is left with CPU 0");
	t_equal(servers_on_1(0), 0, "servers on CPU 1");
	t_equal(group_val(m->pid, "places"), 4, "places, as before");
	machine_end(m);
	group_end(&g);
	t_equal(books_empty(SEC), 0, "booked in the end");
}

VBS_TEST("one of two machines ends, and places follow the cpuset", 100)
{
	need_vbs();
	need_kvm_vbs();
	need_cpus(2);
	need_cpusets2();
	second_ends();
	cpuset_shrinks();
}
