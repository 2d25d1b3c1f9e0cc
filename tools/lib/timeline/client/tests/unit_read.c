// SPDX-License-Identifier: GPL-2.0
/* Reading, the difference clock, quality, and finding the vDSO, on a page of the test's own. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake.h"
#include "vdso.h"
#include "libtimeline.h"

#define NSEC	1000000000LL
#define ID	3

static const char *directory;	/* of this program */

static int begin(void **state)
{
	struct tl_clock *clock;

	fake_reset();
	if (tl_open(&clock, "lab"))
		return -1;
	fake_opens = 0;
	*state = clock;
	return 0;
}

static int end(void **state)
{
	tl_close(*state);
	return 0;
}

static void a_timeline_is_found(void **state)
{
	char longest[40] = "0123456789012345678901234567890123456";
	struct tl_clock *clock = NULL;

	(void)state;
	assert_int_equal(tl_open(&clock, "lab"), 0);
	assert_int_equal(tl_id(clock), ID);
	assert_int_equal(tl_clockid(clock), CLOCK_TIMELINE(ID));
	assert_string_equal(tl_name(clock), "lab");
	assert_int_equal(tl_type(clock), TIMELINE_TIME_UTC);
	assert_int_equal(tl_flags(clock), 0);
	tl_close(clock);
	clock = NULL;
	assert_int_equal(tl_open(&clock, "lub"), -ENOENT);
	assert_int_equal(tl_open(&clock, ""), -ENOENT);
	assert_int_equal(tl_open(&clock, longest), -ENOENT);
	assert_int_equal(tl_open_id(&clock, 4), -ENOENT);
	assert_int_equal(tl_open_id(&clock, TIMELINE_IDS), -ENOENT);
	assert_int_equal(tl_open_id(&clock, TIMELINE_NONE), -ENOENT);
	assert_int_equal(tl_open_id(&clock, TIMELINE_SELF), -ENOENT);
	assert_int_equal(tl_open_bound(&clock), -ENOENT);
	assert_null(clock);
	fake_bound = ID;
	assert_int_equal(tl_open_bound(&clock), 0);
	assert_int_equal(tl_id(clock), ID);
	tl_close(clock);
	tl_close(NULL);
}

/* The next one in its place, with an id of its own */
static void a_later_one_is_found(void **state)
{
	const unsigned int later = ID + 2 * TIMELINE_MAX_IDS;
	struct timeline_time tt;
	struct tl_clock *clock;

	fake_destroy(ID);
	fake_create(later, "lab");
	fake_set(later, 5 * NSEC);
	assert_int_equal(tl_read(*state, &tt), -ENODEV);
	assert_int_equal(tl_open_id(&clock, ID), -ENOENT);
	assert_int_equal(tl_open(&clock, "lab"), 0);
	assert_int_equal(tl_id(clock), later);
	assert_int_equal(tl_clockid(clock), CLOCK_TIMELINE(later));
	assert_int_equal(tl_read(clock, &tt), 0);
	assert_int_equal(tt.sec, 5);
	assert_int_equal(tl_bind(clock), 0);
	tl_close(clock);
	assert_int_equal(tl_open_bound(&clock), 0);
	assert_int_equal(tl_id(clock), later);
	tl_close(clock);
}

static void a_reading_has_its_bounds(void **state)
{
	struct timeline_time tt;

	fake_counter += 5 * NSEC;
	assert_int_equal(tl_read(*state, &tt), 0);
	/* 5 s at 1 ppm, and 2 ns for rounding; the period is rounded down */
	assert_in_range(tl_ns(&tt), 1005 * NSEC - 1, 1005 * NSEC);
	assert_in_range(tt.err_low_ns, 5020, 5022);
	assert_in_range(tt.err_high_ns, 5030, 5032);
	assert_int_equal(tl_bound(&tt), tt.err_high_ns);
	assert_int_equal(tl_earliest(&tt), tl_ns(&tt) - tt.err_low_ns);
	assert_int_equal(tl_latest(&tt), tl_ns(&tt) + tt.err_high_ns);
	assert_true(tl_good(&tt, tt.err_high_ns));
	assert_false(tl_good(&tt, tt.err_high_ns - 1));
	tt.status = TIMELINE_STATUS_FREERUNNING;
	assert_false(tl_good(&tt, TIMELINE_UNBOUNDED));
}

