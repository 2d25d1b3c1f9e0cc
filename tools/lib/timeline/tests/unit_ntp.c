// SPDX-License-Identifier: GPL-2.0
/*
 * NTP packets and exchanges: fields come back, what is no answer is refused for its
 * reason, and no exchange that keeps the server's word excludes the truth.
 */
#include "base/tests/unit.h"

#include <string.h>

#include "base/exact.h"
#include "timeline/ntp.h"
#include "timeline/tests/random.h"

#define HZ	2400000000ULL
#define NSEC	1000000000LL
#define NONCE	0x0123456789abcdefULL
#define PIVOT	1790000000LL		/* 2026 */

static struct te_estimator estimator(uint64_t hz)
{
	struct te_config config = { .hz = hz, .memory_ns = TE_MEMORY_MAX, .wander_ppb = 1000 };
	struct te_estimator e;

	assert_true(te_init(&e, &config));
	return e;
}

static struct ntp_packet good(void)
{
	return (struct ntp_packet){
		.version = 4, .mode = NTP_SERVER, .stratum = 2, .precision = -24,
		.root_delay = 100, .root_dispersion = 200, .origin = NONCE,
		.receive = ntp_from_ns(PIVOT * NSEC + 1000),
		.transmit = ntp_from_ns(PIVOT * NSEC + 9000),
	};
}

static enum ntp_refusal answer(const struct ntp_packet *p, struct ntp_exchange *x)
{
	uint8_t wire[NTP_SIZE];

	ntp_write(wire, p);
	return ntp_answer(wire, sizeof(wire), NONCE, x);
}

static void fields_come_back(void **state)
{
	uint8_t wire[NTP_SIZE], again[NTP_SIZE];
	struct ntp_packet p;
	uint64_t x = 1;
	int i, j;

	(void)state;
	for (i = 0; i < 20000; i++) {
		for (j = 0; j < NTP_SIZE; j++)
			wire[j] = random_bits(&x);
		assert_true(ntp_read(wire, sizeof(wire), &p));
		ntp_write(again, &p);
		assert_memory_equal(wire, again, sizeof(wire));
		assert_false(ntp_read(wire, i % NTP_SIZE, &p));
	}
}

static void request_tells_nothing(void **state)
{
	uint8_t wire[NTP_SIZE], wanted[NTP_SIZE] = { 4 << 3 | 3 };

	(void)state;
	ntp_request(wire, NONCE);
	memcpy(wanted + 40, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
	assert_memory_equal(wire, wanted, sizeof(wire));
}

struct fault {
	void (*make)(struct ntp_packet *p);
	enum ntp_refusal refusal;
};

#define FAULT(name, what)	static void name(struct ntp_packet *p) { what; }
FAULT(old, p->version = 2)
FAULT(unknown, p->version = 5)
FAULT(client, p->mode = NTP_CLIENT)
FAULT(broadcast, p->mode = 5)
FAULT(forged, p->origin ^= 1)
FAULT(rate, p->stratum = 0; p->reference_id = 0x52415445)
FAULT(deny, p->stratum = 0; p->reference_id = 0x44454e59)
FAULT(restrict_, p->stratum = 0; p->reference_id = 0x52535452)
FAULT(step_, p->stratum = 0; p->reference_id = 0x53544550)
FAULT(rate_forged, p->stratum = 0; p->reference_id = 0x52415445; p->origin = 0)
FAULT(far, p->stratum = 16)
FAULT(alarm_, p->leap = 3)
FAULT(no_receive, p->receive = 0)
FAULT(no_transmit, p->transmit = 0)
FAULT(smears, p->reference_id = 0xfe000005)
FAULT(smooths, p->reference_id = 0x7f7f01ff)
FAULT(google, p->stratum = 1; p->reference_id = 0x474f4f47)
FAULT(facebook, p->stratum = 1; p->reference_id = 0x46420000)
FAULT(backwards, p->transmit = p->receive - 1)

static void each_fault_has_its_reason(void **state)
{
	static const struct fault faults[] = {
		{ old, NTP_WRONG_VERSION }, { unknown, NTP_WRONG_VERSION },
		{ client, NTP_WRONG_MODE }, { broadcast, NTP_WRONG_MODE },
		{ forged, NTP_FORGED }, { rate, NTP_KISS_RATE }, { deny, NTP_KISS_DENY },
		{ restrict_, NTP_KISS_DENY }, { step_, NTP_KISS_OTHER },
		{ rate_forged, NTP_FORGED }, { far, NTP_UNSYNCHRONIZED },
		{ alarm_, NTP_UNSYNCHRONIZED }, { no_receive, NTP_UNSYNCHRONIZED },
		{ no_transmit, NTP_UNSYNCHRONIZED }, { smears, NTP_SMEARED },
		{ smooths, NTP_SMEARED }, { google, NTP_SMEARED }, { facebook, NTP_SMEARED },
		{ backwards, NTP_BACKWARDS },
	};
	struct ntp_exchange x;
	struct ntp_packet p;
	size_t i;

	(void)state;
	p = good();
	assert_int_equal(answer(&p, &x), NTP_TAKEN);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		p = good();
		faults[i].make(&p);
		assert_int_equal(answer(&p, &x), faults[i].refusal);
		assert_true(strlen(ntp_refusal(faults[i].refusal)) > 5);
	}
	assert_int_equal(ntp_answer((uint8_t *)"", 0, NONCE, &x), NTP_SHORT);
}

