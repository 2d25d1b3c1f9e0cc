// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls, first without and then with privilege: known and unknown
 * requests, sizes, directions and pointers, structures of noise and such that
 * are nearly right. A timeline that none of them may change reads on as it
 * should, and nobody without privilege has changed anything. The seed is
 * always the same (seed=N for another), so a finding comes again.
 */
#include <poll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include "tl_test.h"

#define CALLS	50000		/* of each kind */
#define FILES	8

struct shared {
	u64 calls;
	u64 granted[6];		/* by request */
	u64 wrong;
};

static struct shared *s;
static u64 state;
static int fd, files[FILES];
static u32 honest, generation;
static struct timeline_get before;
static u8 *page, *hole;		/* readable and writable; the page after it is neither */

static u64 any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static u64 below(u64 n)
{
	return any() % n;
}

/* Numbers at which things break */
static u64 edge(void)
{
	static const u64 edges[] = {
		0, 1, 2, 3, 23, 24, 25, 31, 32, 63, 64, 0x7f, 0xff, 0x7fffffff, 0x80000000,
		0xfffffffe, 0xffffffff, 1ULL << 33, 1ULL << 62, ~0ULL >> 1, 1ULL << 63, ~0ULL,
	};

	return below(2) ? any() >> below(64) : edges[below(ARRAY_SIZE(edges))];
}

static const unsigned long requests[] = {
	TIMELINE_CREATE, TIMELINE_LOOKUP, TIMELINE_SET,
	TIMELINE_GET, TIMELINE_BIND, TIMELINE_DESTROY,
};

static u32 some_id(void)
{
	return below(8) ? tl_at(fd, below(TIMELINE_IDS)) : edge();
}

/* What is right for a request, mostly */
static void fill(u8 *to, int what)
{
	static const char *const names[] = { "a", "b", "fuzz", "honest", "", "not/this" };
	struct timeline_set *set = (void *)to;
	struct timeline_bind *bind = (void *)to;
	struct timeline_destroy *destroy = (void *)to;

	switch (requests[what]) {
	case TIMELINE_CREATE:
	case TIMELINE_LOOKUP:
		memset(to, 0, sizeof(struct timeline_create));
		snprintf((char *)to, TIMELINE_NAME_LEN, "%s", names[below(ARRAY_SIZE(names))]);
		((struct timeline_create *)to)->flags = below(5);
		break;
	case TIMELINE_SET:
		*set = before.set;
		set->id = some_id();
		set->generation = 0;
		set->counter_value = tl_counter() - (below(2) ? below(1000) : edge());
		set->clock_status = TIMELINE_STATUS_SYNCHRONIZED;
		set->time_sec = below(2) ? 1000000 : edge();
		set->err_low_ns = edge();
		break;
	case TIMELINE_BIND:
		*bind = (struct timeline_bind) { some_id(), 0, edge(), below(2) ? 0 : edge() };
		break;
	case TIMELINE_DESTROY:
		*destroy = (struct timeline_destroy) { some_id(), 0 };
		break;
	default:
		*(u32 *)to = some_id();
	}
}

static void spoil(u8 *at, size_t size)
{
	u64 value = edge();
	size_t n = 1 << below(4);

	memcpy(at + below(size - n + 1), &value, n);
}

/* The honest one is not theirs to change: they never know its generation */
static void protect(u8 *arg, int what)
{
	u32 *id = (u32 *)arg;

	if ((requests[what] == TIMELINE_SET || requests[what] == TIMELINE_DESTROY) && *id == honest)
		id[1] = generation + 1 + below(1000);
}

static void *pointer(size_t size)
{
	switch (below(12)) {
	case 0:
		return NULL;
	case 1:
		return (void *)(edge() | 1UL << 46);	/* nowhere near this program */
	case 2:
		return hole - below(size);	/* ends in the hole */
	case 3:
		return (void *)0xffffffff81000000UL;
	case 4:
		return page + below(64);
	default:
		return page;
	}
}

static bool in_reach(const u8 *arg, size_t size)
{
	return arg >= page && arg < hole && size <= (size_t)(hole - arg);
}

static void one_ioctl(bool privileged)
{
	int what = below(ARRAY_SIZE(requests)), ret;
	unsigned long cmd = requests[what];
	size_t size = _IOC_SIZE(cmd);
	u8 *arg = pointer(size);

	fill(page, what);
	if (!below(3))
		spoil(page, size);
	if (arg != page && in_reach(arg, size))
		memmove(arg, page, size);
	if (in_reach(arg, size))
		protect(arg, what);
	else if (privileged && arg >= page && arg < hole)
		arg = NULL;
	if (!below(6))
		cmd = below(2) ? any() : _IOC(below(4), TIMELINE_IOC, below(8), below(1 << 14));
	ret = tl_ioctl(files[below(FILES)], cmd, arg);
	if (cmd == requests[what])
		s->granted[what] += !ret;
	s->wrong += ret > 0;
}

