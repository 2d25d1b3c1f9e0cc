// SPDX-License-Identifier: GPL-2.0
/* Hogs, and the servers that they are in. */
#include "base/exact.h"
#include "clocks.h"
#include "servers/hogs.h"
#include "vbs/proc.h"

void hog_play(void *arg)
{
	const struct hog *hog = arg;
	uint64_t seed = hog->seed, t = now_ns();

	for (;;) {
		bool busy = random_below(&seed, 2);

		t += hog->directed ? hog->period : 1000 + random_below(&seed, 2 * hog->period);
		if (busy)
			spin_until(t);
		else
			sleep_until(t);
		if (now_ns() > t + hog->period)
			t = now_ns();
	}
}

uint32_t hog_spare(int cpu)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_cpu *c = snap ? vbs_find_cpu(snap, cpu) : NULL;
	uint32_t spare = c ? c->spare : 0;

	vbs_snapshot_free(snap);
	return spare;
}

struct resource hog_resource(const struct machine *m, uint64_t period, uint32_t spare)
{
	const struct vbs_limits *limits = &m->limits;
	struct resource res = { .period = period / 1000 * 1000 };

	if (res.period > limits->period_max)
		res.period = limits->period_max;
	res.runtime = ((u128)res.period * spare >> 20) / 1000 * 1000;
	if (res.runtime > limits->runtime_max)
		res.runtime = limits->runtime_max / 1000 * 1000;
	if (res.runtime < limits->runtime_min || res.runtime < 2 * m->release_cost)
		res.runtime = 0;
	return res;
}
