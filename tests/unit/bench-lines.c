// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the cache lines that code touches which is compiled with -fsanitize=thread: the
 * compiler then calls one of these functions before each access. Not linked with the
 * runtime of that; nothing else of it is used.
 */
#include <stdint.h>

#include "bench.h"

#define LINE_SHIFT	6
#define MOST		1024	/* in a stretch */

static uintptr_t seen[MOST];
static unsigned int nr_seen;
static unsigned long lines;

unsigned long bench_lines(void)
{
	lines += nr_seen;
	nr_seen = 0;
	return lines;
}

static void touch_line(uintptr_t line)
{
	for (unsigned int i = 0; i < nr_seen; i++)
		if (seen[i] == line)
			return;
	if (nr_seen < MOST)
		seen[nr_seen++] = line;
}

static void touch(const void *at, unsigned long bytes)
{
	uintptr_t first = (uintptr_t)at >> LINE_SHIFT;
	uintptr_t last = ((uintptr_t)at + bytes - 1) >> LINE_SHIFT;

	for (uintptr_t line = first; line <= last; line++)
		touch_line(line);
}

#define ACCESS(name, bytes)			\
	void __tsan_##name(const void *at);	\
	void __tsan_##name(const void *at)	\
	{					\
		touch(at, bytes);		\
	}

ACCESS(read1, 1)
ACCESS(read2, 2)
ACCESS(read4, 4)
ACCESS(read8, 8)
ACCESS(read16, 16)
ACCESS(write1, 1)
ACCESS(write2, 2)
ACCESS(write4, 4)
ACCESS(write8, 8)
ACCESS(write16, 16)
ACCESS(unaligned_read8, 8)
ACCESS(unaligned_write8, 8)
ACCESS(volatile_read1, 1)
ACCESS(volatile_read4, 4)
ACCESS(volatile_read8, 8)
ACCESS(volatile_write4, 4)
ACCESS(volatile_write8, 8)

#define RANGE(name)							\
	void __tsan_##name(const void *at, unsigned long bytes);	\
	void __tsan_##name(const void *at, unsigned long bytes)		\
	{								\
		touch(at, bytes);					\
	}

RANGE(read_range)
RANGE(write_range)

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(const void *caller);
void __tsan_func_entry(const void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}
