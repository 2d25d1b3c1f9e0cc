/* SPDX-License-Identifier: GPL-2.0 */
/* The subcommands of vbsctl vm, and the virtual machines that they speak of. */
#ifndef VBSCTL_VM_VM_H
#define VBSCTL_VM_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "command.h"
#include "vbs/proc.h"

extern const struct command vm_run, vm_attach, vm_detach, vm_list, vm_switch, vm_check, vm_watch,
			    vm_top, vm_hook, vm_migrate, vm_receive;

#define VM_NAME	128

/*
 * The process that a pid, the pid of a thread, the name of a process, or that of a
 * machine (QEMU's -name, which is libvirt's name of the domain) names: 0, or an exit code
 * with the message printed.  By a name only root and who has CAP_SYS_NICE finds others'.
 */
int vm_find(const struct command *cmd, const char *what, pid_t *pid);

/* What its command line calls the machine, or "" */
void vm_name(pid_t pid, char *name, size_t size);

/* The VMM's mutexes inherit: it has the preload of --pi */
bool vm_has_pi(pid_t pid);

/* A thread, or a process that works for a VMM, that is in no server */
struct vm_outsider {
	pid_t process, tid;
	char comm[64];
};

/* Those of a VMM in *out, to be freed; how many, or -1 without memory */
int vm_outsiders(pid_t pid, struct vm_outsider **out);

#endif