static void instants_end_where_they_must(void **state)
{
	struct timeline_time tt = { .sec = 1ULL << 45, .err_low_ns = 1, .err_high_ns = 1 };

	(void)state;
	assert_true(tl_ns(&tt) == INT64_MAX);
	assert_true(tl_latest(&tt) == INT64_MAX);
	assert_true(tl_earliest(&tt) == INT64_MAX - 1);
	tt = (struct timeline_time){ .sec = 1, .err_low_ns = TIMELINE_UNBOUNDED,
				     .err_high_ns = TIMELINE_UNBOUNDED };
	assert_true(tl_earliest(&tt) == INT64_MIN);
	assert_true(tl_latest(&tt) == INT64_MAX);
	tt.err_low_ns = (1ULL << 63) + NSEC;
	assert_true(tl_earliest(&tt) == INT64_MIN);
	tt.err_low_ns--;
	assert_true(tl_earliest(&tt) == INT64_MIN + 1);
}

static void replace(void)
{
	fake_destroy(ID);
	fake_create(ID, "other");
	fake_set(ID, 5 * NSEC);
}

static void nobody_reads_another_timeline(void **state)
{
	struct timeline_time tt = { .sec = 42 };
	struct tl_mark mark;
	uint64_t err;
	int64_t ns;

	assert_int_equal(tl_mark(*state, &mark), 0);
	/* Between the reading and the look at its generation */
	fake_in_gettime = replace;
	assert_int_equal(tl_read(*state, &tt), -ENODEV);
	assert_int_equal(tl_read(*state, &tt), -ENODEV);
	assert_int_equal(tt.sec, 42);
	assert_int_equal(tl_mark(*state, &mark), -ENODEV);
	assert_int_equal(tl_elapsed(*state, &mark, &mark, &ns, &err), -ENODEV);
	assert_int_equal(tl_sleep_until(*state, 0), -ENODEV);
	fake_bound = TIMELINE_NONE;
	assert_int_equal(tl_bind(*state), -ENODEV);
	assert_int_equal(fake_bound, TIMELINE_NONE);
	assert_int_equal(tl_watch(*state, 100), -ENODEV);
	assert_int_equal(fake_bound, TIMELINE_NONE);
	assert_int_equal(tl_wait_good(*state, 100, -1), -ENODEV);
	fake_destroy(ID);
	assert_int_equal(tl_read(*state, &tt), -ENODEV);
	assert_int_equal(tl_bind(*state), -ENODEV);
}

static void never_set_is_no_time(void **state)
{
	struct tl_clock *clock;
	struct timeline_time tt;
	struct tl_mark mark;

	(void)state;
	fake_create(5, "new");
	assert_int_equal(tl_open(&clock, "new"), 0);
	assert_int_equal(tl_read(clock, &tt), 0);
	assert_int_equal(tt.status, TIMELINE_STATUS_INITIALIZING);
	assert_true(tl_earliest(&tt) == INT64_MIN);
	assert_int_equal(tl_mark(clock, &mark), -EAGAIN);
	assert_int_equal(tl_wait_good(clock, TIMELINE_UNBOUNDED, 0), -ETIMEDOUT);
	tl_close(clock);
}

static uint64_t random64(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ random();
}

/*
 * Against exact numbers.  With v = ticks * period / 2^(64 + shift) the interval is v ns
 * rounded towards 0, and any period within its maximum error gives one within err_ns.
 */
