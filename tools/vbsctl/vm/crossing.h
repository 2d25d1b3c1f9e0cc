/* SPDX-License-Identifier: GPL-2.0 */
/* When a machine's vCPUs are last or first inside their guest: by KVM's tracepoints. */
#ifndef VBSCTL_VM_CROSSING_H
#define VBSCTL_VM_CROSSING_H

#include "vbs/tracer.h"
#include "vm/offer.h"

struct crossing {
	struct tracer tracer;
	const char *event;		/* "kvm_exit" */
	uint64_t counter;		/* of the time stamp counter */
	bool seen;
};

/* Traces what threads of a process do from now on, also those to come; false with errno */
bool crossing_last_exit(struct crossing *c, pid_t process);
bool crossing_first_entry(struct crossing *c, pid_t process);
void crossing_end(struct crossing *c);

/* Looks at what has happened meanwhile: c->seen */
bool crossing_look(struct crossing *c);

/* The counter value in a line of the tracer; false if it is not of that event */
bool crossing_parse(const char *line, const char *event, uint64_t *counter);

/* That counter value on a timeline; false, with the message printed */
bool crossing_instant(const struct crossing *c, const char *timeline, struct vm_instant *at);

#endif
