// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of updates, most of which meet a change of the counter. Part of table.c:
 * they put the counter in use in between.
 */
#include <kunit/test.h>
#include <trace/events/sched.h>
#include <trace/events/workqueue.h>

static struct timeline_set kunit_params(u32 id, const struct timeline_counter *counter, u64 sec)
{
	u64 rest;

	return (struct timeline_set) {
		.id = id,
		.counter_id = counter->id,
		.clock_status = TIMELINE_STATUS_SYNCHRONIZED,
		.vmclock_flags = TIMELINE_VF_PERIOD_MAXERROR_VALID |
				 TIMELINE_VF_TIME_MAXERROR_VALID,
		.counter_value = timeline_read_counter(counter->id),
		.counter_period_frac_sec = div64_u64_rem(U64_MAX, counter->hz, &rest),
		.time_sec = sec,
		.err_low_ns = 5,
		.err_high_ns = 5,
	};
}

static struct timeline_time kunit_read(struct kunit *test, u32 id)
{
	struct timeline_time tt = { .sec = 0 };

	KUNIT_EXPECT_EQ(test, timeline_gettime(id, &tt), 0);
	return tt;
}

/* A timeline that was set to 1000 s by the TSC, or the test is skipped */
static u32 kunit_timeline(struct kunit *test)
{
	struct timeline_create arg = { .name = "kunit" };
	struct timeline_set set;

	if (READ_ONCE(counter_in_use) != &tsc_counter)
		kunit_skip(test, "the TSC is not in use");
	KUNIT_ASSERT_EQ(test, timeline_create(&arg), 0);
	set = kunit_params(arg.id, &tsc_counter, 1000);
	KUNIT_EXPECT_EQ(test, timeline_set(&set), 0);
	return arg.id;
}

static void kunit_remove(struct kunit *test, u32 id)
{
	const struct timeline_destroy arg = { .id = id };

	KUNIT_EXPECT_EQ(test, timeline_destroy(&arg), 0);
}

/*
 * timeline_disrupt() has changed the counter and not come to this timeline yet.
 * An update by the new counter must not continue the projection from the old.
 */
static void kunit_set_in_between(struct kunit *test)
{
	u32 id = kunit_timeline(test);
	struct timeline_time first = kunit_read(test, id), between, last;
	struct timeline_set set;

	WRITE_ONCE(counter_in_use, &raw_counter);
	/* A reading of the TSC, with which one of this counter may be stale, too */
	timelines[id % TIMELINE_MAX_IDS].not_before = 0;
	set = kunit_params(id, &tsc_counter, 1000);
	KUNIT_EXPECT_EQ(test, timeline_set(&set), -EINVAL);
	set = kunit_params(id, &raw_counter, 2000);
	KUNIT_EXPECT_EQ(test, timeline_set(&set), 0);
	between = kunit_read(test, id);
	KUNIT_EXPECT_NE(test, between.disruption, first.disruption);
	KUNIT_EXPECT_EQ(test, between.sec, 2000);
	KUNIT_EXPECT_LT(test, between.nsec, 100 * NSEC_PER_MSEC);
	/* CLOCK_MONOTONIC_RAW goes by the TSC, which is not in use */
	KUNIT_EXPECT_EQ(test, between.err_low_ns, TIMELINE_UNBOUNDED);
	KUNIT_EXPECT_EQ(test, between.status, TIMELINE_STATUS_UNRELIABLE);

	timeline_disrupt(false, 0, 0);
	last = kunit_read(test, id);
	KUNIT_EXPECT_NE(test, last.disruption, between.disruption);
	KUNIT_EXPECT_EQ(test, last.sec, 2000);
	KUNIT_EXPECT_LT(test, last.nsec, 200 * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, last.err_low_ns, TIMELINE_UNBOUNDED);
	timeline_disrupt(true, 0, 0);
	kunit_remove(test, id);
}