/* Whatever comes, it is taken or has a reason; what is taken gives an ordered sample */
static void any_packet_is_survived(void **state)
{
	struct te_estimator e = estimator(HZ);
	uint8_t wire[96], *last = wire + NTP_SIZE;
	uint64_t x = 7, taken = 0, i;
	struct ntp_exchange ex;
	struct te_sample s;
	size_t j, size;

	(void)state;
	for (i = 0; i < 500000; i++) {
		for (j = 0; j < sizeof(wire); j++)
			wire[j] = random_bits(&x);
		size = random_between(&x, 0, sizeof(wire));
		if (random_bits(&x) & 3) {
			wire[0] = random_between(&x, 0, 3) << 6 | 4 << 3 | NTP_SERVER;
			wire[1] %= 17;
			memcpy(wire + 24, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
			memcpy(last - 8, last - 16, 5);
			memset(wire + 4, 0, 2);
			memset(wire + 8, 0, 2);
			wire[3] = -random_between(&x, 0, 60);
		}
		if (ntp_answer(wire, size, NONCE, &ex) != NTP_TAKEN)
			continue;
		ex.before = random_bits(&x) >> 4;
		ex.after = ex.before + random_scaled(&x, HZ);
		if (ntp_sample(&e, &ex, PIVOT, &s) != NTP_TAKEN)
			continue;
		taken++;
		assert_true(s.before >= ex.before && s.before <= s.after && s.after == ex.after);
		assert_true(s.err_low <= NTP_ERROR_MAX && s.err_high == s.err_low + 1);
	}
	assert_true(taken > 1000);
}

/* What the machine's clock shows when it is wrong, and years that may be */
static void no_clock_makes_another_era(void **state)
{
	static const int64_t shown[] = { INT64_MIN, -1, 0, 1600000000, 1790000000, 2085978496, 3000000000, 3911000000,
					 4000000000, 4294967296, 7258118400, 9200000000, INT64_MAX };
	int64_t s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		for (s = 1767225600; s < 1767225600 + (1LL << 31); s += 86400 * 30)
			assert_int_equal(ntp_to_ns(ntp_from_ns(s * NSEC), ntp_pivot(shown[i])), s * NSEC);
	}
	/* And by one that is right for longer */
	for (s = 1767225600; s < 1767225600 + (1LL << 32); s += 86400 * 30)
		assert_int_equal(ntp_to_ns(ntp_from_ns(s * NSEC), ntp_pivot(s)), s * NSEC);
}

static void eras_and_rounding(void **state)
{
	/* 2036-02-07 06:28:16 is second 0 of era 1 */
	const int64_t era = 2085978496;
	uint64_t x = 3;
	int64_t ns;
	int i;

	(void)state;
	assert_int_equal(ntp_to_ns(0, era), era * NSEC);
	assert_int_equal(ntp_to_ns(5ULL << 32, era - 100), (era + 5) * NSEC);
	assert_int_equal(ntp_to_ns(~0ULL, era + 10), era * NSEC - 1);
	for (i = 0; i < 100000; i++) {
		ns = random_between(&x, 0, 8000000000LL * NSEC);
		assert_in_range(ns - ntp_to_ns(ntp_from_ns(ns), ns / NSEC), 0, 1);
	}
	assert_int_equal(ntp_short(0), 0);
	assert_int_equal(ntp_short(1), 1);
	assert_int_equal(ntp_short(15258), 1);
	assert_int_equal(ntp_short(15259), 2);
	assert_int_equal(ntp_short(~0ULL), UINT32_MAX);
}

static void error_is_rounded_up(void **state)
{
	struct ntp_exchange x = { .precision = -20 };

	(void)state;
	/* One unit each for what may have been rounded down, 2^-20 s */
	assert_int_equal(ntp_error(&x, false), 22889 + 954);
	x.root_delay = 65536;
	assert_int_equal(ntp_error(&x, false), 500000000 + 22889 + 954);
	x.root_dispersion = 65536;
	assert_int_equal(ntp_error(&x, false), 1500000000 + 22889 + 954);
	x = (struct ntp_exchange){ .precision = -60, .transmit = 1ULL << 32 };
	assert_int_equal(ntp_error(&x, false), 22889 + 1 + 15000);
	assert_int_equal(ntp_error(&x, true), 1 + 15000);
	x.root_delay = 2;
	x.root_dispersion = 1;
	assert_int_equal(ntp_error(&x, true), 30518 + 1 + 15000);
	x.precision = 1;
	assert_true(ntp_error(&x, false) > NTP_ERROR_MAX);
}

