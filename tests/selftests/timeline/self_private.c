// SPDX-License-Identifier: GPL-2.0
/*
 * Nobody but its own threads learns from the pages of the vDSO what a process's
 * threads are bound to, where and when they run.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include "tl_test.h"

#define WORDS	512
#define READ_ONCE(x)	(*(const volatile u64 *)&(x))

static int fd;
static u32 ids[2];

/* For all threads and for each CPU: in a mapping of their own or, once, at the end of all's */
static const u64 *words(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from = 0, end, found = 0;
	char line[256];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &from, &end) != 2)
			continue;
		if (strstr(line, "[vvar_timeline]"))
			found = from;
		else if (strstr(line, "[vvar]") && !found)
			found = from + 8 * 4096;
	}
	if (maps)
		fclose(maps);
	if (!found)
		t_fatal("no words");
	return (const u64 *)found;
}

static int bind_to(u32 to)
{
	return prctl(PR_SET_TIMELINE, (unsigned long)to, 0L, 0L, 0L) ? -errno : 0;
}

static bool reads_self(void)
{
	struct timeline_time tt;
	u64 ns;

	return !tl_vdso(TIMELINE_SELF, &tt) && !tl_clock(CLOCK_TIMELINE_SELF, &ns);
}

/* Comes and goes on this CPU, bound now to this and now to that */
static void busy(void *arg)
{
	u32 n = 0;

	for (;;) {
		if (bind_to(ids[n++ % 2]) || !reads_self())
			_exit(1);
		if (n % 8 == 0)
			bind_to(TIMELINE_NONE);
		if (arg)
			sleep_ns(100 * US);
	}
}

static int changes(const u64 *page, u64 *before)
{
	int i, n = 0;

	for (i = 0; i < WORDS; i++) {
		n += READ_ONCE(page[i]) != before[i];
		before[i] = READ_ONCE(page[i]);
	}
	return n;
}

/* Looks at its own page beside two processes that are bound */
static int seen(void)
{
	pid_t pid[2] = { t_fork(busy, NULL), t_fork(busy, (void *)1) };
	u64 before[WORDS] = { 0 };
	const u64 *page = words();
	int i, n = 0;

	changes(page, before);
	for (i = 0; i < 200; i++) {
		sleep_ns(i % 2 ? 50 * US : MS);
		n += changes(page, before);
	}
	t_kill(pid[0]);
	t_kill(pid[1]);
	return n;
}

static int nonzero(void)
{
	u64 zero[WORDS] = { 0 };

	return changes(words(), zero);
}

static void stranger(void *unused)
{
	(void)unused;
	t_become(1000);
	_exit(nonzero() ? 1 : seen() ? 2 : nonzero() ? 3 : reads_self() ? 4 : 0);
}

static void bound_one(void *unused)
{
	const u64 *page = words();

	(void)unused;
	if (nonzero() || bind_to(ids[0]) || !reads_self())
		_exit(1);
	/* Its own binding shows, in the word for all and its CPU's, and nothing else */
	if ((u32)page[0] != ids[0] + 1 || (u32)page[1] != ids[0] + 1 || nonzero() != 2)
		_exit(2);
	_exit(seen() ? 3 : reads_self() ? 0 : 4);
}

static void child_of_one(void *parents_word)
{
	const u64 *page = words();

	/* What it has inherited it finds by itself, in a page of its own */
	if (!reads_self() || !reads_self() || (u32)page[0] != ids[0] + 1)
		_exit(1);
	if (bind_to(ids[1]) || (u32)page[0] != ids[1] + 1 || !reads_self())
		_exit(2);
	_exit((u32)(uintptr_t)parents_word == ids[0] + 1 ? 0 : 3);
}

static void forking_one(void *unused)
{
	const u64 *page = words();
	int status;
	u64 word;

	(void)unused;
	if (bind_to(ids[0]) || !reads_self())
		_exit(4);
	word = page[0];
	status = t_wait(t_fork(child_of_one, (void *)(uintptr_t)(u32)word));
	_exit(WEXITSTATUS(status) ?: page[0] == word ? 0 : 5);
}

/* Takes the words away, or elsewhere; nothing is left behind but what it can expect */
static void moving_one(void *take)
{
	u64 *page = (u64 *)words(), *to = mmap(NULL, 4096, PROT_NONE,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (bind_to(ids[0]) || !reads_self() || (u32)page[0] != ids[0] + 1)
		_exit(1);
	if (take) {
		if (munmap(page, 4096))
			_exit(2);
		_exit(bind_to(ids[1]) || bind_to(TIMELINE_NONE) ? 3 : 0);
	}
	if (mremap(page, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		_exit(4);
	if ((u32)to[0] != ids[0] + 1 || bind_to(ids[1]) || (u32)to[0] != ids[1] + 1)
		_exit(5);
	if (!t_wait(t_fork(busy, NULL)))
		_exit(6);
	_exit(0);
}

static void result(void (*fn)(void *), void *arg, const char *what)
{
	int status = t_wait(t_fork(fn, arg));

	t_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0, "%s", what);
}

VBS_TEST("what threads are bound to, where and when they run is their process's own", 60)
{
	fd = tl_open();
	ids[0] = tl_make(fd, "private", 0);
	ids[1] = tl_make(fd, "other", 0);
	result(stranger, NULL, "who is not bound sees none of what others do");
	result(bound_one, NULL, "who is sees its own binding alone");
	result(forking_one, NULL, "a child has words of its own");
	result(moving_one, (void *)1, "who unmaps them can go on");
	result(moving_one, NULL, "who moves them has them where they are then");
	tl_destroy(fd, ids[0]);
	tl_destroy(fd, ids[1]);
}
