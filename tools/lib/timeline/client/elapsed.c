// SPDX-License-Identifier: GPL-2.0
/* The difference clock: intervals by the counter and its period alone. */
#include <errno.h>
#include <stddef.h>

#include "clock.h"
#include "system.h"

struct rate {
	uint64_t period;
	uint64_t maxerror;
	unsigned int shift;
	uint64_t flags;
	uint64_t disruption;
	unsigned int counter_id;
	unsigned int status;
};

/* What the entry says, all of it under one even sequence count: a writer waits for nobody */
static void snapshot(const volatile struct timeline_entry *e, struct rate *r)
{
	uint32_t seq;

	do {
		while ((seq = __atomic_load_n(&e->seq_count, __ATOMIC_ACQUIRE)) & 1)
			;
		r->period = e->counter_period_frac_sec;
		r->maxerror = e->counter_period_maxerror_rate_frac_sec;
		r->shift = e->counter_period_shift;
		r->flags = e->flags;
		r->disruption = e->disruption_marker;
		r->counter_id = e->counter_id;
		r->status = e->clock_status;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&e->seq_count, __ATOMIC_RELAXED) != seq);
}

/* The counter that is read is the one of the marker: it was the same before and after */
EXPORT int tl_mark(const struct tl_clock *clock, struct tl_mark *mark)
{
	struct rate before, after;
	struct timeline_time tt;
	int err;

	snapshot(clock->entry, &after);
	do {
		before = after;
		err = tl_read(clock, &tt);
		if (err)
			return err;
		snapshot(clock->entry, &after);
	} while (before.disruption != after.disruption);
	if (tt.status == TIMELINE_STATUS_INITIALIZING)
		return -EAGAIN;
	mark->counter = tt.counter;
	mark->disruption = after.disruption;
	return 0;
}

/* Both readings of a counter in steps of the clock source can be a step old */
static uint64_t step_ns(const struct tl_clock *clock, const struct rate *r)
{
	struct timespec res;

	if (r->counter_id == TIMELINE_COUNTER_X86_TSC)
		return 0;
	if (clock_getres(tl_clockid(clock), &res))
		return TIMELINE_UNBOUNDED;
	return res.tv_sec * 1000000000ULL + res.tv_nsec;
}

/* 2 ns: the interval and its error are rounded down */
static uint64_t error_of(const struct rate *r, uint64_t ticks, uint64_t step)
{
	uint64_t ns;

	if (!(r->flags & TIMELINE_VF_PERIOD_MAXERROR_VALID) || step == TIMELINE_UNBOUNDED)
		return TIMELINE_UNBOUNDED;
	ns = timeline_diff_ns(r->maxerror, r->shift, 0, ticks);
	return ns + step + 2;
}

EXPORT int tl_elapsed(const struct tl_clock *clock, const struct tl_mark *from,
		      const struct tl_mark *to, int64_t *ns, uint64_t *err_ns)
{
	int64_t ticks = to->counter - from->counter;
	struct rate r;

	snapshot(clock->entry, &r);
	if (clock_is_gone(clock))
		return -ENODEV;
	if (from->disruption != r.disruption || to->disruption != r.disruption)
		return -ESTALE;
	if (r.status == TIMELINE_STATUS_INITIALIZING)
		return -EAGAIN;
	*ns = timeline_diff_ns(r.period, r.shift, from->counter, to->counter);
	*err_ns = error_of(&r, ticks < 0 ? -(uint64_t)ticks : (uint64_t)ticks, step_ns(clock, &r));
	return 0;
}
