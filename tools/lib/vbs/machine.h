/* SPDX-License-Identifier: GPL-2.0 */
/* The settings that admission depends on, of this machine or by default. */
#ifndef LIB_VBS_MACHINE_H
#define LIB_VBS_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "vbs/limits.h"

struct machine {
	int64_t rt_runtime, rt_period;		/* us; runtime -1: no limit */
	uint64_t fair_runtime, fair_period;	/* ns */
	uint64_t release_cost;			/* ns */
	struct vbs_limits limits;
	bool vbs;				/* the sysctls of SCHED_VBS are there */
	bool fair_known;			/* not just the default */
};

void machine_defaults(struct machine *m);
void machine_read(struct machine *m);

#endif
