// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "vbs_test.h"

/*
 * A user's tasks move servers, open, map and close their budgets, join one another, fork
 * and leave, and keep places in /proc/vbs, while an administrator puts them into servers
 * again, ends all servers and takes a CPU away.  Each call has one of the errors that it
 * may have, and nothing is left of it.
 */
#define WORKERS		6
#define CPU1		"/sys/devices/system/cpu/cpu1/online"

struct state {
	volatile u32 stop;
	volatile u32 bad;		/* a call, and its error */
	volatile pid_t pid[WORKERS];
	volatile u64 calls, moves, pages;
};

static struct state *state;
static unsigned int seed;

static unsigned int any(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static pid_t any_of(void)
{
	return any(3) ? state->pid[any(WORKERS)] : 0;
}

static bool is_one_of(int err, const int *may, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (err == may[i])
			return true;
	return !err;
}

#define MAY(call, ret, ...)							\
	do {									\
		static const int may[] = { __VA_ARGS__ };			\
		int err = (ret) < 0 ? errno : 0;				\
										\
		if (!is_one_of(err, may, ARRAY_SIZE(may)))			\
			state->bad = (call) << 16 | err;			\
	} while (0)

static void move(void)
{
	unsigned long how = any(2) ? VBS_MOVE_RELAX : VBS_MOVE_STRICT;
	int ret = prctl(PR_VBS_MOVE, (long)any_of(), (long)any(2), how,
			how == VBS_MOVE_STRICT ? (long)any(2 * MS) : 0L);

	state->moves += !ret;
	MAY(1, ret, EAGAIN, ETIME, EBUSY, EINVAL, EPERM, ESRCH, EINTR);
}

static void map_page(void)
{
	int fd = prctl(PR_VBS_BUDGET, 0L, 0L, 0L, 0L);
	volatile struct vbs_budget *b;
	void *page;

	MAY(2, fd, ESRCH, EMFILE);
	if (fd < 0)
		return;
	page = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, fd, 0);
	MAY(3, page == MAP_FAILED ? -1 : 0, 0);
	if (any(2))
		close(fd);
	if (page == MAP_FAILED)
		return;
	b = page;
	state->pages += b->server && b->deadline;
	if (any(4))
		munmap(page, getpagesize());
}

/* It keeps what it stands at, and a few files */
static void look(void)
{
	static int fd[4] = { -1, -1, -1, -1 };
	unsigned int i = any(4);
	char buf[600];

	if (fd[i] < 0)
		fd[i] = open(VBS_PROC, O_RDONLY | O_CLOEXEC);
	if (read(fd[i], buf, 1 + any(sizeof(buf))) > 0 && any(4))
		return;
	close(fd[i]);
	fd[i] = -1;
}

static void child(void)
{
	pid_t pid = fork();

	if (!pid) {
		move();
		map_page();
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void run_for(u64 ns)
{
	u64 until = now_ns() + ns;

	while (now_ns() < until)
		;
}

static void change(void)
{
	u64 period = (1 + any(20)) * MS;

	vbs_enter(0, period / 10, period, 0);
}

static void join(void)
{
	vbs_join(0, any_of());
}

static void idle(void)
{
	if (any(8))
		sleep_ns(any(2 * MS));
	else
		vbs_leave(0);
}

static void busy(void)
{
	run_for(any(MS));
}

static void worker(void *arg)
{
	static void (*const does[])(void) = {
		move, move, move, map_page, look, child, join, change, idle, busy,
	};

	seed = (unsigned int)(uintptr_t)arg;
	t_become(1000);
	while (!state->stop) {
		does[any(ARRAY_SIZE(does))]();
		state->calls++;
	}
	_exit(0);
}

static void administer(void)
{
	switch (any(40)) {
	case 0:
		file_write(SYSCTL_VBS "enable", "0");
		file_write(SYSCTL_VBS "enable", "1");
		break;
	case 1:
		file_write(CPU1, "0");
		sleep_ns(MS);
		file_write(CPU1, "1");
		break;
	default:
		vbs_enter(state->pid[any(WORKERS)], MS, 10 * MS, 0);
	}
	sleep_ns(MS);
}

VBS_TEST("moves and pages of budgets leave nothing, whatever else happens", 60)
{
	u64 until, seconds = t_arg("seconds", 15);

	need_vbs();
	need_cpus(2);
	file_restore(SYSCTL_VBS "enable");
	file_restore(CPU1);
	file_restore(SYSCTL_VBS "offline_demote");
	file_write(SYSCTL_VBS "offline_demote", "1");
	state = t_shared(sizeof(*state));
	seed = t_arg("seed", 1);
	for (long i = 0; i < WORKERS; i++)
		state->pid[i] = t_fork(worker, (void *)(i + 1 + 100 * (long)seed));
	until = now_ns() + seconds * SEC;
	while (now_ns() < until)
		administer();
	state->stop = 1;
	for (int i = 0; i < WORKERS; i++)
		t_equal(t_wait(state->pid[i]), 0, "worker %d ends", i);
	t_diag("%ju calls, %ju moves, %ju pages of servers", (uintmax_t)state->calls,
	       (uintmax_t)state->moves, (uintmax_t)state->pages);
	t_equal(state->bad, 0, "a call, and an error that it has not: call << 16 | errno");
	t_at_least(state->moves, 10, "moves");
	t_at_least(state->pages, 10, "pages that say of what server they are");
	t_equal(books_empty(2 * SEC), 0, "booked when all have ended");
}
