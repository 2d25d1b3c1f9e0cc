/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two queues that the benchmark compares, behind one interface: each is
 * compiled with its own headers.
 */
#ifndef _TESTS_UNIT_BENCH_H
#define _TESTS_UNIT_BENCH_H

#define BENCH_MAX	100000
#define BENCH_STRIDE	512	/* about the size of a server */

struct bench_queue {
	const char *name;
	void (*reset)(void);
	void (*add)(unsigned int i, unsigned long long when,
		    unsigned long long now);
	void (*del)(unsigned int i);
	unsigned int (*first)(void);
};

extern const struct bench_queue bench_trie;
extern const struct bench_queue bench_rbtree;

/* bench-lines.c: cache lines touched by the queues until now, those of a stretch once */
unsigned long bench_lines(void);

#endif /* _TESTS_UNIT_BENCH_H */
