/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The entry of a timeline for a counter that is a linear function of this machine's:
 * that of a guest. Pure functions, which also compile in user space.
 */
#ifndef _KERNEL_TIME_TIMELINE_TRANSLATE_H
#define _KERNEL_TIME_TIMELINE_TRANSLATE_H

#include "project.h"

#ifdef __KERNEL__
#include <linux/timeline_guest.h>
#else

/* See include/linux/timeline_guest.h */
struct timeline_scale {
	__u64 offset;
	__u64 ratio;
	unsigned int frac_bits;
};

#endif

bool timeline_translate(struct timeline_entry *e, const struct timeline_scale *s);
void timeline_go_on(struct timeline_entry *next, const struct timeline_entry *before);

#endif /* _KERNEL_TIME_TIMELINE_TRANSLATE_H */
