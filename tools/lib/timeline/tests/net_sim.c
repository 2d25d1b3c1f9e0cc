// SPDX-License-Identifier: GPL-2.0
/* The networks, and what simulates them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "timeline/tests/net_peers.h"
#include "timeline/tests/net_sim.h"
#include "timeline/tests/random.h"

#define S		1e9
#define GRAIN		(SIM_HZ / 4)	/* ticks for which the rate is constant */
#define HELD		20e3		/* ns */
#define TIMEOUT		(1 * S)
#define READINGS_MAX	100000
#define DRAWN		2500	/* readings, and not all */
#define UNIT		((__int128)1 << TE_PERIOD_BITS)

/* Of the counter: by 0.3 ppm in an hour, unless said otherwise */
#define QUIET		.wander = 1, .skew = 12, .wave = 0.1, .wave_period = 7200
/* A server of stratum 1: 1 us off, 8 us stated */
#define GOOD		.stated = 8e3, .off = 1e3, .servers = 1

const struct sim_spec sim_specs[] = {
	{ "lan", "0.2 ms, jitter 20 us", 11, 16, QUIET, GOOD, .out = 1e5, .back = 1e5,
	  .jitter = 2e4 },
	{ "xen", "0.12 ms, jitter 10 us", 11, 16, QUIET, GOOD, .out = 6e4, .back = 6e4,
	  .jitter = 1e4 },
	{ "wave", "lan, rate +-0.5 ppm in 1 h", 11, 16, .wander = 1, .skew = -30, .wave = 0.5,
	  .wave_period = 3600, GOOD, .out = 1e5, .back = 1e5, .jitter = 2e4 },
	{ "even", "0.2 ms, jitter 20 us, uniform, rate +-0.4 ppm by turns of 25 min", 11, 16, .wander = 1,
	  .skew = 12, .step = 0.4, .step_every = 1500, GOOD, .out = 9e4, .back = 9e4, .even = 2e4 },
	{ "wan", "20 ms, jitter 1 ms", 24, 64, QUIET, GOOD, .out = 1e7, .back = 1e7,
	  .jitter = 1e6 },
	{ "uneven", "15 ms out, 5 ms back", 24, 64, QUIET, GOOD, .out = 1.5e7, .back = 5e6,
	  .jitter = 1e6 },
	{ "shift", "lan, one way 2 ms longer from 5.5 h on", 11, 16, QUIET, GOOD, .out = 1e5,
	  .back = 1e5, .jitter = 2e4, .shift = 2e6, .shift_at = 5.5 * 3600 },
	{ "congest", "lan, one way up to 5 ms longer 20 % of the time", 11, 16, QUIET, GOOD,
	  .out = 1e5, .back = 1e5, .jitter = 2e4, .congest = 5e6, .congest_every = 1500,
	  .congest_for = 300 },
	{ "loss", "lan, 10 % lost each way", 11, 16, QUIET, GOOD, .out = 1e5, .back = 1e5,
	  .jitter = 2e4, .loss = 0.1 },
	{ "jumps", "rate jumps by +-3 ppm each 25 min", 24, 64, .wander = 3, .skew = 5, .step = 2.9,
	  .step_every = 1500, GOOD, .out = 1e5, .back = 1e5, .jitter = 2e4 },
	{ "week", "lan, seven days, rate +-2 ppm a day, +-0.1 ppm in 30 min", 168, 16, .wander = 1,
	  .skew = 12, .wave = 0.1, .wave_period = 1800, .daily = 2, GOOD, .out = 1e5,
	  .back = 1e5, .jitter = 2e4 },
	{ "lan-1", "lan, poll 1 s", 3, 1, QUIET, GOOD, .out = 1e5, .back = 1e5, .jitter = 2e4 },
	{ "lan-64", "lan, poll 64 s", 24, 64, QUIET, GOOD, .out = 1e5, .back = 1e5, .jitter = 2e4 },
	{ "lan-256", "lan, poll 256 s", 55, 256, QUIET, GOOD, .out = 1e5, .back = 1e5,
	  .jitter = 2e4 },
	{ "delay", "lan, 50 ms more one way in 30 % of all", 11, 16, QUIET, GOOD, .out = 1e5,
	  .back = 1e5, .jitter = 2e4, .delay_share = 0.3, .delay = 5e7 },
	{ "silent", "lan, the server is off for an hour", 11, 16, QUIET, GOOD, .out = 1e5,
	  .back = 1e5, .jitter = 2e4, .silent_at = 4 * 3600, .silent_for = 3600 },
	{ "liar", "three servers, one 30 ms wrong", 11, 16, QUIET, .stated = 8e3, .off = 8e3,
	  .out = 1e5, .back = 1e5, .jitter = 2e4, .servers = 3, .faulty = 1, .liars = 1,
	  .lie = 3e7 },
	{ "sly", "three servers, one wrong by half its way", 11, 16, QUIET, .stated = 8e3,
	  .off = 8e3, .out = 1e5, .back = 1e5, .jitter = 2e4, .servers = 3, .faulty = 1,
	  .liars = 1, .lie = 1e5 },
	{ "seven", "seven servers on a wan, three wrong", 24, 64, QUIET, .stated = 1e6, .off = 9e5,
	  .out = 1e7, .back = 1.2e7, .jitter = 1e6, .servers = 7, .faulty = 3, .liars = 3,
	  .lie = 1.5e7 },
};

