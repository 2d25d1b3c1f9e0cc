/* SPDX-License-Identifier: GPL-2.0 */
/* What libvirt's description of a domain says that servers depend on. */
#ifndef VBSCTL_VM_DOMAIN_H
#define VBSCTL_VM_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpumask.h"
#include "vm/vm.h"

struct vm_domain {
	char name[VM_NAME];
	uint32_t vcpus;			/* that it starts with */
	bool kvm;			/* else emulated: no vCPUs of KVM */
	bool pinned;			/* @cpus: that one of its threads may use */
	struct cpumask cpus;
};

/*
 * Reads a stream to its end, whatever is in there, since libvirt writes all of it: NULL,
 * or why it is not understood.
 */
const char *vm_domain_read(int fd, struct vm_domain *domain);

#endif
