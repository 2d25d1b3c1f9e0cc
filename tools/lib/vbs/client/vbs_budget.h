/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What is left of the budget of the caller's server, and how far its deadline is, without
 * a system call; see vbs_budget(3). All of it is in this header. Functions return 0 or an
 * error number.
 */
#ifndef VBS_BUDGET_H
#define VBS_BUDGET_H

#include <errno.h>
#include <linux/sched/vbs.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the server that the thread was in that opened it, for the members of that one */
struct vbs_budget_reader {
	const volatile struct vbs_budget *page;
	int64_t offset;		/* of CLOCK_MONOTONIC_RAW in this time namespace, ns */
};

struct vbs_budget_now {
	uint64_t left;		/* ns that the reader may execute at least, if nobody preempts it */
	int64_t to_deadline;	/* ns; negative: it has passed */
	uint64_t instances;	/* that the server has begun */
	uint64_t runtime;	/* the resource, ns */
	uint64_t period;
	uint64_t server;	/* its id in /proc/vbs */
};

/* By how much the clocks of this time namespace are ahead */
static inline int64_t vbs_budget_offset(void)
{
	FILE *f = fopen("/proc/self/timens_offsets", "re");
	long long s = 0, ns = 0;

	if (!f)
		return 0;
	if (fscanf(f, "monotonic %lld %lld", &s, &ns) != 2)
		s = ns = 0;
	fclose(f);
	return (int64_t)s * 1000000000 + ns;
}

/*
 * ESRCH: the caller is in no server; EINVAL: the kernel has no PR_VBS_BUDGET; ENOMEM, EMFILE,
 * ENFILE.
 */
static inline int vbs_budget_open(struct vbs_budget_reader *r)
{
	int fd = prctl(PR_VBS_BUDGET, 0L, 0L, 0L, 0L), err;
	void *page;

	if (fd < 0)
		return errno;
	page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, fd, 0);
	err = errno;
	close(fd);
	if (page == MAP_FAILED)
		return err;
	r->page = (const volatile struct vbs_budget *)page;
	r->offset = vbs_budget_offset();
	return 0;
}

static inline void vbs_budget_close(struct vbs_budget_reader *r)
{
	munmap((void *)(uintptr_t)r->page, (size_t)sysconf(_SC_PAGESIZE));
	r->page = NULL;
}

/* ESRCH: the server is gone. Of a server that the caller has left it says nothing useful. */
static inline int vbs_budget_read(const struct vbs_budget_reader *r, struct vbs_budget_now *now)
{
	const volatile struct vbs_budget *b = r->page;
	uint64_t end, deadline, t;
	struct timespec ts;
	uint32_t seq, flags;

	do {
		seq = __atomic_load_n(&b->seq, __ATOMIC_ACQUIRE);
		flags = b->flags;
		end = b->end;
		deadline = b->deadline;
		now->instances = b->instances;
		now->runtime = b->runtime;
		now->period = b->period;
		now->server = b->server;
		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (seq & 1 || seq != __atomic_load_n(&b->seq, __ATOMIC_RELAXED));
	if (flags & VBS_BUDGET_GONE)
		return ESRCH;
	t = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec - (uint64_t)r->offset;
	now->left = (int64_t)(end - t) > 0 ? end - t : 0;
	now->to_deadline = (int64_t)(deadline - t);
	return 0;
}

#ifdef __cplusplus
}
#endif

#endif /* VBS_BUDGET_H */
