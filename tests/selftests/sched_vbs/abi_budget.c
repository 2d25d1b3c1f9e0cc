// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "vbs_measure.h"

/*
 * prctl(PR_VBS_BUDGET): a member that reads its page all the time, beside one whose shorter
 * periods preempt it, is stopped where the page says that its budget ends, and not before.
 */
#define GAP	(60 * US)	/* longer than an interrupt */

struct reading {
	u64 at, end, deadline, instances, runtime, period, server;
	u32 flags;
};

static u64 raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static int budget_fd(void)
{
	return prctl(PR_VBS_BUDGET, 0L, 0L, 0L, 0L);
}

static volatile struct vbs_budget *map(int fd)
{
	void *page = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		t_fatal("mmap: %s", strerror(errno));
	return page;
}

static struct reading look(volatile struct vbs_budget *b)
{
	struct reading r;
	u32 seq;

	do {
		seq = __atomic_load_n(&b->seq, __ATOMIC_ACQUIRE);
		r = (struct reading) { .end = b->end, .deadline = b->deadline,
				       .instances = b->instances, .runtime = b->runtime,
				       .period = b->period, .server = b->server,
				       .flags = b->flags };
		r.at = raw_ns();
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (seq & 1 || seq != b->seq);
	return r;
}

static s64 left(const struct reading *r)
{
	return r->end > r->at ? r->end - r->at : 0;
}

struct seen {
	u64 stops, preemptions, wrong, early, late;	/* ns: the worst */
	u64 release_early, first_low;
};

static u64 most(u64 a, s64 b)
{
	return b > (s64)a ? (u64)b : a;
}

/* From one reading to the next, between which it did not run */
static void judge(struct seen *s, const struct reading *a, const struct reading *b)
{
	if (a->instances == b->instances) {
		s->preemptions++;
		s->early = most(s->early, left(a) - left(b));
		s->late = most(s->late, left(b) - left(a));
		return;
	}
	s->stops++;
	s->wrong += b->instances != a->instances + 1;
	s->early = most(s->early, left(a));
	s->release_early = most(s->release_early, a->deadline - b->at);
	s->first_low = most(s->first_low, b->runtime - left(b));
}

static void watch(volatile struct vbs_budget *b, struct seen *s, u64 stops)
{
	struct reading last = look(b), r;

	while (s->stops < stops) {
		r = look(b);
		if (r.at - last.at > GAP)
			judge(s, &last, &r);
		/* Running on it may only turn out to have more, by interrupts */
		else if (r.end < last.end || r.instances != last.instances)
			s->wrong++;
		else
			s->late = most(s->late, last.at - last.end);
		last = r;
	}
}

#define BATCH	20

/* What a program needs of it: see vbs_budget.h */
static bool budget_now(volatile struct vbs_budget *b, u64 *left, s64 *to_deadline)
{
	u64 end, deadline, at;
	u32 seq, flags;

	do {
		seq = __atomic_load_n(&b->seq, __ATOMIC_ACQUIRE);
		flags = b->flags;
		end = b->end;
		deadline = b->deadline;
		at = raw_ns();
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (seq & 1 || seq != b->seq);
	*left = (s64)(end - at) > 0 ? end - at : 0;
	*to_deadline = deadline - at;
	return !(flags & VBS_BUDGET_GONE);
}

static u64 of_batches(u64 (*batch)(volatile struct vbs_budget *), volatile struct vbs_budget *b)
{
	u64 least = UINT64_MAX, took;

	for (int i = 0; i < 200; i++) {
		took = batch(b);
		least = took < least ? took : least;
	}
	return least;
}

static u64 batch_of_clock(volatile struct vbs_budget *unused)
{
	struct timespec ts;
	u64 start = raw_ns();

	(void)unused;
	for (int i = 0; i < BATCH; i++)
		clock_gettime(CLOCK_MONOTONIC, &ts);
	return raw_ns() - start;
}

static u64 batch_of_readings(volatile struct vbs_budget *b)
{
	u64 start = raw_ns(), left;
	s64 to_deadline;

	for (int i = 0; i < BATCH; i++)
		budget_now(b, &left, &to_deadline);
	return raw_ns() - start;
}

static void check_cost(volatile struct vbs_budget *b)
{
	u64 clock = of_batches(batch_of_clock, b), budget = of_batches(batch_of_readings, b);

	t_diag("clock_gettime(CLOCK_MONOTONIC): %ju", (uintmax_t)clock / BATCH);
	t_diag("budget left and deadline, from the page: %ju", (uintmax_t)budget / BATCH);
	t_at_most(budget * 10, clock * 15, "tenths of the cost of CLOCK_MONOTONIC");
}

/* As an old program has it: what it maps for reading it may execute, where it may */
static void check_implied(int fd)
{
	int before = personality(~0UL);
	void *page;

	personality(before | READ_IMPLIES_EXEC);
	page = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, fd, 0);
	personality(before);
	t_ok(page != MAP_FAILED, "where reading implies executing it is mapped");
	if (page == MAP_FAILED)
		return;
	t_equal(mprotect(page, getpagesize(), PROT_READ | PROT_EXEC) ? errno : 0, EACCES,
		"and may not be executed");
	munmap(page, getpagesize());
}

static int map_error(size_t size, int prot, int flags, int fd, off_t at)
{
	return mmap(NULL, size, prot, flags, fd, at) == MAP_FAILED ? errno : 0;
}

static void check_rights(int fd)
{
	long page = getpagesize();

	t_equal(prctl(PR_VBS_BUDGET, 1L, 0L, 0L, 0L) == -1 ? errno : 0, EINVAL, "another argument");
	t_equal(map_error(page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES, "to be written");
	t_equal(map_error(page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0), EPERM,
		"a copy to be written");
	t_equal(map_error(2 * page, PROT_READ, MAP_SHARED, fd, 0), EINVAL, "two pages");
	t_equal(map_error(page, PROT_READ, MAP_SHARED, fd, page), EINVAL, "the second page");
	check_implied(fd);
}

static volatile struct vbs_budget *inherited;

static void touch(void)
{
	_exit(inherited->flags);
}

static int cpu_lines(void)
{
	static char text[65536];
	int n = 0;

	file_read(VBS_PROC, text, sizeof(text));
	for (const char *at = text; (at = strstr(at, "\ncpu ")); at++)
		n++;
	return n;
}

static volatile u32 *looks;

/* A stranger's file that stands at the first server, and so keeps that in memory */
static void look_on(void *unused)
{
	int left = cpu_lines(), fd;
	char c, last = 0;

	(void)unused;
	vbs_leave(0);
	t_become(1000);
	fd = open(VBS_PROC, O_RDONLY);
	for (; left && read(fd, &c, 1) == 1; last = c)
		left -= last == '\n' && c == 'c';
	gate_open(looks);
	pause();
}

static void check_end(volatile struct vbs_budget *old, u64 id)
{
	volatile struct vbs_budget *b;
	struct reading r;
	u64 until = now_ns() + SEC;

	looks = t_shared(sizeof(*looks));
	t_fork(look_on, NULL);
	gate_wait(looks);
	vbs_leave(0);
	while (!(old->flags & VBS_BUDGET_GONE) && now_ns() < until)
		sleep_ns(MS);
	t_equal(old->flags, VBS_BUDGET_GONE,
		"the page of a server that is gone, though a stranger looks at it");
	t_equal(budget_fd() < 0 ? errno : 0, ESRCH, "who is in no server");
	must_enter(0, 2 * MS, 20 * MS, 0);
	b = map(budget_fd());
	r = look(b);
	t_ok(r.server != id && !r.flags && r.period == 20 * MS, "another server has another page");
	t_equal(old->flags, VBS_BUDGET_GONE, "and the old one stays as it is");
}

VBS_TEST("a member reads its budget, and is stopped where that says", 120)
{
	u64 stops = t_arg("instances", 200), cost, eps, ticks;
	volatile struct vbs_budget *b;
	struct seen s = { 0 };
	struct reading r;
	pid_t hog, child;
	int fd;

	need_vbs();
	t_equal(budget_fd() < 0 ? errno : 0, ESRCH, "who has never been in a server");
	eps_measure_long();
	eps = eps_budget();
	ticks = eps_ticks(3 * MS);
	cost = sysctl_vbs("release_cost_ns");
	hog = t_fork(spin_forever, NULL);
	must_enter(hog, 700 * US, 3 * MS, 0);
	must_enter(0, 3 * MS, 10 * MS, VBS_BW_UNIT * 2 / 5);
	fd = budget_fd();
	check_rights(fd);
	b = map(fd);
	close(fd);

	check_cost(b);
	watch(b, &s, stops);
	t_diag("%ju stops, %ju preemptions; stopped %.3f us before the end, %.3f us after it",
	       (uintmax_t)s.stops, (uintmax_t)s.preemptions, s.early / 1e3, s.late / 1e3);
	t_equal(s.wrong, 0, "readings of two instances, or less than before");
	t_at_least(s.preemptions, stops, "preemptions");
	t_at_most(s.early, eps, "ns that were left where it was stopped");
	t_at_most(s.late, eps + ticks, "ns beyond the end, which ticks take");
	t_at_most(s.release_early, US, "ns before the deadline that it was released");
	t_at_most(s.first_low, cost + eps, "ns less than the budget at first");

	must_enter(0, MS, 5 * MS, VBS_BW_UNIT * 2 / 5);
	r = look(b);
	t_ok(r.runtime == MS && r.period == 5 * MS, "another resource");
	t_at_most(left(&r), MS, "ns left of it");
	t_at_most(r.deadline - r.at, 5 * MS, "ns to its deadline");
	inherited = b;
	child = fork();
	if (!child)
		touch();
	t_equal(waitpid(child, &fd, 0) == child && WIFSIGNALED(fd) ? WTERMSIG(fd) : 0, SIGSEGV,
		"a child has no such page");
	t_kill(hog);
	check_end(b, r.server);
}
