/* SPDX-License-Identifier: GPL-2.0 */
/* The options that describe a channel, of analyze --channel and of channel measure. */
#ifndef VBSCTL_ANALYZE_CHANNEL_OPTIONS_H
#define VBSCTL_ANALYZE_CHANNEL_OPTIONS_H

#include "analyze/channel.h"

enum channel_option {
	CHANNEL_SLOT = 256, CHANNEL_SENDER, CHANNEL_RECEIVER, CHANNEL_MESSAGE, CHANNEL_REPLY,
	CHANNEL_PER_BYTE, CHANNEL_PROCESS, CHANNEL_PASS, CHANNEL_HOP, CHANNEL_SLOTS, CHANNEL_EVERY,
	CHANNEL_POLL, CHANNEL_SHARED, CHANNEL_END
};

/* What a message is, as entries of a struct option array */
#define CHANNEL_OPTIONS \
	{ "message", required_argument, NULL, CHANNEL_MESSAGE }, \
	{ "reply", required_argument, NULL, CHANNEL_REPLY }, \
	{ "slots", required_argument, NULL, CHANNEL_SLOTS }, \
	{ "process", required_argument, NULL, CHANNEL_PROCESS }, \
	{ "hop", required_argument, NULL, CHANNEL_HOP }, \
	{ "every", required_argument, NULL, CHANNEL_EVERY }, \
	{ "poll", no_argument, NULL, CHANNEL_POLL }

/* What a measurement finds by itself */
#define CHANNEL_ASSUMPTIONS \
	{ "channel", required_argument, NULL, CHANNEL_SLOT }, \
	{ "sender", required_argument, NULL, CHANNEL_SENDER }, \
	{ "receiver", required_argument, NULL, CHANNEL_RECEIVER }, \
	{ "per-byte", required_argument, NULL, CHANNEL_PER_BYTE }, \
	{ "pass", required_argument, NULL, CHANNEL_PASS }, \
	{ "shared", optional_argument, NULL, CHANNEL_SHARED }

#define CHANNEL_MESSAGE_MAX	(1ULL << 40)	/* bytes */

/* Before the first option */
void channel_defaults(struct channel *c);

/* NULL, or why @text (NULL for a flag) is not a value of option @c_val; not for others */
const char *channel_take(int option, const char *text, struct channel *c);

/* "sender:1ms/5ms" */
const char *channel_take_side(const char *text, enum channel_side *side, struct resource *res);
const char *channel_take_switch(const char *text, struct channel *c);

#endif
