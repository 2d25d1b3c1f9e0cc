/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of vbsctl analyze: each prints its answer, 0 for yes, 1 for no. */
#ifndef VBSCTL_ANALYZE_ANALYSIS_H
#define VBSCTL_ANALYZE_ANALYSIS_H

#include "analyze/bounds.h"
#include "analyze/channel.h"
#include "analyze/sets.h"
#include "vbs/machine.h"

#define WINDOWS_MAX	16

struct analysis {
	struct load load;
	struct server_set set;
	struct channel channel;
	struct resource res, to, vcpu;	/* period 0: not given */
	uint64_t window[WINDOWS_MAX];
	int windows;
	uint32_t cap, capacity;		/* 0: not given */
	uint64_t overhead, period, slice, least_period;
	const char *of_channel;		/* an option that only --channel has, or NULL */
	bool has_overhead, has_slice, aligned, move, propose, defaults, json;
	struct machine machine;		/* with the guest's least period, if there is a vCPU */
	struct machine host;
	bool one_in_guest;		/* of a channel only this side is on the vCPU */
	enum channel_side in_guest;
	struct ratio share;		/* of the load */
};

int analyze_server(const struct analysis *a);
int analyze_proposal(struct analysis *a);
int analyze_set(const struct analysis *a);
int analyze_channel(struct analysis *a);

struct json_object;

/* The table of a load's bounds; true if every deadline is met */
bool print_bounds(const struct analysis *a, const struct supply *s);
bool json_bounds(const struct analysis *a, const struct supply *s, struct json_object *o);

/* "30 %" of a ratio, rounded up */
struct text fmt_share(struct ratio share);
struct text fmt_time128(u128 ns);

/* True, with the limit in words, if the kernel would not take the resource */
bool analysis_refuses(const struct analysis *a, const struct resource *res,
		      char *why, size_t size);

/* What admission may book on one CPU, by option, machine or default */
uint32_t analysis_capacity(const struct analysis *a);

/* A line on what that is for a vCPU, which depends on the guest's least period */
void print_vcpu(const struct analysis *a);

#endif
