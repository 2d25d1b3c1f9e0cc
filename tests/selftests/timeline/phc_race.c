// SPDX-License-Identifier: GPL-2.0
/*
 * PTP clocks that come and go under readers on other CPUs, each of which reads whatever
 * there is: a reading is of a timeline that is there, or an error that says that there is
 * none or that it has no time.
 */
#include <linux/ptp_clock.h>
#include "tl_test.h"

#define READERS	3

struct shared {
	u32 gate;
	u32 stop;
	u32 id;
	u64 readings[READERS], none[READERS], wrong[READERS];
	s64 what[READERS];	/* the last that was wrong: an error, or seconds */
};

static struct shared *s;

/* EOPNOTSUPP: soon after boot the timekeeper does not go by the counter that is calibrated */
static bool is_expected(int ret)
{
	return !ret || ret == -ENODEV || ret == -EAGAIN || ret == -EOPNOTSUPP;
}

/* Set to 1 000 000 s, some seconds ago at most */
static bool is_time(s64 sec)
{
	return sec >= 1000000 && sec < 1000600;
}

static void judge(int me, int ret, s64 sec)
{
	if (is_expected(ret) && (ret || is_time(sec)))
		return;
	s->wrong[me]++;
	s->what[me] = ret ?: sec;
}

static void read_one(int me)
{
	int phc = tl_phc_open(s->id, O_RDONLY);
	struct ptp_sys_offset_precise p = { .device.sec = 0 };
	struct timespec ts;
	int i, ret;

	for (i = 0; phc >= 0 && i < 20; i++) {
		ret = clock_gettime(tl_phc_clock(phc), &ts) ? -errno : 0;
		judge(me, ret, ts.tv_sec);
		s->none[me] += !!ret;
		ret = tl_ioctl(phc, PTP_SYS_OFFSET_PRECISE, &p);
		judge(me, ret, p.device.sec);
		s->readings[me]++;
	}
	if (phc >= 0)
		close(phc);
}

static void reader(void *arg)
{
	int me = (long)arg;

	pin_to(0, me + 1);
	gate_wait(&s->gate);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
		read_one(me);
	_exit(0);
}

VBS_TEST("PTP clocks come and go under their readers", 60)
{
	int fd = tl_open(), i, ret, rounds = 0;
	u64 end, readings = 0, none = 0, wrong = 0;
	pid_t pids[READERS];

	need_cpus(READERS + 1);
	s = t_shared(sizeof(*s));
	for (i = 0; i < READERS; i++)
		pids[i] = t_fork(reader, (void *)(long)i);
	gate_open(&s->gate);
	for (end = now_ns() + t_arg("seconds", 5) * SEC; now_ns() < end; rounds++) {
		ret = tl_create(fd, "race", TIMELINE_PHC);
		if (ret == -EOPNOTSUPP)
			t_skip_all("CONFIG_TIMELINE_PHC is off");
		if (ret < 0)
			t_fatal("create");
		__atomic_store_n(&s->id, ret, __ATOMIC_RELAXED);
		tl_set(fd, ret, 1000000, 0);
		sleep_ns((rounds % 4) * MS);
		tl_destroy(fd, ret);
	}
	__atomic_store_n(&s->stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < READERS; i++) {
		t_wait(pids[i]);
		readings += s->readings[i];
		none += s->none[i];
		wrong += s->wrong[i];
		if (s->wrong[i])
			t_diag("reader %d: %jd", i, (intmax_t)s->what[i]);
	}
	t_diag("%d timelines, %ju readings, %ju of none", rounds, (uintmax_t)readings,
	       (uintmax_t)none);
	t_at_least(readings, 100, "they were read");
	t_equal(wrong, 0, "nobody has read what is no time");
}
