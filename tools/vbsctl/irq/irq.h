/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that do the work of devices: those of interrupts and of NAPI. */
#ifndef VBSCTL_IRQ_IRQ_H
#define VBSCTL_IRQ_IRQ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpumask.h"
#include "command.h"

extern const struct command irq_list, irq_join, irq_leave;

/* As the kernel makes threads of interrupts */
#define IRQ_FIFO	50

/*
 * One of them.  Of an interrupt @line is its number; of NAPI it is -1, @dev is the
 * network device, and @queue counts the device's threads, in the order of their ids.
 */
struct irq_thread {
	pid_t tid;
	int line, queue;
	uint32_t id;
	char dev[16];
	char comm[64];
	struct cpumask allowed;
};

/* find.c: sorted; 0 or an exit code, message printed */
struct irq_threads {
	struct irq_thread *thread;
	int count;
};

int irq_threads_read(struct irq_threads *all);
void irq_threads_free(struct irq_threads *all);

/*
 * target.c: those that an operand names, "24", "eth0" or "eth0:1", which stand one
 * behind the other in @all; 0 or an exit code, message printed
 */
int irq_target(const struct command *cmd, const struct irq_threads *all, const char *text,
	       struct irq_threads *some);

/* "24", "eth0:1" */
struct irq_name {
	char s[32];
};

struct irq_name irq_name(const struct irq_thread *t);

/* guard.c: why a line is not for a server, unless --force says so, or NULL */
const char *irq_guard(int line);

/* affinity.c: where interrupts come and their threads run; 0 or an errno */
int irq_affinity_get(int line, struct cpumask *cpus);
int irq_affinity_set(int line, const struct cpumask *cpus);
int irq_thread_set_cpus(pid_t tid, const struct cpumask *cpus);

#endif
