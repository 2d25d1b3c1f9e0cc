// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* What a user's own program would do, with nothing from this suite */
#define RUNTIME	(3 * MS)
#define PERIOD	(10 * MS)
#define LENGTH	(1 * SEC)

struct seen {
	int error;
	u64 cpu;
	u64 gap;
};

static void program(void *arg)
{
	struct seen *seen = arg;
	u64 last, now, end, cpu;

	seen->error = vbs_enter(0, RUNTIME, PERIOD, 0);
	cpu = cpu_ns();
	last = now_ns();
	end = last + LENGTH;
	while (last < end) {
		nops();
		now = now_ns();
		seen->gap = now - last > seen->gap ? now - last : seen->gap;
		last = now;
	}
	seen->cpu = cpu_ns() - cpu;
}

VBS_TEST("a program admits itself with (3, 10) ms and has 300 ms in a second", 60)
{
	struct seen *seen = t_shared(sizeof(*seen));

	need_vbs();
	t_wait(t_fork(program, seen));
	t_equal(seen->error, 0, "sched_setattr");
	t_near(seen->cpu, LENGTH / PERIOD * RUNTIME, RUNTIME, "CPU time in a second");
	t_at_most(seen->gap, 2 * (PERIOD - RUNTIME) + 100 * US, "longest gap in ns");
}
