// SPDX-License-Identifier: GPL-2.0
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include "vbs_beside.h"

#define KEPT	(128 << 20)	/* of the machine's memory */

static size_t size;

/* Faults all pages of a mapping in, with mmap_lock held for reading */
static void populate(const struct scene *s)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	(void)s;
	if (p == MAP_FAILED || munmap(p, size))
		_exit(1);
}

/* By another thread, which is no member: it wants the lock for writing */
static u64 map(const struct scene *s)
{
	void *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	return scene_since(s);
}

static size_t free_memory(void)
{
	struct sysinfo info;

	if (sysinfo(&info) || info.freeram * info.mem_unit < KEPT + (8 << 20))
		t_skip_all("needs more memory");
	return info.freeram * info.mem_unit - KEPT;
}

VBS_TEST("mmap() waits for page faults of a member no longer than for those of a nice-0 task", 120)
{
	const struct beside b = {
		.what = "mmap() beside page faults", .attack = populate, .victim = map,
		.threads = true,
		.first = 500 * US, .step = 7700 * US, .n = 6,
	};

	need_vbs();
	size = t_arg("mib", 64) << 20;
	if (size > free_memory())
		size = free_memory();
	t_diag("page faults of %zu MiB", size >> 20);
	beside_compare(&b, 1 * MS);
}
