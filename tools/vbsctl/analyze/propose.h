/* SPDX-License-Identifier: GPL-2.0 */
/* The resource with the least bandwidth under which a load meets its deadlines. */
#ifndef VBSCTL_ANALYZE_PROPOSE_H
#define VBSCTL_ANALYZE_PROPOSE_H

#include "analyze/bounds.h"
#include "vbs/machine.h"

struct wish {
	const struct load *load;
	struct ratio share;
	uint64_t overhead, slice;
	uint64_t period;	/* 0: any */
	bool aligned;
};

/*
 * Searches periods of two significant digits (or the one wished for) and
 * budgets of whole microseconds; of equal bandwidths, the longest period.
 * false if nothing within the limits of @m will do.
 */
bool propose(const struct wish *wish, const struct machine *m, struct resource *best);

#endif
