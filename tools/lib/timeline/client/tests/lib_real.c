// SPDX-License-Identifier: GPL-2.0
/*
 * libtimeline on a kernel with timelines, as root.  TAP.  Linked with the shared library,
 * and with the static one and no dynamic linker: lib_real, lib_real_static.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "libtimeline.h"

#define NSEC	1000000000LL
#define MSEC	1000000LL
#define SHIFT	20

static int device, tests, failed;
static struct tl_clock *lab;	/* steps */

static void result(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failed += !good;
	fflush(stdout);
}

/* A number that must be another one, with its name */
static bool is(const char *what, long long got, long long wanted)
{
	if (got == wanted)
		return true;
	printf("# %s: %lld (%s), not %lld\n", what, got, got < 0 ? strerror(-got) : "", wanted);
	return false;
}

static bool at_least(const char *what, long long got, long long least)
{
	if (got >= least)
		return true;
	printf("# %s: %lld is less than %lld\n", what, got, least);
	return false;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts = { 0 };

	if (clock_gettime(clock, &ts))
		return -errno;
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static unsigned int make(const char *name, unsigned int flags)
{
	struct timeline_create create = { .flags = flags };

	strcpy(create.name, name);
	if (ioctl(device, TIMELINE_CREATE, &create))
		printf("# cannot create %s: %s\n", name, strerror(errno));
	return create.id;
}

static void destroy(unsigned int id)
{
	struct timeline_destroy arg = { .id = id };

	ioctl(device, TIMELINE_DESTROY, &arg);
}

static uint64_t counter(unsigned int id)
{
	return id == TIMELINE_COUNTER_X86_TSC ? __rdtsc() : (uint64_t)clock_ns(CLOCK_MONOTONIC_RAW);
}

/* From now on it shows 'ns', good to 'err' and 10 ppm */
static int set(unsigned int id, int64_t ns, uint64_t err, unsigned int status)
{
	struct timeline_get get = { .set.id = id };
	struct timeline_set *s = &get.set;
	uint64_t hz;

	if (ioctl(device, TIMELINE_GET, &get))
		return -errno;
	hz = get.counter_hz;
	*s = (struct timeline_set){
		.id = id, .counter_id = s->counter_id, .clock_status = status,
		.counter_period_shift = SHIFT, .counter_value = counter(s->counter_id),
		.counter_period_frac_sec = ((__uint128_t)1 << (64 + SHIFT)) / hz,
		.vmclock_flags = TIMELINE_VF_PERIOD_MAXERROR_VALID | TIMELINE_VF_TIME_MAXERROR_VALID,
		.time_sec = ns / NSEC,
		.time_frac_sec = ((__uint128_t)(ns % NSEC) << 64) / NSEC,
		.err_low_ns = err, .err_high_ns = err,
	};
	s->counter_period_maxerror_rate_frac_sec = s->counter_period_frac_sec / 100000;
	return ioctl(device, TIMELINE_SET, s) ? -errno : 0;
}

static int64_t lab_ns(void)
{
	struct timeline_time tt = { 0 };

	tl_read(lab, &tt);
	return tl_ns(&tt);
}

static void move(int64_t by)
{
	set(tl_id(lab), lab_ns() + by, 1000, TIMELINE_STATUS_SYNCHRONIZED);
}

/* In a child without privilege and without the system call that a reading may fall back to */
static int read_without_a_call(void)
{
	struct sock_filter deny[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = sizeof(deny) / sizeof(deny[0]), .filter = deny };
	struct timeline_time tt;
	struct tl_clock *clock;

	if (setgid(1000) || setuid(1000) || tl_open(&clock, "lab") ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return 1;
	if (prctl(PR_TIMELINE_GETTIME, 0, &tt, 0, 0) != -1 || errno != ENOSYS)
		return 2;
	/* Of its own, and what it has inherited */
	return tl_read(clock, &tt) || tl_read(lab, &tt) ||
	       tl_sleep_until(lab, tl_ns(&tt) + MSEC) ? 3 : 0;
}

static void test_reading(void)
{
	struct timeline_time tt = { 0 }, other;
	int64_t ns, after;
	int status;
	pid_t pid;

	prctl(PR_TIMELINE_GETTIME, tl_id(lab), &other, 0, 0);
	result(is("read", tl_read(lab, &tt), 0) && tl_ns(&tt) >= tl_ns(&other) &&
	       tt.status == TIMELINE_STATUS_SYNCHRONIZED && tl_bound(&tt) >= 1000 &&
	       tl_earliest(&tt) < tl_ns(&tt), "a reading");
	ns = clock_ns(tl_clockid(lab));
	after = lab_ns();
	result(at_least("the clock", ns, tl_ns(&tt)) && at_least("the timeline", after, ns),
	       "the clock id is of the same clock");
	pid = fork();
	if (!pid)
		_exit(read_without_a_call());
	waitpid(pid, &status, 0);
	result(is("status", status, 0), "without privilege, in a child, without a system call");
}

static void test_names(void)
{
	struct tl_clock *clock = NULL;

	result(is("open", tl_open(&clock, "nobody"), -ENOENT) &&
	       is("open", tl_open(&clock, ""), -ENOENT) && is("id", tl_open_id(&clock, 31), -ENOENT) &&
	       is("bound", tl_open_bound(&clock), -ENOENT) && !clock, "what is not there");
	result(is("bind", tl_bind(lab), 0) && is("open", tl_open_bound(&clock), 0) &&
	       is("id", tl_id(clock), tl_id(lab)) && !strcmp(tl_name(clock), "lab") &&
	       at_least("self", clock_ns(CLOCK_TIMELINE_SELF), lab_ns() - NSEC) &&
	       is("unbind", tl_unbind(), 0) &&
	       is("self", clock_ns(CLOCK_TIMELINE_SELF), -EINVAL), "binding");
	tl_close(clock);
	result(is("steps", tl_flags(lab), TIMELINE_STEP) && is("type", tl_type(lab), 0),
	       "what it is");
}

/* By CLOCK_MONOTONIC_RAW, read before and after each mark */
static void test_difference(void)
{
	int64_t a[2], b[2], ns = 0;
	struct tl_mark from, to;
	uint64_t err = 0;

	a[0] = clock_ns(CLOCK_MONOTONIC_RAW);
	tl_mark(lab, &from);
	a[1] = clock_ns(CLOCK_MONOTONIC_RAW);
	usleep(100000);
	move(3600 * NSEC);
	usleep(100000);
	b[0] = clock_ns(CLOCK_MONOTONIC_RAW);
	tl_mark(lab, &to);
	b[1] = clock_ns(CLOCK_MONOTONIC_RAW);
	result(is("elapsed", tl_elapsed(lab, &from, &to, &ns, &err), 0) &&
	       at_least("ns", ns + (int64_t)err + 1, b[0] - a[1]) &&
	       at_least("raw", b[1] - a[0] + 1, ns - (int64_t)err) &&
	       at_least("10 ppm and some ns", 10000, err), "an interval over a step of an hour");
	printf("# %lld ns, wrong by %llu at most\n", (long long)ns, (unsigned long long)err);
}

struct wait {
	pthread_t thread;
	struct tl_cond *cond;
	pthread_mutex_t *mutex;
	struct tl_sem *sem;
	int64_t at;
	int result;
	int64_t seen;		/* by the timeline, when it ended */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_it(void *arg)
{
	struct wait *w = arg;

	if (w->sem) {
		w->result = tl_sem_wait(w->sem, lab, w->at);
	} else if (w->cond) {
		pthread_mutex_lock(&mutex);
		w->result = tl_cond_wait(w->cond, &mutex, lab, w->at);
		pthread_mutex_unlock(&mutex);
	} else {
		w->result = tl_sleep_until(lab, w->at);
	}
	w->seen = lab_ns();
	return NULL;
}

#define KINDS	3
static const char *const kinds[KINDS] = { "sleep", "condition variable", "semaphore" };

static void begin_waits(struct wait w[KINDS], int64_t at)
{
	static struct tl_cond *cond;
	static struct tl_sem *sem;
	int i;

	if (!cond && (tl_cond_create(&cond) || tl_sem_create(&sem, 0)))
		exit(1);
	for (i = 0; i < KINDS; i++) {
		w[i] = (struct wait){ .at = at, .cond = i == 1 ? cond : NULL,
				      .sem = i == 2 ? sem : NULL };
		pthread_create(&w[i].thread, NULL, wait_for_it, &w[i]);
	}
}

/* All have ended with an error number, and not before their instant; a sleep has no -ETIMEDOUT */
static void end_waits(struct wait w[KINDS], int wanted, const char *why)
{
	char name[128];
	int i, want;

	for (i = 0; i < KINDS; i++) {
		pthread_join(w[i].thread, NULL);
		want = i || wanted != -ETIMEDOUT ? wanted : 0;
		snprintf(name, sizeof(name), "%s: %s", kinds[i], why);
		result(is("result", w[i].result, want) &&
		       (wanted == -ENODEV || at_least("seen", w[i].seen, w[i].at)), name);
	}
}

static void test_waits(void)
{
	int64_t begin = clock_ns(CLOCK_MONOTONIC);
	struct wait w[KINDS];

	begin_waits(w, lab_ns() + 50 * MSEC);
	end_waits(w, -ETIMEDOUT, "ends at its instant");
	begin_waits(w, lab_ns() - NSEC);
	end_waits(w, -ETIMEDOUT, "an instant that has passed");
	begin_waits(w, lab_ns() + 3600 * NSEC);
	usleep(50000);
	move(7200 * NSEC);
	end_waits(w, -ETIMEDOUT, "a step that passes its instant ends it");
	result(at_least("an hour", 600 * NSEC, clock_ns(CLOCK_MONOTONIC) - begin), "at once");
	begin = clock_ns(CLOCK_MONOTONIC);
	begin_waits(w, lab_ns() + 100 * MSEC);
	usleep(10000);
	move(-300 * MSEC);
	end_waits(w, -ETIMEDOUT, "a step back makes it later");
	result(at_least("400 ms", clock_ns(CLOCK_MONOTONIC) - begin, 400 * MSEC), "by the step");
}

static void *recover(void *arg)
{
	usleep(50000);
	set(*(unsigned int *)arg, 5000 * NSEC, 500, TIMELINE_STATUS_SYNCHRONIZED);
	return NULL;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("# %s: %s\n", path, strerror(errno));
	close(fd);
}

/* By somebody whom the limit is for: root may exceed it.  In a child */
static int wait_as_nobody(struct tl_clock *clock)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(setuid(65534) ? 255 : -tl_wait_good(clock, 1, 1000 * MSEC));
	waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

static void test_quality(void)
{
	const char *limit = "/proc/sys/user/max_timeline_watches";
	unsigned int id = make("plant", TIMELINE_STEP);
	struct timeline_event event = { 0 };
	struct pollfd p = { .events = POLLPRI | POLLIN };
	struct tl_clock *plant, *bound = NULL;
	struct tl_mark mark;
	pthread_t thread;

	if (tl_open(&plant, "plant"))
		return;
	result(is("mark", tl_mark(plant, &mark), -EAGAIN) &&
	       is("wait", tl_wait_good(plant, ~0ULL, 20 * MSEC), -ETIMEDOUT), "never set");
	set(id, 4000 * NSEC, 500, TIMELINE_STATUS_FREERUNNING);
	tl_bind(lab);
	pthread_create(&thread, NULL, recover, &id);
	result(is("wait", tl_wait_good(plant, NSEC, -1), 0), "wait until it is synchronized");
	pthread_join(thread, NULL);
	/* It grows by 10 us a second */
	result(is("wait", tl_wait_good(plant, 100, 20 * MSEC), -ETIMEDOUT), "its bound is too large");
	p.fd = tl_watch(plant, 2000);
	result(is("poll", poll(&p, 1, 60000), 1) && p.revents == POLLPRI &&
	       is("read", read(p.fd, &event, sizeof(event)), sizeof(event)) &&
	       is("type", event.type, TIMELINE_EVENT_DEGRADED) &&
	       at_least("bound", tl_bound(&event.time), 2001), "watch: its bound grows");
	close(p.fd);
	result(is("bound", tl_open_bound(&bound), 0) && is("id", tl_id(bound), tl_id(lab)),
	       "watch: the thread is bound to what it was");
	tl_close(bound);
	tl_unbind();
	put(limit, "0");
	result(is("wait", wait_as_nobody(plant), -ENOSPC), "watch: no more");
	put(limit, "128");
	destroy(id);
	result(is("watch", tl_watch(plant, 1), -ENODEV), "watch: it was destroyed");
	tl_close(plant);
}

/* Another clock source disrupts the counter */
static void test_disruption(void)
{
	const char *current = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
	struct tl_mark from, to;
	struct timeline_time tt;
	uint64_t err;
	int64_t ns;

	tl_mark(lab, &from);
	put(current, "hpet");
	usleep(100000);
	result(is("elapsed", tl_elapsed(lab, &from, &from, &ns, &err), -ESTALE) &&
	       is("read", tl_read(lab, &tt), 0) && is("status", tt.status, TIMELINE_STATUS_UNRELIABLE),
	       "the counter was disrupted");
	move(0);
	tl_mark(lab, &from);
	usleep(10000);
	tl_mark(lab, &to);
	result(is("elapsed", tl_elapsed(lab, &from, &to, &ns, &err), 0) && at_least("ns", ns, 9 * MSEC) &&
	       at_least("a step of the clock source", err, 60), "by another counter");
	put(current, "tsc");
	usleep(100000);
	move(0);
}

/* Until a new one has its id, or at least its place in the table */
static void test_destruction(void)
{
	unsigned int id = tl_id(lab), other, i;
	struct timeline_time tt;
	struct wait w[KINDS];
	struct tl_mark mark;

	begin_waits(w, lab_ns() + 3600 * NSEC);
	usleep(50000);
	destroy(id);
	end_waits(w, -ENODEV, "ends when the timeline is destroyed");
	result(is("read", tl_read(lab, &tt), -ENODEV) && is("mark", tl_mark(lab, &mark), -ENODEV) &&
	       is("bind", tl_bind(lab), -ENODEV), "it was destroyed");
	for (i = 0; i < 64 && (other = make("other", 0)) % TIMELINE_MAX_IDS != id % TIMELINE_MAX_IDS; i++)
		destroy(other);
	set(other, 99 * NSEC, 1, TIMELINE_STATUS_SYNCHRONIZED);
	result(is("id", other % TIMELINE_MAX_IDS, id % TIMELINE_MAX_IDS) && is("read", tl_read(lab, &tt), -ENODEV) &&
	       is("sleep", tl_sleep_until(lab, 0), -ENODEV) &&
	       is("watch", tl_watch(lab, 1), -ENODEV) && is("bind", tl_bind(lab), -ENODEV),
	       "another one in its place is not it");
	begin_waits(w, 0);
	end_waits(w, -ENODEV, "not on another one");
	destroy(other);
}

int main(void)
{
	unsigned int id;

	device = open("/dev/timeline", O_RDWR | O_CLOEXEC);
	if (device < 0) {
		result(is("open", tl_open(&lab, "lab"), -ENODEV), "a kernel without timelines");
		puts("1..1");
		return failed;
	}
	/* In the first seconds the kernel measures the counter better */
	sleep(3);
	alarm(600);
	id = make("lab", TIMELINE_STEP);
	if (!is("set", set(id, 1000000 * NSEC, 1000, TIMELINE_STATUS_SYNCHRONIZED), 0) ||
	    !is("open", tl_open(&lab, "lab"), 0))
		return 1;
	test_reading();
	test_names();
	test_difference();
	test_waits();
	test_quality();
	test_disruption();
	test_destruction();
	tl_close(lab);
	printf("1..%d\n", tests);
	return failed != 0;
}
