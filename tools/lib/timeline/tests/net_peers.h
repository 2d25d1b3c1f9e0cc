/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules of others, on the same packets: a weighted regression whose memory is cut by a test
 * of runs, as chrony's documentation tells of chronyd, and RADclock as it was published
 * (Veitch, Ridoux, Korada: Robust Synchronization of Absolute and Difference Clocks Over
 * Networks, 2009). They are models: neither slews a clock, so their estimates are read as
 * they are, which is in their favour.
 */
#ifndef LIB_TIMELINE_TESTS_NET_PEERS_H
#define LIB_TIMELINE_TESTS_NET_PEERS_H

#include "timeline/ntp.h"

#define REGRESSION_SAMPLES	64
#define RAD_SAMPLES		16384

/* An exchange: by how much the truth is ahead of the counter at its nominal rate */
struct peer_point {
	double at;	/* s of the counter since the first */
	double ahead;	/* ns, if the ways are equal */
	double way;	/* ns there and back */
	double stated;	/* ns, of the server */
};

struct peer_line {
	double tick;	/* ns */
	uint64_t counter;
	int64_t ns;	/* at that counter, by the line */
	bool started;
};

struct regression {
	struct peer_line line;
	struct peer_point point[REGRESSION_SAMPLES];
	int n;
	double deviation, skew;		/* ns, ns/s */
	double ahead, rate;		/* at the newest point */
};

struct radclock {
	struct peer_line line;
	struct peer_point point[RAD_SAMPLES];
	int n;
	double stamp_error;
	double least;			/* way */
	double rate, quality;		/* ns/s; 0 once it is known well */
	double ahead, at;
};

void regression_start(struct regression *r, uint64_t hz);
void regression_take(struct regression *r, const struct ntp_exchange *x);
/* ns since 1970, and the maximum error that its keeper would state */
double regression_read(const struct regression *r, uint64_t counter, int64_t *ns);

/* The error of a stamp, on which all its thresholds rest, in ns */
void radclock_start(struct radclock *r, uint64_t hz, double stamp_error);
void radclock_take(struct radclock *r, const struct ntp_exchange *x);
void radclock_read(const struct radclock *r, uint64_t counter, int64_t *ns);

#endif
