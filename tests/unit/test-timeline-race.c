// SPDX-License-Identifier: GPL-2.0
/*
 * Readers against a writer that updates a timeline as fast as it can:
 *
 *  - each reading is exactly what the entry of its sequence count says, by an
 *    arithmetic of its own: a published projection or its slew;
 *  - a continuous timeline does not run backwards, for one thread and from one
 *    thread to another; one that steps does so only when the marker changes;
 *  - a made-up truth, whose rate changes and which the writer sees with errors
 *    and after gaps, is inside the bounds of each reading;
 *  - a writer with a known fault is found out, in 30 s at most.
 *
 * VBS_SECONDS= is the length of each (2), TL_READERS= how many threads (3).
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include "tl-page.h"
#include "rand.h"

typedef unsigned __int128 u128;
typedef __int128 s128;

#define NS		1000000000ULL
#define LOG		65536 /* entries that readers can look up */
#define ERROR_NS	20000 /* of the writer's view of the truth */
#define WAVE		(1ULL << 26) /* ticks: after so many the true rate turns */
#define WAVE_PPM	20

/* Entry number n is in place n % LOG while its seq_count says so */
struct race {
	struct tl_page *page;
	struct timeline_entry *e;
	struct timeline_entry *log;
	u64 hz;
	u64 start;
	bool step;
	u64 latest; /* time in ns that somebody has read, continuous ones */
	u32 stop;
	u64 updates;
};

struct tally {
	struct race *race;
	u64 reads, unknown, off_line, backwards, behind_others, outside, slewing;
};

/* ---- the truth ---- */

/* In 2^-64 s: a counter of nominal rate, 20 ppm fast and slow in turn */
static u128 truth(const struct race *r, u64 counter)
{
	u64 ticks = counter - r->start, phase = ticks % (2 * WAVE);
	u64 fast = phase < WAVE ? phase : 2 * WAVE - phase;
	u128 scaled = (u128)ticks * 1000000 + fast * WAVE_PPM;

	return ((u128)NS << 64) + scaled * (u64)(((u128)1 << 64) / r->hz) / 1000000;
}

static u64 in_ns(u128 t)
{
	return (u64)(t >> 64) * NS + (u64)(((u128)(u64)t * NS) >> 64);
}

/* ---- the writer ---- */

/* The truth as of now, wrong by some ns within the bounds that it states */
static struct timeline_set observe(const struct race *r, struct rnd *rnd, int error)
{
	struct timeline_set set = tl_params(r->hz, (int)rnd_below(rnd, 40001) - 20000, 50000);
	u128 t = truth(r, set.counter_value), off = ((u128)abs(error) << 64) / NS;

	t = error < 0 ? t - off : t + off;
	set.time_sec = (u64)(t >> 64);
	set.time_frac_sec = (u64)t;
	set.err_low_ns = error > 0 ? (u64)error + 2 : 2;
	set.err_high_ns = error < 0 ? (u64)-error + 2 : 2;
	return set;
}

static void update(struct race *r, struct rnd *rnd, enum tl_fault fault)
{
	/* With a fault, slew this way and that way in turn: it shows where the rate falls */
	int error = fault ? (r->updates & 1 ? ERROR_NS : -ERROR_NS) :
			    (int)rnd_below(rnd, 2 * ERROR_NS + 1) - ERROR_NS;
	struct timeline_set set = observe(r, rnd, error);
	u32 n = (r->e->seq_count + 2) / 2;

	assert_int_equal(tl_update(r->e, &set, r->step || !r->updates, &r->log[n % LOG], fault), 0);
	r->updates++;
}

static void pause_ns(long ns)
{
	const struct timespec ts = { .tv_nsec = ns };

	nanosleep(&ts, NULL);
}

/* Bursts at full speed; now and then an update is late */
static void write_until(struct race *r, u64 end, enum tl_fault fault)
{
	struct rnd rnd = { rnd_seed("race") };

	while (tl_lfence_rdtsc() < end && !__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		update(r, &rnd, fault);
		if (fault == TL_GOOD && rnd_one_in(&rnd, 100000))
			pause_ns(20000000);
	}
	__atomic_store_n(&r->stop, 1, __ATOMIC_RELAXED);
}

/* ---- the readers ---- */

/* As the vDSO does; also tells which entry it was */
static u32 read_one(const struct timeline_entry *e, struct timeline_time *tt)
{
	u32 seq;

	do {
		seq = timeline_read_begin(e);
		tl_reading(e, tl_lfence_rdtsc(), tt);
	} while (timeline_read_retry(e, seq));
	return seq;
}

