// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "tests/truth.h"
#include "timeline/estimate.h"

#define NSEC	1000000000ULL
#define UNIT	((__int128)1 << TE_PERIOD_BITS)

void truth_begin(struct truth *t)
{
	*t = (struct truth){ .piece = { { UNIT, 3600 * NSEC } }, .pieces = 1 };
}

bool truth_take_start(struct truth *t, const char *text)
{
	char *comma;

	t->c0 = strtoull(text, &comma, 10);
	if (*comma != ',')
		return false;
	t->t0 = strtoll(comma + 1, NULL, 10);
	return true;
}

bool truth_take_rates(struct truth *t, const char *text)
{
	struct truth_piece *p;
	char *end;

	for (t->pieces = 0; t->pieces < TRUTH_PIECES; text = end + 1) {
		p = &t->piece[t->pieces++];
		p->period = (1 + strtod(text, &end) * 1e-6) * 0x1p48;
		p->ticks = 3600 * NSEC;
		if (*end == ':')
			p->ticks = strtod(end + 1, &end) * NSEC;
		if (!p->ticks || (*end && *end != ','))
			return false;
		if (!*end)
			return true;
	}
	return false;
}

int64_t truth_at(const struct truth *t, uint64_t counter)
{
	uint64_t left = counter - t->c0, part, round = 0;
	__int128 sum = 0, whole = 0;
	int64_t ns;
	int i;

	for (i = 0; i < t->pieces; i++) {
		round += t->piece[i].ticks;
		whole += (__int128)t->piece[i].period * t->piece[i].ticks;
	}
	sum = whole * (left / round);
	left %= round;
	for (i = 0; left; i++) {
		part = left < t->piece[i].ticks ? left : t->piece[i].ticks;
		sum += (__int128)t->piece[i].period * part;
		left -= part;
	}
	ns = t->t0 + (int64_t)(sum / UNIT);
	return t->leaps_at && ns >= t->leaps_at ? ns - (int64_t)NSEC : ns;
}
