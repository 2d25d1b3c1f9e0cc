/* SPDX-License-Identifier: GPL-2.0 */
/* An estimated clock as parameters of TIMELINE_SET. */
#ifndef LIB_TIMELINE_PARAMS_H
#define LIB_TIMELINE_PARAMS_H

#include <linux/timeline.h>

#include "timeline/estimate.h"

/*
 * Fills the projection and its bounds; the rest of the structure is left as it
 * is.  False if the kernel could not take the time (before 1970).
 */
bool timeline_params(const struct te_clock *clock, struct timeline_set *set);

#endif
