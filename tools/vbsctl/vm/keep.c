// SPDX-License-Identifier: GPL-2.0
/* A machine's servers as a request. */
#include <linux/sched/vbs.h>

#include "vm/machines.h"
#include "vm/request.h"

static bool is_default_cap(const struct vbs_server *s)
{
	struct resource res = { s->runtime, s->period };

	return s->cap == (s->flags & SCHED_FLAG_VBS_ALIGN ? resource_cap_aligned(&res) :
							     resource_cap(&res));
}

/* What is not named stays; a cap that was just what the resource took goes with it */
static void keep(struct resource *res, uint32_t *cap, const struct vbs_server *s)
{
	bool same = !res->period;

	if (same)
		*res = (struct resource){ s->runtime, s->period };
	if (!*cap && (same || !is_default_cap(s)))
		*cap = s->cap;
}

void vm_request_keep(struct vm_request *req, const struct vm_machine *m)
{
	const struct vbs_group *g = m->group;

	req->pi = m->pi;
	req->one |= m->dm == m->vcpu && !req->dm.period;
	keep(&req->vcpu, &req->cap, m->vcpu);
	if (!req->one && m->dm != m->vcpu)
		keep(&req->dm, &req->dm_cap, m->dm);
	if (!req->vcpus && !req->one)
		req->vcpus = g->places;
	req->align |= !!(m->vcpu->flags & SCHED_FLAG_VBS_ALIGN);
	req->strict |= g->strict;
	req->split |= g->split && !req->one;
	req->poll |= g->poll;
	req->guest_switch |= g->guest_may & VBS_GUEST_SWITCH;
	req->guest_timelines |= g->guest_may & VBS_GUEST_TIMELINES;
	/* The default follows the vCPU's period */
	if (!req->guest_period_min && g->guest_period != m->vcpu->period / 8)
		req->guest_period_min = g->guest_period;
}