static void what_cannot_be_is_refused(void **state)
{
	struct te_estimator e = estimator(HZ);
	struct ntp_exchange x = { .before = 1000, .after = 1000 + HZ, .precision = -20,
				  .receive = 1ULL << 40, .transmit = (1ULL << 40) + (1ULL << 32) };
	struct te_sample s;

	(void)state;
	assert_int_equal(ntp_sample(&e, &x, PIVOT, &s), NTP_TAKEN);
	assert_in_range(s.after - s.before, 1, HZ / 1990);
	/* What is on the wire is as its user says */
	assert_int_equal(s.err_low, ntp_error(&x, false));
	e.config.rounds_up = true;
	assert_int_equal(ntp_sample(&e, &x, PIVOT, &s), NTP_TAKEN);
	assert_int_equal(s.err_low, ntp_error(&x, true));
	e.config.rounds_up = false;
	x.transmit += 3000000;	/* 700 ppm more than the exchange took */
	assert_int_equal(ntp_sample(&e, &x, PIVOT, &s), NTP_HELD);
	x.transmit = x.receive - 1;
	assert_int_equal(ntp_sample(&e, &x, PIVOT, &s), NTP_BACKWARDS);
	x.transmit = x.receive;
	x.after = x.before - 1;
	assert_int_equal(ntp_sample(&e, &x, PIVOT, &s), NTP_BROKEN);
	x.after = x.before;
	x.root_dispersion = 65536 * 3 / 2;
	assert_int_equal(ntp_sample(&e, &x, PIVOT, &s), NTP_VAGUE);
}

/* Exact: true time is period * counter in 2^-48 ns, whatever the delays are */
struct world {
	uint64_t random;
	uint64_t period;
	struct ntp_exchange x;
};

static __int128 truth(const struct world *w, uint64_t counter)
{
	return (__int128)PIVOT * NSEC * ((__int128)1 << 48) + (__int128)w->period * counter;
}

/* A stamp of a clock that is off by up to @error ns, in 2^-32 s, either way in half of all */
static uint64_t stamp(struct world *w, uint64_t counter, int64_t error)
{
	int64_t off = random_bits(&w->random) & 1 ? random_between(&w->random, -error, error) :
		      random_bits(&w->random) & 1 ? error : -error;
	__int128 ns = (truth(w, counter) >> 48) + off;

	return ntp_from_ns((int64_t)ns);
}

/* Stamps and delays as an adversary likes, but the server keeps its word */
static void some_exchange(struct world *w, const struct te_estimator *e)
{
	uint64_t *r = &w->random, came, left, out, held, back;
	struct ntp_exchange *x = &w->x;
	int64_t error;

	w->period = random_between(r, e->prior_low, e->prior_high);
	x->before = random_scaled(r, e->config.hz * 100000000);
	out = random_scaled(r, e->config.hz);
	held = random_scaled(r, e->config.hz);
	back = random_scaled(r, e->config.hz);
	x->after = x->before + out + held + back;
	x->root_delay = random_scaled(r, 30000);
	x->root_dispersion = random_scaled(r, 30000);
	x->precision = -random_between(r, 10, 40);
	x->receive = 0;
	x->transmit = 0;
	error = ntp_error(x, false);
	/* It may stamp a request late and an answer early, by its clock's word */
	came = x->before + out + random_scaled(r, held);
	left = came + random_scaled(r, x->before + out + held - came);
	/* What is lost where a stamp is made */
	x->receive = stamp(w, came, error) + 9;
	x->transmit = stamp(w, left, error);
}

/* Ticks of a ns show what is lost of T3, ticks of a us what is of a hold */
static void truth_is_never_excluded(void **state)
{
	struct te_estimator fine = estimator(HZ), coarse = estimator(1000000), *e;
	struct world w = { .random = 11 };
	const __int128 ns = (__int128)1 << 48;
	struct te_sample s;
	int i, taken = 0;

	(void)state;
	for (i = 0; i < 400000; i++) {
		e = i & 1 ? &fine : &coarse;
		some_exchange(&w, e);
		if (ntp_sample(e, &w.x, PIVOT, &s) != NTP_TAKEN)
			continue;
		taken++;
		assert_true(truth(&w, s.before) <= ((__int128)s.ref_ns + s.err_high) * ns);
		assert_true(truth(&w, s.after) >= ((__int128)s.ref_ns - s.err_low) * ns);
	}
	assert_true(taken > 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_clock_makes_another_era),
		cmocka_unit_test(fields_come_back),
		cmocka_unit_test(request_tells_nothing),
		cmocka_unit_test(each_fault_has_its_reason),
		cmocka_unit_test(any_packet_is_survived),
		cmocka_unit_test(eras_and_rounding),
		cmocka_unit_test(error_is_rounded_up),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(truth_is_never_excluded),
	};

	return cmocka_run_group_tests_name("timeline ntp", tests, NULL, NULL);
}
