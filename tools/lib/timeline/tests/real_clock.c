// SPDX-License-Identifier: GPL-2.0
/* A clock as Linux keeps it: what is added in a second is settled at its beginning. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "timeline/tests/real_clock.h"

#define NS		1000000000LL
#define SECOND		(NS * REAL_UNIT)
#define NOMINAL		10000		/* us */
#define ADJTIME_MAX	500e3		/* ns in a second */
#define OFFSET_MAX	500e6
#define FREQUENCY_MAX	500e3
#define SHIFT_PLL	2
#define SHIFT_FLL	2
#define FLL_FROM	256		/* s, where it is asked for, */
#define FLL_ALWAYS	2048		/* and in any case */
#define UNKNOWN		16000000	/* us */
#define CONSTANT_MAX	10

void real_clock_start(struct real_clock *r, uint64_t hz, uint64_t counter, __int128 time)
{
	*r = (struct real_clock){ .counter = counter, .hz = hz, .time = time, .tick = NOMINAL,
				  .status = STA_UNSYNC, .maxerror = UNKNOWN,
				  .esterror = UNKNOWN, .constant = 2 };
}

int64_t real_clock_ns(const struct real_clock *r)
{
	return r->time / REAL_UNIT;
}

static void next_second(struct real_clock *r)
{
	double part = ldexp(r->offset, -(SHIFT_PLL + r->constant));

	r->offset -= part;
	r->slew = part;
	part = fmax(-ADJTIME_MAX, fmin(r->adjust, ADJTIME_MAX));
	r->adjust -= part;
	r->slew += part;
	r->maxerror += 500;
}

void real_clock_run(struct real_clock *r, uint64_t counter)
{
	double rate, ticks;
	__int128 left;

	while (r->counter < counter) {
		rate = (double)r->tick / NOMINAL + (r->frequency + r->slew) / 1e9;
		rate *= (double)NS / r->hz * 0x1p48;
		left = SECOND - r->time % SECOND;
		ticks = ceil((double)left / rate);
		if (ticks > counter - r->counter) {
			r->time += (__int128)(rate * (double)(counter - r->counter));
			r->counter = counter;
			return;
		}
		r->time += left;
		r->counter += (uint64_t)ticks;
		next_second(r);
	}
}

void real_clock_step(struct real_clock *r, int64_t ns)
{
	r->time += ns * REAL_UNIT;
	r->stepped += ns;
	r->slew = 0;
	r->offset = 0;
	r->adjust = 0;
	r->status |= STA_UNSYNC;
	r->maxerror = UNKNOWN;
}

/* The loop of the kernel: phase, and frequency by its integral or by a long interval */
static void take_offset(struct real_clock *r, double ns)
{
	int64_t now = real_clock_ns(r) / NS, seconds = now - r->updated, most;

	if (!(r->status & STA_PLL))
		return;
	ns = fmax(-OFFSET_MAX, fmin(ns, OFFSET_MAX));
	if (r->status & STA_FREQHOLD)
		seconds = 0;
	r->updated = now;
	if (seconds >= FLL_FROM && (r->status & STA_FLL || seconds > FLL_ALWAYS))
		r->frequency += ldexp(ns, -SHIFT_FLL) / seconds;
	most = 1 << (SHIFT_PLL + 1 + r->constant);
	seconds = seconds < most ? seconds : most;
	r->frequency += ldexp(ns * seconds, -2 * (SHIFT_PLL + 2 + r->constant));
	r->frequency = fmax(-FREQUENCY_MAX, fmin(r->frequency, FREQUENCY_MAX));
	r->offset = ns;
}

static double unit_of(const struct real_clock *r)
{
	return r->status & STA_NANO ? 1 : 1000;
}

static void take_modes(struct real_clock *r, const struct timex *tx)
{
	if (tx->modes & ADJ_STATUS)
		r->status = (r->status & STA_NANO) | (tx->status & ~(STA_RONLY));
	if (tx->modes & ADJ_NANO)
		r->status |= STA_NANO;
	if (tx->modes & ADJ_MICRO)
		r->status &= ~STA_NANO;
	if (tx->modes & ADJ_FREQUENCY)
		r->frequency = fmax(-FREQUENCY_MAX, fmin(tx->freq * 1e3 / 65536, FREQUENCY_MAX));
	if (tx->modes & ADJ_MAXERROR)
		r->maxerror = tx->maxerror;
	if (tx->modes & ADJ_ESTERROR)
		r->esterror = tx->esterror;
	if (tx->modes & ADJ_TIMECONST)
		r->constant = tx->constant + (r->status & STA_NANO ? 0 : 4);
	if (r->constant > CONSTANT_MAX)
		r->constant = CONSTANT_MAX;
	if (tx->modes & ADJ_TAI)
		r->tai = tx->constant;
	if (tx->modes & ADJ_OFFSET)
		take_offset(r, tx->offset * unit_of(r));
	if (tx->modes & ADJ_TICK)
		r->tick = tx->tick;
}

static void tell(const struct real_clock *r, struct timex *tx)
{
	int64_t ns = real_clock_ns(r);

	tx->offset = r->offset / unit_of(r);
	tx->freq = r->frequency * 65536 / 1e3;
	tx->maxerror = r->maxerror;
	tx->esterror = r->esterror;
	tx->status = r->status;
	tx->constant = r->constant;
	tx->precision = 1;
	tx->tolerance = FREQUENCY_MAX / 1e3 * 65536;
	tx->tick = r->tick;
	tx->tai = r->tai;
	tx->time = (struct timeval){ ns / NS, ns % NS / (r->status & STA_NANO ? 1 : 1000) };
}

static bool makes_sense(const struct timex *tx)
{
	if (tx->modes & ADJ_TICK && (tx->tick < NOMINAL * 9 / 10 || tx->tick > NOMINAL * 11 / 10))
		return false;
	return !(tx->modes & ADJ_SETOFFSET) ||
	       (tx->time.tv_usec >= 0 && tx->time.tv_usec < (tx->modes & ADJ_NANO ? NS : 1000000));
}

int real_clock_adjtimex(struct real_clock *r, struct timex *tx)
{
	struct timeval left;

	if (!makes_sense(tx)) {
		errno = EINVAL;
		return -1;
	}
	if ((tx->modes & ADJ_OFFSET_SINGLESHOT) == ADJ_OFFSET_SINGLESHOT) {
		left = (struct timeval){ 0, tx->offset };
		real_clock_adjtime(r, tx->modes == ADJ_OFFSET_SS_READ ? NULL : &left, &left);
		tx->offset = left.tv_sec * 1000000L + left.tv_usec;
		return r->status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
	}
	if (tx->modes & ADJ_SETOFFSET)
		real_clock_step(r, tx->time.tv_sec * NS +
				   tx->time.tv_usec * (tx->modes & ADJ_NANO ? 1 : 1000));
	take_modes(r, tx);
	tell(r, tx);
	return r->status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
}

void real_clock_adjtime(struct real_clock *r, const struct timeval *delta, struct timeval *left)
{
	int64_t us = r->adjust / 1e3;

	if (delta)
		r->adjust = delta->tv_sec * 1e9 + delta->tv_usec * 1e3;
	if (left)
		*left = (struct timeval){ us / 1000000, us % 1000000 };
}