/* The reading of an entry by the formula */
static u64 formula(const struct timeline_entry *e, u64 counter, bool *slewing)
{
	u64 ticks = counter > e->counter_value ? counter - e->counter_value : 0;
	u128 t = ((u128)e->time_sec << 64) + e->time_frac_sec;
	unsigned int shift = e->counter_period_shift;

	t += (u128)ticks * e->counter_period_frac_sec >> shift;
	*slewing = e->counter_value + ticks < e->slew_end;
	if (*slewing) {
		u64 n = e->slew_end - e->counter_value, period = e->counter_period_frac_sec;
		s128 off = (s128)n * e->slew_rate >> shift; /* rounded down in both directions */

		t = ((u128)e->time_sec << 64) + e->time_frac_sec + (u128)off;
		t += (u128)ticks * (period - (u64)e->slew_rate) >> shift;
	}
	return in_ns(t);
}

static void check_line(struct tally *c, u32 seq, u64 now, u64 counter)
{
	const struct timeline_entry *place = &c->race->log[seq / 2 % LOG];
	struct timeline_entry e = *place;
	bool slewing;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (e.seq_count != seq || __atomic_load_n(&place->seq_count, __ATOMIC_RELAXED) != seq) {
		c->unknown++; /* a lap of the log later */
		return;
	}
	c->off_line += formula(&e, counter, &slewing) != now;
	c->slewing += slewing;
}

static void check_others(struct tally *c, u64 before, u64 now)
{
	c->behind_others += now < before;
	while (before < now &&
	       !__atomic_compare_exchange_n(&c->race->latest, &before, now, true,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
}

static void *reader(void *arg)
{
	struct tally *c = arg;
	struct race *r = c->race;
	u64 last = 0, marker = 0, now, before, t;
	struct timeline_time tt;
	u32 seq;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		before = __atomic_load_n(&r->latest, __ATOMIC_ACQUIRE);
		seq = read_one(r->e, &tt);
		now = (u64)tt.sec * NS + tt.nsec;
		c->backwards += now < last && tt.disruption == marker;
		last = now;
		marker = tt.disruption;
		if (!r->step && c->reads % 16 == 0)
			check_others(c, before, now);
		check_line(c, seq, now, tt.counter);
		t = in_ns(truth(r, tt.counter));
		c->outside += t + tt.err_low_ns < now || t > now + tt.err_high_ns;
		c->reads++;
		if (c->backwards + c->behind_others)
			__atomic_store_n(&r->stop, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* ---- a race ---- */

static struct tally race(bool step, enum tl_fault fault)
{
	u64 readers = env_u64("TL_READERS", 3), seconds = env_u64("VBS_SECONDS", 2);
	struct race r = { .page = tl_page_new(), .hz = tl_counter_hz(), .step = step };
	struct tally all = { .race = NULL }, *each = calloc(readers, sizeof(*each));
	pthread_t *thread = calloc(readers, sizeof(*thread));
	struct rnd rnd = { 1 };

	r.e = &r.page->entry[3];
	r.log = calloc(LOG, sizeof(*r.log));
	r.start = tl_lfence_rdtsc();
	update(&r, &rnd, TL_GOOD);
	for (u64 i = 0; i < readers; i++) {
		each[i].race = &r;
		assert_int_equal(pthread_create(&thread[i], NULL, reader, &each[i]), 0);
	}
	write_until(&r, r.start + (fault ? 30 : seconds) * r.hz, fault);
	for (u64 i = 0; i < readers; i++) {
		pthread_join(thread[i], NULL);
		all.reads += each[i].reads;
		all.unknown += each[i].unknown;
		all.off_line += each[i].off_line;
		all.backwards += each[i].backwards;
		all.behind_others += each[i].behind_others;
		all.outside += each[i].outside;
		all.slewing += each[i].slewing;
	}
	printf("# %llu readers, %llu updates, %llu reads, %llu while slewing, %llu not looked up\n",
	       readers, r.updates, all.reads, all.slewing, all.unknown);
	free(r.log);
	free(each);
	free(thread);
	return all;
}

static void check_good(const struct tally *all)
{
	assert_true(all->reads > 10000);
	assert_true(all->unknown < all->reads / 10);
	assert_int_equal(all->off_line, 0);
	assert_int_equal(all->backwards, 0);
	assert_int_equal(all->behind_others, 0);
	assert_int_equal(all->outside, 0);
}

static void continuous_race(void **state)
{
	struct tally all = race(false, TL_GOOD);

	(void)state;
	check_good(&all);
	assert_true(all.slewing > all.reads / 20);
}

static void stepping_race(void **state)
{
	struct tally all = race(true, TL_GOOD);

	(void)state;
	check_good(&all);
	assert_int_equal(all.slewing, 0);
}

/* Otherwise the tests above would prove nothing */
static void fault_is_found(void **state)
{
	struct tally all = race(false, TL_COUNTER_FIRST);

	(void)state;
	assert_true(all.backwards + all.behind_others > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(continuous_race),
		cmocka_unit_test(stepping_race),
		cmocka_unit_test(fault_is_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("timeline-race", tests, NULL, NULL);
}
