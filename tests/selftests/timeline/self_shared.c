// SPDX-License-Identifier: GPL-2.0
/*
 * The word that says what all threads of a process are bound to, so that SELF needs no
 * CPU's number: it is there while that is known, gone when one thread differs, and there
 * again when a thread that is alone is bound anew. What SELF reads is right all the time.
 */
#include <pthread.h>
#include "tl_test.h"

#define DAY	86400ULL

static int fd;
static u32 a, b;

/* In the mapping before the data area of the vDSO: the id plus 1, or 0 */
static u32 word(void)
{
	static volatile u64 *at;
	unsigned long begin;
	char line[256];
	FILE *f;

	if (at)
		return *at;
	f = fopen("/proc/self/maps", "r");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "[vvar_timeline]") && sscanf(line, "%lx", &begin) == 1)
			at = (volatile u64 *)begin;
	if (!f || fclose(f) || !at)
		t_fatal("no mapping of the words");
	return *at;
}

static void bind_to(u32 id)
{
	if (prctl(PR_SET_TIMELINE, id, 0, 0, 0))
		t_fatal("bind");
}

/* By the clock id and by the function: the same */
static u32 self(void)
{
	struct timeline_time tt;
	u64 ns;

	if (tl_clock(CLOCK_TIMELINE_SELF, &ns) || tl_vdso(TIMELINE_SELF, &tt))
		return TIMELINE_NONE;
	if (ns / SEC / DAY != (u64)tt.sec / DAY)
		return TIMELINE_NONE;
	return tt.sec / DAY == 1 ? a : b;
}

static void *inherits(void *arg)
{
	(void)arg;
	t_equal(self(), a, "one more thread reads what its parent is bound to");
	t_equal(word(), a + 1, "and the word still says so");
	bind_to(a);
	t_equal(word(), a + 1, "nor does it when that is bound to the same");
	bind_to(b);
	t_equal(word(), 0, "bound to another one there is nothing that holds for all");
	t_equal(self(), b, "it reads its own");
	return NULL;
}

static void *idles(void *arg)
{
	gate_wait(arg);
	return NULL;
}

static void in_child(void *unused)
{
	(void)unused;
	t_equal(self(), b, "after fork() the child reads its own");
	t_equal(word(), b + 1, "which is all there is in it");
	bind_to(a);
	t_equal(word(), a + 1, "and another one later");
}

VBS_TEST("what all threads are bound to is known while it is so", 60)
{
	pthread_t thread;
	u32 gate = 0;

	fd = tl_open();
	a = tl_make(fd, "first", TIMELINE_STEP);
	b = tl_make(fd, "second", TIMELINE_STEP);
	tl_set(fd, a, DAY, 0);
	tl_set(fd, b, 2 * DAY, 0);
	bind_to(a);
	t_equal(word(), a + 1, "one thread: it says what that is bound to");
	t_equal(self(), a, "and that is read");
	pthread_create(&thread, NULL, inherits, NULL);
	pthread_join(thread, NULL);
	t_equal(self(), a, "the first reads its own all the while");
	sleep_ns(20 * MS);
	bind_to(b);
	t_equal(word(), b + 1, "alone and bound anew: it is known again");
	t_equal(self(), b, "and read");
	t_wait(t_fork(in_child, NULL));
	t_equal(word(), b + 1, "the parent's stays");
	pthread_create(&thread, NULL, idles, &gate);
	bind_to(a);
	t_equal(word(), 0, "beside another thread that does not follow: nothing for all");
	t_equal(self(), a, "it reads its own");
	gate_open(&gate);
	pthread_join(thread, NULL);
	sleep_ns(20 * MS);
	bind_to(TIMELINE_NONE);
	t_equal(word(), 0, "unbound");
	t_equal(self(), TIMELINE_NONE, "there is none to read");
	tl_destroy(fd, b);
	tl_destroy(fd, a);
}
