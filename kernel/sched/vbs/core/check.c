// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: what must be true of a server between any two operations on it.
 *
 * Written from the rules, for the watchdog and for the tests: if one of these
 * does not hold the class has made a mistake, or its memory was overwritten.
 */
#include "core.h"

/* Which queue it is in follows from its state. */
static const char *vbs_fault_of_place(const struct vbs_cpu *c,
				      const struct vbs_server *s)
{
	bool waits = s->state == VBS_THROTTLED || s->state == VBS_WAITING;
	bool ready = s->state == VBS_READY;

	if (s->ready.queued != ready)
		return "its state and the ready queue disagree";
	if (waits && !s->wait.ent.queued)
		return "it waits in no queue";
	if (s->ready.queued && s->wait.ent.queued)
		return "it is in both queues";
	if (s->ready.queued && s->ready.when != s->deadline)
		return "it is ready under another deadline";
	if ((s->ready.queued && !vbs_queue_holds(&c->ready, &s->ready)) ||
	    (s->wait.ent.queued && !vbs_queue_holds(&c->wait, &s->wait.ent)))
		return "its key is not in its queue";
	return NULL;
}

/*
 * z = r + e/u or later from the release on; before it the instance is early, and
 * z is raised when it comes.  What saturates can't be paid back.
 */
static const char *vbs_fault_of_instance(const struct vbs_server *s)
{
	if (s->consumed >= VBS_CONSUMED_MAX)
		return "its debt is beyond the limit";
	if (s->z_rem >= s->cap)
		return "the remainder of z is not one";
	if (s->ended || s->early)
		return NULL;
	if (s->z < s->release)
		return "z is before its release";
	if (s->deadline <= s->release)
		return "its deadline is not after its release";
	return NULL;
}

static const char *vbs_fault_of_resource(const struct vbs_server *s)
{
	const struct vbs_params p = {
		.runtime	= s->runtime,
		.period		= s->period,
		.cap		= s->cap_next,
		.align		= s->align,
	};

	if (!s->cap || s->cap > VBS_BW_UNIT || s->cap_next > VBS_BW_UNIT)
		return "its cap is none";
	if (vbs_params_in_cap(&p) != VBS_REJECT_NONE)
		return "its resource is above its cap";
	return NULL;
}

/* Counts that went below zero are huge. */
static const char *vbs_fault_of_members(const struct vbs_server *s)
{
	if (s->nr_kernel > INT_MAX || s->nr_user > INT_MAX)
		return "fewer than no members are runnable";
	if (s->nr_lent > s->nr_user)
		return "it is lent to more than are there";
	if (s->state == VBS_READY && !vbs_nr_runnable(s))
		return "it is ready without a runnable member";
	if (s->state == VBS_IDLE && vbs_nr_runnable(s))
		return "it is idle with runnable members";
	return NULL;
}

/**
 * vbs_server_fault - does a server contradict the rules?
 * @c: its CPU
 * @s: the server, attached, settled since it was last changed
 *
 * Constant time.
 *
 * Context: the lock of the CPU is held.
 * Return: what is wrong, or NULL.
 */
const char *vbs_server_fault(const struct vbs_cpu *c, const struct vbs_server *s)
{
	return vbs_fault_of_place(c, s) ?: vbs_fault_of_instance(s) ?:
	       vbs_fault_of_resource(s) ?: vbs_fault_of_members(s);
}
