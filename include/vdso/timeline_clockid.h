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
	return clockid >= CLOCK_TIMELINE_SELF && clockid <= CLOCK_TIMELINE_LAST;
}

#endif /* __VDSO_TIMELINE_CLOCKID_H */
