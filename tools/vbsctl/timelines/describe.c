// SPDX-License-Identifier: GPL-2.0
/* What list and show tell of a timeline. */
#include "timelines/describe.h"
#include "timelines/text.h"

const char *timeline_counter(unsigned int id)
{
	return id == TIMELINE_COUNTER_X86_TSC ? "tsc" :
	       id == TIMELINE_COUNTER_RAW ? "monotonic-raw" : "unknown";
}

void timeline_now(const struct timeline_get *get, struct timeline_time *tt)
{
	if (timeline_gettime(get->set.id, tt))
		*tt = (struct timeline_time){ .status = TIMELINE_STATUS_INITIALIZING,
					      .err_low_ns = TIMELINE_UNBOUNDED,
					      .err_high_ns = TIMELINE_UNBOUNDED };
}

struct json_object *json_timeline(const struct timeline_get *get)
{
	const struct timeline_set *set = &get->set;
	struct json_object *o = json_object_new_object(), *now = json_object_new_object();
	struct timeline_time tt;

	timeline_now(get, &tt);
	json_str(o, "name", get->name);
	json_num(o, "id", set->id);
	json_num(o, "clock_id", CLOCK_TIMELINE(set->id));
	json_num(o, "generation", set->generation);
	json_str(o, "type", timeline_type(get->time_type));
	json_flag(o, "step", get->flags & TIMELINE_STEP);
	json_flag(o, "guest", get->flags & TIMELINE_GUEST);
	json_str(o, "counter", timeline_counter(set->counter_id));
	json_u64(o, "counter_hz", get->counter_hz);
	json_u64(o, "updates", get->updates);
	json_u64(o, "counter_value", set->counter_value);
	json_num(o, "period_shift", set->counter_period_shift);
	json_u64(o, "period_frac_sec", set->counter_period_frac_sec);
	json_decimal(o, "period_ppm", timeline_offset_ppm(get), 6);
	json_decimal(o, "growth_ppm", timeline_growth_ppm(set), 6);
	json_num(o, "tai_offset_sec", set->tai_offset_sec);
	json_flag(o, "tai_offset_valid", !!(set->vmclock_flags & TIMELINE_VF_TAI_OFFSET_VALID));
	json_num(o, "leap_indicator", set->leap_indicator);
	json_reading(now, &tt);
	json_object_object_add(o, "now", now);
	return o;
}
