/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QEMU's migration of a guest.  It sends the memory, and what the guest has written
 * meanwhile in further passes; when what is left takes less than the parameter downtime-limit, by
 * the bandwidth that it has measured, it stops the guest, and only then.  (The capability
 * pause-before-switchover comes too late for a refusal: the guest stands still by then.)
 *
 * With the capability return-path it is completed only when the other QEMU has said that it has the guest,
 * and has let it go on; without, when all has been written to a socket.
 */
#ifndef VBSCTL_VM_TRANSFER_H
#define VBSCTL_VM_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/qmp.h"

struct transfer_plan {
	const char *uri;
	bool relax;
	uint64_t limit;		/* ns, strict: what QEMU may estimate */
	uint64_t passes;	/* strict: after so many it is refused */
	uint64_t within;	/* ns, strict: or after that time */
	/* Whether somebody waits for the guest at the other end */
	bool (*there)(void *arg);
	/* At each look, from when the guest has been stopped */
	void (*has_stopped)(void *arg);
	void *arg;
};

/* What query-migrate says */
struct transfer_look {
	char status[24];
	char why[160];
	uint64_t passes;	/* that have ended */
	uint64_t left, sent;	/* bytes */
	uint64_t expected;	/* ms, as QEMU estimates it */
	uint64_t stood;		/* ms, when it is completed */
	uint64_t took;		/* ms, likewise */
	char guest[24];		/* in the end, if it has not gone: "running", or what else it is here */
};

/* TRANSFER_LOST: QEMU does not answer any more, so nobody knows */
enum transfer_verdict { TRANSFER_GOES_ON, TRANSFER_DONE, TRANSFER_FAILED, TRANSFER_HOPELESS, TRANSFER_LOST };

/* By its status: then a migration is not given up any more */
bool transfer_has_stopped(const struct transfer_look *look);

void transfer_read(struct json_object *answer, struct transfer_look *look);

/* @elapsed: ns */
enum transfer_verdict transfer_judge(const struct transfer_plan *plan, const struct transfer_look *look,
				     uint64_t elapsed);

/*
 * Until the guest has gone, TRANSFER_DONE, or it is clear that it does not go: then it runs here as
 * if nothing had been, if look->guest says so.  @look: the last.  Who is there and does not listen yet is
 * tried again.
 */
enum transfer_verdict transfer_run(struct qmp *q, const struct transfer_plan *plan,
				   struct transfer_look *look);

#endif
