/* SPDX-License-Identifier: GPL-2.0 */
/* How far CLOCK_REALTIME can be believed, as its keeper vouches for it. */
#ifndef LIB_TIMELINE_BELIEF_H
#define LIB_TIMELINE_BELIEF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/timex.h>

#include "timeline/keeper.h"

struct belief {
	const char *chronyd;	/* where the one is that its user says keeps it, or NULL */
	struct keepers keepers;
	uint64_t next_scan;	/* of /proc: ns of CLOCK_MONOTONIC, 0: now */
	int clock_state;	/* as adjtimex() returned it */
	bool looked;
	uint64_t last_look;
	long last_maxerror;	/* us */
	pid_t liar;		/* this keeper has been seen to state 0 amid a correction */
	bool lied;		/* just now: what it said before is void */
	uint64_t next_query;	/* of ntpd, which limits how often it answers */
	uint64_t answered;	/* when it did, with */
	uint64_t answer_ns;	/* this bound, */
	const char *refusal;	/* or why there is none */
	pid_t asked;
	const char *why;	/* NULL: it is believed; or why not */
	uint64_t error_ns;	/* then: the largest of its statements */
};

/* Before and after a reading of the clock; false with errno if adjtimex() fails */
bool belief_begin(struct belief *b, struct timex *tx);
bool belief_end(struct belief *b, struct timex *tx);

/* The part that needs no system call, for tests: one look at the kernel's words */
void belief_take(struct belief *b, const struct timex *tx, uint64_t now);

/* What is yet to be corrected, at most: ns */
uint64_t belief_pending(const struct timex *tx);

#endif
