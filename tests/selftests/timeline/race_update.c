// SPDX-License-Identifier: GPL-2.0
/*
 * A writer sets a timeline as fast as it can to a made-up truth, seen with
 * random errors inside the bounds that it states; readers on all CPUs must see
 * the time go forward only, and the truth inside the bounds. The argument
 * reads=N makes it go on until there were so many.
 */
#include "tl_test.h"

#define READERS		3
#define ERROR_NS	20000

struct shared {
	u32 gate;
	u32 id;
	u32 stop;
	u64 epoch;			/* truth: 1 s at this counter value */
	u64 hz;
	u64 reads[READERS];
	u64 backward[READERS];
	u64 outside[READERS];
};

static struct shared *s;
static int fd;

static s64 truth_ns(u64 counter)
{
	return SEC + (s64)((unsigned __int128)(counter - s->epoch) * SEC / s->hz);
}

static void reader(void *arg)
{
	int me = (long)arg;
	struct timeline_time tt;
	u64 last = 0, now;
	s64 truth;

	pin_to(0, me + 1);
	gate_wait(&s->gate);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		if (tl_vdso(s->id, &tt))
			break;
		now = tl_ns(&tt);
		truth = truth_ns(tt.counter);
		s->reads[me]++;
		s->backward[me] += now < last;
		s->outside[me] += truth < (s64)(now - tt.err_low_ns) ||
				  truth > (s64)(now + tt.err_high_ns);
		last = now;
	}
	_exit(0);
}

static void observe(struct timeline_set *set, u64 period, unsigned int *seed)
{
	s64 error = rand_r(seed) % (2 * ERROR_NS + 1) - ERROR_NS, seen;

	set->counter_value = tl_counter();
	seen = truth_ns(set->counter_value) + error;
	set->time_sec = seen / SEC;
	set->time_frac_sec = (u64)(seen % SEC) * (((unsigned __int128)1 << 64) / SEC);
	set->err_low_ns = error > 0 ? error + 2 : 2;
	set->err_high_ns = error < 0 ? -error + 2 : 2;
	set->counter_period_frac_sec = period + (s64)(period / 1000000) * (rand_r(seed) % 41 - 20);
	set->counter_period_maxerror_rate_frac_sec = period / 40000;
}

static u64 sum(const u64 *numbers)
{
	u64 all = 0;
	int i;

	for (i = 0; i < READERS; i++)
		all += __atomic_load_n(&numbers[i], __ATOMIC_RELAXED);
	return all;
}

/* So long and until there were so many reads */
static u64 write_for(u64 ns, u64 reads)
{
	struct timeline_set set = tl_params(fd, s->id, 1, 0);
	u64 period = set.counter_period_frac_sec, end = now_ns() + ns, n = 0;
	unsigned int seed = 1;

	while (now_ns() < end || sum(s->reads) < reads) {
		observe(&set, period, &seed);
		if (tl_ioctl(fd, TIMELINE_SET, &set))
			t_fatal("update %ju", (uintmax_t)n);
		n++;
	}
	return n;
}

VBS_TEST("readers that race with updates never see time run back or the truth outside", 120)
{
	u64 seconds = t_arg("seconds", 20), wanted = t_arg("reads", 0), updates, reads;
	struct timeline_set set;
	long i;

	need_cpus(READERS + 1);
	fd = tl_open();
	s = t_shared(sizeof(*s));
	s->id = tl_create(fd, "race", 0);
	s->hz = tl_settled_hz(fd, s->id);
	s->epoch = tl_counter();
	set = tl_params(fd, s->id, 1, 0);
	set.counter_value = s->epoch;
	t_equal(tl_ioctl(fd, TIMELINE_SET, &set), 0, "first update");
	for (i = 0; i < READERS; i++)
		t_fork(reader, (void *)i);
	pin_to(0, 0);
	gate_open(&s->gate);
	updates = write_for(seconds * SEC, wanted);
	s->stop = 1;
	sleep_ns(50 * MS);
	reads = sum(s->reads);
	t_diag("%ju updates, %ju reads", (uintmax_t)updates, (uintmax_t)reads);
	t_at_least(updates, 1000 * seconds, "updates");
	t_at_least(reads, wanted > 10000 * seconds ? wanted : 10000 * seconds, "reads");
	t_equal(sum(s->backward), 0, "reads that are earlier than the one before");
	t_equal(sum(s->outside), 0, "reads whose bounds miss the truth");
	tl_destroy(fd, s->id);
}
