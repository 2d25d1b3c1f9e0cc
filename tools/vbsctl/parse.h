/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quantities as people write them.  Every parser returns NULL, or in a few
 * words why the text is not one; nothing passes through floating point.
 */
#ifndef VBSCTL_PARSE_H
#define VBSCTL_PARSE_H

#include <stdint.h>
#include <sys/types.h>

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

const char *parse_time(const char *text, uint64_t *ns);
const char *parse_bandwidth(const char *text, uint32_t *units);
const char *parse_resource(const char *text, struct resource *res);
const char *parse_load_task(const char *text, struct load_task *task);
const char *parse_server(const char *text, struct server_spec *spec);
const char *parse_pid(const char *text, pid_t *pid);
const char *parse_count(const char *text, uint64_t *count);

/*
 * The least cap, in units, that holds the resource.  Aligned release keeps
 * 1/512 of the period as slack, for a clock that runs fast.
 */
uint32_t resource_cap(const struct resource *res);
uint32_t resource_cap_aligned(const struct resource *res);

/* Calls parse(item, out + n * size) for each item of a comma-separated list */
const char *parse_list(const char *text, void *out, size_t size, int max,
		       const char *(*parse)(const char *item, void *out),
		       int *count);

#endif