/* The same where the update comes after timeline_disrupt() has been there */
static void kunit_set_from_before(struct kunit *test)
{
	u32 id = kunit_timeline(test);
	struct timeline_set set = kunit_params(id, &tsc_counter, 1000);
	struct timeline_time tt;

	timeline_disrupt(true, 0, 0);
	KUNIT_EXPECT_EQ(test, timeline_set(&set), -ESTALE);
	tt = kunit_read(test, id);
	KUNIT_EXPECT_EQ(test, tt.sec, 1000);
	KUNIT_EXPECT_EQ(test, tt.status, TIMELINE_STATUS_UNRELIABLE);
	set = kunit_params(id, &tsc_counter, 3000);
	KUNIT_EXPECT_EQ(test, timeline_set(&set), 0);
	KUNIT_EXPECT_EQ(test, kunit_read(test, id).sec, 3000);
	kunit_remove(test, id);
}

/* The machine slept, and the counter began anew: it was far ahead before */
static void kunit_set_from_ahead(struct kunit *test)
{
	u32 id = kunit_timeline(test);
	struct timeline_set set = kunit_params(id, &tsc_counter, 1000);
	u64 last = set.counter_value + 1000 * tsc_counter.hz;

	timeline_disrupt(true, 0, last);
	set.counter_value = last;
	KUNIT_EXPECT_EQ(test, timeline_set(&set), -ESTALE);
	set.counter_value = last + 1;
	KUNIT_EXPECT_EQ(test, timeline_set(&set), -EINVAL);
	set = kunit_params(id, &tsc_counter, 3000);
	KUNIT_EXPECT_EQ(test, timeline_set(&set), 0);
	timeline_disrupt(true, 0, 0);
	kunit_remove(test, id);
}

/* Sleep that CLOCK_MONOTONIC_RAW did not see is made up for */
static void kunit_time_asleep(struct kunit *test)
{
	u32 id = kunit_timeline(test);
	struct timeline_time tt;

	timeline_disrupt(true, 3600 * NSEC_PER_SEC, 0);
	tt = kunit_read(test, id);
	KUNIT_EXPECT_EQ(test, tt.sec, 4600);
	KUNIT_EXPECT_EQ(test, tt.err_high_ns, TIMELINE_UNBOUNDED);
	kunit_remove(test, id);
}

/* The hypervisor has told that this machine goes on from what was saved of it */
static void kunit_vm_restored(struct kunit *test)
{
	u32 id = kunit_timeline(test);
	const struct timeline_entry *e = timelines[id % TIMELINE_MAX_IDS].entry;
	u64 generation = e->vm_generation_counter, marker = e->disruption_marker;

	KUNIT_EXPECT_NE(test, generation, 0);
	timeline_vm_restored();
	timeline_disrupt(true, 0, 0);
	KUNIT_EXPECT_NE(test, e->vm_generation_counter, generation);
	KUNIT_EXPECT_NE(test, e->disruption_marker, marker);
	generation = e->vm_generation_counter;
	timeline_disrupt(true, 0, 0);
	KUNIT_EXPECT_EQ(test, e->vm_generation_counter, generation);
	kunit_remove(test, id);
}

/* What a reading by CLOCK_MONOTONIC_RAW of this kind says, set with a bound of 5 ns */
static struct timeline_time kunit_by_raw(struct kunit *test, u32 id, int mode)
{
	/* 100 ns a tick, as Hyper-V's */
	const struct clocksource clock = {
		.mult = 100,
		.flags = CLOCK_SOURCE_IS_CONTINUOUS,
		.vdso_clock_mode = mode,
	};
	struct timeline_set set;

	timeline_raw_changed(&clock);
	timeline_disrupt(false, 0, 0);
	set = kunit_params(id, &raw_counter, 1000);
	KUNIT_EXPECT_EQ(test, timeline_set(&set), 0);
	return kunit_read(test, id);
}

