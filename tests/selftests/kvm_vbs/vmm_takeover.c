// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "vmm_machine.h"

#define USER	1000
#define PERIOD	(10 * MS)
#define PLACES	4

/* A thread of the device model on another CPU: its number, and what it was refused */
enum { THREAD, ASK, SAYS };

static void prepare(struct machine *m)
{
	machine_thread_on(m, 1, THREAD);
}

/* The VMM, whose guest has taken it over: it asks for what it is told. */
static void device(struct machine *m)
{
	t_become(USER);
	for (;;) {
		while (!m->word[ASK])
			sleep_ns(MS);
		m->word[SAYS] = -vbs_enter(m->word[ASK], MS / 4, PERIOD, 0);
		__sync_synchronize();
		m->word[ASK] = 0;
	}
}

static int switches(struct machine *m, pid_t tid)
{
	m->word[ASK] = tid;
	for (int i = 0; m->word[ASK] && i < 2000; i++)
		sleep_ns(MS);
	if (m->word[ASK])
		t_fatal("the machine does not answer");
	return m->word[SAYS];
}

static struct kvm_vbs_config config(struct machine *m, u32 vcpus, u32 flags)
{
	struct kvm_vbs_config c = vm_config(MS, PERIOD, MS / 2, PERIOD);

	c.pid = m->pid;
	c.vcpus = vcpus;
	c.flags = flags;
	return c;
}

static void keep_cap_nice(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		[CAP_SYS_NICE / 32] = {
			.effective = 1U << CAP_SYS_NICE % 32,
			.permitted = 1U << CAP_SYS_NICE % 32,
		},
	};

	prctl(PR_SET_KEEPCAPS, 1);
	t_become(USER);
	if (syscall(SYS_capset, &head, data))
		_exit(98);
}

/* A manager with CAP_SYS_NICE who happens to have the VMM's uid */
static int configured_by_user(struct machine *m)
{
	struct kvm_vbs_config c = config(m, 1, 0);
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	pid_t pid = fork();

	if (!pid) {
		keep_cap_nice();
		_exit(ioctl(fd, KVM_VBS_CONFIG, &c) ? errno : 0);
	}
	close(fd);
	return (t_wait(pid) >> 8) & 0xff;
}

static unsigned int servers(const char *what)
{
	static char proc[1 << 16];
	unsigned int n = 0;

	if (file_read(VBS_PROC, proc, sizeof(proc)) < 0)
		t_fatal("read " VBS_PROC);
	for (const char *at = proc; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void taken_over(struct machine *m)
{
	struct kvm_vbs_config c = config(m, PLACES, KVM_VBS_DM_SPLIT);

	t_equal(configured_by_user(m), 0, "a manager with the VMM's uid configures it");
	t_equal(servers(" role=vcpu owner=1000 "), 1, "places that are his");
	t_equal(servers(" role=dm owner=1000 "), 1, "and servers of the device model");
	t_equal(switches(m, m->tid[0]), 0, "so the VMM may switch the vCPU's");
	t_equal(vm_configure_soon(m->pid, &c), 0, "root configures it, with three places more");
	t_equal(servers(" role=vcpu owner=0 "), PLACES, "places that are root's");
	t_equal(servers(" role=dm owner=0 "), 2, "and servers of the device model");
	t_equal(servers(" role=vcpu owner=1000 ") + servers(" role=dm owner=1000 "), 0,
		"servers that are still whose they were");
	t_equal(switches(m, m->tid[0]), EPERM, "the VMM switches the vCPU's");
	t_equal(switches(m, m->pid), EPERM, "its first thread's");
	t_equal(switches(m, m->word[THREAD]), EPERM, "the other thread's");
}

VBS_TEST("a configuration that takes over owns all servers, also those that it adds", 60)
{
	struct machine *m;

	need_vbs();
	need_kvm_vbs();
	need_cpus(2);
	m = machine_new(1, guest_out, 0);
	m->prepare = prepare;
	m->device = device;
	machine_start(m);
	machine_go(m);
	sleep_ns(5 * MS);
	taken_over(m);
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
