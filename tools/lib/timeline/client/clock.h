/* SPDX-License-Identifier: GPL-2.0 */
/* A timeline inside of the library. */
#ifndef CLIENT_CLOCK_H
#define CLIENT_CLOCK_H

#include <stdbool.h>

#include "libtimeline.h"

#define EXPORT	__attribute__((visibility("default")))

struct tl_clock {
	int fd;				/* of the device, from which the table is mapped */
	const struct timeline_entry *table;
	const struct timeline_entry *entry;	/* in it */
	unsigned int id;
	uint32_t generation;
	unsigned int type;
	unsigned int flags;
	char name[TIMELINE_NAME_LEN];
};

/* Whether it was destroyed: its entry is empty, or another one's */
bool clock_is_gone(const struct tl_clock *clock);

#endif
