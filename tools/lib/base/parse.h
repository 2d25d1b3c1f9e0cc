/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quantities as people write them.  Every parser returns NULL, or in a few
 * words why the text is not one; nothing passes through floating point.
 */
#ifndef LIB_BASE_PARSE_H
#define LIB_BASE_PARSE_H

#include <stdint.h>
#include <sys/types.h>

const char *parse_time(const char *text, uint64_t *ns);
const char *parse_bandwidth(const char *text, uint32_t *units);
const char *parse_pid(const char *text, pid_t *pid);
const char *parse_count(const char *text, uint64_t *count);

/* A count with K, M, G or T behind it, or none: powers of 1024 */
const char *parse_bytes(const char *text, uint64_t *bytes);

#define PARSE_ITEM	128

/* Copies what stands before the first @sep; returns what stands after it, or NULL */
const char *parse_cut(const char *text, char sep, char head[PARSE_ITEM]);

/* Calls parse(item, out + n * size) for each item of a comma-separated list */
const char *parse_list(const char *text, void *out, size_t size, int max,
		       const char *(*parse)(const char *item, void *out),
		       int *count);

#endif
