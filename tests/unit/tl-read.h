/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads of a page in user space, compiled as the vDSO compiles them
 * (arch/x86/entry/vdso/vtimeline.c), for both forms of rdtsc_ordered().
 */
#ifndef _TESTS_UNIT_TL_READ_H
#define _TESTS_UNIT_TL_READ_H

#include <time.h>
#include "tl-page.h"

struct tl_reads {
	const char *counter_name;	/* the instructions */
	const char *cpu_name;
	int (*gettime)(u32 id, struct timeline_time *tt);
	int (*clock)(clockid_t clock, struct timespec *ts);
	u64 (*counter)(void);
	bool *rdpid;	/* SELF takes it */
};

/* What this processor would use in the vDSO, on @page */
struct tl_reads tl_reads(const struct tl_page *page);

#endif /* _TESTS_UNIT_TL_READ_H */
