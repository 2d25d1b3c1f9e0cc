// SPDX-License-Identifier: GPL-2.0
/*
 * What a measurement has its servers compete with: a server on each CPU that has booked all
 * that is left there. Beside it a random load hits the worst case rarely. The directed one
 * is busy or idle for whole periods, a bit shorter than those of the longer of both servers: a
 * busy one that begins as a message does has the earlier deadline and its whole budget, and one
 * after an idle one comes as late as it may.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/format.h"
#include "channel/measure.h"
#include "command.h"
#include "vbs/proc.h"

struct hog {
	const struct measure *m;
	uint64_t period;
};

static void spin_until(uint64_t end)
{
	while (now_ns() < end)
		work_some();
}

static void sleep_until(uint64_t end)
{
	const struct timespec ts = at_ns(end);

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void hog_play(void *arg)
{
	const struct hog *hog = arg;
	bool directed = hog->m->load == LOAD_DIRECTED;
	uint64_t seed = hog->m->seed * 2654435761U + 1, t = now_ns();

	for (;;) {
		bool busy = random_below(&seed, 2);

		t += directed ? hog->period : 1000 + random_below(&seed, 2 * hog->period);
		if (busy)
			spin_until(t);
		else
			sleep_until(t);
		if (now_ns() > t + hog->period)
			t = now_ns();
	}
}

/* In whole microseconds, and within the limits; budget 0 if nothing is left */
static struct resource hog_resource(const struct measure *m, uint64_t period, uint32_t spare)
{
	const struct vbs_limits *limits = &m->machine.limits;
	struct resource res = { .period = period / 1000 * 1000 };

	if (res.period > limits->period_max)
		res.period = limits->period_max;
	res.runtime = ((u128)res.period * spare >> 20) / 1000 * 1000;
	if (res.runtime > limits->runtime_max)
		res.runtime = limits->runtime_max / 1000 * 1000;
	if (res.runtime < limits->runtime_min || res.runtime < 2 * m->machine.release_cost)
		res.runtime = 0;
	return res;
}

static uint64_t longest_period(const struct measure *m, const int *cpu, int on)
{
	uint64_t most = 0;
	enum channel_side side;

	for (side = SENDER; side < SIDES; side++) {
		if (cpu[side] == on && m->channel.res[side].period > most)
			most = m->channel.res[side].period;
	}
	return most - most / 100;
}

static uint32_t spare_of(int cpu)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_cpu *c = snap ? vbs_find_cpu(snap, cpu) : NULL;
	uint32_t spare = c ? c->spare : 0;

	vbs_snapshot_free(snap);
	return spare;
}

static int start_on(const struct measure *m, const int *cpu, int on)
{
	struct hog *hog = malloc(sizeof(*hog));
	struct child child = { .name = "load", .cpu = on, .play = hog_play, .arg = hog };

	if (!hog)
		return failure(VC_FAIL, "out of memory");
	child.res = hog_resource(m, longest_period(m, cpu, on), spare_of(on));
	*hog = (struct hog){ m, child.res.period };
	if (!child.res.runtime)
		return failure(VC_FAIL, "--load: nothing is left on CPU %d to load it with", on);
	return child_start(&child);
}

int load_start(const struct measure *m, const int *cpu)
{
	int code = start_on(m, cpu, cpu[SENDER]);

	if (!code && cpu[RECEIVER] != cpu[SENDER])
		code = start_on(m, cpu, cpu[RECEIVER]);
	return code;
}
