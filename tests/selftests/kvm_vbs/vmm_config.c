// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "vmm_machine.h"

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)

static const struct kvm_vbs_config good = {
	.version = KVM_VBS_VERSION,
	.vcpus = 1,
	.vcpu = { .runtime = RUNTIME, .period = PERIOD },
	.dm = { .runtime = MS, .period = PERIOD },
};

#define REFUSED(err, pid, what, ...) do {				\
	struct kvm_vbs_config c = good;					\
	__VA_ARGS__;							\
	vm_refused(err, pid, &c, what);					\
} while (0)

static void numbers(pid_t pid)
{
	REFUSED(EINVAL, pid, "version 0", c.version = 0);
	REFUSED(EINVAL, pid, "version 2", c.version = 2);
	REFUSED(EINVAL, pid, "an unknown flag", c.flags = 1U << 31);
	REFUSED(EINVAL, pid, "an unknown flag of a resource", c.vcpu.flags = 2);
	REFUSED(EINVAL, pid, "one of the device model's", c.dm.flags = 2);
	REFUSED(EINVAL, pid, "a reserved field", c.reserved[5] = 1);
	REFUSED(EINVAL, pid, "no runtime", c.vcpu.runtime = 0);
	REFUSED(EINVAL, pid, "more than the period", c.vcpu.runtime = PERIOD + 1);
	REFUSED(EINVAL, pid, "a cap above one CPU", c.vcpu.cap = (1 << 20) + 1);
	REFUSED(EINVAL, pid, "a period of 2 s", c.dm.period = 2 * SEC);
	REFUSED(EINVAL, pid, "one server, but two places", c.dm.runtime = 0, c.dm.period = 0,
		c.vcpus = 2);
	REFUSED(EINVAL, pid, "one server with a resource for the rest", c.dm.period = 0);
	REFUSED(EINVAL, pid, "a million vCPUs", c.vcpus = 1000000);
	REFUSED(ERANGE, pid, "more than the cap", c.vcpu.cap = 1000);
	REFUSED(ERANGE, pid, "and of the device model", c.dm.cap = 1000);
}

static void processes(pid_t pid)
{
	REFUSED(ESRCH, 1 << 22, "no such process", (void)0);
	REFUSED(ESRCH, -1, "a negative one", (void)0);
	REFUSED(EINVAL, 0, "pid 0 without a VM", (void)0);
	REFUSED(EINVAL, 2, "a kernel thread", (void)0);
	REFUSED(EBADF, 0, "no pidfd", c.flags = KVM_VBS_PIDFD);
	REFUSED(EBADF, 1000, "no file", c.flags = KVM_VBS_PIDFD);
	(void)pid;
}

static void rooms(pid_t pid)
{
	REFUSED(EBUSY, pid, "no room for the vCPU", c.vcpu.runtime = PERIOD - MS);
	REFUSED(EBUSY, pid, "nor for the device model", c.dm.runtime = PERIOD - 2 * MS);
	REFUSED(EBUSY, pid, "nor for ten places", c.vcpus = 10);
	REFUSED(EBUSY, pid, "asked only", c.vcpus = 10, c.flags = KVM_VBS_TEST);
}

static void asked_only(pid_t pid)
{
	struct kvm_vbs_config c = good;
	char before[8192], after[8192];

	file_read("/proc/vbs", before, sizeof(before));
	c.flags = KVM_VBS_TEST;
	t_equal(vm_configure(pid, &c), 0, "it would fit");
	file_read("/proc/vbs", after, sizeof(after));
	t_ok(!strcmp(before, after), "and nothing has changed");
	t_equal(sched_getscheduler(pid), SCHED_OTHER, "nor the policy");
}

/* The answer goes where the question is */
static void read_only(pid_t pid)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct kvm_vbs_config *c;

	c = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (kvm < 0 || c == MAP_FAILED)
		t_fatal("/dev/kvm, memory");
	*c = good;
	c->pid = pid;
	mprotect(c, 4096, PROT_READ);
	t_equal(ioctl(kvm, KVM_VBS_CONFIG, c) ? errno : 0, EFAULT, "memory that is read-only");
	t_equal(sched_getscheduler(pid), SCHED_OTHER, "it is not configured");
	munmap(c, 4096);
	close(kvm);
}

static void must_configure(pid_t pid, const struct kvm_vbs_config *cfg, const char *what)
{
	t_equal(vm_configure_soon(pid, cfg), 0, "%s", what);
}

