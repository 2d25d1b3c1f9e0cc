/* SPDX-License-Identifier: GPL-2.0 */
/* What the users of a timeline need of it. */
#ifndef VBSCTL_TIMELINES_SYNC_DEMAND_H
#define VBSCTL_TIMELINES_SYNC_DEMAND_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/timeline.h>

/*
 * The strictest bound that anybody needs, in ns, 0 if nobody needs any. From then on @fd
 * polls POLLIN when that has changed. False if the kernel does not tell, or it is gone.
 */
bool sync_demand(int fd, const struct timeline_get *get, uint64_t *accuracy);

#endif
