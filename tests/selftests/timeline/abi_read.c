// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "tl_test.h"

#define NR32_PRCTL		172
#define NR32_CLOCK_GETTIME64	403

static int fd;
static u32 id;

/* Each way of reading in turn must see the time move on */
static bool in_order(void)
{
	struct timeline_time vdso, call;
	u64 t[4];

	return !tl_vdso(id, &vdso) && !tl_clock(CLOCK_TIMELINE(id), &t[0]) &&
	       !tl_clock_syscall(CLOCK_TIMELINE(id), &t[1]) && !tl_prctl(id, &call) &&
	       !tl_clock(CLOCK_TIMELINE(id), &t[2]) &&
	       tl_ns(&vdso) <= t[0] && t[0] <= t[1] && t[1] <= tl_ns(&call) &&
	       tl_ns(&call) <= t[2] && t[2] - tl_ns(&vdso) < 10 * MS &&
	       vdso.disruption == call.disruption && vdso.counter < call.counter &&
	       vdso.err_low_ns <= call.err_low_ns;
}

/* What knows no bound sees a clock that goes, as of a machine that has none of its own */
static void goes_on_from_0(int unset)
{
	struct timespec ts = { 0, 20 * MS }, at = { 0, 0 };
	u64 first, then;

	t_equal(tl_clock(CLOCK_TIMELINE(unset), &first), 0, "clock_gettime() of it");
	t_equal(clock_nanosleep(CLOCK_TIMELINE(unset), 0, &ts, NULL), 0, "sleep on it");
	t_equal(tl_clock_syscall(CLOCK_TIMELINE(unset), &then), 0, "by the system call");
	t_near(then - first, 20 * MS, 100 * US, "its time has gone on");
	at.tv_nsec = then + 20 * MS;
	t_equal(clock_nanosleep(CLOCK_TIMELINE(unset), TIMER_ABSTIME, &at, NULL), 0,
		"sleep until an instant of it");
	tl_clock(CLOCK_TIMELINE(unset), &first);
	t_near(first, then + 20 * MS, 100 * US, "which has come");
}

static void never_set(void)
{
	struct timeline_bind bind = { .accuracy_ns = SEC, .resolution_ns = 2 };
	int unset = tl_create(fd, "unset", 0);
	struct timeline_time tt;
	struct timespec ts;

	t_equal(tl_vdso(unset, &tt), 0, "a timeline that was never set can be read");
	t_equal(tt.status, TIMELINE_STATUS_INITIALIZING, "its status");
	t_ok(tt.err_low_ns == TIMELINE_UNBOUNDED && tt.err_high_ns == TIMELINE_UNBOUNDED &&
	     !tt.sec && tt.nsec < 10 * MS, "its time is from 0 on, its bound has no bound");
	goes_on_from_0(unset);
	t_equal(clock_getres(CLOCK_TIMELINE(unset), &ts), 0, "clock_getres() of it");
	t_ok(!ts.tv_sec && ts.tv_nsec >= 1 && ts.tv_nsec <= 2, "is what it will be");
	bind.id = unset;
	t_equal(tl_ioctl(fd, TIMELINE_BIND, &bind), 0, "BIND with that resolution");
	bind.resolution_ns = ts.tv_nsec - 1;
	t_equal(bind.resolution_ns ? tl_ioctl(fd, TIMELINE_BIND, &bind) : -EINVAL, -EINVAL,
		"not with a finer one");
	prctl(PR_SET_TIMELINE, (unsigned long)TIMELINE_NONE, 0L, 0L, 0L);
	tl_destroy(fd, unset);
	t_equal(tl_vdso(unset, &tt), -EINVAL, "read it when it is gone");
}

static void unknown(void)
{
	struct timespec ts;
	u64 ns;

	t_equal(tl_clock(CLOCK_TIMELINE(30), &ns), -EINVAL, "a timeline that does not exist");
	t_equal(tl_clock(CLOCK_TIMELINE(40), &ns), -EINVAL, "a host's timeline, without a host");
	t_equal(tl_clock((clockid_t)(CLOCK_TIMELINE_LAST + 1U), &ns), -EINVAL,
		"the clock id after the last");
	t_equal(tl_clock(CLOCK_TIMELINE_SELF, &ns), -EINVAL, "SELF, bound to none");
	t_equal(tl_clock(30, &ns), -EINVAL, "clock id 30");
	t_equal(clock_getres(CLOCK_TIMELINE(30), &ts) ? errno : 0, EINVAL, "its resolution");
	t_equal(clock_settime(CLOCK_TIMELINE(id), &ts) ? errno : 0, EINVAL, "clock_settime()");
}

static sigjmp_buf no_gate;

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(no_gate, 1);
}

static bool have_int80(void)
{
	if (sigsetjmp(no_gate, 1))
		return false;
	signal(SIGSEGV, on_fault);
	tl_int80(20 /* getpid */, 0, 0, 0);
	signal(SIGSEGV, SIG_DFL);
	return true;
}

