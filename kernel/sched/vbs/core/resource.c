// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: what a resource (lambda, pi) asks of its cap.
 */
#include "core.h"

/**
 * vbs_bandwidth - the least cap that a resource needs
 * @p: runtime, period, align
 *
 * lambda * 2^20 / pi rounded up; aligned release needs 1/512 of slack, since
 * the clock that it follows may run fast.  lambda < 2^30, so that
 * lambda * 2^20 * 512 < 2^59.
 *
 * Return: units of VBS_BW_UNIT; may be more than one CPU.
 */
u64 vbs_bandwidth(const struct vbs_params *p)
{
	u64 num = p->runtime << VBS_BW_SHIFT;
	u64 den = p->period;

	if (p->align) {
		num *= 512;
		den *= 511;
	}
	return div64_u64(num + den - 1, den);
}

/**
 * vbs_params_in_cap - does the resource fit in its cap?
 * @p: the resource and its cap
 *
 * Return: VBS_REJECT_NONE if lambda <= u*pi (aligned: u*pi*511/512), else why not.
 */
enum vbs_reject_reason vbs_params_in_cap(const struct vbs_params *p)
{
	u64 have = p->cap * p->period;	/* < 2^51 */
	u64 want = p->runtime << VBS_BW_SHIFT;

	if (want > have)
		return VBS_REJECT_ABOVE_CAP;
	if (p->align && want * 512 > have * 511)
		return VBS_REJECT_ALIGN_SLACK;
	return VBS_REJECT_NONE;
}
