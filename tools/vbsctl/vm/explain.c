// SPDX-License-Identifier: GPL-2.0
/* Why KVM refused a machine's servers, in words and numbers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/sched/vbs.h>

#include "base/cpumask.h"
#include "base/format.h"
#include "vbs/machine.h"
#include "vbs/params.h"
#include "vbs/proc.h"
#include "vbs/task.h"
#include "vm/act.h"

struct refused {
	const struct vm_deed *deed;
	const struct kvm_vbs_config *config;
	struct vbs_snapshot *vbs;
	struct task_info task;
	char *buf;
	size_t size;
};

static uint32_t cap_of(const struct kvm_vbs_resource *r)
{
	struct resource res = { r->runtime, r->period };

	if (r->cap || !r->period)
		return r->cap;
	return r->flags & KVM_VBS_ALIGN ? resource_cap_aligned(&res) : resource_cap(&res);
}

/* "4 vCPUs of 50 % and a device model of 13.34 %, 213.34 % of a CPU in all" */
static void needed(const struct refused *r, char *buf, size_t size)
{
	const struct vbs_group *g = r->vbs ? vbs_find_group(r->vbs, r->deed->pid) : NULL;
	uint32_t vcpu = cap_of(&r->config->vcpu), dm = cap_of(&r->config->dm);
	uint32_t n = r->config->vcpus, have = vm_count_vcpus(r->deed->pid);

	if (g && g->vcpus > n)
		n = g->vcpus;
	if (have > n)
		n = have;
	if (!dm)
		snprintf(buf, size, "%s of a CPU", fmt_bw(vcpu).s);
	else if (!n)
		snprintf(buf, size, "a device model of %s of a CPU", fmt_bw(dm).s);
	else
		snprintf(buf, size, "%u vCPU%s of %s and a device model of %s, %s of a CPU in all", n,
			 n == 1 ? "" : "s", fmt_bw(vcpu).s, fmt_bw(dm).s,
			 fmt_bw((uint64_t)n * vcpu + dm).s);
}

/* "CPUs 0-1 have 12 % spare", summed up; of what this process may use */
static void spare(const struct refused *r, char *buf, size_t size)
{
	struct cpumask mask;
	uint64_t sum = 0;
	char list[256];
	int i;

	memset(&mask, 0, sizeof(mask));
	for (i = 0; i < r->vbs->cpus; i++) {
		const struct vbs_cpu *cpu = &r->vbs->cpu[i];

		if (!cpu->online || (r->task.exists && !cpumask_test(&r->task.allowed, cpu->id)))
			continue;
		cpumask_set(&mask, cpu->id);
		sum += cpu->spare;
	}
	fmt_cpus(&mask, list, sizeof(list));
	if (cpumask_weight(&mask) == 1)
		snprintf(buf, size, "CPU %s has %s spare", list, fmt_bw(sum).s);
	else
		snprintf(buf, size, "CPUs %s have %s spare", list, fmt_bw(sum).s);
}

static int no_room(const struct refused *r)
{
	const struct vbs_cpu *best = r->vbs && r->config->err_cpu >= 0 ?
				     vbs_find_cpu(r->vbs, r->config->err_cpu) : NULL;
	char need[256], have[320];

	needed(r, need, sizeof(need));
	if (!best) {
		snprintf(r->buf, r->size, "needs %s; none of the CPUs that it may use is online for servers", need);
		return VC_BUSY;
	}
	spare(r, have, sizeof(have));
	snprintf(r->buf, r->size, "needs %s; %s, and the most is on CPU %d, %s (each server is on one CPU)",
		 need, have, best->id, fmt_bw(best->spare).s);
	return VC_BUSY;
}

static bool resource_refused(const struct refused *r, const char *whose,
			     const struct kvm_vbs_resource *res)
{
	struct resource asked = { res->runtime, res->period };
	struct machine m;
	char why[160];

	if (!res->period || !r->vbs)
		return false;
	machine_read(&m);
	if (!limits_refuse(&r->vbs->limits, m.release_cost, &asked, why, sizeof(why)))
		return false;
	snprintf(r->buf, r->size, "%s: %s", whose, why);
	return true;
}

