/* SPDX-License-Identifier: GPL-2.0 */
/* What 'timeline sync' was asked for. */
#ifndef VBSCTL_TIMELINES_SYNC_H
#define VBSCTL_TIMELINES_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/timeline.h>

#include "timeline/source.h"

struct sync_request {
	const char *name;
	const char *from;
	const char *record;
	const char *replay;
	struct timeline_source source;
	uint64_t interval;	/* ns */
	uint64_t memory;	/* ns */
	uint64_t count;		/* of updates, 0: until it is ended */
	uint32_t wander_ppb;
	bool json, verbose;
};

/* An update that was made */
struct sync_update {
	const struct sync_request *req;
	const struct timeline_get *get;
	const struct te_estimator *estimator;
	const struct te_clock *clock;
	const struct timeline_set *set;
	const struct te_sample *sample;
	const struct source_state *state;
};

void print_update(const struct sync_update *u);

int sync_live(struct sync_request *req);
int sync_replay(const struct sync_request *req);

#endif
