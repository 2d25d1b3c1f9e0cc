/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The arithmetic of timelines: parameters to table entries. Pure functions,
 * which also compile in user space.
 */
#ifndef _KERNEL_TIME_TIMELINE_PROJECT_H
#define _KERNEL_TIME_TIMELINE_PROJECT_H

#include <vdso/timeline.h>

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/errno.h>
#else
#include <errno.h>
#include <stdbool.h>
#endif

/* The counter in use */
struct timeline_counter {
	__u64 hz;
	__u8 id;
};

bool timeline_entry_sane(const struct timeline_entry *e);
int timeline_check_set(const struct timeline_set *s,
		       const struct timeline_counter *counter, __u64 now);
void timeline_slew_done(struct timeline_entry *e);
void timeline_widen(struct timeline_entry *e, __u64 ns);
int timeline_next(struct timeline_entry *next, const struct timeline_entry *old,
		  const struct timeline_set *s, __u64 now);
void timeline_reanchor(struct timeline_entry *next,
		       const struct timeline_entry *old, __u64 elapsed_ns,
		       const struct timeline_counter *counter, __u64 now);
void timeline_last(struct timeline_span *lasted, const struct timeline_entry *e, __u64 now);
void timeline_last_ns(struct timeline_span *lasted, __u64 ns);
__s64 timeline_span_ktime(struct timeline_span t);
__u64 timeline_bound(const struct timeline_time *tt);
__u64 timeline_divide(__u64 hi, __u64 lo, __u64 d, __u64 *rest);
__u64 timeline_bound_exceeds(const struct timeline_entry *e, __u64 since,
			     __u64 bound, __u64 accuracy, __u64 hz);

#endif /* _KERNEL_TIME_TIMELINE_PROJECT_H */
