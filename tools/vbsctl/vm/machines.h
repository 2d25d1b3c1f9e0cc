/* SPDX-License-Identifier: GPL-2.0 */
/* The processes whose machines are in servers, and what they use. */
#ifndef VBSCTL_VM_MACHINES_H
#define VBSCTL_VM_MACHINES_H

#include <stdbool.h>
#include <stdint.h>

#include "vbs/proc.h"
#include "vm/lock.h"
#include "vm/vm.h"

struct vm_server {
	const struct vbs_server *s;
	uint64_t ready;		/* ns that its oldest member was runnable and did not run */
};

struct vm_machine {
	const struct vbs_group *group;
	char name[VM_NAME];		/* "" if it has none */
	bool pi;
	struct vm_server *server;	/* of the vCPUs, then of the device model */
	int servers, vcpu_servers;
	const struct vbs_server *vcpu, *dm;	/* the first of each; one server for all: the same */
	struct vm_lock lock;		/* if there are both */
	struct vm_outsider *outsider;
	int outsiders;
};

struct vm_machines {
	struct vbs_snapshot *snap;
	struct vm_machine *machine;
	int machines;
};

/* Bandwidths in units of 1 << 20, between two readings */
struct vm_use {
	uint64_t interval;	/* ns, 0: not known yet */
	uint64_t vcpus, vcpus_cap, dm, dm_cap, ready;
	uint64_t misses;
};

/*
 * Reads them: 0, or an exit code with the message printed.  @pid: of that one only, or 0.
 */
int vm_machines_read(struct vm_machines *all, pid_t pid);
void vm_machines_free(struct vm_machines *all);

/* What a request does not name is what the machine has, but for a guest's default period */
struct vm_request;
void vm_request_keep(struct vm_request *req, const struct vm_machine *m);

const struct vm_machine *vm_machine_find(const struct vm_machines *all, pid_t pid);

/* @before: NULL if it is new */
void vm_use_of(struct vm_use *use, const struct vm_machine *before,
	       const struct vm_machine *now, uint64_t interval);

/* Of one server, likewise: what it ran, and waited */
void vm_server_use(const struct vm_machine *before, const struct vm_server *now, uint64_t interval,
		   uint64_t *used, uint64_t *ready);

/* "web1", or the command without one */
const char *vm_machine_name(const struct vm_machine *m);

#endif
