// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded by tests/machines.t: KVM_VBS_CONFIG on any file.  What is asked goes as a line
 * to the file FAKE_KVM_LOG; FAKE_KVM_ERR is the answer, "ERRNO TID CPU", and FAKE_KVM_CAP=0
 * a KVM without it.
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

static int configure(struct kvm_vbs_config *c)
{
	const char *answer = getenv("FAKE_KVM_ERR");
	int err = 0;

	log_config(c);
	if (answer && sscanf(answer, "%d %d %d", &err, &c->err_tid, &c->err_cpu) != 3)
		abort();
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
