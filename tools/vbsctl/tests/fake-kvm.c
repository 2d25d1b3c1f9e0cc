// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded by tests/machines.t: KVM_VBS_CONFIG on any file.  What is asked goes as a line
 * to the file FAKE_KVM_LOG; FAKE_KVM_ERR is the answer, "ERRNO TID CPU", and FAKE_KVM_CAP=0
 * a KVM without it.  With FAKE_KVM_GROUPS the table of servers FAKE_KVM_TABLE then has those.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <linux/kvm_vbs.h>

static void log_config(const struct kvm_vbs_config *c)
{
	FILE *log = fopen(getenv("FAKE_KVM_LOG"), "a");

	if (!log)
		abort();
	fprintf(log, "version=%u flags=0x%x pid=%d vcpus=%u vcpu=%llu/%llu:%u:%u dm=%llu/%llu:%u:%u guest=%llu\n",
		c->version, c->flags, c->pid, c->vcpus, c->vcpu.runtime, c->vcpu.period, c->vcpu.cap,
		c->vcpu.flags, c->dm.runtime, c->dm.period, c->dm.cap, c->dm.flags,
		c->guest_period_min);
	fclose(log);
}

#define COUNTERS "state=idle consumed=0 instances=0 misses=0 overruns=0 overrun_worst=0 switches=0 " \
		 "switch_worst=0 release_worst=0 skipped=0 kthrottled=0 lost=0"

/* A vCPU's server, by whose pid it is found, and that of the device model */
static void add_group(const struct kvm_vbs_config *c)
{
	FILE *table = getenv("FAKE_KVM_GROUPS") && c->vcpu.period ? fopen(getenv("FAKE_KVM_TABLE"), "a") : NULL;

	if (!table)
		return;
	fprintf(table, "server id=90 cpu=0 cap=1 runtime=%llu period=%llu flags=0x0 members=0 " COUNTERS
		" group=%d role=vcpu owner=0 leader=%d comm=qemu\n", c->vcpu.runtime, c->vcpu.period, c->pid, c->pid);
	fprintf(table, "server id=91 cpu=0 cap=1 runtime=%llu period=%llu flags=0x0 members=1 " COUNTERS
		" group=%d role=dm owner=0 leader=%d comm=qemu\n", c->dm.runtime, c->dm.period, c->pid, c->pid);
	fprintf(table, "group pid=%d owner=0 vms=1 vcpus=1 places=%u unplaced=0 pooled=0 outside=0 strict=0 poll=0 "
		"split=0 guest_may=0 guest_period=125000 comm=qemu\n", c->pid, c->vcpus);
	fclose(table);
}

static int configure(struct kvm_vbs_config *c)
{
	const char *answer = getenv("FAKE_KVM_ERR");
	int err = 0;

	log_config(c);
	if (answer && sscanf(answer, "%d %d %d", &err, &c->err_tid, &c->err_cpu) != 3)
		abort();
	if (!err)
		add_group(c);
	errno = err;
	return err ? -1 : 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int fd, unsigned long request, void *arg);
	const char *cap = getenv("FAKE_KVM_CAP");
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == KVM_VBS_CONFIG)
		return configure(arg);
	if (request == _IO(0xAE, 0x03) && (unsigned long)arg == KVM_CAP_VBS)
		return cap ? atoi(cap) : 1;
	real = (int (*)(int fd, unsigned long request, void *arg))dlsym(RTLD_NEXT, "ioctl");
	return real(fd, request, arg);
}