static void replaced(struct machine *m)
{
	struct kvm_vbs_config c = good;

	must_configure(m->pid, &c, "configured");
	t_equal(group_val(m->pid, "places"), 1, "places");
	t_equal(group_val(m->pid, "vcpus"), 1, "vCPUs");
	t_ok(in_role(m->pid, "dm"), "the first thread is the device model");
	c.vcpu.runtime = 3 * MS;
	c.vcpus = 2;
	must_configure(m->pid, &c, "another resource and a place more");
	t_equal(group_val(m->pid, "places"), 2, "places");
	vm_refused(EBUSY, m->pid, &(struct kvm_vbs_config){
		.version = KVM_VBS_VERSION, .vcpus = 2,
		.vcpu = { .runtime = 5 * MS, .period = PERIOD },
		.dm = good.dm }, "a replacement that does not fit");
	c.dm.cap = 300000;
	must_configure(m->pid, &c, "a greater cap of the device model");
	vm_refused(EBUSY, m->pid, &(struct kvm_vbs_config){
		.version = KVM_VBS_VERSION, .vcpus = 2,
		.vcpu = { .runtime = 5 * MS, .period = PERIOD },
		.dm = good.dm }, "one that does not fit after that");
	c = good;
	c.vcpus = 1;
	must_configure(m->pid, &c, "as it was");
	sleep_ns(2 * PERIOD);
	c.vcpu.runtime = MS;
	c.dm = (struct kvm_vbs_resource){};
	must_configure(m->pid, &c, "one server for all");
	t_ok(in_role(m->pid, "one"), "the first thread is in it");
	t_ok(in_role(m->tid[0], "one"), "and the vCPU's");
	t_equal(vm_undo(m->pid), 0, "undone");
	t_equal(vm_undo(m->pid), 0, "and once more");
	t_equal(sched_getscheduler(m->pid), SCHED_OTHER, "the policy that it had");
}

static void at_once(pid_t pid, const struct kvm_vbs_config *cfg, const char *what)
{
	struct kvm_vbs_config c = *cfg;

	t_equal(vm_configure(pid, &c), 0, "%s", what);
}

static u64 id_of(pid_t tid)
{
	return server_val(tid, "id");
}

/* What stays is not booked twice: of 90 % it is 75, or 50. */
static void other_kinds(struct machine *m)
{
	struct kvm_vbs_config apart = good, one = good, c;
	u64 vcpu;

	apart.vcpu.runtime = 5 * MS;
	apart.dm.runtime = 5 * MS / 2;
	one.vcpu.runtime = 5 * MS;
	one.dm = (struct kvm_vbs_resource){};
	must_configure(m->pid, &apart, "a vCPU and a device model");
	vcpu = id_of(m->tid[0]);
	c = one;
	c.flags = KVM_VBS_TEST;
	at_once(m->pid, &c, "one server for all would fit");
	t_ok(in_role(m->pid, "dm") && in_role(m->tid[0], "vcpu"), "which was a question");
	at_once(m->pid, &one, "one server for all");
	t_ok(in_role(m->pid, "one") && in_role(m->tid[0], "one"), "all are in it");
	t_equal(id_of(m->tid[0]), vcpu, "which was the vCPU's");
	sleep_ns(2 * PERIOD);
	at_once(m->pid, &apart, "apart again");
	t_ok(in_role(m->pid, "dm"), "the device model has left it");
	t_ok(in_role(m->tid[0], "vcpu"), "and the vCPU has not");
	apart.flags = KVM_VBS_DM_SPLIT;
	at_once(m->pid, &apart, "a device model for each mask");
	t_ok(in_role(m->pid, "dm"), "there is one mask");
	t_equal(vm_undo(m->pid), 0, "undone");
	sleep_ns(2 * PERIOD);
}

static void restored(struct machine *m)
{
	struct sched_param prio = { .sched_priority = 7 };

	if (sched_setscheduler(m->tid[0], SCHED_FIFO, &prio))
		t_fatal("SCHED_FIFO");
	must_configure(m->pid, &good, "a vCPU that was SCHED_FIFO");
	t_equal(sched_getscheduler(m->tid[0]), SCHED_VBS, "it is in its server");
	t_equal(vm_undo(m->pid), 0, "undone");
	t_equal(sched_getscheduler(m->tid[0]), SCHED_FIFO, "it is SCHED_FIFO again");
	sched_getparam(m->tid[0], &prio);
	t_equal(prio.sched_priority, 7, "with its priority");
}

VBS_TEST("KVM_VBS_CONFIG: one errno one cause, all or nothing, replaced and undone", 60)
{
	struct machine *m;

	need_vbs();
	need_kvm_vbs();
	m = machine_new(1, guest_watch, 0);
	machine_start(m);
	numbers(m->pid);
	processes(m->pid);
	rooms(m->pid);
	asked_only(m->pid);
	read_only(m->pid);
	machine_go(m);
	sleep_ns(20 * MS);
	replaced(m);
	other_kinds(m);
	restored(m);
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
