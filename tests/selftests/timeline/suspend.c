// SPDX-License-Identifier: GPL-2.0
/*
 * The machine sleeps, in earnest if the RTC can wake it: timelines go on by the
 * time that has passed, say that nothing is certain, take no reference from
 * before, and whose instant has passed is awake.
 */
#include <poll.h>
#include "tl_test.h"

#define POWER		"/sys/power/"
#define WAKEALARM	"/sys/class/rtc/rtc0/wakealarm"

static int fd;
static u32 id;

static u64 boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static void sleeper(void *until)
{
	struct timespec ts = { *(u64 *)until / SEC, *(u64 *)until % SEC };

	_exit(clock_nanosleep(CLOCK_TIMELINE(id), TIMER_ABSTIME, &ts, NULL));
}

static int watch(void)
{
	struct timeline_bind arg = { .id = id, .accuracy_ns = SEC };
	int f = open("/dev/timeline", O_RDONLY);

	if (tl_ioctl(f, TIMELINE_BIND, &arg))
		t_fatal("bind");
	return f;
}

/* @asleep: what CLOCK_MONOTONIC misses at least */
static void after_sleep(const struct timeline_time *before, u64 boot, u64 mono, u64 asleep)
{
	struct timeline_time tt;
	u64 passed;

	mono = now_ns() - mono;		/* the host may stop us between the two */
	passed = boot_ns() - boot;
	t_equal(tl_vdso(id, &tt), 0, "read it");
	t_ok(tt.disruption != before->disruption, "the marker has changed");
	t_equal(tt.status, TIMELINE_STATUS_UNRELIABLE, "status");
	t_ok(tt.err_low_ns == TIMELINE_UNBOUNDED && tt.err_high_ns == TIMELINE_UNBOUNDED,
	     "nothing is claimed about it");
	t_at_least(passed, mono + asleep, "time has passed asleep");
	/* Where nothing slept the RTC, which counts seconds, may still add one to boot_ns() */
	t_near(tl_ns(&tt) - tl_ns(before), passed, 50 * MS + (asleep ? 0 : SEC),
	       "and the timeline went on by it");
}

static void suspend(const char *how, u64 asleep)
{
	struct timeline_set stale;
	struct timeline_time before;
	u64 boot, mono, until;
	int f = watch();
	pid_t pid;

	tl_set(fd, id, 1000000, 0);
	stale = tl_params(fd, id, 1000000, 0);
	tl_vdso(id, &before);
	until = tl_ns(&before) + SEC / 2 + asleep / 2;
	pid = t_fork(sleeper, &until);
	sleep_ns(20 * MS);
	boot = boot_ns() - (tl_now(id) - tl_ns(&before));
	mono = boot_ns() - boot;	/* not after the other */
	mono = now_ns() - mono;
	t_equal(file_write(POWER "state", "mem"), 0, "%s", how);
	after_sleep(&before, boot, mono, asleep);
	t_equal(poll(&(struct pollfd) { f, POLLPRI, 0 }, 1, 100), 1, "POLLPRI");
	t_equal(tl_ioctl(fd, TIMELINE_SET, &stale), -ESTALE, "a reference from before");
	t_equal(t_wait(pid), 0, "a sleeper whose instant has passed is awake");
	t_at_least(tl_now(id), until, "and not before");
	tl_set(fd, id, 2000000, 0);
	tl_vdso(id, &before);
	t_ok(before.status == TIMELINE_STATUS_SYNCHRONIZED && before.sec == 2000000,
	     "all is well when it is set again");
	close(f);
}

VBS_TEST("a machine that has slept knows the time and that it is not sure of it", 60)
{
	char modes[128] = "";

	fd = tl_open();
	file_read(POWER "mem_sleep", modes, sizeof(modes));
	if (!strstr(modes, "deep") || access(POWER "pm_test", W_OK))
		t_skip_all("this machine cannot sleep");
	id = tl_create(fd, "sleepy", TIMELINE_STEP);
	tl_settled_hz(fd, id);
	file_write(POWER "mem_sleep", "deep");
	file_write("/sys/module/suspend/parameters/pm_test_delay", "1");
	file_write(POWER "pm_test", "core");
	suspend("all of a suspend but the sleep", 0);
	file_write(POWER "pm_test", "none");
	if (file_write(WAKEALARM, "+6"))
		t_skip("no alarm to wake the machine");
	else
		suspend("suspend to RAM, until the RTC's alarm", SEC);
	tl_destroy(fd, id);
}