/* Everything else that takes an id, a file of this kind or its clock */
static void one_other(void)
{
	struct itimerspec its = { { 0, below(3) }, { below(2) * 2000000, below(SEC) } };
	clockid_t clock = below(4) ? CLOCK_TIMELINE((int)some_id()) : 31 + (clockid_t)edge();
	int f = files[below(FILES)], t;
	struct timespec ts;
	size_t size;
	void *map;

	switch (below(8)) {
	case 0:
		syscall(157 /* prctl */, PR_SET_TIMELINE + below(4), edge(), pointer(48), 0, 0);
		break;
	case 1:
		clock_gettime(clock, &ts);
		clock_getres(clock, &ts);
		break;
	case 2:
		t = timerfd_create(clock, TFD_NONBLOCK);
		timerfd_settime(t, below(4), &its, NULL);
		if (read(t, page, below(16)) > 8)
			s->wrong++;
		close(t);
		break;
	case 3:
		ts = (struct timespec) { 0, below(2) ? 1 : edge() };
		clock_nanosleep(clock, TIMER_ABSTIME, &ts, NULL);
		break;
	case 4:
		size = 4096 * (1 + below(8));
		map = mmap(NULL, size, any() & 7, MAP_SHARED, f, 4096 * below(8));
		if (map != MAP_FAILED)
			munmap(map, size);
		break;
	case 5:
		t = read(f, pointer(128), below(256));
		break;
	case 6:
		poll(&(struct pollfd) { f, POLLIN | POLLPRI, 0 }, 1, 0);
		break;
	default:
		close(f);
		for (t = 0; files[t] != f; t++)
			;
		files[t] = open("/dev/timeline", O_RDONLY | O_NONBLOCK);
	}
}

/* As set, to the nanosecond */
static bool is_honest(u64 *last)
{
	struct timeline_get now = { .set.id = honest };
	struct timeline_time tt;
	s64 ns;

	if (tl_ioctl(fd, TIMELINE_GET, &now) || memcmp(&now, &before, sizeof(now)) ||
	    tl_vdso(honest, &tt))
		return false;
	ns = timeline_diff_ns(now.set.counter_period_frac_sec, now.set.counter_period_shift,
			      now.set.counter_value, tt.counter);
	ns = tl_ns(&tt) - now.set.time_sec * SEC - ns -
	     (u64)(((unsigned __int128)now.set.time_frac_sec * SEC) >> 64);
	if (ns < 0 || ns > 1 || tl_ns(&tt) < *last || tt.status != TIMELINE_STATUS_SYNCHRONIZED)
		return false;
	*last = tl_ns(&tt);
	return true;
}

static void fuzz(void *arg)
{
	bool privileged = arg;
	u64 last = 0, i;
	int f;

	alarm(0);
	if (!privileged)
		t_become(1000);
	for (f = 0; f < FILES; f++)
		files[f] = open("/dev/timeline", O_RDONLY | O_NONBLOCK);
	for (i = 0; i < CALLS; i++) {
		if (below(4))
			one_ioctl(privileged);
		else
			one_other();
		if (i % 64 == 0)
			s->wrong += !is_honest(&last);
	}
	s->calls = i;
	_exit(0);
}

static void run(bool privileged)
{
	u64 last = 0;

	memset(s, 0, sizeof(*s));
	t_equal(t_wait(t_fork(fuzz, privileged ? s : NULL)), 0, "%s privilege",
		privileged ? "with" : "without");
	t_equal(s->calls, CALLS, "calls");
	t_equal(s->wrong, 0, "that went wrong, or after which the honest one was");
	t_diag("create %ju, lookup %ju, set %ju, get %ju, bind %ju, destroy %ju granted",
	       (uintmax_t)s->granted[0], (uintmax_t)s->granted[1], (uintmax_t)s->granted[2],
	       (uintmax_t)s->granted[3], (uintmax_t)s->granted[4], (uintmax_t)s->granted[5]);
	t_ok(is_honest(&last), "it is what it was");
	if (!privileged)
		t_equal(s->granted[0] + s->granted[2] + s->granted[5], 0, "changes granted");
	else
		t_ok(s->granted[0] > 100 && s->granted[2] > 100 && s->granted[5] > 100,
		     "some of each kind are granted");
	t_at_least(s->granted[4], 50, "bindings granted");
}

VBS_TEST("no sequence of calls does anything to a timeline that it must not", 120)
{
	fd = tl_open();
	s = t_shared(sizeof(*s));
	state = t_arg("seed", 1) * 0x9e3779b97f4a7c15ULL;
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	hole = page + 4096;
	mprotect(hole, 4096, PROT_NONE);
	honest = tl_make(fd, "honest", 0);
	before.set.id = honest;
	if (tl_ioctl(fd, TIMELINE_GET, &before))
		t_fatal("get");
	generation = before.set.generation;
	tl_make(fd, "a", 0);
	tl_make(fd, "b", TIMELINE_STEP);
	run(false);
	run(true);
	tl_destroy_all(fd);
}