static void one_interval(const struct tl_clock *clock, uint64_t ticks, uint64_t worst)
{
	const struct timeline_entry *e = &fake_page[ID];
	struct tl_mark from = { random64(), e->disruption_marker };
	struct tl_mark to = { from.counter + ticks, e->disruption_marker };
	unsigned int shift = e->counter_period_shift;
	__uint128_t exact = ((__uint128_t)ticks * e->counter_period_frac_sec >> shift) * NSEC >> 64;
	__uint128_t most = ((__uint128_t)ticks * (e->counter_period_frac_sec + worst) >> shift) *
			   NSEC >> 64;
	uint64_t err;
	int64_t ns;

	assert_int_equal(tl_elapsed(clock, &from, &to, &ns, &err), 0);
	assert_in_range(ns, exact - !!exact, exact + 1);
	assert_true(ns + err >= most && err <= most - exact + 4);
	assert_int_equal(tl_elapsed(clock, &to, &from, &ns, &err), 0);
	assert_in_range(-ns, exact - !!exact, exact + 1);
}

/* Up to 2^34 ticks, so that the products above stay in 128 bits */
static void intervals_are_exact(void **state)
{
	struct timeline_entry *e = &fake_page[ID];
	uint64_t worst;
	int i;

	srandom(1);
	for (i = 0; i < 100000; i++) {
		e->counter_period_shift = random64() % 25;
		e->counter_period_frac_sec = ((__uint128_t)1 << (64 + e->counter_period_shift)) /
					     (100000000 + random64() % 5000000000);
		worst = e->counter_period_frac_sec / (1000 + random64() % 100000000);
		e->counter_period_maxerror_rate_frac_sec = worst;
		one_interval(*state, random64() >> (30 + random64() % 34), worst);
	}
}

static void no_step_moves_an_interval(void **state)
{
	struct tl_mark from, to;
	uint64_t err;
	int64_t ns;

	assert_int_equal(tl_mark(*state, &from), 0);
	fake_counter += NSEC;
	fake_set(ID, 77777 * NSEC);
	fake_counter += NSEC;
	fake_set(ID, 5 * NSEC);
	assert_int_equal(tl_mark(*state, &to), 0);
	assert_int_equal(tl_elapsed(*state, &from, &to, &ns, &err), 0);
	assert_in_range(ns, 2 * NSEC - 2, 2 * NSEC);
	assert_in_range(err, 2000, 2004);
	assert_int_equal(tl_elapsed(*state, &to, &from, &ns, &err), 0);
	assert_in_range(-ns, 2 * NSEC - 2, 2 * NSEC);
	assert_in_range(err, 2000, 2004);
	fake_page[ID].flags &= ~(__u64)TIMELINE_VF_PERIOD_MAXERROR_VALID;
	assert_int_equal(tl_elapsed(*state, &from, &to, &ns, &err), 0);
	assert_true(err == TIMELINE_UNBOUNDED);
}

static void disrupt(void)
{
	fake_page[ID].disruption_marker++;
	fake_counter = 17;
	fake_set(ID, 5000 * NSEC);
}

static void a_disruption_ends_an_interval(void **state)
{
	struct tl_mark from, to;
	uint64_t err = 5;
	int64_t ns = 5;

	assert_int_equal(tl_mark(*state, &from), 0);
	/* The counter that was read is of before: it is read once more */
	fake_in_gettime = disrupt;
	assert_int_equal(tl_mark(*state, &to), 0);
	assert_int_equal(to.counter, 17);
	assert_int_equal(tl_elapsed(*state, &from, &to, &ns, &err), -ESTALE);
	assert_int_equal(tl_elapsed(*state, &from, &from, &ns, &err), -ESTALE);
	assert_int_equal(tl_elapsed(*state, &to, &from, &ns, &err), -ESTALE);
	assert_true(ns == 5 && err == 5);
	assert_int_equal(tl_elapsed(*state, &to, &to, &ns, &err), 0);
	assert_int_equal(ns, 0);
}

