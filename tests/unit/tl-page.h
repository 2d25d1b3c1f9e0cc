/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A page of timelines in user space, with the layout of the kernel's, the
 * kernel's arithmetic (PROJECT_H) and a writer as in
 * kernel/time/timeline/table.c.
 */
#ifndef _TESTS_UNIT_TL_PAGE_H
#define _TESTS_UNIT_TL_PAGE_H

#include "shim.h"
#include PROJECT_H

#define TL_ENTRIES	(8192 / TIMELINE_ENTRY_SIZE)

/* Words per CPU as behind the table, for readers of CLOCK_TIMELINE_SELF */
struct tl_page {
	struct timeline_entry entry[TL_ENTRIES];
	u64 word[1 + 4096];	/* of all, and of each CPU */
};

/*
 * What rdtsc_ordered() of the kernel is: rdtscp where the processor has it.
 * Both forms wait for earlier loads.
 */
static __always_inline u64 tl_rdtscp(void)
{
	u32 low, high;

	__asm__ __volatile__("rdtscp" : "=a"(low), "=d"(high)::"ecx", "memory");
	return (u64)high << 32 | low;
}

static __always_inline u64 tl_lfence_rdtsc(void)
{
	u32 low, high;

	__asm__ __volatile__("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (u64)high << 32 | low;
}

/* As the vDSO reads: the short way if it can be taken */
static __always_inline void tl_reading(const struct timeline_entry *e, u64 counter,
				       struct timeline_time *tt)
{
	if (likely(timeline_settled(e, counter)))
		timeline_read_settled(e, counter, tt);
	else
		timeline_read(e, counter, tt);
}

bool tl_has_rdtscp(void);
bool tl_has_rdpid(void);
struct tl_page *tl_page_new(void);
/* Frequency of the counter by CLOCK_MONOTONIC_RAW, within 100 ppm or so */
u64 tl_counter_hz(void);
/* Period off the nominal one by ppb, rate of the bound in ppb */
struct timeline_set tl_params(u64 hz, int ppb, u64 rate_ppb);

enum tl_fault {
	TL_GOOD,
	TL_COUNTER_FIRST, /* the counter is read long before the count is odd */
};

/*
 * Publishes *set on an entry, as a step or by a slew; the new entry goes to
 * *log, if any, before a reader can see it. 0 or an error of timeline_next().
 */
int tl_update(struct timeline_entry *e, const struct timeline_set *set, bool step,
	      struct timeline_entry *log, enum tl_fault fault);

#endif /* _TESTS_UNIT_TL_PAGE_H */
