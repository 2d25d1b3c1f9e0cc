// SPDX-License-Identifier: GPL-2.0
/* A model in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rate/model.h"

#define WHOLE	(1 << 20)

struct text fmt_units(uint64_t units)
{
	static const char letters[] = "KMGT";
	struct text t;
	int i = -1;

	while (units && units % 1024 == 0 && i < 3) {
		units /= 1024;
		i++;
	}
	snprintf(t.s, sizeof(t.s), "%" PRIu64 "%.*s", units, i >= 0, i < 0 ? "" : &letters[i]);
	return t;
}

struct text fmt_fs(uint64_t fs)
{
	struct text t;

	if (fs >= 1000000000)
		return fmt_short(fs / 1000000);
	if (fs >= 1000000)
		snprintf(t.s, sizeof(t.s), "%.3gns", fs / 1e6);
	else
		snprintf(t.s, sizeof(t.s), "%.3gps", fs / 1e3);
	return t;
}

struct text fmt_part(uint32_t part)
{
	struct text t = fmt_percent(part, WHOLE, 2, ROUND_NEAREST);

	strcat(t.s, " %");
	return t;
}

static void by_state(const struct rate_model *m, char *why, size_t size)
{
	const struct rate_spread *s = &m->fit.by_state;

	snprintf(why, size, "with size %s it takes %s more CPU time in the state %s than in %s, and %s is tolerated: what a share is worth depends on what else happens",
		 fmt_units(s->size).s, fmt_part(s->by).s, rate_state_name(s->high), rate_state_name(s->low),
		 fmt_part(m->samples.tolerance).s);
}

static void by_share(const struct rate_model *m, char *why, size_t size)
{
	const struct rate_spread *s = &m->fit.by_share;

	snprintf(why, size, "with size %s it takes %s more CPU time with %s of a CPU than with %s, and %s is tolerated",
		 fmt_units(s->size).s, fmt_part(s->by).s, fmt_part(s->high).s, fmt_part(s->low).s,
		 fmt_part(m->samples.tolerance).s);
}

static void others(const struct rate_model *m, char *why, size_t size)
{
	if (m->fit.verdict == RATE_WAITS)
		snprintf(why, size, "for %s of its time it waited for something else than the CPU: how fast that is does not follow from a share of the CPU",
			 fmt_part(m->fit.waited).s);
	else
		snprintf(why, size, "interrupts and threads of the kernel work %s of its CPU time for it, which nobody is charged; 5 %% is accepted, more with --uncharged",
			 fmt_part(m->fit.uncharged).s);
}

void model_refusal(const struct rate_model *m, char *why, size_t size)
{
	const struct rate_fit *f = &m->fit;

	*why = 0;
	switch (f->verdict) {
	case RATE_LINEAR:
		break;
	case RATE_TOO_FEW:
		snprintf(why, size, "%d size%s from %s to %s: a line takes 3, the most of them 4 times the least",
			 f->sizes, f->sizes == 1 ? "" : "s", fmt_units(f->least).s, fmt_units(f->most).s);
		break;
	case RATE_WAITS:
	case RATE_UNCHARGED:
		others(m, why, size);
		break;
	case RATE_BY_STATE:
		by_state(m, why, size);
		break;
	case RATE_BY_SHARE:
		by_share(m, why, size);
		break;
	case RATE_CURVED:
		snprintf(why, size, "each line that no run was above is %s or more above the mean of some size, here of %s, and %s is tolerated",
			 fmt_part(f->above).s, fmt_units(f->above_size).s, fmt_part(m->samples.tolerance).s);
	}
}
