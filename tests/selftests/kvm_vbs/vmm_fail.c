// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation that KVM_VBS_CONFIG makes fails once, and with it one step after
 * the other of what is all or nothing.
 */
#include "vbs_fail.h"
#include "vmm_machine.h"

#define PERIOD	(10 * MS)

static struct machine *m;
static struct kvm_vbs_config base, wanted;

static int configure(void)
{
	struct kvm_vbs_config c = wanted;

	return vm_configure(m->pid, &c);
}

/* What has been executed is booked until z. */
static bool nothing_booked(void)
{
	for (int i = 0; i < 200; i++) {
		if (!cpu_key(0, "booked"))
			return true;
		sleep_ns(5 * MS);
	}
	return false;
}

static bool undone(int err)
{
	bool none = err ? !group_key(m->pid, "places", &(u64){ 0 }) : !vm_undo(m->pid);

	return none && nothing_booked() && sched_getscheduler(m->pid) == SCHED_OTHER;
}

/* A call that has failed leaves the servers that there were, and their numbers. */
static bool as_before(int err)
{
	struct kvm_vbs_config c = base;

	if (err && !books_same())
		return false;
	if (err)
		return true;
	if (vm_undo(m->pid) || !nothing_booked() || vm_configure(m->pid, &c))
		return false;
	books_note();
	return true;
}

static void replace_by(const char *what, u32 flags, struct kvm_vbs_resource dm, u32 vcpus)
{
	wanted = base;
	wanted.flags = flags;
	wanted.dm = dm;
	wanted.vcpus = vcpus;
	as_before(0);
	fail_each(&(struct fail_call){ what, configure, as_before, 1 });
}

VBS_TEST("a configuration of which an allocation fails changes nothing", 220)
{
	need_vbs();
	need_kvm_vbs();
	need_fail_alloc();
	m = machine_new(1, guest_watch, 0);
	machine_start(m);
	base = vm_config(2 * MS, PERIOD, MS, PERIOD);
	base.vcpus = 1;
	wanted = base;
	fail_each(&(struct fail_call){ "configure", configure, undone, 5 });
	replace_by("two more places", 0, base.dm, 3);
	replace_by("asked only", KVM_VBS_TEST, base.dm, 3);
	replace_by("another device model", 0, (struct kvm_vbs_resource){
		.runtime = 2 * MS, .period = PERIOD }, 1);
	replace_by("one for each mask", KVM_VBS_DM_SPLIT, base.dm, 2);
	replace_by("one server for all", 0, (struct kvm_vbs_resource){}, 1);
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
