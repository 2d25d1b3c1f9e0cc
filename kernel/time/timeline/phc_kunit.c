// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of cross timestamps. Part of phc.c: it looks at the counter value, which no
 * caller of the PTP subsystem is told.
 */
#include <kunit/test.h>
#include <linux/math64.h>

static u32 kunit_phc(struct kunit *test)
{
	struct timeline_create made = { .name = "kunit-phc", .flags = TIMELINE_PHC };
	struct timeline_get get;
	struct timeline_set set;
	u64 rest;

	KUNIT_ASSERT_EQ(test, timeline_create(&made), 0);
	get.set.id = made.id;
	KUNIT_EXPECT_EQ(test, timeline_get(&get), 0);
	set = (struct timeline_set) {
		.id = made.id,
		.counter_id = get.set.counter_id,
		.clock_status = TIMELINE_STATUS_SYNCHRONIZED,
		.vmclock_flags = TIMELINE_VF_PERIOD_MAXERROR_VALID |
				 TIMELINE_VF_TIME_MAXERROR_VALID,
		.counter_value = timeline_read_counter(get.set.counter_id),
		.counter_period_frac_sec = div64_u64_rem(U64_MAX, get.counter_hz, &rest),
		.time_sec = 1000,
	};
	KUNIT_EXPECT_EQ(test, timeline_set(&set), 0);
	return made.id;
}

/* What the device says is the timeline at the very counter value that timekeeping is told */
static void kunit_cross_is_exact(struct kunit *test)
{
	u32 id = kunit_phc(test);
	const struct timeline *tl = &timelines[id % TIMELINE_MAX_IDS];
	const struct timeline_destroy arg = { .id = id };
	struct cross_reading cross = { .phc = tl->phc };
	struct system_counterval_t system = {};
	struct timeline_time tt;
	ktime_t device = 0;
	int i;

	if (tl->entry->counter_id != TIMELINE_COUNTER_X86_TSC) {
		timeline_destroy(&arg);
		kunit_skip(test, "the TSC is not in use");
	}
	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_EQ(test, cross_read(&device, &system, &cross), 0);
		timeline_read(tl->entry, system.cycles, &tt);
		KUNIT_ASSERT_EQ(test, device, ktime_set(tt.sec, tt.nsec));
		KUNIT_ASSERT_LE(test, system.cycles, timeline_read_counter(tl->entry->counter_id));
	}
	KUNIT_EXPECT_EQ(test, timeline_destroy(&arg), 0);
}

static struct kunit_case phc_cases[] = {
	KUNIT_CASE(kunit_cross_is_exact),
	{}
};

static struct kunit_suite phc_suite = {
	.name = "timeline_phc",
	.test_cases = phc_cases,
};

kunit_test_suite(phc_suite);
