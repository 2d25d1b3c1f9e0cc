// SPDX-License-Identifier: GPL-2.0
/* The words and numbers of timelines. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "timelines/text.h"

const char *timeline_status(unsigned int status)
{
	static const char *const names[] = {
		"unknown", "never set", "synchronized", "freerunning", "unreliable",
	};

	return status < 5 ? names[status] : "unknown";
}

static const char *const types[] = { "utc", "tai", "monotonic" };

const char *timeline_type(unsigned int type)
{
	return type < 3 ? types[type] : "unknown";
}

const char *parse_timeline_type(const char *text, uint32_t *type)
{
	for (*type = 0; *type < 3; ++*type) {
		if (!strcmp(text, types[*type]))
			return NULL;
	}
	return "it is none of utc, tai and monotonic";
}

const char *parse_scale(const char *text, enum source_scale *scale)
{
	*scale = !strcmp(text, "utc") ? SCALE_UTC : !strcmp(text, "tai") ? SCALE_TAI : SCALE_UNKNOWN;
	return *scale == SCALE_UNKNOWN ? "it is none of utc and tai" : NULL;
}

const char *timeline_leap(unsigned int leap)
{
	static const char *const names[] = {
		"none", "one second more at midnight", "one second less at midnight",
		"inside the additional second", "one second was added",
		"one second was left out",
	};

	return leap < 6 ? names[leap] : "unknown";
}

/* 1 ppm is 1000 ppb as 1 us is 1000 ns, so the parser of times does it */
const char *parse_ppb(const char *text, uint32_t *ppb)
{
	size_t n = strlen(text);
	char buf[64];
	const char *why;
	uint64_t v;

	if (n < 4 || n >= sizeof(buf) ||
	    (strcmp(text + n - 3, "ppm") && strcmp(text + n - 3, "ppb")))
		return "write 1ppm, 0.2ppm or 100ppb";
	snprintf(buf, sizeof(buf), "%.*s%s", (int)n - 3, text, text[n - 1] == 'm' ? "us" : "ns");
	why = parse_time(buf, &v);
	if (why)
		return strstr(why, "nanosecond") ? "finer than a ppb" : why;
	if (v > 500000)
		return "it is more than 500ppm";
	*ppb = v;
	return NULL;
}

struct text fmt_instant(int64_t sec, uint32_t nsec, unsigned int type)
{
	time_t t = sec;
	struct text out;
	char date[32];
	struct tm tm;

	if (type != TIMELINE_TIME_MONOTONIC && gmtime_r(&t, &tm) &&
	    strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(out.s, sizeof(out.s), "%s.%09u", date, nsec);
	else
		snprintf(out.s, sizeof(out.s), "%lld.%09u", (long long)sec, nsec);
	return out;
}

struct text fmt_bound(uint64_t low, uint64_t high)
{
	struct text out;

	if (low == TIMELINE_UNBOUNDED || high == TIMELINE_UNBOUNDED)
		snprintf(out.s, sizeof(out.s), "no bound");
	else
		snprintf(out.s, sizeof(out.s), "-%.20s +%.20s", fmt_short(low).s,
			 fmt_short(high).s);
	return out;
}

double timeline_offset_ppm(const struct timeline_get *get)
{
	double period = ldexp(get->set.counter_period_frac_sec,
			      -64 - (int)get->set.counter_period_shift);

	if (!get->set.counter_period_frac_sec)
		return 0;
	return (period * get->counter_hz - 1) * 1e6;
}

double timeline_growth_ppm(const struct timeline_set *set)
{
	if (!set->counter_period_frac_sec)
		return 0;
	return (double)set->counter_period_maxerror_rate_frac_sec /
	       set->counter_period_frac_sec * 1e6;
}

void json_u64(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

void json_bound(struct json_object *o, const char *key, uint64_t ns)
{
	json_object_object_add(o, key, ns == TIMELINE_UNBOUNDED ? NULL :
			       json_object_new_uint64(ns));
}

void json_decimal(struct json_object *o, const char *key, double v, int digits)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*f", digits, v);
	json_object_object_add(o, key, json_object_new_double_s(v, text));
}

void json_reading(struct json_object *o, const struct timeline_time *tt)
{
	json_num(o, "sec", tt->sec);
	json_num(o, "nsec", tt->nsec);
	json_str(o, "status", timeline_status(tt->status));
	json_bound(o, "err_low_ns", tt->err_low_ns);
	json_bound(o, "err_high_ns", tt->err_high_ns);
	json_u64(o, "counter", tt->counter);
	json_u64(o, "disruption", tt->disruption);
}
