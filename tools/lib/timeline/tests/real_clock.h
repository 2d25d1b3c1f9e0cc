/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CLOCK_REALTIME of a simulated machine, as Linux keeps it for programs that discipline it:
 * adjtimex() with its loop, adjtime(), steps.  It is a function of the counter of net_sim.h,
 * and of what it was told.
 */
#ifndef LIB_TIMELINE_TESTS_REAL_CLOCK_H
#define LIB_TIMELINE_TESTS_REAL_CLOCK_H

#include <stdint.h>
#include <sys/timex.h>

#define REAL_UNIT	((__int128)1 << 48)

struct real_clock {
	uint64_t counter, hz;
	__int128 time;		/* 2^-48 ns since 1970 */
	int64_t stepped;	/* ns, of all steps */
	long tick;		/* us that 10 ms last */
	double frequency;	/* ns/s */
	double slew;		/* ns that are added in this second, */
	double offset, adjust;	/* and what is left to the loop and to adjtime() */
	int status, constant;
	int64_t updated;	/* s, the loop */
	long maxerror, esterror;	/* us */
	int tai;
};

void real_clock_start(struct real_clock *r, uint64_t hz, uint64_t counter, __int128 time);

/* Until that counter value */
void real_clock_run(struct real_clock *r, uint64_t counter);

int64_t real_clock_ns(const struct real_clock *r);
void real_clock_step(struct real_clock *r, int64_t ns);

/* As the system calls; the state, or -1 with errno */
int real_clock_adjtimex(struct real_clock *r, struct timex *tx);
void real_clock_adjtime(struct real_clock *r, const struct timeval *delta, struct timeval *left);

#endif
