// SPDX-License-Identifier: GPL-2.0
/* What libvirt does for emulatorpin, iothreadpin and vcpupin */
#include <dirent.h>
#include "qemu_vm.h"

static void pinned(pid_t tid, int cpu, const char *what)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	t_equal(sched_setaffinity(tid, sizeof(set), &set) ? errno : 0, 0, "%s to CPU %d", what,
		cpu);
}

/* All threads but those of vCPUs and iothreads */
static void pin_emulator(struct qemu *q, int cpu)
{
	t_equal(shell("taskset -ap %x %d >/dev/null", 1 << cpu, q->pid), 0,
		"emulatorpin to CPU %d", cpu);
}

static int cpu_of(pid_t tid)
{
	struct vbs_sched_attr attr;

	if (vbs_getattr(tid, &attr) || attr.sched_policy != SCHED_VBS)
		return -1;
	return server_val(attr.sched_vbs_leader, "cpu");
}

static void is_on(pid_t tid, const char *role, int cpu, const char *what)
{
	t_ok(in_role(tid, role), "%s is in a server", what);
	t_equal(cpu_of(tid), cpu, "%s: CPU", what);
}

static void all_on(struct qemu *q, pid_t io, const char *what)
{
	is_on(q->pid, "dm", 0, "the emulator");
	is_on(io, "dm", 1, "the iothread");
	is_on(q->vcpu[0], "vcpu", 0, "vCPU 0");
	is_on(q->vcpu[1], "vcpu", 1, "vCPU 1");
	qemu_all_inside(q, what);
}

VBS_TEST("a VMM whose emulator, iothreads and vCPUs are pinned apart is in servers there", 300)
{
	struct qemu *q;
	pid_t io;

	need_qemu();
	need_cpus(2);
	q = qemu_start("pin", "", "-smp 2 -object iothread,id=io0");
	if (qemu_vcpus(q) != 2 || qemu_threads(q, "IO io0", &io, 1) != 1)
		t_fatal("threads of QEMU");
	pin_emulator(q, 0);
	pinned(io, 1, "iothreadpin");
	pinned(q->vcpu[0], 0, "vcpupin 0");
	pinned(q->vcpu[1], 1, "vcpupin 1");
	t_equal(vm_attach(q, ""), 1, "one device model for two CPUs is refused");
	t_ok(shell("grep -q '^group' /proc/vbs"), "and nothing has changed");
	t_equal(vm_attach(q, "--split"), 0, "attached, a device model's server per mask");
	qemu_boots(q, "pinned");
	all_on(q, io, "pinned");
	pinned(q->vcpu[0], 1, "vcpupin 0");
	is_on(q->vcpu[0], "vcpu", 1, "vCPU 0");
	pinned(q->vcpu[0], 0, "vcpupin 0");
	t_equal(guest_does(q, "taskset 1 true && taskset 2 true"), 0, "the guest goes on");
	all_on(q, io, "pinned again");
	qemu_end(q);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