static void a_watch_leaves_the_binding(void **state)
{
	int fd;

	fake_create(8, "mine");
	fake_bound = 8;
	fd = tl_watch(*state, 100);
	assert_true(fd >= 0);
	assert_int_equal(fake_bound, 8);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fake_bound = TIMELINE_NONE;
	fd = tl_watch(*state, 100);
	assert_true(fd >= 0);
	assert_int_equal(fake_bound, TIMELINE_NONE);
	close(fd);
	fake_bind_error = -ENOSPC;
	assert_int_equal(tl_watch(*state, 100), -ENOSPC);
	fake_bind_error = -EINVAL;
	assert_int_equal(tl_watch(*state, 100), -ENODEV);
	assert_int_equal(tl_bind(*state), 0);
	assert_int_equal(fake_bound, ID);
	assert_int_equal(tl_unbind(), 0);
	assert_int_equal(fake_bound, TIMELINE_NONE);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static void *become_good(void *arg)
{
	usleep(20000);
	fake_event(TIMELINE_EVENT_DEGRADED);	/* a change that is none */
	usleep(20000);
	fake_page[ID].err_high_ns = 30;
	fake_event(TIMELINE_EVENT_RECOVERED);
	return arg;
}

static void *destroy_it(void *arg)
{
	usleep(20000);
	fake_destroy(ID);
	fake_event(TIMELINE_EVENT_DESTROYED);
	return arg;
}

static void waits_until_it_is_good(void **state)
{
	int64_t begin = now_ns();
	pthread_t thread;

	/* It is, so no file is needed */
	assert_int_equal(tl_wait_good(*state, 32, -1), 0);
	assert_int_equal(fake_opens, 0);
	assert_int_equal(tl_wait_good(*state, 31, 0), -ETIMEDOUT);
	assert_int_equal(fake_opens, 0);
	assert_int_equal(tl_wait_good(*state, 31, NSEC / 50), -ETIMEDOUT);
	assert_true(now_ns() - begin >= NSEC / 50);
	fake_page[ID].err_high_ns = 5000;
	pthread_create(&thread, NULL, become_good, NULL);
	begin = now_ns();
	assert_int_equal(tl_wait_good(*state, 32, INT64_MAX), 0);
	assert_true(now_ns() - begin >= NSEC / 50);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, destroy_it, NULL);
	assert_int_equal(tl_wait_good(*state, 31, -1), -ENODEV);
	pthread_join(thread, NULL);
}

static const void *map_file(const char *name)
{
	char path[512];
	void *image;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	image = mmap(NULL, lseek(fd, 0, SEEK_END), PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(image != MAP_FAILED);
	close(fd);
	return image;
}

static void the_vdso_is_found(void **state)
{
	const char *vdso = (const char *)getauxval(AT_SYSINFO_EHDR);
	void *linker = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	const char *image = map_file("gnu-hash.so");

	(void)state;
	assert_non_null(vdso);
	assert_non_null(linker);
	assert_ptr_equal(vdso_find(vdso, "__vdso_clock_gettime"),
			 dlsym(linker, "__vdso_clock_gettime"));
	assert_ptr_equal(vdso_find(vdso, "__vdso_getcpu"), dlsym(linker, "__vdso_getcpu"));
	assert_null(vdso_find(vdso, "__vdso_clock_gettim"));
	assert_non_null(vdso_find(image, "one"));
	assert_non_null(vdso_find(image, "two"));
	assert_non_null(vdso_find(image, "sought"));
	assert_null(vdso_find(image, "three"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_timeline_is_found, begin, end),
		cmocka_unit_test_setup_teardown(a_later_one_is_found, begin, end),
		cmocka_unit_test_setup_teardown(a_reading_has_its_bounds, begin, end),
		cmocka_unit_test(instants_end_where_they_must),
		cmocka_unit_test_setup_teardown(nobody_reads_another_timeline, begin, end),
		cmocka_unit_test_setup_teardown(never_set_is_no_time, begin, end),
		cmocka_unit_test_setup_teardown(intervals_are_exact, begin, end),
		cmocka_unit_test_setup_teardown(no_step_moves_an_interval, begin, end),
		cmocka_unit_test_setup_teardown(a_disruption_ends_an_interval, begin, end),
		cmocka_unit_test_setup_teardown(a_watch_leaves_the_binding, begin, end),
		cmocka_unit_test_setup_teardown(waits_until_it_is_good, begin, end),
		cmocka_unit_test(the_vdso_is_found),
	};
	char *slash = argc ? strrchr(argv[0], '/') : NULL;

	if (slash)
		*slash = '\0';
	directory = slash ? argv[0] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