/* The status is that of who sets it where a hypervisor vouches for the clocksource */
static void kunit_hypervisors_clock(struct kunit *test)
{
	const u64 lag = raw_lag_ns, step = raw_step_ns;
	const bool vouched = raw_vouched;
	u32 id = kunit_timeline(test);
	struct timeline_time tt;

	tt = kunit_by_raw(test, id, VDSO_CLOCKMODE_PVCLOCK);
	KUNIT_EXPECT_EQ(test, tt.status, TIMELINE_STATUS_SYNCHRONIZED);
	KUNIT_EXPECT_EQ(test, tt.err_low_ns, 5 + 101 + 2);
	tt = kunit_by_raw(test, id, VDSO_CLOCKMODE_HVCLOCK);
	KUNIT_EXPECT_EQ(test, tt.status, TIMELINE_STATUS_SYNCHRONIZED);
	tt = kunit_by_raw(test, id, VDSO_CLOCKMODE_NONE);
	KUNIT_EXPECT_EQ(test, tt.status, TIMELINE_STATUS_UNRELIABLE);
	KUNIT_EXPECT_EQ(test, tt.err_low_ns, 5 + 101 + 2);
	tt = kunit_by_raw(test, id, VDSO_CLOCKMODE_TSC);
	KUNIT_EXPECT_EQ(test, tt.status, TIMELINE_STATUS_UNRELIABLE);
	KUNIT_EXPECT_EQ(test, tt.err_low_ns, TIMELINE_UNBOUNDED);
	WRITE_ONCE(raw_lag_ns, lag);
	WRITE_ONCE(raw_step_ns, step);
	WRITE_ONCE(raw_vouched, vouched);
	timeline_disrupt(true, 0, 0);
	kunit_remove(test, id);
}

/* A timeline, what was seen while its count was odd, and on its account at all */
struct kunit_woken {
	struct timeline *tl;
	int odd;
	int queued;
};

static void kunit_look(struct kunit_woken *woken)
{
	if (READ_ONCE(woken->tl->entry->seq_count) & 1 && irqs_disabled() &&
	    raw_spin_is_locked(&woken->tl->lock))
		woken->odd++;
}

static void kunit_queues(void *data, int cpu, struct pool_workqueue *pwq,
			 struct work_struct *work)
{
	struct kunit_woken *woken = data;

	if (work != &woken->tl->stepped)
		return;
	woken->queued++;
	kunit_look(woken);
}

static void kunit_wakes(void *data, struct task_struct *p)
{
	kunit_look(data);
}

/* Who holds the lock of a run queue reads it: a wake-up would wait for that lock */
static void kunit_wakes_nobody_when_odd(struct kunit *test)
{
	u32 id = kunit_timeline(test);
	struct kunit_woken woken = { .tl = &timelines[id % TIMELINE_MAX_IDS] };
	struct timeline_set set;

	flush_work(&timelines[id % TIMELINE_MAX_IDS].stepped);
	KUNIT_ASSERT_EQ(test, register_trace_workqueue_queue_work(kunit_queues, &woken), 0);
	KUNIT_EXPECT_EQ(test, register_trace_sched_waking(kunit_wakes, &woken), 0);
	timeline_disrupt(true, 0, 0);
	flush_work(&timelines[id % TIMELINE_MAX_IDS].stepped);
	/* The first after that steps */
	set = kunit_params(id, &tsc_counter, 2000);
	KUNIT_EXPECT_EQ(test, timeline_set(&set), 0);
	unregister_trace_sched_waking(kunit_wakes, &woken);
	unregister_trace_workqueue_queue_work(kunit_queues, &woken);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(test, woken.queued, 2);
	KUNIT_EXPECT_EQ(test, woken.odd, 0);
	kunit_remove(test, id);
}

static struct kunit_case timeline_cases[] = {
	KUNIT_CASE(kunit_set_in_between),
	KUNIT_CASE(kunit_set_from_before),
	KUNIT_CASE(kunit_set_from_ahead),
	KUNIT_CASE(kunit_time_asleep),
	KUNIT_CASE(kunit_vm_restored),
	KUNIT_CASE(kunit_hypervisors_clock),
	KUNIT_CASE(kunit_wakes_nobody_when_odd),
	{}
};

static struct kunit_suite timeline_suite = {
	.name = "timeline",
	.test_cases = timeline_cases,
};

kunit_test_suite(timeline_suite);
