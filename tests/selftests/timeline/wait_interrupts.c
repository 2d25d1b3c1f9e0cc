// SPDX-License-Identifier: GPL-2.0
/*
 * A sleeper on a timeline takes what one on CLOCK_MONOTONIC takes: one timer interrupt,
 * on his own CPU, at the instant; whatever is done to the rates meanwhile, he is not
 * late. Where nobody sleeps, nobody is disturbed.
 */
#include <sys/mount.h>
#include <sys/timex.h>
#include "tl_test.h"

#define TRACEFS	"/sys/kernel/tracing/"
#define SLEEPS	100

static int fd;
static u32 id;

struct nap {
	u64 from, step;		/* how long: from, from + step, ... */
	u32 count;
	int cpu, fifo;
	u64 late;		/* the most */
	u32 woken;
};

static void trace(int on)
{
	if (access(TRACEFS "trace", F_OK) &&
	    mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL))
		t_skip_all("no tracefs");
	if (on)
		file_write(TRACEFS "trace", "\n");
	if (file_write(TRACEFS "events/timer/hrtimer_expire_entry/enable", "%d", on))
		t_skip_all("no event of timers");
}

/* How often the timers of timelines expired on each of two CPUs, and elsewhere */
static void expired(u32 n[3])
{
	char line[512], *at;
	FILE *f;

	trace(0);
	memset(n, 0, 3 * sizeof(*n));
	f = fopen(TRACEFS "trace", "r");
	while (f && fgets(line, sizeof(line), f)) {
		at = strchr(line, '[');
		if (!at || line[0] == '#' || !strstr(line, "function=timeline_expire"))
			continue;
		n[atoi(at + 1) > 1 ? 2 : atoi(at + 1)]++;
	}
	if (!f || fclose(f))
		t_fatal("the trace");
}

static void sleep_on(u64 at)
{
	struct timespec ts = { at / SEC, at % SEC };

	clock_nanosleep(CLOCK_TIMELINE(id), TIMER_ABSTIME, &ts, NULL);
}

static void doze(void *arg)
{
	struct nap *nap = arg;
	s64 late;
	u64 at;

	pin_to(0, nap->cpu);
	if (nap->fifo)
		set_fifo(0, 50);
	for (u32 i = 0; i < nap->count; i++) {
		at = tl_now(id) + nap->from + i * nap->step;
		sleep_on(at);
		late = tl_now(id) - at;
		nap->late = late > (s64)nap->late ? (u64)late : nap->late;
		nap->woken += late >= 0;
	}
}

static void one_each(struct nap *nap, int fifo)
{
	u32 n[3];

	*nap = (struct nap) { .from = 20 * US, .step = 300 * US, .count = SLEEPS, .cpu = 1,
			      .fifo = fifo };
	trace(1);
	t_wait(t_fork(doze, nap));
	expired(n);
	t_diag("%u sleeps, %u interrupts on their CPU, %u on the other, %ju ns late at most",
	       SLEEPS, n[1], n[0], (uintmax_t)nap->late);
	t_equal(nap->woken, SLEEPS, "%s: woken at the instant or after it, never before",
		fifo ? "FIFO" : "fair");
	t_equal(n[1], SLEEPS, "one interrupt each, on the sleeper's CPU");
	t_equal(n[0], 0, "and none elsewhere");
}

static void update(s64 ahead, int ppm)
{
	struct timeline_set set = tl_params(fd, id, 0, ppm);
	struct timeline_time tt;
	u64 now;

	tl_vdso(id, &tt);
	now = tl_ns(&tt) + ahead;
	set.counter_value = tt.counter;
	set.time_sec = now / SEC;
	set.time_frac_sec = (u64)(((unsigned __int128)(now % SEC) << 64) / SEC);
	if (tl_ioctl(fd, TIMELINE_SET, &set))
		t_fatal("update");
}

/* Half of the updates make it come sooner: those may cost an interrupt, and no others do */
static void with_updates(struct nap *nap)
{
	u32 n[3], updates = 0;
	pid_t pid;

	*nap = (struct nap) { .from = 10 * MS, .step = 0, .count = SLEEPS, .cpu = 1, .fifo = 1 };
	pin_to(0, 0);
	trace(1);
	pid = t_fork(doze, nap);
	while (nap->woken < SLEEPS && updates < 2000) {
		sleep_ns(3 * MS);
		update(0, updates++ % 2 ? 400 : -400);
	}
	t_wait(pid);
	expired(n);
	t_diag("%u updates, %u interrupts, %ju ns late at most", updates, n[1],
	       (uintmax_t)nap->late);
	t_at_most(n[1], SLEEPS + updates, "interrupts of %d sleeps and %u updates", SLEEPS,
		  updates);
	t_equal(n[0], 0, "none on the CPU of the updates");
}

