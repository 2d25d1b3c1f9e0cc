/* SPDX-License-Identifier: GPL-2.0 */
/* From units per second to a server, and back. */
#ifndef VBSCTL_RATE_PLAN_H
#define VBSCTL_RATE_PLAN_H

#include "analyze/bounds.h"
#include "rate/model.h"
#include "vbs/machine.h"

/* Pieces of @op units, rate/op of them in a second, each done within @latency */
struct rate_goal {
	uint64_t rate;		/* units per second */
	uint64_t op;		/* 0: what comes in @latency */
	uint64_t latency;	/* ns */
	uint64_t period;	/* of the server; 0: any */
	struct resource res;	/* period 0: the one with the least bandwidth */
};

#define RATE_LATENCY	100000000	/* ns */

/* What is taken off each budget: the release, and what a member may borrow in the kernel */
uint64_t rate_overhead(const struct machine *m);

/* Fills in op.  NULL, or in words why there is none */
const char *rate_complete(struct rate_goal *goal);

/* The load that the goal is */
void rate_load(const struct rate_model *m, const struct rate_goal *goal, struct load *load);

enum rate_answer {
	RATE_FITS,
	RATE_NO_SERVER,		/* none of the kernel's limits meets it */
	RATE_TOO_SMALL,		/* the one that was given does not */
};

/* The server, in goal->res; @load as of rate_load() */
enum rate_answer rate_plan(const struct load *load, const struct machine *m, struct rate_goal *goal);

/* Units that are sure to be done in any window of the latency: of pieces, or of one run if goal->op is 0 */
u128 rate_in_window(const struct rate_model *m, const struct machine *machine, const struct rate_goal *goal);

/* Units per second, that it comes to in the long run */
u128 rate_in_the_long_run(const struct rate_model *m, const struct machine *machine, const struct rate_goal *goal);

/* "200M" or "200M/s" */
const char *rate_parse(const char *text, uint64_t *rate);
const char *rate_parse_cpu(const char *text, int *cpu);

/* The CPU, if *cpu is -1 the one with most to spare: 0 or an exit code, message printed */
int rate_cpu(int *cpu, uint32_t needed);

/* The words of a command, to be freed; NULL without memory */
char *rate_words(char **argv);

#endif
