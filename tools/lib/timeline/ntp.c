// SPDX-License-Identifier: GPL-2.0
/*
 * An exchange as a sample.  With c1 the counter at or before the request left, c4 at or
 * after the answer came, T2 and T3 the server's stamps, and
 *
 *	E = root delay / 2 + root dispersion + 2^precision + 15 ppm (T3 - T2)
 *
 * the server's clock is within E of the truth T, so
 *
 *	T(c1) <= T2 + E		T(c4) >= T3 - E
 *
 * however late the server stamps and however unequal the two ways are.  The sample
 *
 *	before = c1 + floor((T3 - T2) / p)	after = c4	ref = T3	+- E
 *
 * with p the longest period that the counter may have, says the same and no more:
 *
 *	T(before) <= T(c1) + p floor((T3 - T2) / p) <= T2 + E + (T3 - T2) = T3 + E
 *
 * What is on the wire in 2^-16 s may have been rounded down: one unit is added to both.
 * T3 is rounded down to ns, for which err_high has one more.
 *
 * Overflow: a root delay is below 2^32 units of 15259 ns, 2^46 ns; T3 - T2 is below
 * 2^63 units of 2^-32 s, times 10^9 or 2^TE_PERIOD_BITS below 2^111.
 */
#include <string.h>

#include "base/exact.h"
#include "timeline/ntp.h"

#define NSEC		1000000000ULL
#define TO_1970		2208988800LL	/* s from 1900 */
#define VERSION		4
#define VERSION_MIN	3
#define STRATUM_MAX	15
#define SERVER_PPM	15		/* of its clock, while it holds a request */
#define EARLIEST	1767225600LL	/* 2026: it is not earlier */
#define ERA		(1LL << 32)	/* s */
#define SMEARED		254		/* first byte of such a server's reference */
#define GOOGLE		0x474f4f47	/* "GOOG": what servers that smear call their clock */
#define FACEBOOK	0x46420000	/* "FB" */
#define SMOOTH		0x7f7f01ff	/* 127.127.1.255: chronyd with smoothtime */

static const char *const refusals[NTP_REFUSALS] = {
	[NTP_TAKEN] = "taken",
	[NTP_NO_ANSWER] = "no answer",
	[NTP_SHORT] = "shorter than 48 bytes",
	[NTP_WRONG_VERSION] = "neither version 3 nor 4",
	[NTP_WRONG_MODE] = "not of a server",
	[NTP_FORGED] = "answers no request of ours",
	[NTP_KISS_RATE] = "asks for fewer requests",
	[NTP_KISS_DENY] = "denies service",
	[NTP_KISS_OTHER] = "refuses with another code",
	[NTP_UNSYNCHRONIZED] = "not synchronized",
	[NTP_SMEARED] = "smears leap seconds",
	[NTP_BACKWARDS] = "sent before it was received",
	[NTP_HELD] = "held longer than the exchange took",
	[NTP_VAGUE] = "states a bound above 1.5 s",
	[NTP_BROKEN] = "an exchange that cannot be",
	[NTP_LEAPING] = "amid a leap second",
};

const char *ntp_refusal(enum ntp_refusal refusal)
{
	return refusals[refusal];
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, v >> 32);
	put32(p + 4, v);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

void ntp_write(uint8_t packet[NTP_SIZE], const struct ntp_packet *p)
{
	packet[0] = p->leap << 6 | (p->version & 7) << 3 | (p->mode & 7);
	packet[1] = p->stratum;
	packet[2] = p->poll;
	packet[3] = p->precision;
	put32(packet + 4, p->root_delay);
	put32(packet + 8, p->root_dispersion);
	put32(packet + 12, p->reference_id);
	put64(packet + 16, p->reference);
	put64(packet + 24, p->origin);
	put64(packet + 32, p->receive);
	put64(packet + 40, p->transmit);
}

bool ntp_read(const uint8_t *packet, size_t size, struct ntp_packet *p)
{
	if (size < NTP_SIZE)
		return false;
	p->leap = packet[0] >> 6;
	p->version = packet[0] >> 3 & 7;
	p->mode = packet[0] & 7;
	p->stratum = packet[1];
	p->poll = packet[2];
	p->precision = packet[3];
	p->root_delay = get32(packet + 4);
	p->root_dispersion = get32(packet + 8);
	p->reference_id = get32(packet + 12);
	p->reference = get64(packet + 16);
	p->origin = get64(packet + 24);
	p->receive = get64(packet + 32);
	p->transmit = get64(packet + 40);
	return true;
}

/* Nothing of ours but the nonce: a server needs to know no more */
void ntp_request(uint8_t packet[NTP_SIZE], uint64_t nonce)
{
	ntp_write(packet, &(struct ntp_packet){ .version = VERSION, .mode = NTP_CLIENT,
						.transmit = nonce });
}

