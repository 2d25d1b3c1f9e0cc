/* SPDX-License-Identifier: GPL-2.0 */
/* What has happened so far, to be subtracted. */
#ifndef VBSCTL_IRQ_SAMPLE_H
#define VBSCTL_IRQ_SAMPLE_H

#include "irq/irq.h"

/* Times in ns; of a CPU that is not there, all 0 */
struct irq_cpu_times {
	uint64_t irq, softirq, ksoftirqd;
	bool online;
};

struct irq_sample {
	uint64_t when;
	uint64_t *ran;			/* of each thread */
	uint64_t *count;		/* of interrupts of each thread's line */
	struct irq_cpu_times *cpu;
	int cpus;
};

/* 0 or an exit code, message printed */
int irq_sample_take(struct irq_sample *s, const struct irq_threads *all);
void irq_sample_free(struct irq_sample *s);

#endif