/* Calls from other CPUs that one has served: the line "CAL:" has a column for each */
static u64 calls_on(int cpu)
{
	char line[1024], *at = NULL;
	FILE *f = fopen("/proc/interrupts", "r");
	u64 n = 0;

	while (f && !at && fgets(line, sizeof(line), f))
		at = strstr(line, "CAL:");
	if (!f || fclose(f) || !at)
		t_fatal("/proc/interrupts");
	for (at += 4; cpu >= 0; cpu--)
		n = strtoull(at, &at, 10);
	return n;
}

/* An update that makes nothing come sooner is nobody's business */
static void same_again(struct nap *nap)
{
	pid_t pid;
	u64 calls;

	*nap = (struct nap) { .from = SEC, .count = 1, .cpu = 1, .fifo = 1 };
	update(0, 300);
	pid = t_fork(doze, nap);
	sleep_ns(100 * MS);
	calls = calls_on(1);
	for (int i = 0; i < 100; i++) {
		update(0, 300);
		sleep_ns(5 * MS);
	}
	t_at_most(calls_on(1) - calls, 5,
		  "calls of the sleeper's CPU in 100 updates to the same rate");
	t_wait(pid);
}

static void bend(int tick)
{
	struct timex tx = { .modes = ADJ_TICK, .tick = tick };

	if (adjtimex(&tx) < 0)
		t_fatal("adjtimex()");
}

/* CLOCK_MONOTONIC becomes 10 % slower, or faster, while somebody sleeps */
static void while_bent(struct nap *nap, int tick, u64 straight)
{
	u32 n[3];
	pid_t pid;

	*nap = (struct nap) { .from = 3 * SEC, .count = 1, .cpu = 1, .fifo = 1 };
	trace(1);
	pid = t_fork(doze, nap);
	sleep_ns(500 * MS);
	bend(tick);
	t_wait(pid);
	expired(n);
	bend(10000);
	t_equal(nap->woken, 1, "tick %d set in a sleep of 3 s: not woken early", tick);
	t_at_most(nap->late, straight + 4 * US, "nor late");
	t_at_most(n[1], 4, "interrupts: the change, one shortly before, the instant");
	sleep_ns(1100 * MS);
}

/* A step forward from the other CPU ends a sleep there at once, as does the end of the timeline */
static void from_elsewhere(struct nap *nap, u64 straight)
{
	u64 begin;
	pid_t pid;

	*nap = (struct nap) { .from = 100 * SEC, .count = 1, .cpu = 1, .fifo = 1 };
	pid = t_fork(doze, nap);
	sleep_ns(100 * MS);
	begin = calls_on(1);
	for (int i = 0; i < 10; i++) {
		update(0, 300 + i);
		sleep_ns(5 * MS);	/* that CPU has a turn */
	}
	t_at_most(calls_on(1) - begin, 3, "calls in 10 updates by 1 ppm, 100 s before the instant");
	update(100 * SEC, 0);
	begin = now_ns();
	t_wait(pid);
	t_equal(nap->woken, 1, "a step over the instant of who sleeps on the other CPU");
	t_at_most(now_ns() - begin, straight + 5 * MS, "ends his sleep");
}

/* His CPU goes: the timer and later updates find him all the same */
static void cpu_gone(struct nap *nap)
{
	u64 begin;
	pid_t pid;

	*nap = (struct nap) { .from = 300 * MS, .count = 1, .cpu = 1 };
	pid = t_fork(doze, nap);
	sleep_ns(50 * MS);
	file_restore("/sys/devices/system/cpu/cpu1/online");
	if (file_write("/sys/devices/system/cpu/cpu1/online", "0")) {
		t_skip("a CPU that goes (it does not)");
		t_wait(pid);
		return;
	}
	t_wait(pid);
	t_equal(nap->woken, 1, "his CPU has gone: woken at the instant");
	t_at_most(nap->late, 5 * MS, "elsewhere, in time");
	file_write("/sys/devices/system/cpu/cpu1/online", "1");
	*nap = (struct nap) { .from = 100 * SEC, .count = 1, .cpu = 1 };
	pid = t_fork(doze, nap);
	sleep_ns(50 * MS);
	file_write("/sys/devices/system/cpu/cpu1/online", "0");
	update(100 * SEC, 0);
	begin = now_ns();
	t_wait(pid);
	t_at_most(now_ns() - begin, 5 * MS, "or by an update");
	file_write("/sys/devices/system/cpu/cpu1/online", "1");
}

VBS_TEST("one timer interrupt a sleep, on the sleeper's CPU", 110)
{
	struct nap *nap = t_shared(sizeof(*nap));
	u64 straight;

	need_cpus(2);
	fd = tl_open();
	id = tl_make(fd, "naps", TIMELINE_STEP);
	tl_set(fd, id, 1000000, 300);
	one_each(nap, 0);
	one_each(nap, 1);
	straight = nap->late;
	with_updates(nap);
	same_again(nap);
	while_bent(nap, 9000, straight);
	while_bent(nap, 11000, straight);
	from_elsewhere(nap, straight);
	cpu_gone(nap);
	tl_destroy(fd, id);
}
