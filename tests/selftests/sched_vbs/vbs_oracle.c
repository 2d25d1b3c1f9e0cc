// SPDX-License-Identifier: GPL-2.0
/* The order of tests: ESRCH EINVAL ESRCH EPERM EINVAL ERANGE EBUSY */
#include "vbs_oracle.h"

#define CLAMPS	(SCHED_FLAG_UTIL_CLAMP_MIN | SCHED_FLAG_UTIL_CLAMP_MAX)
#define KNOWN	(SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_RECLAIM | SCHED_FLAG_DL_OVERRUN | \
		 SCHED_FLAG_KEEP_POLICY | SCHED_FLAG_KEEP_PARAMS | CLAMPS | \
		 SCHED_FLAG_VBS_JOIN | SCHED_FLAG_VBS_ALIGN)
#define RUNTIME_MIN	(10 * US)
#define ALIGN_PART	512

typedef unsigned __int128 u128;

static bool has(const struct oracle_call *c, u64 flag)
{
	return c->attr->sched_flags & flag;
}

static bool joins(const struct oracle_call *c)
{
	return has(c, SCHED_FLAG_VBS_JOIN);
}

static bool is_member(const struct oracle_task *t)
{
	return t && t->exists && !t->zombie && t->attr.sched_policy == SCHED_VBS;
}

/* Combinations that the table leaves open */
static bool silent(const struct oracle_call *c)
{
	return has(c, SCHED_FLAG_KEEP_POLICY | SCHED_FLAG_KEEP_PARAMS | CLAMPS) ||
	       (joins(c) && has(c, SCHED_FLAG_VBS_ALIGN | SCHED_FLAG_DL_OVERRUN)) ||
	       c->attr->sched_nice;
}

static bool resource_is_wrong(const struct oracle_call *c)
{
	const struct vbs_sched_attr *a = c->attr;

	return a->sched_runtime < RUNTIME_MIN || a->sched_runtime < 2 * c->cost ||
	       a->sched_runtime > c->runtime_max ||
	       a->sched_period < c->period_min || a->sched_period > c->period_max ||
	       a->sched_runtime > a->sched_period || a->sched_vbs_cap > VBS_BW_UNIT ||
	       (a->sched_deadline && a->sched_deadline != a->sched_period);
}

static bool join_is_wrong(const struct oracle_call *c)
{
	const struct vbs_sched_attr *a = c->attr;

	return a->sched_runtime || a->sched_period || a->sched_deadline ||
	       a->sched_vbs_cap || a->sched_vbs_leader <= 0;
}

static bool numbers_are_wrong(const struct oracle_call *c)
{
	if (has(c, ~(u64)KNOWN) || has(c, SCHED_FLAG_RECLAIM) || c->attr->sched_priority)
		return true;
	return joins(c) ? join_is_wrong(c) : resource_is_wrong(c);
}

static bool enters(const struct oracle_call *c)
{
	return !joins(c) && !is_member(c->target);
}

static bool raises(const struct oracle_call *c)
{
	return enters(c) || (!joins(c) && c->attr->sched_vbs_cap > c->target->attr.sched_vbs_cap);
}

static bool permitted(const struct oracle_call *c)
{
	const struct oracle_task *t = c->target, *l = c->leader;

	if (!c->caller)
		return true;
	if (t->uid != c->caller || raises(c))
		return false;
	/* as sched(7) has it: what leaves SCHED_IDLE needs the right to nice */
	if (t->attr.sched_policy == SCHED_IDLE)
		return false;
	if ((t->attr.sched_flags & SCHED_FLAG_RESET_ON_FORK) && !has(c, SCHED_FLAG_RESET_ON_FORK))
		return false;
	if (joins(c))
		return is_member(l) && l->owner == c->caller && l->uid == c->caller && l->dumpable;
	return t->owner == c->caller;
}

/* lambda / pi <= u, and with slack if aligned */
static bool fits(const struct oracle_call *c, u64 cap)
{
	u128 asked = (u128)c->attr->sched_runtime << VBS_BW_SHIFT;
	u128 granted = (u128)cap * c->attr->sched_period;

	if (has(c, SCHED_FLAG_VBS_ALIGN))
		return asked * ALIGN_PART <= granted * (ALIGN_PART - 1);
	return asked <= granted;
}

/* The cap that would be in force; on entry 0 is the smallest that fits */
static u64 cap_of(const struct oracle_call *c)
{
	u64 cap = c->attr->sched_vbs_cap;

	if (!cap && enters(c))
		for (cap = vbs_bw(c->attr->sched_runtime, c->attr->sched_period); !fits(c, cap);)
			cap++;
	return cap ? cap : c->target->attr.sched_vbs_cap;
}

int oracle_setattr(const struct oracle_call *c, bool *may_be_busy)
{
	*may_be_busy = false;
	if (!c->target->exists)
		return -ESRCH;
	if (silent(c))
		return ORACLE_UNKNOWN;
	if (numbers_are_wrong(c))
		return -EINVAL;
	if (joins(c) && (!c->leader || !c->leader->exists))
		return -ESRCH;
	if (!permitted(c))
		return -EPERM;
	if (c->target->kthread || (joins(c) && !is_member(c->leader)))
		return -EINVAL;
	if (joins(c))
		return 0;
	if (!fits(c, cap_of(c)) || cap_of(c) > VBS_BW_UNIT)
		return -ERANGE;
	*may_be_busy = raises(c) && (cap_of(c) > c->spare || c->deadline);
	return 0;
}
