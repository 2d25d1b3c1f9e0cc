// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that sleep, set, set again and delete timers on a timeline that is
 * updated all the time, with signals in between: nobody wakes before the
 * instant, no wake-up is lost, and all hear of the end.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include "tl_test.h"

#define THREADS		12
#define LOST		(5 * SEC)	/* whoever is that late was forgotten */

struct worker {
	pthread_t thread;
	unsigned int seed;
	long waits, early, lost, cut, errors;
	int end;
};

static int fd;
static u32 id;
static volatile bool stop;

static struct timespec spec(u64 ns)
{
	return (struct timespec) { ns / SEC, ns % SEC };
}

/* An instant up to 3 ms ahead, sometimes past */
static u64 soon(struct worker *w)
{
	return tl_now(id) + rand_r(&w->seed) % (3 * MS) - MS / 10;
}

static void asleep(struct worker *w, bool relative)
{
	u64 want = soon(w), begin = now_ns();
	struct timespec ts = spec(relative ? want % MS : want);
	int ret;

	if (relative)
		want = tl_now(id) + want % MS;
	ret = clock_nanosleep(CLOCK_TIMELINE(id), relative ? 0 : TIMER_ABSTIME, &ts, NULL);
	w->cut += ret == EINTR;
	w->errors += ret && ret != EINTR;
	w->early += !ret && tl_now(id) < want;
	w->lost += now_ns() - begin > LOST;
}

/* Set twice: the first is cancelled, before, while or after it expires */
static void by_file(struct worker *w, int t)
{
	u64 want = soon(w), n;
	struct itimerspec its = { .it_value = spec(want) };
	struct pollfd p = { t, POLLIN, 0 };
	int ret;

	timerfd_settime(t, TFD_TIMER_ABSTIME, &its, NULL);
	want = soon(w);
	its.it_value = spec(want);
	timerfd_settime(t, TFD_TIMER_ABSTIME, &its, NULL);
	do
		ret = poll(&p, 1, LOST / MS);
	while (ret < 0);
	w->lost += !ret;
	w->early += ret && read(t, &n, sizeof(n)) == sizeof(n) && tl_now(id) < want;
}

static void by_signal(struct worker *w)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 1 };
	u64 want = soon(w);
	struct itimerspec its = { .it_value = spec(want), .it_interval = spec(MS / 2) };
	struct timespec wait = spec(LOST);
	sigset_t set;
	timer_t t;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	ev._sigev_un._tid = syscall(SYS_gettid);
	if (timer_create(CLOCK_TIMELINE(id), &ev, &t)) {
		w->errors++;
		return;
	}
	timer_settime(t, TIMER_ABSTIME, &its, NULL);
	do
		ret = sigtimedwait(&set, NULL, &wait);
	while (ret < 0 && errno == EINTR);
	w->lost += ret < 0;
	w->early += ret > 0 && tl_now(id) < want;
	timer_delete(t);
	wait = spec(0);
	while (sigtimedwait(&set, NULL, &wait) > 0)
		;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct timespec ever = spec(1000 * SEC);
	int t = timerfd_create(CLOCK_TIMELINE(id), TFD_NONBLOCK);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	while (!stop) {
		switch (rand_r(&w->seed) % 4) {
		case 0:
			asleep(w, false);
			break;
		case 1:
			asleep(w, true);
			break;
		case 2:
			by_file(w, t);
			break;
		default:
			by_signal(w);
		}
		w->waits++;
	}
	close(t);
	do
		w->end = clock_nanosleep(CLOCK_TIMELINE(id), 0, &ever, NULL);
	while (w->end == EINTR);
	return NULL;
}

static void nothing(int sig)
{
	(void)sig;
}

/* Updates, each with a residual of up to 10 us, and signals */
static u64 disturb(struct worker *w, u64 hz, u64 ns)
{
	struct timeline_set set = tl_params(fd, id, 1000000, 0);
	u64 end = now_ns() + ns, n = 0, t;
	unsigned int seed = 1;

	while (now_ns() < end) {
		struct timeline_set s = set;

		s.counter_value = tl_counter();
		t = (unsigned __int128)(s.counter_value - set.counter_value) * SEC / hz +
		    rand_r(&seed) % 10000;
		s.time_sec += t / SEC;
		s.time_frac_sec = (u64)(t % SEC) * (((unsigned __int128)1 << 64) / SEC);
		if (tl_ioctl(fd, TIMELINE_SET, &s))
			t_fatal("update %ju", (uintmax_t)n);
		if (n++ % 4 == 0)
			pthread_kill(w[rand_r(&seed) % THREADS].thread, SIGUSR1);
		sleep_ns(MS / 4);
	}
	return n;
}

VBS_TEST("in a storm of waiting, cancelling and updates nobody wakes early or never", 120)
{
	struct sigaction act = { .sa_handler = nothing };
	struct worker w[THREADS] = { { .seed = 0 } }, all = { .seed = 0 };
	u64 updates, hz;
	int i, told = 0;

	fd = tl_open();
	id = tl_create(fd, "storm", 0);
	hz = tl_settled_hz(fd, id);
	tl_set(fd, id, 1000000, 0);
	sigaction(SIGUSR1, &act, NULL);
	for (i = 0; i < THREADS; i++) {
		w[i].seed = i + 1;
		if (pthread_create(&w[i].thread, NULL, work, &w[i]))
			t_fatal("thread %d", i);
	}
	updates = disturb(w, hz, t_arg("seconds", 10) * SEC);
	stop = true;
	sleep_ns(SEC);
	t_equal(tl_destroy(fd, id), 0, "destroy it");
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		all.waits += w[i].waits;
		all.early += w[i].early;
		all.lost += w[i].lost;
		all.cut += w[i].cut;
		all.errors += w[i].errors;
		told += w[i].end == ENODEV;
	}
	t_diag("%ju updates, %ld waits, %ld cut short", (uintmax_t)updates, all.waits, all.cut);
	t_at_least(all.waits, 1000, "waits");
	t_equal(all.early, 0, "before their instant");
	t_equal(all.lost, 0, "lost");
	t_equal(all.errors, 0, "errors");
	t_equal(told, THREADS, "sleepers that are told of the end");
}
