/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine on which somebody else's program runs, as it is, on a simulated network
 * (net_sim.h): loaded before the C library, it answers what the program asks about time and
 * UDP, and is faster than time.
 */
#ifndef LIB_TIMELINE_TESTS_REAL_HOST_H
#define LIB_TIMELINE_TESTS_REAL_HOST_H

#include <stdbool.h>
#include <signal.h>
#include <time.h>

#include "timeline/tests/net_sim.h"
#include "timeline/tests/real_clock.h"

#define REAL_ENV	"REAL_HOST"	/* "NETWORK SEED FILE", as real_bench.c says */

struct real_host {
	struct sim sim;
	struct real_clock clock;
	/* A timer of the program: a counter value, 0: none */
	uint64_t timer_at, timer_interval;
	int timer_signal;
};

extern struct real_host host;

/* The clock as of now; a look at it takes some ns */
void host_look(void);

/* Until that counter value */
void host_wait(uint64_t counter);

uint64_t host_ticks(const struct timespec *ts);

/* After a call that waits: the timer's signal, if it is due */
bool host_timer_rings(const sigset_t *mask);

#endif
