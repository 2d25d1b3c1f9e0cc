/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a rate was kept. */
#ifndef VBSCTL_RATE_VERDICT_H
#define VBSCTL_RATE_VERDICT_H

#include "rate/plan.h"
#include "rate/run_once.h"

struct pieces {
	const struct rate_goal *goal;
	const struct rate_model *model;
	struct load_task piece;
	uint64_t *took;		/* how long after it was due each was done, ns: see pieces_of_runs() */
	uint64_t n, late;	/* and of those how many after the latency */
	uint64_t units, time;	/* done in all, in how long */
	uint64_t cpu;
	bool charged;		/* cpu is known */
};

/*
 * Runs in a row: a piece is due with the begin of any earlier one and the periods since; the
 * worst of those counts.
 */
void pieces_of_runs(struct pieces *p, const struct ran *ran, uint64_t n);

/* 0 if kept, or VC_FAIL */
int print_verdict(const struct pieces *p);
int json_verdict(const struct pieces *p);

#endif
