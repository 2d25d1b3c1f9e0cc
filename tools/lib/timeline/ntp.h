/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NTP packets, and an exchange of two of them as a sample of a feed-forward clock.
 * No system calls: who sends and receives is elsewhere.
 */
#ifndef LIB_TIMELINE_NTP_H
#define LIB_TIMELINE_NTP_H

#include <stddef.h>

#include "timeline/estimate.h"

#define NTP_PORT	"123"
#define NTP_SIZE	48
#define NTP_ERROR_MAX	1500000000ULL	/* ns: a server that states more says nothing */

enum ntp_mode { NTP_CLIENT = 3, NTP_SERVER = 4 };

enum ntp_leap { NTP_LEAP_NONE, NTP_LEAP_61, NTP_LEAP_59, NTP_LEAP_UNKNOWN };

/* The fields of a packet; times in 2^-32 s since an era of 2^32 s, durations in 2^-16 s */
struct ntp_packet {
	uint8_t leap, version, mode, stratum;
	int8_t poll, precision;		/* log2 of seconds */
	uint32_t root_delay;
	uint32_t root_dispersion;
	uint32_t reference_id;
	uint64_t reference;
	uint64_t origin;
	uint64_t receive;
	uint64_t transmit;
};

/* Why an answer is no sample */
enum ntp_refusal {
	NTP_TAKEN,
	NTP_NO_ANSWER,
	NTP_SHORT,
	NTP_WRONG_VERSION,
	NTP_WRONG_MODE,
	NTP_FORGED,		/* it answers no request of ours */
	NTP_KISS_RATE,
	NTP_KISS_DENY,
	NTP_KISS_OTHER,
	NTP_UNSYNCHRONIZED,
	NTP_SMEARED,		/* another scale than UTC near a leap second */
	NTP_BACKWARDS,		/* it was sent before it was received */
	NTP_HELD,		/* for longer than the whole exchange took */
	NTP_VAGUE,		/* its own bound is above NTP_ERROR_MAX */
	NTP_BROKEN,		/* the exchange cannot be as it is told */
	NTP_LEAPING,		/* within a leap second, by the clock that does not know of it */
	NTP_REFUSALS
};

/* What went over the wire, between two counter values */
struct ntp_exchange {
	uint64_t before;	/* at or before the request left */
	uint64_t after;		/* at or after the answer came */
	uint64_t receive;	/* the server's stamps */
	uint64_t transmit;
	uint32_t root_delay;
	uint32_t root_dispersion;
	int8_t precision;
	uint8_t leap;
	uint8_t stratum;
	int64_t truth_ns;	/* at 'after', where that is known */
	bool has_truth;
};

/* Words for it: "no answer", "answers no request of ours"... */
const char *ntp_refusal(enum ntp_refusal refusal);

/* A request; the server returns @nonce, which is no time */
void ntp_request(uint8_t packet[NTP_SIZE], uint64_t nonce);

void ntp_write(uint8_t packet[NTP_SIZE], const struct ntp_packet *p);

/* False if it is too short */
bool ntp_read(const uint8_t *packet, size_t size, struct ntp_packet *p);

/* What of the answer to @nonce goes into an exchange; NTP_TAKEN if that can be used */
enum ntp_refusal ntp_answer(const uint8_t *packet, size_t size, uint64_t nonce,
			    struct ntp_exchange *x);

#define NTP_PIVOT_MAX	(1LL << 32)	/* s: further from 1970 none is allowed */

/*
 * A pivot by a clock that nobody vouches for, s since 1970. Any time from 2026 to 2094 is
 * found by it, whatever that shows, and up to 2162 if it is right.
 */
int64_t ntp_pivot(int64_t now);

/* Seconds since 1970 within 68 years of @pivot, and back */
int64_t ntp_to_ns(uint64_t time, int64_t pivot);
uint64_t ntp_from_ns(int64_t ns);

/* In 2^-16 s, rounded up; all ones where that is not enough */
uint32_t ntp_short(uint64_t ns);

/*
 * The bound that the server states of its own clock at T3: ns.  What is on the wire may have
 * been rounded down, but for servers that are known to round up.
 */
uint64_t ntp_error(const struct ntp_exchange *x, bool rounded_up);

/* @e has the counter's frequency, @pivot is a time within 68 years, in s since 1970 */
enum ntp_refusal ntp_sample(const struct te_estimator *e, const struct ntp_exchange *x,
			    int64_t pivot, struct te_sample *s);

#endif
