// SPDX-License-Identifier: GPL-2.0
/*
 * The reading of the timeline is carried by its period from the counter value at which
 * it was made to those around the reading of the other clock.  That is what it showed
 * there, but for 3 ns by which the readings and the product are rounded, unless it slews
 * or was set meanwhile: then the rate of which it was made is within 1500 ppm of this
 * period (two periods within 500 ppm of nominal, and a slew of 500).
 *
 * Nothing overflows: a reading is below 2^63 ns, and what is compared was read within
 * seconds.
 */
#include "timeline/compare.h"

#define ROUNDED_NS	3
#define CHANGING_PPM	(3 * TIMELINE_PPM_MAX)

static uint64_t absolute(int64_t v)
{
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

static int64_t ns_of(const struct timeline_time *tt)
{
	return tt->sec * 1000000000LL + tt->nsec;
}

static bool steady(const struct timeline_time *a, const struct timeline_get *first,
		   const struct timeline_get *last, uint64_t from)
{
	return first->updates == last->updates &&
	       (int64_t)(last->slew_end - (from < a->counter ? from : a->counter)) <= 0;
}

void compare(const struct timeline_time *a, const struct timeline_get *first,
	     const struct timeline_get *last, const struct shown *b, struct apart *apart)
{
	const struct timeline_set *set = &last->set;
	uint64_t middle = b->before + (b->after - b->before) / 2;
	int64_t carry = timeline_diff_ns(set->counter_period_frac_sec, set->counter_period_shift,
					 a->counter, middle);
	int64_t gap = timeline_diff_ns(set->counter_period_frac_sec, set->counter_period_shift,
				       b->before, b->after);

	apart->ns = ns_of(a) + carry - b->ns;
	apart->read = absolute(gap) / 2 + 1 + ROUNDED_NS;
	if (!steady(a, first, last, b->before))
		apart->read += (absolute(carry) + absolute(gap)) / 1000 * CHANGING_PPM / 1000 + CHANGING_PPM;
	apart->counter = middle;
}

static bool within(int64_t distance, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t sum;

	if (a == TIMELINE_UNBOUNDED || b == TIMELINE_UNBOUNDED)
		return true;
	return distance <= 0 || __builtin_add_overflow(a, b, &sum) ||
	       __builtin_add_overflow(sum, c, &sum) || (uint64_t)distance <= sum;
}

/* a - a_low <= b + b_high, and the other way round */
bool compare_agree(const struct apart *apart, uint64_t a_low, uint64_t a_high, uint64_t b_low,
		   uint64_t b_high)
{
	return within(apart->ns, a_low, b_high, apart->read) &&
	       within(-apart->ns, a_high, b_low, apart->read);
}
