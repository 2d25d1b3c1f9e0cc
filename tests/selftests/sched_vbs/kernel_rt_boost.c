// SPDX-License-Identifier: GPL-2.0
#include <sys/mman.h>
#include "vbs_beside.h"

#define SIZE	(32 << 20)

/* Changes every page table entry, with mmap_lock held for writing */
static void protect(const struct scene *s)
{
	static char *p = MAP_FAILED;
	static int prot = PROT_READ;

	(void)s;
	if (p == MAP_FAILED) {
		p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (p == MAP_FAILED)
			_exit(1);
	}
	if (mprotect(p, SIZE, prot))
		_exit(1);
	prot ^= PROT_WRITE;
}

static u64 map(const struct scene *s)
{
	void *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	return scene_since(s);
}

/*
 * A FIFO task of the lowest priority keeps the CPU from fair tasks while one of
 * priority 50 wants the lock.  On PREEMPT_RT the holder has its priority then;
 * else the FIFO task must end first, whoever the holder is.
 */
VBS_TEST("a FIFO task that waits for a lock boosts a member as it boosts a nice-0 task", 120)
{
	const struct beside b = {
		.what = "mmap() by FIFO 50 beside mprotect() and a hog of FIFO 1",
		.attack = protect, .victim = map, .threads = true, .fifo = 50,
		.hog_from = 150 * US, .hog_to = 120 * MS,
		.first = 180 * US, .step = 1300 * US, .n = 6,
	};

	need_vbs();
	beside_compare(&b, 10 * US);
}
