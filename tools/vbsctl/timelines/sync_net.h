/* SPDX-License-Identifier: GPL-2.0 */
/* Synchronising from servers of a network. */
#ifndef VBSCTL_TIMELINES_SYNC_NET_H
#define VBSCTL_TIMELINES_SYNC_NET_H

#include "timeline/ntp_client.h"
#include "timeline/servers.h"

struct sync_request;

/* What '--from ntp:' and its options say */
struct net_request {
	struct nc_server server[TS_SERVERS];
	int servers;
	int faulty;		/* -1: less than half of them */
	bool rounds_up;		/* the servers do, of what they state */
	uint64_t least, most;	/* ns, of the poll */
	uint64_t accuracy;	/* ns, 0: none is asked for */
	bool by_demand;		/* it is what the users of the timeline need */
};

/* NULL or why it is none */
const char *net_parse_servers(const char *text, struct net_request *net);
const char *net_parse_poll(const char *text, struct net_request *net);
int net_faulty(const struct net_request *net);

int sync_net(struct sync_request *req);

#endif
