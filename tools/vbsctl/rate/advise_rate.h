/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_RATE_ADVISE_RATE_H
#define VBSCTL_RATE_ADVISE_RATE_H

#include "rate/plan.h"

/* vbsctl advise --model; rate 0: what the server of goal->res is worth */
int advise_rate(const char *file, struct rate_goal *goal, bool json);

/*
 * Reads the model, completes the goal and finds the server: 0 or an exit code, message printed.
 * @m is to be freed in any case.
 */
int goal_plan(const char *file, struct rate_model *m, struct rate_goal *goal, const struct machine *machine,
	      struct load *load);

#endif
