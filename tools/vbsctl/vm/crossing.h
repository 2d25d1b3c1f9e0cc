/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a machine's vCPUs are last or first inside their guest: by KVM's tracepoints, each vCPU's thread by
 * itself.  One that halts under KVM is inside, too, until the end of the wait: it would run if it had to.
 */
#ifndef VBSCTL_VM_CROSSING_H
#define VBSCTL_VM_CROSSING_H

#include "vbs/tracer.h"
#include "vm/offer.h"

#define CROSSING_VCPUS	256

/* An event of a vCPU's thread: at a value of the time stamp counter, after a wait of that many ns */
struct crossed {
	pid_t tid;
	uint64_t counter, waited;
	bool halted;			/* the event is the end of a wait */
};

struct crossing {
	struct tracer tracer;
	bool first;			/* entries are looked for, not exits */
	unsigned int n;
	struct crossed vcpu[CROSSING_VCPUS];	/* its last exit, or its first entry */
};

/* Traces what threads of a process do from now on, also those to come; false with errno */
bool crossing_last_exit(struct crossing *c, pid_t process);
bool crossing_first_entry(struct crossing *c, pid_t process);
void crossing_end(struct crossing *c);

/* Looks at what has happened meanwhile: whether that changes anything */
bool crossing_look(struct crossing *c);

/* What a line of the tracer tells; false if it is of another event, or stamped with another clock */
bool crossing_parse(const char *line, bool first, struct crossed *e);
/* Takes one more into account: whether that changes anything */
bool crossing_take(struct crossing *c, const struct crossed *e);

/* A reading of a timeline, from which instants close to it are told */
struct moment {
	uint64_t period, counter;
	uint32_t shift;
	struct vm_instant at;
};

/* Now, on a timeline; false, with the message printed */
bool moment_read(const char *timeline, struct moment *now);

/*
 * All last exits, or first entries, are in that interval: of the first the latest, of the second the
 * earliest.  @slack: ns for which the thread of a vCPU may wait for a CPU
 */
void crossing_instant(const struct crossing *c, const struct moment *now, uint64_t slack,
		      struct vm_instant *at);

#endif
