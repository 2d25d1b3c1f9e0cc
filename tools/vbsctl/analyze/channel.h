/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long a message takes between a sender and a receiver that are in servers: the
 * stages of a round trip or of one way, each with the time in which its server is sure
 * to do its work.
 *
 * Times in ns.  Work is CPU time, system calls included.
 */
#ifndef VBSCTL_ANALYZE_CHANNEL_H
#define VBSCTL_ANALYZE_CHANNEL_H

#include "analyze/supply.h"

enum channel_side { SENDER, RECEIVER, SIDES };

struct channel {
	struct resource res[SIDES];
	struct resource to[SIDES];	/* period 0: it does not switch */
	struct supply supply[SIDES], after[SIDES];
	uint64_t per_byte[SIDES];	/* ps of work for each byte */
	uint64_t slot;			/* bytes in a slot; 0: no channel was asked for */
	uint64_t slots;
	uint64_t message, reply;	/* bytes; reply 0: one way */
	uint64_t process;		/* what the receiver does with a message */
	uint64_t pass;			/* system calls of one slot, on either side */
	uint64_t hop;			/* from one side's last instruction to the other's first */
	uint64_t every;			/* messages begin at least so far apart; 0: unknown */
	uint64_t seen[3];		/* works of the stages that were measured, or 0 */
	uint64_t seen_slot[SIDES];	/* and of each slot of a side */
	bool polls;			/* waits by looking, which burns the budget */
	uint64_t fellows;		/* other members of either server, at most */
	uint64_t slice;			/* of members */
};

/* Which time: see channel_bound.c */
enum stage_rule {
	STAGE_FULL,	/* W: it wakes with a full budget */
	STAGE_ANY,	/* B: at any point of an instance */
	STAGE_LATE,	/* B + budget: aligned release */
	STAGE_SWITCH,	/* B, with a switch anywhere in it */
};

struct stage {
	enum channel_side side;
	const char *what;
	u128 work;
	u128 busy;			/* what the server does until it is done: with turns of others */
	enum stage_rule rule;
	const char *why;
	u128 rounds;			/* how often; 1 but for messages longer than the ring */
	u128 time;			/* of all of them */
};

#define STAGES_MAX	5

struct channel_bound {
	struct stage stage[STAGES_MAX];
	int stages;
	u128 hops;
	u128 total;			/* hops included */
	u128 least_every;		/* the least distance of messages that has a bound */
	bool backlog;			/* messages come faster than that, and may pile up */
	u128 age;			/* of what the receiver has, at worst; 0: not asked, or backlog */
};

/* Supplies from resources; false, with @side, if the overhead leaves a budget nothing */
bool channel_init(struct channel *c, uint64_t overhead, bool aligned, enum channel_side *side);

/* The least cap that holds both resources of a side */
uint32_t channel_cap(const struct channel *c, enum channel_side side, bool aligned);

void channel_bound(const struct channel *c, struct channel_bound *bound);

/* floor(x/C) T + x mod C + T - C for each stage, of the literature: no bound, to compare with */
u128 channel_published(const struct channel *c, const struct channel_bound *bound);

const char *stage_rule_name(enum stage_rule rule);

#endif
