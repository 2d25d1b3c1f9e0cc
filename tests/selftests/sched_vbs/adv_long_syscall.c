// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include "vbs_measure.h"

#define RUNTIME		(500 * US)
#define PERIOD		(5 * MS)
#define SIZE		(8 << 20)

static u64 until;

static char *map(void)
{
	return mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Calls that last for milliseconds, begun with ever other budgets left */
static void attack(void *unused)
{
	int zero = open("/dev/zero", O_RDONLY);
	unsigned int seed = 3;
	char *p;

	(void)unused;
	while (now_ns() < until) {
		burn(rand_r(&seed) % RUNTIME);
		p = map();
		if (p == MAP_FAILED || read(zero, p, SIZE) != SIZE)
			_exit(1);
		madvise(p, SIZE / 2, MADV_DONTNEED);
		munmap(p, SIZE);
	}
}

VBS_TEST("system calls longer than the budget take at most 3 lambda beyond it", 200)
{
	struct crowd *c = siege_start();
	pid_t pid;

	until = now_ns() + siege_length();
	pid = t_fork(attack, NULL);
	must_enter(pid, RUNTIME, PERIOD, 0);
	t_equal(t_wait(pid), 0, "the attacker's exit status");
	siege_end(c, RUNTIME / (double)PERIOD, RUNTIME, 3 * RUNTIME);
}
