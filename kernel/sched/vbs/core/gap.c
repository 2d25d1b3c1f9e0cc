// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: lost time, in which a CPU did not run: steal, a stopped machine, a
 * debugger.
 */
#include "core.h"

/**
 * vbs_gap_lost - how much of a gap is lost time
 * @gap: what is known of it
 *
 * A late interrupt alone proves nothing: a task can keep interrupts off for
 * milliseconds at will.  So it must have come from where they were on; or as far
 * as somebody vouches for it.  No section with interrupts off lasts VBS_GAP_SURE.
 *
 * Return: ns, 0 <= lost <= max(late, 0).
 */
u64 vbs_gap_lost(const struct vbs_gap *gap)
{
	u64 lost;

	if (gap->late < VBS_GAP_MIN)
		return 0;
	lost = gap->late;
	if (!gap->open && lost <= VBS_GAP_SURE)
		lost = min(lost, gap->vouched);
	return lost - min(lost, gap->allowed);
}
