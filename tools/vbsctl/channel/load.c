// SPDX-License-Identifier: GPL-2.0
/*
 * What a measurement has its servers compete with: a server on each CPU that has booked all
 * that is left there. Beside it a random load hits the worst case rarely. The directed one
 * is busy or idle for whole periods, a bit shorter than those of the longer of both servers: a
 * busy one that begins as a message does has the earlier deadline and its whole budget, and one
 * after an idle one comes as late as it may.
 */
#include <stdlib.h>

#include "channel/measure.h"
#include "command.h"
#include "servers/hogs.h"

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

static int start_on(const struct measure *m, const int *cpu, int on)
{
	struct hog *hog = malloc(sizeof(*hog));
	struct child child = { .name = "load", .cpu = on, .play = hog_play, .arg = hog };

	if (!hog)
		return failure(VC_FAIL, "out of memory");
	child.res = hog_resource(&m->machine, longest_period(m, cpu, on), hog_spare(on));
	*hog = (struct hog){ child.res.period, m->seed * 2654435761U + 1, m->load == LOAD_DIRECTED };
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
