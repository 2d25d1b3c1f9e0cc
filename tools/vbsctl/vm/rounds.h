/* SPDX-License-Identifier: GPL-2.0 */
/* Readings one after the other, for top and watch. */
#ifndef VBSCTL_VM_ROUNDS_H
#define VBSCTL_VM_ROUNDS_H

#include "vm/machines.h"

struct vm_rounds {
	uint64_t delay;		/* ns */
	uint64_t count;		/* 0: until stopped */
	bool json;
	pid_t pid;		/* 0: all machines */
};

/* @before: NULL at first, then the reading before */
typedef void vm_round_fn(const struct vm_rounds *r, const struct vm_machines *before,
			 const struct vm_machines *now);

/* Options, operand, and the rounds; an exit code */
int vm_rounds_main(const struct command *cmd, int argc, char **argv, vm_round_fn *show);

#define VM_ROUNDS_HELP \
	"  -d, --delay TIME     from one look to the next; 1s\n" \
	"  -n, --iterations N   end after that many looks\n" \
	"  -j, --json           one JSON object per line\n"

#endif
