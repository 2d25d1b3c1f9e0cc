/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of vbsctl channel measure. */
#ifndef VBSCTL_CHANNEL_MEASURE_H
#define VBSCTL_CHANNEL_MEASURE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "analyze/channel.h"
#include "clocks.h"
#include "servers/children.h"
#include "vbs/client/vbs_channel.h"
#include "vbs/machine.h"

#define MEASURE_COUNT_MAX	10000000
#define MEASURE_SLOT_MAX	(1 << 24)	/* bytes; what a measurement copies */
#define MEASURE_SLOTS_MAX	4096
#define CALIBRATE_MAX		100		/* messages */

enum load_kind { LOAD_NONE, LOAD_RANDOM, LOAD_DIRECTED };

/* What is asked for */
struct measure {
	struct channel channel;
	uint64_t count, seed;
	uint64_t overhead;
	enum load_kind load;
	int cpu[SIDES];		/* -1: any */
	bool json, aligned, has_hop, has_overhead;
	const char *over;	/* a file whose other end has the receiver, or NULL */
	struct machine machine;
	uint64_t calibrate;	/* messages before any load, */
	uint64_t *took;		/* ns, of each one, and then of each of @count; of a round trip the sender's */
};

/* CPU time, the worst that was seen, ns */
struct works {
	_Atomic uint64_t stage[3];
	_Atomic uint64_t slot[SIDES];
};

/* Shared by the processes of a measurement */
struct field {
	struct works works;
	_Atomic uint64_t late;		/* the worst of a timer, ns */
	_Atomic uint64_t every;		/* ns between messages; the sender reads it in each phase */
	_Atomic uint32_t phase;		/* see sides.c */
	_Atomic uint32_t broken;	/* a side has met an error, which is this errno */
};

enum phase { PHASE_WAIT, PHASE_CALIBRATE, PHASE_READY, PHASE_RUN, PHASE_DONE };

/* An end of each of two rings: the message goes through the first, the reply through the second */
struct ends {
	struct vbs_channel message, reply;
};

/* The rings in new memory of the children to come; false, with errno */
bool ends_make(const struct measure *m, struct ends *sender, struct ends *receiver);

/* Slots of a ring in memory that both ends have, which the first end makes; false, with errno */
bool ring_make_in(const struct measure *m, void *mem, size_t size, struct vbs_channel *in, struct vbs_channel *out);

/* What the processes do; they return when the phase is PHASE_DONE, or the field is broken */
void sender_play(const struct measure *m, struct field *f, struct ends *ends);
void receiver_play(const struct measure *m, struct field *f, struct ends *ends);

/* Between two phases: waits until it is @phase or a later one */
void phase_wait(struct field *f, enum phase phase);
void phase_set(struct field *f, enum phase phase);

/* A server that takes all that is left of each of these CPUs: 0 or an exit code */
int load_start(const struct measure *m, const int *cpu);

/* Stages with the works that have been seen */
void measured_channel(const struct measure *m, const struct field *f, struct channel *c);

/* What has come out: its exit code */
int measure_report(const struct measure *m, struct field *f, const int *cpu);

#endif
