/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine of the distribution's QEMU, unmodified, with a Linux guest: told by QMP
 * what to do, and its guest by the console (tests/vm/guest-init).  What waits does so
 * for a condition, QEMU_LIMIT at most, and QEMU that ends meanwhile ends the test.
 */
#ifndef QEMU_VM_H
#define QEMU_VM_H

#include "vmm_machine.h"

#define QEMU_VCPUS	8
#define QEMU_TEXT	(1 << 15)
#define QEMU_LIMIT	(100 * SEC)

/* What most machines here get */
#define VM_RUN		"vbsctl vm run --vcpu 150us/1ms --dm 150us/1.5ms "
#define VM_ATTACH	"vbsctl vm attach -q --vcpu 150us/1ms --dm 150us/1.5ms "

struct qemu_stream {
	int fd;
	size_t len;
	char text[QEMU_TEXT];
};

struct qemu {
	char name[32];
	pid_t pid;
	struct qemu_stream qmp, console;
	char reply[QEMU_TEXT];		/* of QMP, the last */
	char said[QEMU_TEXT];		/* by the guest, the last */
	unsigned int stops;		/* of its guest, as far as replies have come */
	unsigned int n;
	pid_t vcpu[QEMU_VCPUS];		/* threads, see qemu_vcpus() */
};

/*
 * Starts one with all vCPUs stopped.  @before: words before the command, as "vbsctl vm
 * run ... --", left out with the argument "plain"; @more: options.
 */
struct qemu *qemu_start(const char *name, const char *before, const char *more);
/* The same, whose vCPUs run at once, and to which nobody talks */
struct qemu *qemu_launch(const char *name, const char *before, const char *more);
/* Its exit status, or 128 and the signal, where it ends by itself at once */
int qemu_fails(const char *name, const char *before, const char *more);
void qemu_end(struct qemu *q);			/* kill -9 */
int qemu_wait_end(struct qemu *q);		/* its status when it ends by itself */
bool qemu_lives(struct qemu *q);
void qemu_boots(struct qemu *q, const char *what);	/* cont, until its guest is ready */
void qemu_is_ready(struct qemu *q);		/* the guest says so, again perhaps */
/* Threads of its vCPUs; how many */
unsigned int qemu_vcpus(struct qemu *q);

/*
 * A command of QMP, which must not fail: its name, and what is between the braces of its
 * arguments.  @q->reply
 */
void qmp_do(struct qemu *q, const char *command, const char *fmt, ...) printf_like(3, 4);
/* Nobody waits for the reply. */
void qmp_say(struct qemu *q, const char *command, const char *fmt, ...) printf_like(3, 4);
/* Asks by @command until @want is in the reply, or @never is */
bool qmp_until(struct qemu *q, const char *command, const char *want, const char *never);

/* The status of a command in the guest; what it wrote is @q->said */
int guest_does(struct qemu *q, const char *fmt, ...) printf_like(2, 3);
void guest_must(struct qemu *q, const char *fmt, ...) printf_like(2, 3);

/* One of KVM's statistics of the machine, as "exits" */
u64 qemu_stat(struct qemu *q, const char *name);

/* The status of a command here */
int shell(const char *fmt, ...) printf_like(1, 2);

/* VM_ATTACH, while what has been booked before may still be */
int vm_attach(struct qemu *q, const char *options);

/* Threads that are not where they belong, each told; @role of the others: "dm" or "one" */
unsigned int qemu_misplaced(struct qemu *q, const char *role);
/* Two checks: all its threads are where they belong, and "vbsctl vm list" has none outside */
void qemu_all_inside(struct qemu *q, const char *what);
/* Threads whose name begins with @name */
unsigned int qemu_threads(struct qemu *q, const char *name, pid_t *tid, unsigned int max);

/* Processes that have booked what admission grants, but for less than @left / 1 ms per CPU */
void fill_cpus(u64 left);
void empty_cpus(void);

void need_qemu(void);

#endif /* QEMU_VM_H */