static void narrow_code(void)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct timeline_time *tt = (void *)low, now;
	struct timespec *ts = (void *)(low + 256);
	long at = (long)low;

	if (!have_int80()) {
		t_skip("a kernel without 32-bit system calls");
		return;
	}
	t_equal(tl_int80(NR32_PRCTL, PR_TIMELINE_GETTIME, id, at), 0, "prctl() of 32-bit code");
	t_equal(tl_int80(NR32_CLOCK_GETTIME64, CLOCK_TIMELINE(id), at + 256, 0), 0,
		"clock_gettime64() of 32-bit code");
	tl_vdso(id, &now);
	t_ok(tl_ns(tt) <= ts->tv_sec * SEC + ts->tv_nsec &&
	     ts->tv_sec * SEC + ts->tv_nsec <= tl_ns(&now) && tl_ns(&now) - tl_ns(tt) < 10 * MS,
	     "and both tell the time");
}

/* As the specification says and without our header */
static void as_vmclock(void)
{
	const u8 *page = mmap(NULL, 16384, PROT_READ, MAP_SHARED, fd, 0);
	const u8 *e = page + 256 * tl_place(id);
	struct timeline_time tt;
	u64 counter, period, sec, frac, max;
	__uint128_t t;

	t_ok(page != MAP_FAILED, "map the table");
	t_ok(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED,
	     "not to write");
	t_ok(mprotect((void *)page, 4096, PROT_READ | PROT_WRITE) == -1, "not later either");
	t_ok(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 16384) == MAP_FAILED,
	     "not what is behind it");
	t_ok(!memcmp(e, "VCLK", 4), "VMClock's magic");
	t_ok(*(u32 *)(e + 4) == 256 && *(u16 *)(e + 8) == 1 && e[0xa] == 1, "size, version, TSC");
	counter = *(u64 *)(e + 0x28), period = *(u64 *)(e + 0x30);
	sec = *(u64 *)(e + 0x48), frac = *(u64 *)(e + 0x50), max = *(u64 *)(e + 0x60);
	tl_vdso(id, &tt);
	t = (((unsigned __int128)(tt.counter - counter) * period) >> e[0x27]) + frac;
	t_equal(sec + (u64)(t >> 64), tt.sec, "seconds by VMClock's formula");
	t_equal((u64)((unsigned __int128)(u64)t * 1000000000 >> 64), tt.nsec, "nanoseconds by it");
	t_at_least(tt.err_low_ns, max, "the bound starts at VMClock's");
	t_equal(e[0x22], TIMELINE_STATUS_SYNCHRONIZED, "status");
}

static void on_fetch(int sig, siginfo_t *info, void *unused)
{
	(void)sig;
	(void)unused;
	_exit(info->si_code == SEGV_ACCERR ? 42 : 1);
}

/* The page begins with bytes that are instructions */
static void execute(void *page)
{
	struct sigaction sa = { .sa_sigaction = on_fetch, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
	((void (*)(void))page)();
	_exit(0);
}

static void not_to_execute(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);

	t_ok(page != MAP_FAILED, "map it with PROT_EXEC, which READ_IMPLIES_EXEC adds");
	t_equal(WEXITSTATUS(t_wait(t_fork(execute, page))), 42, "its pages are not executable");
	t_ok(mprotect(page, 4096, PROT_READ | PROT_EXEC) == -1, "and do not become it");
	munmap(page, 4096);
}

static void other_namespace(void *unused)
{
	u64 ns;

	(void)unused;
	_exit(in_order() && !tl_clock(CLOCK_TIMELINE(id), &ns) && ns / SEC == 1000000 ? 0 : 1);
}

static void time_namespace(void)
{
	int f;

	if (unshare(CLONE_NEWTIME)) {
		t_skip("no time namespaces");
		return;
	}
	f = open("/proc/self/timens_offsets", O_WRONLY);
	if (f < 0 || write(f, "monotonic 5000 0\nboottime 5000 0\n", 33) != 33)
		t_fatal("offsets of a time namespace");
	close(f);
	t_equal(t_wait(t_fork(other_namespace, NULL)), 0, "the same in another time namespace");
}

VBS_TEST("every way of reading a timeline tells the same time, and nothing where there is none", 60)
{
	struct timespec ts;
	int i, good = 0;

	fd = tl_open();
	id = tl_make(fd, "read", 0);
	for (i = 0; i < 1000; i++)
		good += in_order();
	t_equal(good, 1000, "vDSO, clock_gettime() by both, prctl(): in order");
	t_equal(clock_getres(CLOCK_TIMELINE(id), &ts), 0, "clock_getres()");
	t_ok(!ts.tv_sec && ts.tv_nsec >= 1 && ts.tv_nsec <= 2, "a tick, at least 1 ns");
	never_set();
	unknown();
	narrow_code();
	as_vmclock();
	not_to_execute();
	time_namespace();
	tl_destroy(fd, id);
}
