// SPDX-License-Identifier: GPL-2.0
#include <pthread.h>
#include <sys/syscall.h>
#include "vmm_machine.h"

#define PERIOD	(10 * MS)
#define VCPUS	SYSCTL_VBS "vm_vcpus"

enum { THREAD };

/* Its first thread is on one CPU, another on the other; the vCPU's, at the gate, on both. */
static void three_masks(struct machine *m)
{
	machine_thread_on(m, 1, THREAD);
}

static u64 device_models(void)
{
	static char proc[1 << 16];
	u64 n = 0;

	if (file_read(VBS_PROC, proc, sizeof(proc)) < 0)
		t_fatal("read " VBS_PROC);
	for (const char *at = proc; (at = strstr(at, " role=dm ")); at++)
		n++;
	return n;
}

static void beyond(struct machine *m, const struct kvm_vbs_config *c, u32 vcpus)
{
	struct kvm_vbs_config asked = *c;

	t_equal(file_write(VCPUS, "%u", vcpus), 0, "servers for %u vCPUs of a process", vcpus);
	vm_refused(EINVAL, m->pid, c, "three masks");
	asked.flags |= KVM_VBS_TEST;
	t_equal(vm_configure(m->pid, &asked), -EINVAL, "asked only");
	t_ok(asked.err_tid == m->pid || asked.err_tid == m->tid[0] ||
	     asked.err_tid == (s32)m->word[THREAD], "because of %d, one of its threads",
	     asked.err_tid);
}

static void as_many_as_allowed(struct machine *m, struct kvm_vbs_config *c)
{
	beyond(m, c, 0);
	beyond(m, c, 2);
	t_equal(file_write(VCPUS, "3"), 0, "servers for three");
	t_equal(vm_configure_soon(m->pid, c), 0, "three masks");
	t_equal(device_models(), 3, "servers of the device model");
	beyond(m, c, 2);
	t_equal(device_models(), 3, "servers of the device model, after a refusal");
	pin_to(m->tid[0], 0);
	t_equal(vm_configure_soon(m->pid, c), 0, "two masks are left");
	t_equal(device_models(), 2, "servers of the device model");
}

VBS_TEST("a device-model server per affinity mask, for as many as an administrator allows", 60)
{
	struct kvm_vbs_config c = vm_config(MS, PERIOD, MS / 2, PERIOD);
	struct machine *m;

	need_vbs();
	need_kvm_vbs();
	need_cpus(2);
	file_restore(VCPUS);
	c.flags = KVM_VBS_DM_SPLIT;
	c.vcpus = 1;
	m = machine_new(1, guest_out, 0);
	m->prepare = three_masks;
	machine_start(m);
	pin_to(m->pid, 0);
	as_many_as_allowed(m, &c);
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
