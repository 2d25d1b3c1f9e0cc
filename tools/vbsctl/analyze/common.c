// SPDX-License-Identifier: GPL-2.0
/* What the parts of analyze share: limits, capacity, and their words. */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/analysis.h"
#include "base/format.h"

struct text fmt_share(struct ratio share)
{
	struct text t = fmt_percent(share.num, share.den, 2, ROUND_UP);
	int used;

	for (used = 0; t.s[used]; used++)
		;
	snprintf(t.s + used, sizeof(t.s) - used, " %%");
	return t;
}

struct text fmt_time128(u128 ns)
{
	return ns > UINT64_MAX ? (struct text){ "over 584 years" } : fmt_time(ns);
}

bool analysis_refuses(const struct analysis *a, const struct resource *res,
		      char *why, size_t size)
{
	return limits_refuse(&a->machine.limits, a->overhead, res, why, size);
}

uint32_t analysis_capacity(const struct analysis *a)
{
	if (a->capacity)
		return a->capacity;
	return a->vcpu.period ? capacity_guest(&a->machine, &a->vcpu) :
				capacity_host(&a->machine);
}

void print_vcpu(const struct analysis *a)
{
	uint64_t gap = 2 * (a->vcpu.period - a->vcpu.runtime);
	uint64_t least = a->machine.limits.period_min;

	if (!a->vcpu.period || a->capacity)
		return;
	printf("vCPU %s: capacity %s with kernel.sched_vbs_period_min_us=%" PRIu64 " in the guest.\n",
	       fmt_resource(a->vcpu.runtime, a->vcpu.period).s, fmt_bw(analysis_capacity(a)).s,
	       least / 1000);
	if (least <= gap)
		printf("It may be without a CPU for %s, so only longer periods can be promised: see --least-period.\n",
		       fmt_time(gap).s);
}