const int sim_specs_n = sizeof(sim_specs) / sizeof(sim_specs[0]);

static __int128 elapsed(const struct sim *s)
{
	return s->truth - SIM_PIVOT * (__int128)1000000000 * UNIT;
}

double sim_now(const struct sim *s)
{
	return (double)(elapsed(s) / UNIT) / S;
}

/* The period until the next grain */
static void turn(struct sim *s)
{
	const struct sim_spec *spec = s->spec;
	double ppm = spec->skew, now = sim_now(s);

	if (spec->wave_period)
		ppm += spec->wave * sin(2 * M_PI * now / spec->wave_period);
	ppm += spec->daily * sin(2 * M_PI * now / 86400);
	if (spec->step_every)
		ppm += fmod(now / spec->step_every, 2) < 1 ? spec->step : -spec->step;
	s->period = (1 + ppm * 1e-6) * S / SIM_HZ * 0x1p48;
	s->grain_end = s->counter + GRAIN;
}

static void run(struct sim *s, uint64_t ticks)
{
	s->counter += ticks;
	s->truth += (__int128)s->period * ticks;
	if (s->counter >= s->grain_end)
		turn(s);
}

void sim_wait(struct sim *s, double ns)
{
	uint64_t ticks = ns * SIM_HZ / S + 1, part;

	for (; ticks; ticks -= part) {
		part = s->grain_end - s->counter;
		part = part < ticks ? part : ticks;
		run(s, part);
	}
}

void sim_start(struct sim *s, const struct sim_spec *spec, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->spec = spec;
	s->random = seed * 0x9e3779b97f4a7c15ULL + 1;
	s->counter = 1000000000000ULL;
	s->truth = (SIM_PIVOT * (__int128)1000000000 + 12345) * UNIT;
	turn(s);
}

static double jitter(struct sim *s)
{
	double ns = -s->spec->jitter * log(1 - random_unit(&s->random));

	return s->spec->even ? ns + s->spec->even * random_unit(&s->random) : ns;
}

static bool within(double now, double at, double length)
{
	return length && now >= at && now < at + length;
}

static double way_out(struct sim *s, int server)
{
	const struct sim_spec *spec = s->spec;
	double now = sim_now(s), ns = spec->out * (1 + 0.3 * server) + jitter(s);

	if (spec->shift_at && now >= spec->shift_at)
		ns += spec->shift;
	if (spec->congest_every && fmod(now, spec->congest_every) < spec->congest_for)
		ns += spec->congest * random_unit(&s->random);
	if (random_unit(&s->random) < spec->delay_share)
		ns += spec->delay;
	return ns;
}

/* A server's stamp, now: each wanders within its bound, and a liar beyond it */
static uint64_t stamp(const struct sim *s, int server)
{
	const struct sim_spec *spec = s->spec;
	double off = spec->off * sin(sim_now(s) / (700 + 100 * server) + server);

	if (server < spec->liars)
		off += server % 2 ? -spec->lie : spec->lie;
	return ntp_from_ns((int64_t)(s->truth / UNIT) + (int64_t)off);
}

static bool lost(struct sim *s)
{
	return random_unit(&s->random) < s->spec->loss;
}

bool sim_exchange(struct sim *s, int server, struct ntp_exchange *x)
{
	const struct sim_spec *spec = s->spec;
	bool drop = lost(s) || lost(s) || within(sim_now(s), spec->silent_at, spec->silent_for);

	memset(x, 0, sizeof(*x));
	x->before = s->counter;
	x->stratum = 1;
	x->precision = -24;
	x->root_dispersion = ntp_short(spec->stated) - 1;
	sim_wait(s, way_out(s, server));
	x->receive = stamp(s, server);
	sim_wait(s, HELD * (1 + random_unit(&s->random)));
	x->transmit = stamp(s, server);
	sim_wait(s, spec->back * (1 + 0.2 * server) + jitter(s));
	x->after = s->counter + 1;
	x->truth_ns = s->truth / UNIT;
	x->has_truth = true;
	if (drop)
		sim_wait(s, TIMEOUT);
	return !drop;
}

bool sim_inside(const struct sim *s, const struct te_clock *c, double *error, double *width)
{
	uint64_t low, high;
	int64_t time;

	te_read(c, s->counter, &time, &low, &high);
	*error = (double)(time * UNIT - s->truth) / (double)UNIT;
	*width = (double)low + (double)high;
	return (time - (__int128)low) * UNIT <= s->truth &&
	       (time + (__int128)high) * UNIT >= s->truth;
}

