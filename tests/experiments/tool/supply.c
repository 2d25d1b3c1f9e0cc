// SPDX-License-Identifier: GPL-2.0
/*
 * How much of each period this guest gets while it never rests: what its own clock says.
 * A stretch in which it does not run is one of more than 20 us between two looks, so that
 * the guest's interrupts count as its own time.  Periods begin at releases: at the
 * earliest phase at which it was ever let run.
 */
#include "tool.h"

#define GAP	(20 * US)
#define PIECES	200000

static struct piece { uint64_t from, to; } piece[PIECES];
static unsigned int pieces;

static uint64_t look(uint64_t length)
{
	uint64_t from = now_ns(), last = from, end = from + length, now, worst = 0;

	do {
		now = now_ns();
		if (now - last > worst)
			worst = now - last;
		if (now - last > GAP && pieces < PIECES) {
			piece[pieces++] = (struct piece) { from, last };
			from = now;
		}
		last = now;
	} while (now < end);
	return worst;
}

/* The earliest beginning of a piece, modulo @period, seen from the second one's */
static uint64_t first_release(uint64_t period)
{
	uint64_t first = piece[1].from, earliest = 0;

	for (unsigned int i = 2; i < pieces; i++) {
		uint64_t phase = (piece[i].from - first) % period;

		if (phase > period / 2 && period - phase > earliest)
			earliest = period - phase;
	}
	return first - earliest;
}

static uint64_t ran_in(unsigned int *i, uint64_t from, uint64_t to)
{
	uint64_t sum = 0;

	while (*i < pieces && piece[*i].to <= from)
		++*i;
	for (unsigned int k = *i; k < pieces && piece[k].from < to; k++) {
		uint64_t a = piece[k].from > from ? piece[k].from : from;
		uint64_t b = piece[k].to < to ? piece[k].to : to;

		sum += b - a;
	}
	return sum;
}

int supply(int argc, char **argv)
{
	uint64_t period = number(argv[0]) * US, gap, at, ran, sum = 0;
	uint64_t least = UINT64_MAX, most = 0, n = 0;
	unsigned int i = 0;

	(void)argc;
	be_fifo(50);
	gap = look(number(argv[1]) * SEC);
	if (pieces < 4 || pieces == PIECES)
		fatal("%u gaps: nothing took the CPU, or too much did", pieces);
	for (at = first_release(period); at + period <= piece[pieces - 1].to; at += period) {
		ran = ran_in(&i, at, at + period);
		if (at < piece[0].from)
			continue;
		n++;
		sum += ran;
		least = ran < least ? ran : least;
		most = ran > most ? ran : most;
	}
	printf("periods=%ju least=%ju avg=%ju most=%ju gap=%ju\n", (uintmax_t)n, (uintmax_t)least,
	       (uintmax_t)(n ? sum / n : 0), (uintmax_t)most, (uintmax_t)gap);
	return 0;
}
