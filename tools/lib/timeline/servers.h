/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several servers, each with an estimator of its own, as one clock.  Its bound holds if
 * at most 'faulty' of the servers break theirs:
 *
 *	(A1')	over the memory all but 'faulty' of the servers, the same ones, are within
 *		the bound that they state whenever they answer.
 */
#ifndef LIB_TIMELINE_SERVERS_H
#define LIB_TIMELINE_SERVERS_H

#include "timeline/leap.h"
#include "timeline/ntp.h"

#define TS_SERVERS	16
#define TS_FALSE	3	/* samples in a row outside of what the others say */

enum ts_result {
	TS_NOTHING,	/* no server has a clock */
	TS_UNBOUNDED,	/* all that have one may be wrong: a clock without a bound */
	TS_DISAGREE,	/* more than 'faulty' are: what any of them says is covered */
	TS_OK
};

struct ts_server {
	struct te_estimator estimator;
	struct te_clock clock;		/* as of its last sample, */
	bool has_clock;			/* if it has given one */
	struct te_sample sample;
	bool fresh;			/* not combined yet */
	bool outside;			/* of what the others leave */
	int outside_running;
	enum ntp_leap leap;		/* what it has announced */
	bool undecided;			/* not heard since the leap second that is near */
	uint64_t refused[NTP_REFUSALS];	/* [NTP_TAKEN]: taken */
};

struct ts_pool {
	struct ts_server server[TS_SERVERS];
	int servers;
	int faulty;
	int64_t pivot;			/* a time in s since 1970, for the era of stamps */
	struct te_clock last;		/* what was given last, */
	uint64_t last_steps;
	uint32_t last_agree;		/* by these servers, 0: it does not hold */
	enum ts_result last_result;
	struct leap leap;		/* at the end of a month */
};

/* False if the configuration makes no sense */
bool ts_init(struct ts_pool *p, const struct te_config *config, int servers, int faulty,
	     int64_t pivot);

/* Forgets all samples: the counter was disrupted */
void ts_reset(struct ts_pool *p);

/* An answer of a server; refused ones are counted */
enum ntp_refusal ts_take(struct ts_pool *p, int server, const struct ntp_exchange *x);

/* An answer that did not become an exchange */
void ts_refuse(struct ts_pool *p, int server, enum ntp_refusal refusal);

/* The clock of them all as of a counter value, or of the newest sample if that is later */
enum ts_result ts_clock(struct ts_pool *p, uint64_t counter, struct te_clock *clock);

/*
 * What is announced: by most, for who reads the clock; and by so many that it is reckoned with,
 * which are most, or more than may be wrong.
 */
enum ntp_leap ts_leap(const struct ts_pool *p);
bool ts_leap_is_ahead(const struct ts_pool *p);

/*
 * ns from a counter value on until something is to be done about a leap second, UINT64_MAX: nothing.
 * While none is near that is ts_clock(), after it all servers are to be asked.
 */
uint64_t ts_leap_wait(const struct ts_pool *p, uint64_t counter);

/* The clock that ts_clock() gave, for who cannot go on until a leap second: covered either way */
void ts_leap_cover(const struct ts_pool *p, struct te_clock *clock);

/* Whether it has been outside for so long that it is not to be believed */
static inline bool ts_is_false(const struct ts_server *s)
{
	return s->outside_running >= TS_FALSE;
}

/*
 * The hull of all points in at least @need of @n spans; false if there is none.  Its
 * ends are ends of spans: the lowest low end and the highest high end in so many.
 */
bool ts_combine(const struct te_span *span, int n, int need, struct te_span *out);

#endif
