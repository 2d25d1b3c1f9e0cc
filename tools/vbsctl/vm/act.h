/* SPDX-License-Identifier: GPL-2.0 */
/* A request to KVM, and what is said about it. */
#ifndef VBSCTL_VM_ACT_H
#define VBSCTL_VM_ACT_H

#include <sys/types.h>

#include "vm/request.h"

/* Who asks, for messages: "cannot attach 42: ..." */
struct vm_deed {
	const char *verb;
	const char *object;	/* as the user names it */
	pid_t pid;
	bool quiet, json, test;
	bool passing;		/* it does not stay so: no warnings of what it means */
};

/* The request for the VMMs of a process: 0 or an exit code, message printed */
int vm_act(const struct vm_deed *deed, const struct vm_request *req);
int vm_undo(const struct vm_deed *deed);

/* This process is configured, and becomes the command; an exit code if it does not */
int vm_run_as(const struct vm_request *req, char **argv);

/* The vCPUs that it has: of its descriptors, which only its user and root see */
uint32_t vm_count_vcpus(pid_t pid);

/* Why KVM refused, and the exit code; prints it */
int vm_refused(const struct vm_deed *deed, int err, const struct kvm_vbs_config *config);

#endif
