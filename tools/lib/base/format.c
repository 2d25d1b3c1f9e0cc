// SPDX-License-Identifier: GPL-2.0
/* Times and bandwidths as text, from integers alone. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/sched/vbs.h>

#include "base/format.h"

static const struct unit {
	uint64_t ns;
	int digits;		/* after the point, to the nanosecond */
	const char *name;
} units[] = {
	{ 1000000000, 9, "s" },
	{ 1000000, 6, "ms" },
	{ 1000, 3, "us" },
	{ 1, 0, "ns" },
};

static const struct unit *best_unit(uint64_t ns)
{
	const struct unit *u = units;

	if (!ns)
		return u + 1;	/* 0ms */
	while (ns < u->ns)
		u++;
	return u;
}

static void trim_zeros(char *s)
{
	size_t n = strlen(s);

	if (!strchr(s, '.'))
		return;
	while (s[n - 1] == '0')
		s[--n] = 0;
	if (s[n - 1] == '.')
		s[n - 1] = 0;
}

struct text fmt_time(uint64_t ns)
{
	const struct unit *u = best_unit(ns);
	struct text t;

	if (u->digits)
		snprintf(t.s, sizeof(t.s), "%" PRIu64 ".%0*" PRIu64, ns / u->ns,
			 u->digits, ns % u->ns);
	else
		snprintf(t.s, sizeof(t.s), "%" PRIu64, ns);
	trim_zeros(t.s);
	strcat(t.s, u->name);
	return t;
}

struct text fmt_short(uint64_t ns)
{
	uint64_t step = 1;

	while (ns / step >= 1000)
		step *= 10;
	return fmt_time(ns > UINT64_MAX - step ? ns : (ns + step / 2) / step * step);
}

/* Of rest/den < 1, ten times of which may have no 128 bits */
static unsigned int next_digit(u128 *rest, u128 den)
{
	unsigned int digit = 0, i;
	u128 sum = 0;

	for (i = 0; i < 10; i++) {
		if (sum >= den - *rest) {
			sum -= den - *rest;
			digit++;
		} else {
			sum += *rest;
		}
	}
	*rest = sum;
	return digit;
}

struct text fmt_percent(u128 num, u128 den, int digits, enum rounding how)
{
	u128 rest = num % den, scaled = clamp64(num / den);
	uint64_t pow = 1, v;
	struct text t;
	int i;

	for (i = 0; i < digits; i++)
		pow *= 10;
	for (i = 0; i < digits + 2; i++)
		scaled = scaled * 10 + next_digit(&rest, den);
	v = clamp64(scaled + (how == ROUND_UP ? rest > 0 : how == ROUND_NEAREST && rest >= den - rest));
	if (digits)
		snprintf(t.s, sizeof(t.s), "%" PRIu64 ".%0*" PRIu64, v / pow, digits, v % pow);
	else
		snprintf(t.s, sizeof(t.s), "%" PRIu64, v);
	trim_zeros(t.s);
	return t;
}

struct text fmt_bw(uint64_t bw)
{
	struct text t = fmt_percent(bw, VBS_BW_UNIT, 2, ROUND_NEAREST);

	strcat(t.s, " %");
	return t;
}

struct text fmt_column(uint64_t bw)
{
	uint64_t v = (bw * 10000 + VBS_BW_UNIT / 2) / VBS_BW_UNIT;
	struct text t;

	snprintf(t.s, sizeof(t.s), "%" PRIu64 ".%02" PRIu64, v / 100, v % 100);
	return t;
}

struct text fmt_resource(uint64_t runtime, uint64_t period)
{
	struct text a = fmt_time(runtime), b = fmt_time(period), t;

	snprintf(t.s, sizeof(t.s), "%.22s/%.22s", a.s, b.s);
	return t;
}

uint64_t clamp64(u128 v)
{
	return v > UINT64_MAX ? UINT64_MAX : (uint64_t)v;
}
