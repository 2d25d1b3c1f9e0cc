/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A world of its own for what keeps timelines: its time passes only while somebody waits, and
 * its truth, the counter, the kernel's timeline and the servers of the network do what a
 * script says.  Whoever is linked with this has no other clocks, and no other network.
 *
 * Of each instant that passes, at least twice a second, it is judged whether a reader of the
 * timeline would have been told a bound in which the truth is not.
 */
#ifndef VBSCTL_TESTS_WORLD_H
#define VBSCTL_TESTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/timeline.h>

#define WORLD_SERVERS	3
#define WORLD_EVENTS	16
#define WORLD_SEC	1000000000ULL
#define WORLD_PORT	20001		/* of the first server; they are at 127.0.0.1 */
#define WORLD_NAME	"lab"

struct world;

struct world_event {
	uint64_t at;		/* ns since the world began */
	void (*happens)(struct world *w);
};

struct world_server {
	bool silent;		/* it hears nothing */
	uint64_t way;		/* ns, each */
	int64_t lie;
	int leap;		/* what it announces until that leap second, and so long after it: */
	uint64_t leap_stale;
	bool no_leap;		/* it does not know of it, and stays on the time before */
	int asked;
	uint64_t asked_at[4096];
};

struct world_packet {
	int server;
	uint64_t arrives;
	uint8_t data[48];
};

struct world {
	uint64_t now;			/* ns that have passed */
	int64_t begins;			/* the truth then, ns since 1970 */
	uint64_t leaps_at;		/* in ns that have passed, 0: never; its end */
	int leap;			/* 1: a second is inserted, -1: left out */
	int64_t counter_off;		/* of the counter: what it was set by or lost */
	int64_t monotonic_off;		/* the same of CLOCK_MONOTONIC */
	int64_t realtime_off;		/* of CLOCK_REALTIME from the truth */
	struct world_server server[WORLD_SERVERS];
	struct world_packet packet[64];	/* under way */
	int packets;
	int failures;			/* of recvmsg(), that are to come */
	struct world_event event[WORLD_EVENTS];
	int events;
	/* The kernel's */
	struct timeline_get get;
	uint64_t not_before;
	bool gone;
	int sets;
	/* What a reader was told */
	uint64_t looked;
	int readings, synchronized, outside;
	uint64_t first_outside;
	uint64_t widest;		/* of the bounds while synchronized, both sides */
	char said[4096];		/* the messages */
};

/* The one that there is, also for the processes that world_run() makes */
extern struct world *world;

/* A new one with a timeline of UTC that steps, and servers on ways of 1 ms */
void world_begin(int64_t begins_s);

/* @happens when so many ns have passed; NULL: SIGTERM */
void world_at(uint64_t ns, void (*happens)(struct world *w));

/* 'vbsctl timeline ARG...' there, sync or serve; as a process of its own: its exit status */
int world_run(const char *first, ...) __attribute__((sentinel));

/* Readings count from now on; those with the truth outside are never forgotten */
void world_judge_anew(struct world *w);

/* Time that passes when nothing runs */
void world_pass(struct world *w, uint64_t ns);

uint64_t world_counter(const struct world *w);
int64_t world_truth(const struct world *w);

/* A reading of the timeline, now */
void world_read(const struct world *w, struct timeline_time *tt);

/* What scripts can do: the machine stands still for so long, or its counter begins anew */
void world_disrupt(struct world *w, uint64_t lost_ns);
void world_counter_begins(struct world *w);

#endif
