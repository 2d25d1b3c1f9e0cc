/* SPDX-License-Identifier: GPL-2.0 */
/* What the two ends of a migration say to each other: lines of "WORD KEY=VALUE...". */
#ifndef VBSCTL_VM_OFFER_H
#define VBSCTL_VM_OFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/request.h"

#define OFFER_LINE	512
#define OFFER_NAME	32	/* of a timeline */

/* "offer": what the machine has here, and so needs there; the timeline that both have, or "" */
struct vm_offer {
	struct vm_request req;
	char timeline[OFFER_NAME];
};

void vm_offer_write(const struct vm_offer *o, char line[OFFER_LINE]);
/* NULL, or why that is none */
const char *vm_offer_read(const char *line, struct vm_offer *o);

/* An instant on a timeline, which is at most that much off; @known: else there is none */
struct vm_instant {
	bool known;
	int64_t ns;
	uint64_t low, high;
};

/* "entered": when the guest first ran there */
void vm_entered_write(const struct vm_instant *at, char line[OFFER_LINE]);
bool vm_entered_read(const char *line, struct vm_instant *at);

/*
 * How long the guest stood still: at least @least, at most @most ns; @ns: from the last vCPU here to the
 * first there, as read.  @contradiction: it has come before it has gone, so one of the timelines is wrong
 */
struct vm_standstill {
	bool known, contradiction;
	int64_t ns;
	uint64_t least, most;
};

void vm_standstill_of(const struct vm_instant *left, const struct vm_instant *entered,
		      struct vm_standstill *s);

/* Of a server with that period: instances that it cannot have had, at most */
uint64_t vm_instances_lost(const struct vm_standstill *s, uint64_t period);

#endif