struct tally {
	struct sim_score *score;
	struct sim_drawing *drawing;
	struct regression regression;
	struct radclock radclock;
	double error[READINGS_MAX], width[READINGS_MAX];
	double regression_error[READINGS_MAX], regression_width[READINGS_MAX];
	double radclock_error[READINGS_MAX];
};

static double off(const struct sim *s, int64_t ns)
{
	return (double)(ns * UNIT - s->truth) / (double)UNIT;
}

static void draw_it(struct score *score, double at, double error, double low, double high)
{
	if (!score->reading)
		score->reading = calloc(2 * DRAWN, sizeof(*score->reading));
	if (score->readings == 2 * DRAWN)
		return;
	score->reading[score->readings++] = (struct reading){ at, error, low, high, true };
}

static bool is_drawn(const struct tally *t, const struct sim *s, int n)
{
	int all = s->spec->hours * 3600 / s->spec->poll;

	return t->drawing && n % (all / DRAWN + 1) == 0;
}

static void read_peers(struct tally *t, const struct sim *s, int n)
{
	double claim, error;
	int64_t ns;

	claim = regression_read(&t->regression, s->counter, &ns);
	error = off(s, ns);
	t->regression_error[n] = fabs(error);
	t->regression_width[n] = 2 * claim;
	t->score->regression.beyond += fabs(error) > claim;
	if (is_drawn(t, s, n))
		draw_it(&t->drawing->regression, sim_now(s), error, claim, claim);
	radclock_read(&t->radclock, s->counter, &ns);
	t->radclock_error[n] = fabs(off(s, ns));
}

static void read_it(struct tally *t, const struct sim *s, const struct te_clock *c, bool kept)
{
	double error, width;
	uint64_t low, high;
	int64_t time;
	int n = t->score->readings;

	t->score->outside += !sim_inside(s, c, &error, &width);
	if (!kept || n == READINGS_MAX)
		return;
	if (s->spec->servers == 1)
		read_peers(t, s, n);
	te_read(c, s->counter, &time, &low, &high);
	if (is_drawn(t, s, n))
		draw_it(&t->drawing->ours, sim_now(s), error, low, high);
	t->error[n] = fabs(error);
	t->width[n] = width;
	t->score->readings++;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void sort(double *values, int n, double *median, double *p99)
{
	qsort(values, n, sizeof(*values), ascending);
	*median = values[n / 2];
	*p99 = values[(int)(n * 0.99)];
}

static void sum_up(struct tally *t)
{
	struct sim_score *score = t->score;
	int n = score->readings;
	double p99;

	sort(t->error, n, &score->median, &score->p99);
	score->worst = t->error[n - 1];
	sort(t->width, n, &score->width, &score->width_p99);
	sort(t->regression_error, n, &score->regression.median, &score->regression.p99);
	sort(t->regression_width, n, &score->regression.width, &p99);
	sort(t->radclock_error, n, &score->radclock.median, &score->radclock.p99);
}

/* One round over the servers; readings count before and after each update */
static bool round_of(struct sim *s, struct tally *t, struct te_clock *clock, bool *bounded)
{
	struct sim_score *score = t->score;
	struct ntp_exchange x;
	enum ts_result result;
	int i;

	for (i = 0; i < s->spec->servers; i++) {
		if (!sim_exchange(s, i, &x))
			continue;
		if (*bounded)
			read_it(t, s, clock, sim_now(s) > 600);
		if (ts_take(&score->pool, i, &x) != NTP_TAKEN)
			return false;
		regression_take(&t->regression, &x);
		radclock_take(&t->radclock, &x);
		result = ts_clock(&score->pool, x.after, clock);
		*bounded = result == TS_OK;
		score->unbounded += result == TS_UNBOUNDED;
		score->disagreed += result == TS_DISAGREE;
		sim_wait(s, 1);
		if (*bounded)
			read_it(t, s, clock, false);
	}
	return true;
}

bool sim_run(const struct sim_spec *spec, uint64_t seed, bool bank, struct sim_score *score,
	     struct sim_drawing *drawing)
{
	struct te_config config = { .hz = SIM_HZ, .memory_ns = TE_MEMORY_MAX, .network = bank,
				    .wander_ppb = spec->wander * 1000 };
	struct tally *t = calloc(1, sizeof(*t));
	struct te_clock clock;
	bool ok, bounded = false;
	struct sim s;

	memset(score, 0, sizeof(*score));
	t->score = score;
	t->drawing = drawing;
	regression_start(&t->regression, SIM_HZ);
	/* Chosen for each network, in its favour: published with 15 us */
	radclock_start(&t->radclock, SIM_HZ, fmax(1e3, (spec->jitter + spec->even) / 20));
	sim_start(&s, spec, seed);
	ok = ts_init(&score->pool, &config, spec->servers, spec->faulty, SIM_PIVOT);
	while (ok && sim_now(&s) < spec->hours * 3600) {
		ok = round_of(&s, t, &clock, &bounded);
		sim_wait(&s, spec->poll * S * (0.95 + 0.1 * random_unit(&s.random)));
	}
	if (ok)
		sum_up(t);
	free(t);
	return ok;
}
