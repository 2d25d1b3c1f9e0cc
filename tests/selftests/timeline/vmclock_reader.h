/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VMCLOCK_READER_H
#define VMCLOCK_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a region says: rejected, or why its time is of no use */
enum vmclock_use {
	VMCLOCK_OK,
	VMCLOCK_NOT_ONE,	/* magic, size or version */
	VMCLOCK_NO_COUNTER,	/* none that this processor has */
	VMCLOCK_NO_TIME,	/* by clock_status */
};

struct vmclock_time {
	enum vmclock_use use;
	uint64_t counter;
	uint64_t sec;		/* by time_type: 0 UTC, 1 TAI, 2 monotonic */
	uint64_t nsec;
	bool bounded;		/* the flags of both maximum errors */
	uint64_t maxerror_ns;
	uint64_t marker;
	uint8_t time_type;
	uint8_t status;
	unsigned int retries;
};

void vmclock_read(const void *region, size_t size, struct vmclock_time *t);
/* The same at a given counter value, by the fields that are there now */
void vmclock_read_at(const void *region, size_t size, uint64_t counter, struct vmclock_time *t);

#endif /* VMCLOCK_READER_H */
