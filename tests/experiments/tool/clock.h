/* SPDX-License-Identifier: GPL-2.0 */
/* Timelines, as the experiments read them */
#ifndef _TESTS_EXPERIMENTS_CLOCK_H
#define _TESTS_EXPERIMENTS_CLOCK_H

#include <linux/timeline.h>
#include "tool.h"

/* A line of text for each: what a guest has read, and by which counter value of its own */
#define READING_FORMAT	"at=%llu ns=%lld low=%llu high=%llu status=%u ret=%d\n"
#define READING_WORDS	6
#define REALTIME_FORMAT	"realtime=%llu ns=%lld\n"

unsigned int timeline_named(const char *name);
uint64_t counter_now(void);
int64_t ns_of(const struct timeline_time *tt);

/* What a host's timeline was, from one update to the next, as a file has them */
struct versions {
	const struct timeline_entry *entry;
	size_t n;
};

struct versions versions_of(const char *path);
/* What @entry said at @counter; the entry that was in force then */
struct timeline_time version_reads(const struct versions *v, uint64_t counter);

/* The host's counter is (the guest's - offset) * 2^bits / ratio */
struct counter {
	uint64_t offset, ratio;
	unsigned int bits;
};

/* As KVM shows it of a vCPU, in the directory @dir */
struct counter counter_of(const char *dir);
uint64_t host_counter(const struct counter *c, uint64_t guest);

#endif
