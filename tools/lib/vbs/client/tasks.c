// SPDX-License-Identifier: GPL-2.0
/* Tasks into servers, out of them, and what they have. */
#include <errno.h>
#include <sched.h>

#include "export.h"
#include "vbs/attr.h"
#include "vbs/params.h"

#define ALL_FLAGS	(VBS_ALIGN | VBS_NO_INHERIT | VBS_OVERRUN_SIGNAL)

/* An old kernel calls the size or the policy wrong, whichever it sees first */
static int cause(int err)
{
	return (err == E2BIG || err == EINVAL) && !vbs_policy_known() ? ENOSYS : err;
}

static int set(pid_t pid, struct vbs_sched_attr *attr)
{
	return cause(vbs_setattr(pid, attr));
}

EXPORT int vbs_available(void)
{
	return vbs_policy_known() ? 0 : ENOSYS;
}

static void from_params(const struct vbs_params *params, struct vbs_sched_attr *attr)
{
	*attr = (struct vbs_sched_attr){
		.sched_policy = SCHED_VBS,
		.sched_runtime = params->runtime,
		.sched_period = params->period,
		.sched_vbs_cap = params->cap,
	};
	if (params->flags & VBS_ALIGN)
		attr->sched_flags |= SCHED_FLAG_VBS_ALIGN;
	if (params->flags & VBS_NO_INHERIT)
		attr->sched_flags |= SCHED_FLAG_RESET_ON_FORK;
	if (params->flags & VBS_OVERRUN_SIGNAL)
		attr->sched_flags |= SCHED_FLAG_DL_OVERRUN;
}

static void to_params(const struct vbs_sched_attr *attr, struct vbs_params *params)
{
	*params = (struct vbs_params){ attr->sched_runtime, attr->sched_period,
				       attr->sched_vbs_cap, 0 };
	if (attr->sched_flags & SCHED_FLAG_VBS_ALIGN)
		params->flags |= VBS_ALIGN;
	if (attr->sched_flags & SCHED_FLAG_RESET_ON_FORK)
		params->flags |= VBS_NO_INHERIT;
	if (attr->sched_flags & SCHED_FLAG_DL_OVERRUN)
		params->flags |= VBS_OVERRUN_SIGNAL;
}

/* EEXIST if it is in a server: there the same call would switch all members of that */
EXPORT int vbs_enter(pid_t pid, const struct vbs_params *params)
{
	struct vbs_sched_attr attr, before;
	int err = vbs_getattr(pid, &before);

	if (params->flags & ~ALL_FLAGS)
		return EINVAL;
	if (err)
		return cause(err);
	if (before.sched_policy == SCHED_VBS)
		return EEXIST;
	from_params(params, &attr);
	attr.sched_nice = before.sched_nice;
	return set(pid, &attr);
}

/* 0 with the attributes of a member, ENOENT of a task that is none */
static int get_member(pid_t pid, struct vbs_sched_attr *attr)
{
	int err = vbs_getattr(pid, attr);

	if (err)
		return cause(err);
	return attr->sched_policy == SCHED_VBS ? 0 : vbs_policy_known() ? ENOENT : ENOSYS;
}

EXPORT int vbs_switch(pid_t pid, const struct vbs_params *params)
{
	struct vbs_sched_attr attr, before;
	int err = get_member(pid, &before);

	if (params->flags & ~ALL_FLAGS)
		return EINVAL;
	if (err)
		return err;
	from_params(params, &attr);
	attr.sched_nice = before.sched_nice;
	return set(pid, &attr);
}

EXPORT int vbs_join(pid_t pid, pid_t member)
{
	struct vbs_sched_attr before, attr = {
		.sched_policy = SCHED_VBS,
		.sched_flags = SCHED_FLAG_VBS_JOIN,
		.sched_vbs_leader = member,
	};
	int err = vbs_getattr(pid, &before);

	if (err)
		return cause(err);
	attr.sched_nice = before.sched_nice;
	attr.sched_flags |= before.sched_flags & VBS_TASK_FLAGS;
	return set(pid, &attr);
}

EXPORT int vbs_leave(pid_t pid)
{
	struct vbs_sched_attr before, attr = { .sched_policy = SCHED_OTHER };
	int err = get_member(pid, &before);

	if (err)
		return err;
	attr.sched_nice = before.sched_nice;
	attr.sched_flags = before.sched_flags & SCHED_FLAG_RESET_ON_FORK;
	return set(pid, &attr);
}

EXPORT int vbs_get(pid_t pid, struct vbs_params *params, pid_t *leader)
{
	struct vbs_sched_attr attr;
	int err = get_member(pid, &attr);

	if (err)
		return err;
	to_params(&attr, params);
	if (leader)
		*leader = attr.sched_vbs_leader;
	return 0;
}

EXPORT uint32_t vbs_least_cap(uint64_t runtime, uint64_t period, uint32_t flags)
{
	const struct resource res = { runtime, period };

	if (!period || runtime > period)
		return 0;
	return flags & VBS_ALIGN ? resource_cap_aligned(&res) : resource_cap(&res);
}
