/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parameters of servers and of what runs in them.  Every parser returns NULL, or in
 * a few words why the text is not one.
 */
#ifndef LIB_VBS_PARAMS_H
#define LIB_VBS_PARAMS_H

#include <stdint.h>

struct resource {
	uint64_t runtime;	/* ns */
	uint64_t period;	/* ns */
};

struct load_task {
	uint64_t cost;		/* ns */
	uint64_t period;	/* ns between arrivals, at least */
	uint64_t deadline;	/* ns after the arrival */
};

struct server_spec {
	struct resource res;
	uint32_t cap;		/* 1 << 20 = one CPU */
};

const char *parse_resource(const char *text, struct resource *res);
const char *parse_load_task(const char *text, struct load_task *task);
const char *parse_server(const char *text, struct server_spec *spec);

/*
 * The least cap, in units, that holds the resource.  Aligned release keeps
 * 1/512 of the period as slack, for a clock that runs fast.
 */
uint32_t resource_cap(const struct resource *res);
uint32_t resource_cap_aligned(const struct resource *res);

#endif
