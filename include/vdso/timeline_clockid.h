/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which clock ids are timelines. Of no architecture, and all that the rest of the
 * kernel needs where there are none.
 */
#ifndef __VDSO_TIMELINE_CLOCKID_H
#define __VDSO_TIMELINE_CLOCKID_H

#include <uapi/linux/timeline.h>

static __always_inline int timeline_is_clockid(int clockid)
{
	return clockid >= CLOCK_TIMELINE_SELF;
}

/* The id in a timeline_ref_t, which is not 0 */
static __always_inline __u32 timeline_ref_id(__u32 ref)
{
	return (ref & 0x7f) - 1 + ((ref >> 8) - 1) * TIMELINE_MAX_IDS;
}

#endif /* __VDSO_TIMELINE_CLOCKID_H */
