/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Simulated networks: a counter whose rate moves, ways to servers, and servers that keep
 * their word or do not.  The truth is a function of the counter, in exact integers.
 */
#ifndef LIB_TIMELINE_TESTS_NET_SIM_H
#define LIB_TIMELINE_TESTS_NET_SIM_H

#include "timeline/servers.h"
#include "timeline/tests/score.h"

#define SIM_HZ		2400000000ULL
#define SIM_PIVOT	1790000000LL

/* Times in s, frequencies in ppm, delays and errors in ns; 0 where nothing is */
struct sim_spec {
	const char *name;
	const char *what;
	double hours, poll;
	double wander;				/* what is stated */
	double skew;
	double wave, wave_period;
	double daily;				/* a wave of a day */
	double step, step_every;		/* of the frequency, alternating */
	double out, back;			/* the least of each way */
	double jitter;				/* mean of what each has more, exponential */
	double even;				/* and what it has more, uniform up to that */
	double shift, shift_at;			/* one way becomes longer */
	double congest, congest_every, congest_for;	/* one way, uniform up to that */
	double loss;				/* share, each way */
	double delay_share, delay;		/* on-path: one way longer */
	double stated, off;			/* the server's bound, and how far it goes */
	double silent_at, silent_for;		/* servers do not answer */
	int servers, faulty, liars;
	double lie;				/* a liar's clock is off by that */
};

struct sim {
	const struct sim_spec *spec;
	uint64_t random;
	uint64_t counter;
	uint64_t period;	/* 2^-48 ns per tick */
	__int128 truth;		/* 2^-48 ns */
	uint64_t grain_end;	/* counter until which the period is constant */
};

extern const struct sim_spec sim_specs[];
extern const int sim_specs_n;

void sim_start(struct sim *s, const struct sim_spec *spec, uint64_t seed);
double sim_now(const struct sim *s);	/* s since the start */
void sim_wait(struct sim *s, double ns);

/* False if a packet was lost; the time has passed all the same */
bool sim_exchange(struct sim *s, int server, struct ntp_exchange *x);

/* Whether the truth, now, is within a clock's bound; *error in ns */
bool sim_inside(const struct sim *s, const struct te_clock *c, double *error, double *width);

/* The rules of others on the same packets (net_peers.h) */
struct sim_peer {
	double median, p99;	/* ns, |error| */
	int beyond;		/* readings that were off by more than what is claimed */
	double width;		/* ns, median of what is claimed, both sides */
};

/* To be drawn: just before each update */
struct sim_drawing {
	struct score ours, regression;
};

struct sim_score {
	int readings;
	int outside;		/* also right after updates */
	int unbounded;		/* updates without a bound */
	int disagreed;
	double median, p99, worst;	/* ns, |error| just before the next update */
	double width, width_p99;	/* ns, both sides, just before the next update */
	struct ts_pool pool;
	struct sim_peer regression, radclock;	/* of a single server */
};

/* False if a server's answer was refused; @drawing may be NULL, and is freed by its user */
bool sim_run(const struct sim_spec *spec, uint64_t seed, bool bank, struct sim_score *score,
	     struct sim_drawing *drawing);

#endif
