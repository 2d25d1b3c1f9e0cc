/* SPDX-License-Identifier: GPL-2.0 */
/* Asking an NTP server: its socket, when it is asked, and what it answered. */
#ifndef LIB_TIMELINE_NTP_CLIENT_H
#define LIB_TIMELINE_NTP_CLIENT_H

#include "timeline/exchanges.h"
#include "timeline/lookup.h"
#include "timeline/stamp.h"

#define NC_BURST	4		/* requests at the beginning, */
#define NC_BURST_NS	2000000000ULL	/* so far apart */
#define NC_LIMITED_NS	1024000000000ULL	/* as seldom as a server may be asked that asks for fewer requests */
#define NC_DENIED_NS	3600000000000ULL	/* at least, before who denies service is asked again */

struct nc_server {
	char host[256], port[8];
	char address[64];		/* what it was found to be */
	int fd;				/* connected, or -1 */
	struct lookup lookup;		/* of its name, while fd is -1 */
	unsigned int attempts;		/* of finding it */
	uint64_t random;
	uint64_t nonce;			/* of a request that has no answer yet, or 0 */
	uint64_t sent;			/* counter, before that request */
	struct stamp_pair pair;		/* and CLOCK_REALTIME then */
	uint32_t requests;		/* on this socket */
	int64_t tx_ns;			/* the kernel's stamp of the request, 0: none yet */
	bool stamped;			/* both stamps of the last exchange were used */
	uint8_t reach;			/* a bit for each of the last eight requests */
	unsigned int lost;		/* of them, without an answer since */
	int burst;			/* requests that are left of it */
	uint64_t least, most;		/* ns, of the poll */
	uint64_t poll;			/* ns */
	uint64_t due;			/* ns of CLOCK_MONOTONIC */
	uint64_t asked;			/* then, too: the last time */
	bool limits;			/* it has asked for fewer requests */
	bool ended;			/* it wants no requests, until it is due again */
};

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT", an IPv6 address: NULL or why it is none */
const char *nc_parse(struct nc_server *s, const char *text, const char *port);

void nc_begin(struct nc_server *s, uint64_t least, uint64_t most, uint64_t now);
void nc_end(struct nc_server *s);

/* Sends a request that is due; NTP_NO_ANSWER if the one before had none, NTP_TAKEN otherwise */
enum ntp_refusal nc_ask(struct nc_server *s, unsigned int counter_id, uint64_t now);

/* What is sent and has no answer is to have none */
static inline void nc_drop(struct nc_server *s)
{
	s->nonce = 0;
}

/*
 * Asks it before it is due, but no more often than its least poll allows, whoever has reason
 * for that however often; and who has not answered yet, or is being looked up, has its time.
 */
void nc_hasten(struct nc_server *s, uint64_t now);

/* What is to be waited for, or -1 */
static inline int nc_fd(const struct nc_server *s)
{
	return lookup_runs(&s->lookup) ? s->lookup.fd : s->fd;
}

/*
 * As at the beginning, within the next second, so that clients do not come all at once: but not
 * one that has asked for fewer requests, or wants none
 */
void nc_begin_again(struct nc_server *s, uint64_t now);

/* What was waited for is a lookup, and it has ended: false if nobody knows the name */
bool nc_found(struct nc_server *s, uint64_t now);

/* False if nothing has come; else what it is, NTP_TAKEN: *line but for its server */
bool nc_hear(struct nc_server *s, unsigned int counter_id, uint64_t hz,
	     struct exchanges_line *line, enum ntp_refusal *refusal);

/* The part without a socket, for tests: what an answer does to the poll */
void nc_obey(struct nc_server *s, enum ntp_refusal refusal, uint64_t now);
void nc_schedule(struct nc_server *s, uint64_t now);

/*
 * How long the next answer may be waited for so that a bound, now @floor ns, that grows
 * by @growth ns/s stays below @accuracy ns: 0.8 of that, within the limits
 */
uint64_t nc_poll_for(uint64_t accuracy, uint64_t floor, double growth, uint64_t least,
		     uint64_t most);

#endif
