// SPDX-License-Identifier: GPL-2.0
/* Which number is outside which limit. */
#include <stdio.h>

#include "base/format.h"
#include "vbs/limits.h"

static bool refuse_runtime(const struct vbs_limits *l, uint64_t cost, uint64_t runtime,
			   char *why, size_t size)
{
	if (runtime < 2 * cost && 2 * cost >= l->runtime_min)
		snprintf(why, size, "a budget of %s is below twice the cost of a release, %s",
			 fmt_time(runtime).s, fmt_time(cost).s);
	else if (runtime < l->runtime_min)
		snprintf(why, size, "a budget of %s is below the least, %s",
			 fmt_time(runtime).s, fmt_time(l->runtime_min).s);
	else if (runtime > l->runtime_max)
		snprintf(why, size, "a budget of %s is above kernel.sched_vbs_runtime_max_us, %s",
			 fmt_time(runtime).s, fmt_time(l->runtime_max).s);
	else
		return false;
	return true;
}

static bool refuse_period(const struct vbs_limits *l, const struct resource *res,
			  char *why, size_t size)
{
	if (res->period < l->period_min)
		snprintf(why, size, "a period of %s is below kernel.sched_vbs_period_min_us, %s",
			 fmt_time(res->period).s, fmt_time(l->period_min).s);
	else if (res->period > l->period_max)
		snprintf(why, size, "a period of %s is above kernel.sched_vbs_period_max_us, %s",
			 fmt_time(res->period).s, fmt_time(l->period_max).s);
	else if (res->runtime > res->period)
		snprintf(why, size, "a budget of %s is longer than its period of %s",
			 fmt_time(res->runtime).s, fmt_time(res->period).s);
	else
		return false;
	return true;
}

bool limits_refuse(const struct vbs_limits *limits, uint64_t release_cost,
		   const struct resource *res, char *why, size_t size)
{
	return refuse_runtime(limits, release_cost, res->runtime, why, size) ||
	       refuse_period(limits, res, why, size);
}
