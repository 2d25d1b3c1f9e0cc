// SPDX-License-Identifier: GPL-2.0
/* EINVAL and ERANGE: which number is outside which limit. */
#include <stdio.h>

#include "base/format.h"
#include "servers/explain.h"
#include "vbs/attr.h"
#include "vbs/limits.h"
#include "vbs/params.h"

static bool wrong_cap(const struct refusal *r, char *buf, size_t size)
{
	if (r->asked->sched_vbs_cap <= VBS_BW_UNIT)
		return false;
	snprintf(buf, size, "a cap of %s is more than one CPU",
		 fmt_bw(r->asked->sched_vbs_cap).s);
	return true;
}

bool explain_limits(const struct refusal *r, char *buf, size_t size)
{
	struct resource res = { r->asked->sched_runtime, r->asked->sched_period };

	if (r->op != OP_ADMIT && r->op != OP_SWITCH)
		return false;
	return limits_refuse(&r->vbs->limits, r->release_cost, &res, buf, size) ||
	       wrong_cap(r, buf, size);
}

static bool not_a_server(const struct refusal *r, char *buf, size_t size)
{
	bool ended = r->leader_task && r->leader_task->ended;

	if (!r->leader || (r->leader->sched_policy == SCHED_VBS && !ended))
		return false;
	snprintf(buf, size, "%d (%s) %s", r->asked->sched_vbs_leader,
		 r->leader_task ? r->leader_task->comm : "?",
		 ended ? "has ended" : "is in no server that could be joined");
	return true;
}

static bool mask_conflict(const struct refusal *r, char *buf, size_t size)
{
	char cpus[256];

	if (!r->leader_server || !r->task ||
	    cpumask_test(&r->task->allowed, r->leader_server->cpu))
		return false;
	fmt_cpus(&r->task->allowed, cpus, sizeof(cpus));
	snprintf(buf, size, "server %u runs on CPU %d, and the affinity mask of %d has only CPU %s",
		 r->leader_server->id, r->leader_server->cpu, (int)r->pid, cpus);
	return true;
}

bool explain_join(const struct refusal *r, char *buf, size_t size)
{
	if (r->op != OP_JOIN)
		return false;
	if (not_a_server(r, buf, size) || mask_conflict(r, buf, size))
		return true;
	snprintf(buf, size, "the server of %d cannot be joined: it runs on a CPU that the affinity mask of %d lacks, or it has just lost its last member",
		 r->asked->sched_vbs_leader, (int)r->pid);
	return true;
}

/* The cap that the kernel compared with; on entry 0 stands for what is needed */
static uint32_t cap_compared(const struct refusal *r)
{
	if (r->asked->sched_vbs_cap)
		return r->asked->sched_vbs_cap;
	return r->before && r->before->sched_policy == SCHED_VBS ? r->before->sched_vbs_cap : 0;
}

static bool above_cap(const struct refusal *r, uint32_t cap)
{
	return ((u128)r->asked->sched_runtime << VBS_BW_SHIFT) >
	       (u128)cap * r->asked->sched_period;
}

void explain_range(const struct refusal *r, char *buf, size_t size)
{
	struct resource asked = { r->asked->sched_runtime, r->asked->sched_period };
	struct text res = fmt_resource(asked.runtime, asked.period);
	struct text share = fmt_percent(asked.runtime, asked.period, 2, ROUND_UP);
	uint32_t cap = cap_compared(r);

	if (!cap)
		snprintf(buf, size, "%s is %s %% of a CPU, above the server's cap",
			 res.s, share.s);
	else if (above_cap(r, cap))
		snprintf(buf, size, "%s is %s %% of a CPU, above the server's cap of %s",
			 res.s, share.s, fmt_bw(cap).s);
	else
		snprintf(buf, size, "aligned release of %s needs slack of 1/512 of the period: a cap of at least %s %%, and it is %s",
			 res.s, fmt_percent(resource_cap_aligned(&asked), VBS_BW_UNIT, 2, ROUND_UP).s,
			 fmt_bw(cap).s);
}
