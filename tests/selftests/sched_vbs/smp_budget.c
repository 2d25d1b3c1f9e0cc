// SPDX-License-Identifier: GPL-2.0
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "vbs_group.h"

/*
 * Members open the page of their budget and read it while their servers switch, are moved
 * to other CPUs, end, and are made anew from what is left of others.
 */
#define TASKS	6

struct shared {
	volatile pid_t pid[TASKS];
	volatile u32 stop;
	atomic_uint opened, read, wrong, gone, left;
};

static struct shared *shared;

static u64 raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* Whoever reads runs, in an instance of the resource that the page names */
static bool is_right(volatile struct vbs_budget *b)
{
	u64 end, deadline, runtime, period, at;
	u32 seq;

	do {
		seq = __atomic_load_n(&b->seq, __ATOMIC_ACQUIRE);
		end = b->end;
		deadline = b->deadline;
		runtime = b->runtime;
		period = b->period;
		at = raw_ns();
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (seq & 1 || seq != b->seq);
	if ((s64)(end - at) <= (s64)runtime && (s64)(deadline - at) <= (s64)period && period)
		return true;
	t_diag("end %jd of %ju, deadline %jd of %ju", (intmax_t)(end - at), (uintmax_t)runtime,
	       (intmax_t)(deadline - at), (uintmax_t)period);
	return false;
}

static void life(unsigned int *seed)
{
	u64 period = (2 + rand_r(seed) % 8) * MS;
	volatile struct vbs_budget *b;
	int fd;

	if (vbs_enter(0, period / 5, period, VBS_BW_UNIT / 4))
		return;
	fd = prctl(PR_VBS_BUDGET, 0L, 0L, 0L, 0L);
	b = fd < 0 ? MAP_FAILED : mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (b == MAP_FAILED) {
		shared->wrong++;
		return;
	}
	shared->opened++;
	for (int i = rand_r(seed) % 2000; i > 0; i--) {
		shared->wrong += !is_right(b);
		shared->read++;
		if (!(i % 200))
			vbs_enter(0, period / 6, period, VBS_BW_UNIT / 4);
	}
	vbs_leave(0);
	shared->left++;
	if (rand_r(seed) % 2) {
		sleep_ns(20 * MS);
		shared->gone += b->flags == VBS_BUDGET_GONE;
	}
	munmap((void *)b, getpagesize());
}

static void live(void *arg)
{
	unsigned int me = (intptr_t)arg, seed = me;

	shared->pid[me] = getpid();
	while (!shared->stop)
		life(&seed);
}

static void move(void *unused)
{
	unsigned int seed = 100;

	(void)unused;
	while (!shared->stop) {
		mask_to(shared->pid[rand_r(&seed) % TASKS], 1 + rand_r(&seed) % 15);
		sleep_ns(300 * US);
	}
}

VBS_TEST("what a member reads of its budget is of its own server, whatever becomes of that", 60)
{
	pid_t pid[TASKS + 1];

	need_vbs();
	need_cpus(4);
	shared = t_shared(sizeof(*shared));
	for (int i = 0; i < TASKS; i++)
		pid[i] = t_fork(live, (void *)(intptr_t)i);
	pid[TASKS] = t_fork(move, NULL);
	sleep_ns(t_arg("seconds", 5) * SEC);
	shared->stop = 1;
	for (int i = 0; i <= TASKS; i++)
		t_wait(pid[i]);
	t_diag("%u pages, %u readings, %u seen to be gone of %u", shared->opened, shared->read,
	       shared->gone, shared->left);
	t_equal(shared->wrong, 0, "readings of another resource");
	t_at_least(shared->read, 10000, "readings");
	t_at_least(shared->gone, 5, "pages of servers that were seen to be gone");
	t_equal(books_empty(SEC), 0, "booked at last");
}
