// SPDX-License-Identifier: GPL-2.0
/*
 * From ns and 2^-48 ns per tick to the fractions of a second of VMClock.
 *
 * A period p below 2^62 is p * 2^(16 + shift) / 10^9 in the kernel's unit, with
 * 16 + shift <= 40 a product below 2^102.  The largest shift that keeps it in
 * 64 bits is taken: at 1 GHz 24, where it is off by less than 2^-57 of itself.
 * What it is rounded down by is added to the rate of the error, and the time,
 * whole ns, is rounded down by less than 2^-63 s, for which 1 ns is added.
 */
#include "base/exact.h"
#include "timeline/params.h"

#define NSEC	1000000000ULL

static u128 scaled(uint64_t period, unsigned int shift)
{
	return ((u128)period << (64 - TE_PERIOD_BITS + shift)) / NSEC;
}

bool timeline_params(const struct te_clock *clock, struct timeline_set *set)
{
	unsigned int shift = TIMELINE_SHIFT_MAX;

	if (clock->time_ns < 0)
		return false;
	while (shift && (scaled(clock->period, shift) >> 62 ||
			 scaled(clock->period_error, shift) >> 62))
		shift--;
	set->counter_value = clock->counter;
	set->counter_period_shift = shift;
	set->counter_period_frac_sec = scaled(clock->period, shift);
	set->counter_period_maxerror_rate_frac_sec = scaled(clock->period_error, shift) + 2;
	set->counter_period_esterror_rate_frac_sec = 0;
	set->time_sec = clock->time_ns / NSEC;
	set->time_frac_sec = ((u128)(clock->time_ns % NSEC) << 64) / NSEC;
	set->time_esterror_nanosec = clock->esterror;
	set->err_low_ns = clock->err_low + 1;
	set->err_high_ns = clock->err_high + 1;
	set->vmclock_flags |= TIMELINE_VF_PERIOD_MAXERROR_VALID |
			      TIMELINE_VF_TIME_MAXERROR_VALID | TIMELINE_VF_TIME_ESTERROR_VALID;
	return true;
}
