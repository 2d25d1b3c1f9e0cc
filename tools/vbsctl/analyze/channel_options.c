// SPDX-License-Identifier: GPL-2.0
/* Options of a channel. */
#include <stdio.h>
#include <string.h>

#include "analyze/channel_options.h"
#include "base/parse.h"

#define SLOTS_MAX	(1ULL << 20)
#define FELLOWS_MAX	1024
#define PER_BYTE_MAX	1000000		/* ps */

void channel_defaults(struct channel *c)
{
	*c = (struct channel){ .slots = 1, .pass = 2000, .hop = 20000 };
}

static const char *parse_size(const char *text, uint64_t *bytes)
{
	const char *why = parse_bytes(text, bytes);

	return !why && *bytes > CHANNEL_MESSAGE_MAX ? "more than 1T is not looked at" : why;
}

static const char *parse_some(const char *text, uint64_t *bytes)
{
	const char *why = parse_size(text, bytes);

	return !why && !*bytes ? "it must be more than zero" : why;
}

static const char *parse_slots(const char *text, uint64_t *slots)
{
	const char *why = parse_count(text, slots);

	if (!why && (!*slots || *slots > SLOTS_MAX))
		return "a ring has 1 to 1048576 slots";
	return why;
}

/* A time of at most three digits after the nanoseconds, as one in ps: what stands before "ns" */
static const char *parse_per_byte(const char *text, void *ps)
{
	char us[PARSE_ITEM];
	size_t n = strlen(text);

	if (n < 3 || n >= sizeof(us) || strcmp(text + n - 2, "ns"))
		return "write it in ns, as in 0.25ns";
	snprintf(us, sizeof(us), "%.*sus", (int)n - 2, text);
	if (parse_time(us, ps))
		return "write it in ns with at most three digits after the point";
	return *(uint64_t *)ps > PER_BYTE_MAX ? "more than 1us is not looked at" : NULL;
}

/* One for both sides, or one each */
static const char *take_per_byte(const char *text, struct channel *c)
{
	int n;
	const char *why = parse_list(text, c->per_byte, sizeof(c->per_byte[0]), SIDES, parse_per_byte, &n);

	if (!why && n == 1)
		c->per_byte[RECEIVER] = c->per_byte[SENDER];
	return why;
}

static const char *parse_short(const char *text, uint64_t *ns)
{
	const char *why = parse_time(text, ns);

	return !why && *ns > 3600 * 1000000000ULL ? "more than an hour is not looked at" : why;
}

/* One, if nothing is said */
static const char *parse_fellows(const char *text, uint64_t *fellows)
{
	const char *why = parse_count(text ? text : "1", fellows);

	return !why && (!*fellows || *fellows > FELLOWS_MAX) ? "it is 1 to 1024 other members" : why;
}

const char *channel_take(int option, const char *text, struct channel *c)
{
	switch (option) {
	case CHANNEL_SLOT:
		return parse_some(text, &c->slot);
	case CHANNEL_SENDER:
		return parse_resource(text, &c->res[SENDER]);
	case CHANNEL_RECEIVER:
		return parse_resource(text, &c->res[RECEIVER]);
	case CHANNEL_MESSAGE:
		return parse_some(text, &c->message);
	case CHANNEL_REPLY:
		return parse_size(text, &c->reply);
	case CHANNEL_PER_BYTE:
		return take_per_byte(text, c);
	case CHANNEL_PROCESS:
		return parse_short(text, &c->process);
	case CHANNEL_PASS:
		return parse_short(text, &c->pass);
	case CHANNEL_HOP:
		return parse_short(text, &c->hop);
	case CHANNEL_SLOTS:
		return parse_slots(text, &c->slots);
	case CHANNEL_EVERY:
		return parse_short(text, &c->every);
	case CHANNEL_SHARED:
		return parse_fellows(text, &c->fellows);
	default:
		c->polls |= option == CHANNEL_POLL;
		return NULL;
	}
}

const char *channel_take_side(const char *text, enum channel_side *side, struct resource *res)
{
	char word[PARSE_ITEM];
	const char *rest = parse_cut(text, ':', word);

	if (!rest || (strcmp(word, "sender") && strcmp(word, "receiver")))
		return "write which side, as in sender:1ms/5ms";
	*side = strcmp(word, "sender") ? RECEIVER : SENDER;
	return parse_resource(rest, res);
}

const char *channel_take_switch(const char *text, struct channel *c)
{
	enum channel_side side;
	struct resource res;
	const char *why = channel_take_side(text, &side, &res);

	if (!why)
		c->to[side] = res;
	return why;
}
