// SPDX-License-Identifier: GPL-2.0
/* Parsers for times, bandwidths, counts and lists of them. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <linux/sched/vbs.h>

#include "base/exact.h"
#include "base/parse.h"

/* A decimal number: mantissa / 10^scale */
struct decimal {
	uint64_t mantissa;
	int scale;
};

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\302\265s", 1000 },	/* micro sign */
	{ "\316\274s", 1000 },	/* Greek mu */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
};

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *push_digit(struct decimal *d, char c)
{
	if (__builtin_mul_overflow(d->mantissa, 10, &d->mantissa) ||
	    __builtin_add_overflow(d->mantissa, (uint64_t)(c - '0'), &d->mantissa))
		return "the number is too large";
	return NULL;
}

/* Digits of a fraction up to its last digit that is not 0 */
static size_t fraction_len(const char *s)
{
	size_t n = strspn(s, "0123456789");

	while (n && s[n - 1] == '0')
		n--;
	return n;
}

static const char *push_fraction(const char **s, struct decimal *d)
{
	size_t i, n = fraction_len(*s);
	const char *why;

	if (!is_digit(**s))
		return "a digit is missing after the point";
	if (n > 18)
		return "the fraction has too many digits";
	for (i = 0; i < n; i++) {
		why = push_digit(d, (*s)[i]);
		if (why)
			return why;
	}
	d->scale = n;
	*s += strspn(*s, "0123456789");
	return NULL;
}

static const char *take_decimal(const char **s, struct decimal *d)
{
	const char *why;

	memset(d, 0, sizeof(*d));
	if (**s == '-')
		return "a negative number makes no sense here";
	if (!is_digit(**s))
		return "it must start with a digit";
	for (; is_digit(**s); (*s)++) {
		why = push_digit(d, **s);
		if (why)
			return why;
	}
	if (**s != '.')
		return NULL;
	(*s)++;
	return push_fraction(s, d);
}

static uint64_t power_of_ten(int n)
{
	uint64_t p = 1;

	while (n--)
		p *= 10;
	return p;
}

static const char *scale_time(const struct decimal *d, uint64_t unit, uint64_t *ns)
{
	u128 t = (u128)d->mantissa * unit;
	uint64_t div = power_of_ten(d->scale);

	if (t % div)
		return "finer than a nanosecond";
	if (t / div > INT64_MAX)
		return "the time is too long";
	*ns = t / div;
	return NULL;
}

const char *parse_time(const char *text, uint64_t *ns)
{
	struct decimal d;
	const char *why = take_decimal(&text, &d);
	size_t i;

	if (why)
		return why;
	if (!*text)
		return "the unit is missing: write ns, us, ms or s, as in 10ms";
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(text, units[i].name))
			return scale_time(&d, units[i].ns, ns);
	}
	return "the unit is none of ns, us, ms and s";
}

/* Units are rounded up: 30% must hold 3ms/10ms, as the kernel rounds too. */
static const char *scale_bandwidth(u128 num, u128 den, uint32_t *out)
{
	if (!den)
		return "division by zero";
	if (!num)
		return "it must be more than zero";
	if (num > den)
		return "it is more than one CPU: write 25%, 0.25 or 1/4";
	*out = div_up(num << VBS_BW_SHIFT, den);
	return NULL;
}

static const char *parse_fraction(const struct decimal *num, const char *s,
				  uint32_t *out)
{
	struct decimal den;
	const char *why = take_decimal(&s, &den);

	if (why)
		return why;
	if (*s || num->scale || den.scale)
		return "a fraction is two whole numbers, as in 1/4";
	return scale_bandwidth(num->mantissa, den.mantissa, out);
}

const char *parse_bandwidth(const char *text, uint32_t *out)
{
	struct decimal d;
	const char *why = take_decimal(&text, &d);

	if (why)
		return why;
	if (*text == '/')
		return parse_fraction(&d, text + 1, out);
	if (!strcmp(text, "%") || !strcmp(text, " %"))	/* as it is printed */
		return scale_bandwidth(d.mantissa, (u128)power_of_ten(d.scale) * 100, out);
	if (*text)
		return "write 25%, 0.25 or 1/4";
	return scale_bandwidth(d.mantissa, power_of_ten(d.scale), out);
}

const char *parse_cut(const char *text, char sep, char head[PARSE_ITEM])
{
	const char *end = strchr(text, sep);
	size_t n = end ? (size_t)(end - text) : strlen(text);

	if (n >= PARSE_ITEM)
		n = 0;	/* an empty item, which no parser takes */
	memcpy(head, text, n);
	head[n] = 0;
	return end ? end + 1 : NULL;
}

const char *parse_count(const char *text, uint64_t *count)
{
	struct decimal d;
	const char *why = take_decimal(&text, &d);

	if (why)
		return why;
	if (*text || d.scale)
		return "it must be a whole number";
	*count = d.mantissa;
	return NULL;
}

const char *parse_bytes(const char *text, uint64_t *bytes)
{
	static const char letters[] = "KMGT";
	struct decimal d;
	const char *why = take_decimal(&text, &d), *letter;
	int shift;

	if (why)
		return why;
	letter = *text ? strchr(letters, *text) : NULL;
	if (d.scale || (*text && (!letter || text[1])))
		return "it must be a whole number, or one with K, M, G or T behind it";
	shift = letter ? 10 * (letter - letters + 1) : 0;
	if (d.mantissa > UINT64_MAX >> shift)
		return "the number is too large";
	*bytes = d.mantissa << shift;
	return NULL;
}

const char *parse_pid(const char *text, pid_t *pid)
{
	uint64_t n;
	const char *why = parse_count(text, &n);

	if (why)
		return why;
	if (!n || n > INT_MAX)
		return "it is no process or thread id";
	*pid = n;
	return NULL;
}

const char *parse_list(const char *text, void *out, size_t size, int max,
		       const char *(*parse)(const char *item, void *out),
		       int *count)
{
	char item[PARSE_ITEM];
	const char *why;

	for (*count = 0; text; (*count)++) {
		if (*count == max)
			return "the list is too long";
		text = parse_cut(text, ',', item);
		why = parse(item, (char *)out + *count * size);
		if (why)
			return why;
	}
	return NULL;
}