static bool masks_conflict(const struct refused *r)
{
	struct task_info thread;
	char cpus[256];

	if (r->config->err_tid <= 0)
		return false;
	task_read(r->config->err_tid, &thread);
	fmt_cpus(&thread.allowed, cpus, sizeof(cpus));
	snprintf(r->buf, r->size, "thread %d (%s) may use CPU %s only, and other threads of the device model none of that; --split makes a server for each mask",
		 r->config->err_tid, thread.comm, cpus);
	return true;
}

static int invalid(const struct refused *r)
{
	const struct kvm_vbs_config *c = r->config;

	if (r->task.kthread)
		snprintf(r->buf, r->size, "%d (%s) is a thread of the kernel", (int)r->deed->pid, r->task.comm);
	else if (masks_conflict(r) || resource_refused(r, "a vCPU", &c->vcpu) ||
		 resource_refused(r, "the device model", &c->dm))
		return VC_FAIL;
	else if (!c->dm.period)
		snprintf(r->buf, r->size, "one server for all is for a machine with one vCPU, and it has %u",
			 vm_count_vcpus(r->deed->pid));
	else
		snprintf(r->buf, r->size, "KVM calls the parameters invalid, yet they are within every limit that /proc/vbs shows now");
	return VC_FAIL;
}

static int above_cap(const struct refused *r)
{
	const struct kvm_vbs_resource *v = &r->config->vcpu, *d = &r->config->dm;
	struct resource vcpu = { v->runtime, v->period };
	bool align = v->cap && v->flags & KVM_VBS_ALIGN && v->cap < resource_cap_aligned(&vcpu);

	if (align)
		snprintf(r->buf, r->size, "aligned release of %s needs a cap of at least %s %%, and it is %s",
			 fmt_resource(v->runtime, v->period).s,
			 fmt_percent(resource_cap_aligned(&vcpu), VBS_BW_UNIT, 2, ROUND_UP).s, fmt_bw(v->cap).s);
	else
		snprintf(r->buf, r->size, "a resource is above its cap: vCPU %s, cap %s; device model %s, cap %s",
			 fmt_resource(v->runtime, v->period).s, fmt_bw(cap_of(v)).s,
			 fmt_resource(d->runtime, d->period).s, fmt_bw(cap_of(d)).s);
	return VC_FAIL;
}

static int not_permitted(const struct refused *r)
{
	if (have_cap_sys_nice())
		snprintf(r->buf, r->size, "not permitted although CAP_SYS_NICE is in effect: a security module forbids it");
	else
		snprintf(r->buf, r->size, "servers of a machine need CAP_SYS_NICE (root): their bandwidth is taken from everybody else");
	return VC_PERM;
}

static int words(const struct refused *r, int err)
{
	const char *text;
	int code = VC_FAIL;

	switch (err) {
	case EBUSY:
		return no_room(r);
	case EINVAL:
		return invalid(r);
	case ERANGE:
		return above_cap(r);
	case EPERM:
		return not_permitted(r);
	case ESRCH:
		text = "the process has ended";
		code = VC_NOPROC;
		break;
	case ENODEV:
		text = "there is no /dev/kvm: no virtualization, or the module kvm_intel or kvm_amd is not loaded";
		code = VC_NOVBS;
		break;
	case ENOTTY:
		text = "KVM of this kernel puts no machines into servers (KVM_CAP_VBS)";
		code = VC_NOVBS;
		break;
	case EACCES:
		text = "/dev/kvm may not be opened: that takes root, or group kvm and CAP_SYS_NICE";
		code = VC_PERM;
		break;
	case EOPNOTSUPP:
		text = "SCHED_VBS is switched off: sysctl kernel.sched_vbs_enable is 0";
		break;
	case ENOMEM:
		text = "the kernel has no memory for its servers";
		break;
	default:
		text = strerror(err);
	}
	snprintf(r->buf, r->size, "%s", text);
	return code;
}

int vm_refused(const struct vm_deed *deed, int err, const struct kvm_vbs_config *config)
{
	char buf[1024];
	struct refused r = { deed, config, vbs_snapshot_read(), { 0 }, buf, sizeof(buf) };
	int code;

	task_read(deed->pid, &r.task);
	code = words(&r, err);
	vbs_snapshot_free(r.vbs);
	return failure(code, "cannot %s %s: %s", deed->verb, deed->object, buf);
}
