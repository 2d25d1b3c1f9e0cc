/* SPDX-License-Identifier: GPL-2.0 */
/* What 'timeline sync' was asked for. */
#ifndef VBSCTL_TIMELINES_SYNC_H
#define VBSCTL_TIMELINES_SYNC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/timeline.h>

#include "timeline/source.h"
#include "timelines/sync_net.h"

struct sync_request {
	const char *name;
	const char *from;
	const char *record;
	const char *replay;
	struct timeline_source source;
	struct net_request net;	/* of --from ntp: */
	uint64_t interval;	/* ns */
	uint64_t memory;	/* ns */
	uint64_t count;		/* of updates, 0: until it is ended */
	uint32_t wander_ppb;
	bool json, verbose;
};

#define WANDER_UNSAID	UINT32_MAX

/* The memory and the wander, if nothing was said of them */
void sync_defaults(struct sync_request *req, bool net);

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

/* Of a server, and of all together; hz: nominal, of the counter */
void print_exchange(const struct sync_request *req, const struct nc_server *nc,
		    const struct ts_server *s, enum ntp_refusal refusal);
void print_combined(const struct sync_request *req, const struct te_clock *c, uint64_t hz,
		    enum ts_result result);

int sync_live(struct sync_request *req);
int sync_replay(struct sync_request *req);
int replay_exchanges(const struct sync_request *req, FILE *f, char *head);

#endif
