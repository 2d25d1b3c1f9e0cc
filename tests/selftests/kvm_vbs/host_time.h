/* SPDX-License-Identifier: GPL-2.0 */
/* What an entry of a timeline tells at a counter value, from the format alone */
#ifndef HOST_TIME_H
#define HOST_TIME_H

#include "tl_test.h"

/* The true time is in there; ns */
struct time_span {
	__int128 low, high;
};

struct time_span reads(const struct timeline_entry *e, u64 counter);
/* The entry of one of this machine's; @fd: of the device */
bool host_entry(int fd, u32 id, struct timeline_entry *e);

#endif /* HOST_TIME_H */
