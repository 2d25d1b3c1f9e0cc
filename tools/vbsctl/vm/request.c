// SPDX-License-Identifier: GPL-2.0
/* From words to what a machine is to get. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/sched/vbs.h>

#include "base/format.h"
#include "base/parse.h"
#include "options.h"
#include "vm/lock.h"
#include "vm/request.h"

#define VCPU_PERIOD	1000000		/* where only --cap is given */

/* Its wait for the big lock, 1.3 ms and a hold, stays below that outside of VBS: see lock.h */
#define DM_RUNTIME	200000
#define DM_PERIOD	1500000

#define VCPUS_MOST	4096

static const char *take_vcpus(const char *value, uint32_t *vcpus)
{
	uint64_t n;
	const char *why = parse_count(value, &n);

	if (!why && (!n || n > VCPUS_MOST))
		why = "a machine has 1 to 4096 vCPUs";
	if (!why)
		*vcpus = n;
	return why;
}

static bool *flag_of(struct vm_request *req, const char *key)
{
	const struct {
		const char *key;
		bool *flag;
	} flags[] = {
		{ "one", &req->one }, { "align", &req->align }, { "strict", &req->strict },
		{ "split", &req->split }, { "poll", &req->poll },
		{ "guest-switch", &req->guest_switch },
		{ "guest-timelines", &req->guest_timelines },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!strcmp(flags[i].key, key))
			return flags[i].flag;
	}
	return NULL;
}

static const char *take_flag(bool *flag, const char *value)
{
	if (!value || !strcmp(value, "yes") || !strcmp(value, "true"))
		*flag = true;
	else if (!strcmp(value, "no") || !strcmp(value, "false"))
		*flag = false;
	else
		return "it is yes or no";
	return NULL;
}

const char *vm_request_take(struct vm_request *req, const char *key, const char *value)
{
	bool *flag = flag_of(req, key);

	if (flag)
		return take_flag(flag, value);
	if (!strcmp(key, "vcpu"))
		return parse_resource(value, &req->vcpu);
	if (!strcmp(key, "dm"))
		return parse_resource(value, &req->dm);
	if (!strcmp(key, "cap"))
		return parse_bandwidth(value, &req->cap);
	if (!strcmp(key, "dm-cap"))
		return parse_bandwidth(value, &req->dm_cap);
	if (!strcmp(key, "vcpus"))
		return take_vcpus(value, &req->vcpus);
	if (!strcmp(key, "guest-period-min"))
		return parse_time(value, &req->guest_period_min);
	return "there is no such key";
}

int vm_request_option(const struct command *cmd, const struct option *options, int c,
		      struct vm_request *req)
{
	const struct option *o = options;
	const char *why;

	if (c == '?')
		return option_error(cmd);
	while (o->name && o->val != c)
		o++;
	why = vm_request_take(req, o->name, o->has_arg ? optarg : NULL);
	if (!why)
		return 0;
	return option_value_error(cmd, options, c, why);
}

/* Whole microseconds: 500us for 50 % */
static void vcpu_of_cap(struct vm_request *req)
{
	uint64_t us = ((uint64_t)req->cap * (VCPU_PERIOD / 1000)) >> VBS_BW_SHIFT;

	req->vcpu = (struct resource){ us * 1000, VCPU_PERIOD };
}

static const char *above_cap(const char *whose, const struct resource *res, uint32_t cap, char *why,
			     size_t size)
{
	snprintf(why, size, "%s, %s, is %s %% of a CPU, above the cap of %s", whose,
		 fmt_resource(res->runtime, res->period).s,
		 fmt_percent(res->runtime, res->period, 2, ROUND_UP).s, fmt_bw(cap).s);
	return why;
}

/* A default that makes the machine worse than it was is none */
static const char *default_dm(struct vm_request *req, char *why, size_t size)
{
	struct vm_lock lock;
	uint64_t us;

	req->dm = (struct resource){ DM_RUNTIME, DM_PERIOD };
	vm_lock_of(&lock, &req->vcpu, &req->dm, req->pi);
	if (lock.once)
		return NULL;
	us = (u128)req->vcpu.runtime * (VCPU_PERIOD / 1000) / req->vcpu.period;
	snprintf(why, size, "no device model's server bounds how long vCPUs of %s wait for the VMM's lock: that takes a vCPU's period below 1.5ms (the same share is --vcpu %s), or a VMM whose locks inherit (vm run --pi), or say --dm",
		 fmt_resource(req->vcpu.runtime, req->vcpu.period).s,
		 fmt_resource(us * 1000, VCPU_PERIOD).s);
	return why;
}

const char *vm_request_complete(struct vm_request *req, char *why, size_t size)
{
	if (!req->vcpu.period && !req->cap)
		return "say how much a vCPU gets: --vcpu 400us/1ms, --cap 50%, or both";
	if (!req->vcpu.period)
		vcpu_of_cap(req);
	if (req->cap && req->cap < resource_cap(&req->vcpu))
		return above_cap("a vCPU's resource", &req->vcpu, req->cap, why, size);
	if (req->one && (req->dm.period || req->dm_cap || req->split))
		return "in one server for all the device model has none of its own";
	if (req->one && req->vcpus > 1)
		return "one server for all is for a machine with one vCPU";
	if (!req->one && !req->dm.period)
		return default_dm(req, why, size);
	if (req->dm_cap && req->dm_cap < resource_cap(&req->dm))
		return above_cap("the device model's resource", &req->dm, req->dm_cap, why, size);
	return NULL;
}

void vm_request_config(const struct vm_request *req, pid_t pid, struct kvm_vbs_config *config)
{
	*config = (struct kvm_vbs_config){
		.version = KVM_VBS_VERSION,
		.pid = pid,
		.vcpus = req->vcpus,
		.vcpu = { req->vcpu.runtime, req->vcpu.period, req->cap,
			  req->align ? KVM_VBS_ALIGN : 0 },
		.dm = { req->dm.runtime, req->dm.period, req->dm_cap, 0 },
		.guest_period_min = req->guest_period_min,
	};
	if (req->strict)
		config->flags |= KVM_VBS_STRICT;
	if (req->split)
		config->flags |= KVM_VBS_DM_SPLIT;
	if (req->poll)
		config->flags |= KVM_VBS_POLL;
	if (req->guest_switch)
		config->flags |= KVM_VBS_GUEST_SWITCH;
	if (req->guest_timelines)
		config->flags |= KVM_VBS_GUEST_TIMELINE;
}
