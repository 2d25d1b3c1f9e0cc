/* SPDX-License-Identifier: GPL-2.0 */
/* What a machine is to get: from options, from a rule, from what it has. */
#ifndef VBSCTL_VM_REQUEST_H
#define VBSCTL_VM_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "command.h"
#include "vbs/kvm.h"
#include "vbs/params.h"

struct vm_request {
	struct resource vcpu, dm;		/* period 0: not said */
	uint32_t cap, dm_cap;			/* 0: not said */
	uint64_t guest_period_min;
	uint32_t vcpus;
	bool one, align, strict, split, poll, guest_switch, guest_timelines;
	bool pi;				/* the VMM's mutexes inherit, or will */
};

/* Which of them a subcommand takes, as entries of a struct option array */
#define VM_OPTIONS \
	{ "vcpu", required_argument, NULL, 'v' }, \
	{ "cap", required_argument, NULL, 'c' }, \
	{ "dm", required_argument, NULL, 'd' }, \
	{ "dm-cap", required_argument, NULL, 'D' }, \
	{ "one", no_argument, NULL, '1' }, \
	{ "vcpus", required_argument, NULL, 'n' }, \
	{ "align", no_argument, NULL, 'l' }, \
	{ "strict", no_argument, NULL, 's' }, \
	{ "split", no_argument, NULL, 'S' }, \
	{ "poll", no_argument, NULL, 'p' }, \
	{ "guest-switch", no_argument, NULL, 'w' }, \
	{ "guest-period-min", required_argument, NULL, 'g' }, \
	{ "guest-timelines", no_argument, NULL, 't' }

/* Their lines in a help text */
#define VM_OPTIONS_HELP \
	"  --vcpu BUDGET/PERIOD  of each vCPU; without it what --cap gives in 1ms\n" \
	"  --cap BANDWIDTH       the cap of each vCPU; without it BUDGET/PERIOD\n" \
	"  --dm BUDGET/PERIOD    of the device model; without it 200us/1.5ms\n" \
	"  --dm-cap BANDWIDTH    its cap\n" \
	"  --one                 one server for all, of a machine with one vCPU\n" \
	"  --vcpus N             hold room for that many vCPUs at least\n" \
	"  --align               release vCPUs at multiples of the period\n" \
	"  --strict              no vCPU without room, rather than one in the device model's\n" \
	"                        server: many VMMs end then\n" \
	"  --split               a device model's server for each affinity mask\n" \
	"  --poll                let vCPUs poll when they halt\n" \
	"  --guest-switch        the guest may switch its vCPUs' servers within their caps\n" \
	"  --guest-period-min TIME  the shortest period that it may ask for\n" \
	"  --guest-timelines     the guest may read timelines made with --guest\n"

/* One key of a rule, or one option by its long name: NULL, or why it is not taken */
const char *vm_request_take(struct vm_request *req, const char *key, const char *value);

/* One of VM_OPTIONS, whose value is optarg; 0 or VC_USAGE with the message printed */
int vm_request_option(const struct command *cmd, const struct option *options, int c,
		      struct vm_request *req);

/* Fills in what is not said: NULL, or why that cannot be; in @why if it has numbers */
const char *vm_request_complete(struct vm_request *req, char *why, size_t size);

void vm_request_config(const struct vm_request *req, pid_t pid, struct kvm_vbs_config *config);

#endif
