// SPDX-License-Identifier: GPL-2.0
/*
 * The table through a reader of VMClock that knows nothing of timelines.
 */
#include <sys/mman.h>
#include "tl_test.h"
#include "vmclock_reader.h"

typedef unsigned __int128 u128;

static int fd;
static u32 id;
static u64 hz;
static const void *region;

static u32 make_tai(void)
{
	struct timeline_create arg = { .name = "vmclock", .time_type = TIMELINE_TIME_TAI };

	if (tl_ioctl(fd, TIMELINE_CREATE, &arg))
		t_fatal("create a timeline");
	hz = tl_settled_hz(fd, arg.id);
	tl_set(fd, arg.id, 1000000, 0);
	return arg.id;
}

/* The entry as a region of VMClock: what mmap() of the device shows */
static const void *region_of(u32 which)
{
	const char *table = mmap(NULL, TIMELINE_MAX_IDS * TIMELINE_ENTRY_SIZE, PROT_READ,
				 MAP_SHARED, fd, 0);

	if (table == MAP_FAILED)
		t_fatal("map the table");
	return table + tl_place(which) * TIMELINE_ENTRY_SIZE;
}

static void look(struct vmclock_time *t)
{
	vmclock_read(region, TIMELINE_ENTRY_SIZE, t);
}

static u64 vm_ns(const struct vmclock_time *t)
{
	return t->sec * SEC + t->nsec;
}

static void same_time(void)
{
	struct timeline_get get = { .set.id = id };
	struct timeline_time before, after;
	struct vmclock_time now, at;
	int i, order = 0, exact = 0, bound = 0;

	tl_ioctl(fd, TIMELINE_GET, &get);
	for (i = 0; i < 1000; i++) {
		tl_vdso(id, &before);
		look(&now);
		tl_vdso(id, &after);
		vmclock_read_at(region, TIMELINE_ENTRY_SIZE, after.counter, &at);
		order += now.use == VMCLOCK_OK && tl_ns(&before) <= vm_ns(&now) &&
			 vm_ns(&now) <= tl_ns(&after);
		exact += vm_ns(&at) == tl_ns(&after) && at.marker == get.disruption &&
			 at.status == after.status;
		bound += at.bounded && at.maxerror_ns + 3 >= after.err_low_ns &&
			 at.maxerror_ns >= after.err_high_ns && at.maxerror_ns <= after.err_low_ns;
	}
	t_equal(order, 1000, "readings lie between those of the vDSO");
	t_equal(exact, 1000, "at the same counter they are the same to the nanosecond");
	t_equal(bound, 1000, "their bound is the larger side of the timeline's");
	t_equal(now.time_type, 1, "the type is TAI");
}

/* While a slew lasts VMClock has the target, inside the timeline's wider bounds */
static void while_slewing(void)
{
	struct timeline_time tt;
	struct vmclock_time at;
	u64 marker;
	int i, inside = 0, apart = 0;

	look(&at);
	marker = at.marker;
	tl_set(fd, id, 1000001, 0);
	for (i = 0; i < 1000; i++) {
		tl_vdso(id, &tt);
		vmclock_read_at(region, TIMELINE_ENTRY_SIZE, tt.counter, &at);
		inside += vm_ns(&at) + tt.err_low_ns >= tl_ns(&tt) &&
			  vm_ns(&at) <= tl_ns(&tt) + tt.err_high_ns;
		apart += vm_ns(&at) > tl_ns(&tt) + SEC / 2;
	}
	t_equal(inside, 1000, "the target is inside the bounds of a timeline that slews");
	t_equal(apart, 1000, "and not the reading");
	t_ok(at.marker == marker, "a continuous update is no disruption");
}

static u64 step_of(u32 which)
{
	struct timeline_time tt;

	tl_vdso(which, &tt);
	return tt.disruption;
}

static void states(void)
{
	struct timeline_set set;
	struct vmclock_time t, u;
	int other = tl_create(fd, "vm-other", TIMELINE_STEP);
	const void *at = region_of(other);
	u64 step;

	vmclock_read(at, TIMELINE_ENTRY_SIZE, &t);
	t_equal(t.use, VMCLOCK_NO_TIME, "one that was never set");
	tl_set(fd, other, 1000, 0);
	vmclock_read(at, TIMELINE_ENTRY_SIZE, &t);
	t_equal(t.use, VMCLOCK_OK, "one that is set");
	step = step_of(other);
	tl_set(fd, other, 500, 0);
	vmclock_read(at, TIMELINE_ENTRY_SIZE, &u);
	t_ok(u.marker == t.marker && vm_ns(&u) < vm_ns(&t), "a step is no disruption");
	t_ok(step_of(other) != step, "but has a marker of its own");
	set = tl_params(fd, other, 500, 0);
	set.clock_status = TIMELINE_STATUS_UNRELIABLE;
	tl_ioctl(fd, TIMELINE_SET, &set);
	vmclock_read(at, TIMELINE_ENTRY_SIZE, &t);
	t_equal(t.use, VMCLOCK_NO_TIME, "one that is unreliable");
	set.clock_status = TIMELINE_STATUS_FREERUNNING;
	set.vmclock_flags = 0;
	tl_ioctl(fd, TIMELINE_SET, &set);
	vmclock_read(at, TIMELINE_ENTRY_SIZE, &t);
	t_ok(t.use == VMCLOCK_OK && !t.bounded, "one without a bound");
	tl_destroy(fd, other);
	vmclock_read(at, TIMELINE_ENTRY_SIZE, &t);
	t_equal(t.use, VMCLOCK_NOT_ONE, "one that is destroyed");
}

/* The same line in other units each time, so that a torn reading is far off */
static void write_shifts(void *arg)
{
	struct timeline_set set = *(struct timeline_set *)arg;
	unsigned int shift;

	for (;;) {
		for (shift = 0; shift <= 24; shift++) {
			set.counter_period_shift = shift;
			set.counter_period_frac_sec =
				(((u128)1 << 64) / hz) << shift;
			if (tl_ioctl(fd, TIMELINE_SET, &set))
				_exit(1);
		}
	}
}

static void race(void)
{
	struct timeline_set set = tl_params(fd, id, 1000002, 0);
	u64 end = now_ns() + SEC, want;
	u64 reads = 0, wrong = 0, retries = 0;
	struct vmclock_time t;
	pid_t writer;

	set.counter_period_frac_sec = ((u128)1 << 64) / hz;
	tl_ioctl(fd, TIMELINE_SET, &set);
	writer = t_fork(write_shifts, &set);
	while (now_ns() < end) {
		look(&t);
		want = set.time_sec * SEC +
		       (u64)((u128)(t.counter - set.counter_value) * SEC / hz);
		wrong += vm_ns(&t) + 100 < want || vm_ns(&t) > want + 100;
		retries += t.retries;
		reads++;
	}
	t_kill(writer);
	t_diag("%ju reads, %ju retries", (uintmax_t)reads, (uintmax_t)retries);
	t_at_least(reads, 1000, "reads beside a writer");
	t_equal(wrong, 0, "torn readings");
}

VBS_TEST("a reader of VMClock that knows nothing of timelines reads them right", 60)
{
	fd = tl_open();
	id = make_tai();
	region = region_of(id);
	same_time();
	while_slewing();
	states();
	race();
	tl_destroy(fd, id);
}
