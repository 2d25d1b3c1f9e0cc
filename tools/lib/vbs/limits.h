/* SPDX-License-Identifier: GPL-2.0 */
/* Which resources the kernel takes, whatever the cap. */
#ifndef LIB_VBS_LIMITS_H
#define LIB_VBS_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vbs/params.h"

struct vbs_limits {
	uint64_t runtime_min, runtime_max, period_min, period_max, slice;	/* ns */
};

/*
 * True, with the limit in words, if the kernel would refuse the resource.
 * @release_cost: charged to every instance; a budget is at least twice that
 */
bool limits_refuse(const struct vbs_limits *limits, uint64_t release_cost,
		   const struct resource *res, char *why, size_t size);

#endif
