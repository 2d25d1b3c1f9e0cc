/* SPDX-License-Identifier: GPL-2.0 */
/* What a synchroniser tells of its servers: /run/vbsctl/timeline-NAME with a word more. */
#ifndef VBSCTL_TIMELINES_NET_WORD_H
#define VBSCTL_TIMELINES_NET_WORD_H

#include "timelines/sync_net.h"

struct net_word_of {
	const struct net_request *net;
	const struct ts_pool *pool;
	uint64_t counter;	/* as of which */
};

/* One server, as it is read */
struct net_word {
	char name[272], address[64];
	unsigned int reach;	/* a bit for each of the last eight requests */
	uint64_t poll_ns, taken, refused;
	uint64_t way_ns;	/* of the last exchange, there and back */
	uint64_t stated_ns;	/* the server's own bound */
	uint64_t low_ns, high_ns;	/* of the clock that it makes alone */
	char state[16];		/* silent, true, outside, false, ended */
	char why[64];		/* what most refused answers were, or "" */
};

void net_word_write(const char *name, const struct net_word_of *of);
void net_word_remove(const char *name);

/* How many servers there are, at most TS_SERVERS; -1 if the file is not there or another one */
int net_word_read(const char *name, struct net_word word[TS_SERVERS]);

#endif
