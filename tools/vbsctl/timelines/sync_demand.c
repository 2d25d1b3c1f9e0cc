// SPDX-License-Identifier: GPL-2.0
/* TIMELINE_DEMAND. */
#include <stdint.h>
#include <sys/ioctl.h>

#include "timelines/sync_demand.h"

bool sync_demand(int fd, const struct timeline_get *get, uint64_t *accuracy)
{
	struct timeline_demand arg = { .id = get->set.id, .generation = get->set.generation };
	bool told = !ioctl(fd, TIMELINE_DEMAND, &arg);

	*accuracy = told ? arg.accuracy_ns : 0;
	return told;
}
