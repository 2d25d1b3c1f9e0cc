// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/exact.h"
#include "vm/offer.h"

#define OFFER_VERSION	2

enum { OFFER_ONE = 1, OFFER_ALIGN = 2, OFFER_SPLIT = 4, OFFER_POLL = 8, OFFER_SWITCH = 16, OFFER_TIMELINES = 32,
       OFFER_STRICT = 64 };

static unsigned int flags_of(const struct vm_request *r)
{
	return (r->one ? OFFER_ONE : 0) | (r->align ? OFFER_ALIGN : 0) | (r->split ? OFFER_SPLIT : 0) |
	       (r->poll ? OFFER_POLL : 0) | (r->guest_switch ? OFFER_SWITCH : 0) |
	       (r->guest_timelines ? OFFER_TIMELINES : 0) | (r->strict ? OFFER_STRICT : 0);
}

static void take_flags(struct vm_request *r, unsigned int flags)
{
	r->one = flags & OFFER_ONE;
	r->align = flags & OFFER_ALIGN;
	r->split = flags & OFFER_SPLIT;
	r->poll = flags & OFFER_POLL;
	r->guest_switch = flags & OFFER_SWITCH;
	r->guest_timelines = flags & OFFER_TIMELINES;
	r->strict = flags & OFFER_STRICT;
}

void vm_offer_write(const struct vm_offer *o, char line[OFFER_LINE])
{
	const struct vm_request *r = &o->req;

	snprintf(line, OFFER_LINE,
		 "offer version=%d vcpus=%u vcpu=%" PRIu64 "/%" PRIu64 "/%u dm=%" PRIu64 "/%" PRIu64
		 "/%u guest=%" PRIu64 " flags=%u timeline=%s",
		 OFFER_VERSION, r->vcpus, r->vcpu.runtime, r->vcpu.period, r->cap, r->dm.runtime,
		 r->dm.period, r->dm_cap, r->guest_period_min, flags_of(r), o->timeline);
}

const char *vm_offer_read(const char *line, struct vm_offer *o)
{
	struct vm_request *r = &o->req;
	unsigned int flags, version;

	memset(o, 0, sizeof(*o));
	if (sscanf(line, "offer version=%u", &version) != 1)
		return "that is no offer of 'vbsctl vm migrate'";
	if (version != OFFER_VERSION)
		return "the vbsctl at the other end is of another version";
	if (sscanf(line,
		   "offer version=%*u vcpus=%u vcpu=%" SCNu64 "/%" SCNu64 "/%u dm=%" SCNu64 "/%" SCNu64
		   "/%u guest=%" SCNu64 " flags=%u timeline=%31[^ \n]",
		   &r->vcpus, &r->vcpu.runtime, &r->vcpu.period, &r->cap, &r->dm.runtime, &r->dm.period,
		   &r->dm_cap, &r->guest_period_min, &flags, o->timeline) < 9)
		return "that is no offer of 'vbsctl vm migrate'";
	take_flags(r, flags);
	return NULL;
}

void vm_entered_write(const struct vm_instant *at, char line[OFFER_LINE])
{
	snprintf(line, OFFER_LINE, "entered known=%d ns=%" PRId64 " low=%" PRIu64 " high=%" PRIu64,
		 at->known, at->ns, at->low, at->high);
}

bool vm_entered_read(const char *line, struct vm_instant *at)
{
	int known;

	if (sscanf(line, "entered known=%d ns=%" SCNd64 " low=%" SCNu64 " high=%" SCNu64, &known, &at->ns,
		   &at->low, &at->high) != 4)
		return false;
	at->known = known;
	return true;
}

void vm_standstill_of(const struct vm_instant *left, const struct vm_instant *entered,
		      struct vm_standstill *s)
{
	int64_t least, most;

	*s = (struct vm_standstill){ .known = left->known && entered->known };
	if (!s->known)
		return;
	s->ns = entered->ns - left->ns;
	least = s->ns - (int64_t)(entered->low + left->high);
	most = s->ns + (int64_t)(entered->high + left->low);
	s->least = least > 0 ? least : 0;
	s->most = most > 0 ? most : 0;
	s->contradiction = most < 0;
	s->known = !s->contradiction;
}

uint64_t vm_instances_lost(const struct vm_standstill *s, uint64_t period)
{
	return div_up(s->most, period);
}
