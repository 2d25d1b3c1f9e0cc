// SPDX-License-Identifier: GPL-2.0
/*
 * The clocksource changes many times while one thread sets a timeline to
 * CLOCK_MONOTONIC as fast as it can and others read it: that is always inside
 * its bounds, and it never runs back unless its marker tells so. Just after a
 * change there is no bound, and it goes on as well as it can.
 *
 * CLOCK_MONOTONIC loses the time between the readings of its old and its new
 * clocksource, which is long if somebody keeps this virtual machine from running
 * just then, and the timeline is told next: until then it is ahead by that much.
 * How much that is the TSC tells, which goes on all the while: that is what a
 * reading may be off, and no more, and never behind.
 */
#include <pthread.h>
#include "tl_test.h"

#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define AVAILABLE	"/sys/devices/system/clocksource/clocksource0/available_clocksource"
#define READERS		2
#define SLACK		(2 * MS)	/* the TSC and CLOCK_MONOTONIC are not read at once */
#define BOUND		(5 * MS)
/*
 * Without a bound: what a reading was off before, and what passes while the kernel
 * is kept from running between two counters that it reads one after the other.
 */
#define ABOUT		(200 * MS)

struct reader {
	pthread_t thread;
	u64 reads, off, back, steps, unbounded, worst, excused;
	u64 good_tsc, good_ns;	/* when it was inside its bounds */
};

static int fd;
static u32 id;
static u64 hz;
static volatile bool stop;
static u64 sets, refused;

static u64 raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* One update by whatever the counter is; what meets a change is refused */
static void set_once(void)
{
	struct timeline_set set = tl_params(fd, id, 0, 0);
	u64 before = now_ns(), after;
	int ret;

	set.counter_value = set.counter_id == TIMELINE_COUNTER_RAW ? raw_ns() : tl_counter();
	after = now_ns();
	if (after - before > MS)
		return;
	set.time_sec = before / SEC;
	set.time_frac_sec = (u64)(before % SEC) * 18446744073ULL;
	set.err_low_ns = BOUND;
	set.err_high_ns = BOUND;
	ret = tl_ioctl(fd, TIMELINE_SET, &set);
	if (ret && ret != -EINVAL && ret != -ESTALE)
		t_fatal("update: %d", ret);
	sets += !ret;
	refused += !!ret;
}

static void *set_always(void *unused)
{
	while (!stop)
		set_once();
	return unused;
}

/* Time between a reading and an interval, 0 if it is inside */
static u64 distance(u64 t, u64 from, u64 to)
{
	return t < from ? from - t : t > to ? t - to : 0;
}

/* What CLOCK_MONOTONIC has lost since a reading was inside its bounds */
static u64 lost(const struct reader *r, u64 tsc, u64 mono)
{
	u64 passed = (unsigned __int128)(tsc - r->good_tsc) * SEC / hz;

	return passed > mono - r->good_ns ? passed - (mono - r->good_ns) : 0;
}

/* @begun: the TSC before @from; @tsc: read after @from and before @to */
static void judge_reading(struct reader *r, const struct timeline_time *tt, u64 from, u64 to,
			  u64 begun, u64 tsc)
{
	bool bounded = tt->err_low_ns != TIMELINE_UNBOUNDED;
	u64 off = distance(tl_ns(tt), from, to), t = tl_ns(tt);

	r->reads++;
	r->unbounded += !bounded;
	if (off > r->worst)
		r->worst = off;
	if (bounded && t - tt->err_low_ns <= to && t + tt->err_high_ns >= from) {
		/* One that was kept from running in between says little of the two */
		if (tsc - begun < hz / 1000) {
			r->good_tsc = tsc;
			r->good_ns = from;
		}
		return;
	}
	if (bounded && t < from)
		r->off++;
	else if (off > lost(r, tsc, from) + (bounded ? tt->err_low_ns + SLACK : ABOUT))
		r->off++;
	else
		r->excused += bounded;
}

static void *read_always(void *arg)
{
	struct timeline_time tt, last = { .sec = 0 };
	struct reader *r = arg;
	u64 begun, before, tsc;

	r->good_ns = now_ns();
	r->good_tsc = tl_counter();
	while (!stop) {
		begun = tl_counter();
		before = now_ns();
		if (tl_vdso(id, &tt))
			break;
		tsc = tl_counter();
		judge_reading(r, &tt, before, now_ns(), begun, tsc);
		if (tt.disruption == last.disruption)
			r->back += tl_ns(&tt) < tl_ns(&last);
		else
			r->steps++;
		last = tt;
	}
	return NULL;
}

static bool is_now(const char *source)
{
	char text[64] = "";

	file_read(CLOCKSOURCE, text, sizeof(text));
	return !strncmp(text, source, strlen(source));
}

/* How often it changed */
static u64 change_for(u64 ns, const char *other)
{
	u64 end = now_ns() + ns, n = 0;

	while (now_ns() < end) {
		file_write(CLOCKSOURCE, "%s", n % 2 ? "tsc" : other);
		n += is_now(n % 2 ? "tsc" : other);
		sleep_ns(5 * MS);
	}
	file_write(CLOCKSOURCE, "tsc");
	return n;
}

static void judge(struct reader *r)
{
	t_diag("at most %ju us off; CLOCK_MONOTONIC had lost what %ju missed",
	       (uintmax_t)(r->worst / US), (uintmax_t)r->excused);
	t_at_least(r->reads, 1000, "reads");
	t_at_least(r->steps, 10, "steps that it sees");
	t_equal(r->off, 0, "reads whose bounds miss CLOCK_MONOTONIC");
	t_equal(r->back, 0, "reads before the last one with the same marker");
	t_at_most(r->unbounded, r->reads - 1, "reads without a bound, just after a change");
}

VBS_TEST("while the clocksource changes and updates go on a timeline stays near the truth", 120)
{
	struct reader r[READERS] = { { .reads = 0 } };
	char list[128] = "";
	pthread_t setter;
	u64 changes;
	int i;

	need_cpus(READERS + 2);
	fd = tl_open();
	file_read(AVAILABLE, list, sizeof(list));
	if (!strstr(list, "acpi_pm"))
		t_skip_all("no other clocksource");
	id = tl_create(fd, "change", 0);
	hz = tl_settled_hz(fd, id);
	while (!sets)
		set_once();
	pthread_create(&setter, NULL, set_always, NULL);
	for (i = 0; i < READERS; i++)
		pthread_create(&r[i].thread, NULL, read_always, &r[i]);
	changes = change_for(t_arg("seconds", 6) * SEC, "acpi_pm");
	stop = true;
	pthread_join(setter, NULL);
	t_diag("%ju changes, %ju updates, %ju refused", (uintmax_t)changes, (uintmax_t)sets,
	       (uintmax_t)refused);
	t_at_least(changes, 10, "changes");
	t_at_least(sets, 100, "updates");
	for (i = 0; i < READERS; i++) {
		pthread_join(r[i].thread, NULL);
		judge(&r[i]);
	}
	tl_destroy(fd, id);
}
