/* SPDX-License-Identifier: GPL-2.0 */
/* /etc/vbs/vm.d: what machines get that nobody attaches by hand. */
#ifndef VBSCTL_VM_RULES_H
#define VBSCTL_VM_RULES_H

#include "vm/request.h"
#include "vm/vm.h"

#define VM_RULES_DIR	"/etc/vbs/vm.d"

struct vm_rule {
	char file[512];
	char name[VM_NAME];		/* a pattern, of the machine or its process */
	char user[VM_NAME];		/* whose process it is: "" root's, "*" anybody's */
	uint32_t uid;
	struct vm_request req;
};

/*
 * The first rule, in the order of the files, for that name and user (-1: not known, where
 * root says which machine it is): 1, 0 if there is none, or -1 with the message printed.
 */
int vm_rule_find(const char *name, const char *comm, uint32_t uid, struct vm_rule *rule);

/* Reads one file: 0, or -1 with the message printed */
int vm_rule_read(const char *file, struct vm_rule *rule);

#endif
