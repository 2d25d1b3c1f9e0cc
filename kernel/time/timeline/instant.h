/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When an instant of a timeline comes. Pure functions, which also compile in user space.
 */
#ifndef _KERNEL_TIME_TIMELINE_INSTANT_H
#define _KERNEL_TIME_TIMELINE_INSTANT_H

#include <vdso/timeline.h>

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#endif

/* The rate of a clock that moves as the counter's frequency says */
#define TIMELINE_RATE_ONE	(1ULL << 32)
/* What is returned for more, 73 years */
#define TIMELINE_UNTIL_MAX	(1ULL << 61)

__u64 timeline_until(const struct timeline_entry *e, __u64 since, __u64 ns, bool lasts,
		     __u64 hz, __u64 rate);

#endif /* _KERNEL_TIME_TIMELINE_INSTANT_H */