static enum ntp_refusal kiss(uint32_t code)
{
	switch (code) {
	case (uint32_t)'R' << 24 | 'A' << 16 | 'T' << 8 | 'E':
		return NTP_KISS_RATE;
	case 'D' << 24 | 'E' << 16 | 'N' << 8 | 'Y':
	case (uint32_t)'R' << 24 | 'S' << 16 | 'T' << 8 | 'R':
		return NTP_KISS_DENY;
	default:
		return NTP_KISS_OTHER;
	}
}

/* One whose own source is of IPv6 may look like it, one in 256 */
static bool smears(const struct ntp_packet *p)
{
	if (p->stratum > 1)
		return p->reference_id >> 24 == SMEARED || p->reference_id == SMOOTH;
	return p->reference_id == GOOGLE || p->reference_id == FACEBOOK ||
	       p->reference_id == SMOOTH;
}

/* Who cannot see our requests does not know the nonce, so that comes before the rest */
static enum ntp_refusal judge(const struct ntp_packet *p, uint64_t nonce)
{
	if (p->version < VERSION_MIN || p->version > VERSION)
		return NTP_WRONG_VERSION;
	if (p->mode != NTP_SERVER)
		return NTP_WRONG_MODE;
	if (p->origin != nonce)
		return NTP_FORGED;
	if (!p->stratum)
		return kiss(p->reference_id);
	if (p->stratum > STRATUM_MAX || p->leap == NTP_LEAP_UNKNOWN || !p->receive || !p->transmit)
		return NTP_UNSYNCHRONIZED;
	if (smears(p))
		return NTP_SMEARED;
	return (int64_t)(p->transmit - p->receive) < 0 ? NTP_BACKWARDS : NTP_TAKEN;
}

enum ntp_refusal ntp_answer(const uint8_t *packet, size_t size, uint64_t nonce,
			    struct ntp_exchange *x)
{
	struct ntp_packet p;

	memset(x, 0, sizeof(*x));
	if (!ntp_read(packet, size, &p))
		return NTP_SHORT;
	x->receive = p.receive;
	x->transmit = p.transmit;
	x->root_delay = p.root_delay;
	x->root_dispersion = p.root_dispersion;
	x->precision = p.precision;
	x->leap = p.leap;
	x->stratum = p.stratum;
	return judge(&p, nonce);
}

int64_t ntp_pivot(int64_t now)
{
	return now < EARLIEST ? EARLIEST : now > EARLIEST + ERA / 2 ? EARLIEST + ERA / 2 : now;
}

int64_t ntp_to_ns(uint64_t time, int64_t pivot)
{
	int64_t era = pivot + TO_1970;
	int64_t sec = pivot + (int32_t)((uint32_t)(time >> 32) - (uint32_t)era);

	return sec * (int64_t)NSEC + ((time & 0xffffffff) * NSEC >> 32);
}

uint64_t ntp_from_ns(int64_t ns)
{
	uint64_t sec = ns / (int64_t)NSEC - (ns % (int64_t)NSEC < 0);
	uint64_t rest = ns - (int64_t)sec * (int64_t)NSEC;

	return (sec + TO_1970) << 32 | ((rest << 32) / NSEC);
}

uint32_t ntp_short(uint64_t ns)
{
	u128 units = div_up((u128)ns << 16, NSEC);

	return units > UINT32_MAX ? UINT32_MAX : units;
}

/* 2^precision in ns, up */
static uint64_t grain(int8_t precision)
{
	if (precision > 0)
		return NTP_ERROR_MAX + 1;
	return precision < -30 ? 1 : div_up(NSEC, 1ULL << -precision);
}

uint64_t ntp_error(const struct ntp_exchange *x, bool rounded_up)
{
	unsigned int lost = !rounded_up;	/* of each, in units */
	u128 units = (u128)x->root_delay + lost + 2 * ((u128)x->root_dispersion + lost);
	u128 held = (u128)(x->transmit - x->receive) * NSEC * SERVER_PPM;

	return div_up(units * NSEC, 1 << 17) + grain(x->precision) +
	       div_up(held, (u128)1000000 << 32);
}

/* floor((T3 - T2) / p) with the longest period p */
static u128 hold(const struct te_estimator *e, const struct ntp_exchange *x)
{
	u128 ns = (u128)(x->transmit - x->receive) * NSEC;	/* 2^-32 */

	return (ns << (TE_PERIOD_BITS - 32)) / e->prior_high;
}

enum ntp_refusal ntp_sample(const struct te_estimator *e, const struct ntp_exchange *x,
			    int64_t pivot, struct te_sample *s)
{
	u128 held;

	if ((int64_t)(x->transmit - x->receive) < 0)
		return NTP_BACKWARDS;
	if (x->after < x->before)
		return NTP_BROKEN;
	held = hold(e, x);
	if (held > x->after - x->before)
		return NTP_HELD;
	s->err_low = ntp_error(x, e->config.rounds_up);
	if (s->err_low > NTP_ERROR_MAX)
		return NTP_VAGUE;
	s->before = x->before + (uint64_t)held;
	s->after = x->after;
	s->ref_ns = ntp_to_ns(x->transmit, pivot);
	s->err_high = s->err_low + 1;
	return NTP_TAKEN;
}
