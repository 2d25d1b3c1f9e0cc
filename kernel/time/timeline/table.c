// SPDX-License-Identifier: GPL-2.0
/*
 * The table of timelines and its writers.
 *
 * A writer makes the sequence count odd before it reads the counter, c0. Who
 * accepts the new entry reads at least new(c0) >= old(c0), as counter values
 * before c0 count as c0. Who accepts the old one has looked at the count before
 * it was odd. That load may be done ahead of the counter, for rdtsc_ordered()
 * waits for earlier loads and later ones do not wait for it: so the counter
 * can be c = c0 + d, where d is how far a CPU works ahead, less than 10^4 ticks
 * (an interrupt or exit in between makes it do the load again). The reading is
 * old(c) then. Periods and slews make 2000 ppm of difference at most, so old(c)
 * <= new(c) + 0.002 * d ticks, less than 20; whoever reads after that, here or
 * having heard of it from here, reads the counter later than c by more. The
 * order of CLOCK_MONOTONIC stands on the same ground.
 */
#include <linux/clocksource.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <asm/timeline.h>
#include "internal.h"

struct timeline_table timeline_table __page_aligned_data;
struct timeline timelines[TIMELINE_MAX_IDS];

/* The counters that there are, and the one in use */
static struct timeline_counter tsc_counter = { .id = TIMELINE_COUNTER_X86_TSC };
static const struct timeline_counter raw_counter = {
	.id = TIMELINE_COUNTER_RAW,
	.hz = NSEC_PER_SEC,
};

static const struct timeline_counter *counter_in_use = &raw_counter;

/* What CLOCK_MONOTONIC_RAW advances by, and how old a reading of it can be */
static u64 raw_step_ns = TICK_NSEC;
static u64 raw_lag_ns = TIMELINE_UNBOUNDED;
/* It is a clock of the hypervisor's, which vouches for it as hardware does for the TSC */
static bool raw_vouched;

static atomic64_t next_marker;

/* A new marker whenever this machine goes on from what was saved of it */
static u64 vm_generation;

#define CHECK_OFFSET(member, offset) \
	static_assert(offsetof(struct timeline_entry, member) == (offset))

CHECK_OFFSET(counter_id, 0x0a);
CHECK_OFFSET(seq_count, 0x0c);
CHECK_OFFSET(disruption_marker, 0x10);
CHECK_OFFSET(clock_status, 0x22);
CHECK_OFFSET(tai_offset_sec, 0x24);
CHECK_OFFSET(counter_period_shift, 0x27);
CHECK_OFFSET(counter_value, 0x28);
CHECK_OFFSET(counter_period_frac_sec, 0x30);
CHECK_OFFSET(time_sec, 0x48);
CHECK_OFFSET(time_maxerror_nanosec, 0x60);
CHECK_OFFSET(vm_generation_counter, 0x68);
CHECK_OFFSET(id, 0x70);
CHECK_OFFSET(step_marker, 0xa8);
CHECK_OFFSET(host_name, 0xb0);
CHECK_OFFSET(cookie, 0xf8);
static_assert(sizeof(struct timeline_entry) == TIMELINE_ENTRY_SIZE);
static_assert(sizeof(struct timeline_time) == 48);
static_assert(sizeof(struct timeline_set) == 128);
static_assert(sizeof(struct timeline_get) == 240);
static_assert(sizeof(struct timeline_event) == 72);

/**
 * timeline_read_counter - the counter with an id, ordered as a load
 * @counter_id: TIMELINE_COUNTER_*
 */
u64 timeline_read_counter(u8 counter_id)
{
	if (counter_id == TIMELINE_COUNTER_X86_TSC)
		return arch_timeline_counter();
	return ktime_get_raw_fast_ns();
}

/**
 * timeline_counter_hz - how often it counts in a second
 * @counter_id: TIMELINE_COUNTER_*
 */
u64 timeline_counter_hz(u8 counter_id)
{
	return counter_id == TIMELINE_COUNTER_X86_TSC ? arch_timeline_counter_hz() :
							raw_counter.hz;
}

/**
 * timeline_lock_place - find a timeline that exists by its place in the table
 * @place: its place
 * @flags: for timeline_unlock()
 */
struct timeline *timeline_lock_place(u32 place, unsigned long *flags)
{
	struct timeline *tl;

	if (place >= TIMELINE_MAX_IDS)
		return ERR_PTR(-EINVAL);
	tl = &timelines[array_index_nospec(place, TIMELINE_MAX_IDS)];
	raw_spin_lock_irqsave(&tl->lock, *flags);
	if (timeline_is_received(tl))
		timeline_receive(tl);
	if (tl->live) {
		__release(&tl->lock);	/* is held: sparse has no "if" for that */
		return tl;
	}
	raw_spin_unlock_irqrestore(&tl->lock, *flags);
	return ERR_PTR(-EINVAL);
}

/**
 * timeline_lock - find a timeline that exists
 * @id: its id
 * @generation: what its generation must be, 0 for any
 * @flags: for timeline_unlock()
 */
struct timeline *timeline_lock(u32 id, u32 generation, unsigned long *flags)
{
	struct timeline *tl = timeline_lock_place(id % TIMELINE_MAX_IDS, flags);
	int ret = -EINVAL;

	if (IS_ERR(tl))
		return tl;
	if (tl->id == id) {
		if (!generation || generation == tl->generation)
			return tl;
		ret = -ESTALE;
	}
	timeline_unlock(tl, *flags);
	return ERR_PTR(ret);
}

void timeline_unlock(struct timeline *tl, unsigned long flags)
{
	__acquire(&tl->lock);
	raw_spin_unlock_irqrestore(&tl->lock, flags);
}

/*
 * Nothing until write_end() may wake anybody, queue work or print: that takes locks of
 * run queues, and who holds one of these may be waiting for the count to be even.
 */
static void write_begin(struct timeline *tl)
{
	struct timeline_entry *e = tl->entry;

	WRITE_ONCE(e->seq_count, e->seq_count + 1);
	timeline_node_begin(tl->node);
	/* Before the counter is read, and before the entry changes */
	smp_mb();
}

static void write_end(struct timeline *tl)
{
	struct timeline_entry *e = tl->entry;

	timeline_node_copy(tl->node, e);
	/* The entry is complete */
	smp_wmb();
	WRITE_ONCE(e->seq_count, e->seq_count + 1);
	timeline_node_end(tl->node);
}

/* All but the sequence count */
static void copy_entry(struct timeline_entry *to, const struct timeline_entry *from)
{
	const size_t seq = offsetof(struct timeline_entry, seq_count);
	const size_t after = offsetofend(struct timeline_entry, seq_count);

	memcpy(to, from, seq);
	memcpy((u8 *)to + after, (const u8 *)from + after, sizeof(*to) - after);
}

static u64 new_marker(void)
{
	return atomic64_inc_return(&next_marker);
}

/*
 * Those that were armed before. Of timers there can be many: not in the time of who sets it, or of
 * an interrupt.
 */
static void cancel_timers(struct work_struct *work)
{
	struct timeline *tl = container_of(work, struct timeline, stepped);
	unsigned long flags;
	clockid_t clockid;
	s64 step;

	raw_spin_lock_irqsave(&tl->lock, flags);
	clockid = CLOCK_TIMELINE(tl->id);
	step = tl->steps;
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	timerfd_timeline_was_set(clockid, step);
}

/**
 * timeline_has_stepped - a step is complete
 * @tl: timeline, locked
 */
void timeline_has_stepped(struct timeline *tl)
{
	lockdep_assert_held(&tl->lock);
	tl->steps++;
	schedule_work(&tl->stepped);
}

/*
 * Where the counter is not the TSC the bound is all that can be relied on. With
 * r a reading of CLOCK_MONOTONIC_RAW, the counter itself was in [r, r + lag], when
 * whoever set the timeline read it for the reference and when somebody reads the
 * timeline: so these two differ from what passed in between by up to +-lag.
 */
static void mark_counter(struct timeline_entry *e)
{
	if (e->counter_id == TIMELINE_COUNTER_X86_TSC)
		return;
	if (!READ_ONCE(raw_vouched))
		e->clock_status = TIMELINE_STATUS_UNRELIABLE;
	timeline_widen(e, READ_ONCE(raw_lag_ns));
}

/*
 * A reference from before the counter was disrupted. Where it began anew that can
 * be one that the counter has not come to yet.
 */
static bool is_stale(const struct timeline *tl, u64 reference, u64 now)
{
	if ((s64)(now - reference) < 0)
		return (s64)(tl->last - reference) >= 0;
	return (s64)(reference - tl->not_before) < 0;
}

static int update_entry(struct timeline *tl, const struct timeline_set *arg)
{
	const struct timeline_counter *counter = READ_ONCE(counter_in_use);
	struct timeline_entry *e = tl->entry, next;
	/* An update may come before timeline_disrupt() has come to this one */
	bool disrupted = e->counter_id != counter->id;
	bool step = tl->step_next || e->timeline_flags & TIMELINE_STEP || disrupted;
	u64 now = timeline_read_counter(counter->id);
	int ret;

	lockdep_assert_held(&tl->lock);
	if (arg->counter_id == counter->id && is_stale(tl, arg->counter_value, now))
		return -ESTALE;
	ret = timeline_check_set(arg, counter, now);
	if (ret)
		return ret;
	write_begin(tl);
	now = timeline_read_counter(counter->id);
	next = *e;
	ret = timeline_next(&next, step ? NULL : e, arg, now);
	if (!ret) {
		if (disrupted)
			timeline_last_ns(&tl->lasted, ktime_get_raw_fast_ns() - tl->anchor_ns);
		else
			timeline_last(&tl->lasted, e, now);
		mark_counter(&next);
		if (disrupted)
			next.disruption_marker = new_marker();
		if (step)
			next.step_marker = new_marker();
		copy_entry(e, &next);
		tl->anchor_ns = ktime_get_raw_fast_ns();
	}
	write_end(tl);
	if (!ret && step)
		timeline_has_stepped(tl);
	return ret;
}

/**
 * timeline_set - TIMELINE_SET
 * @arg: parameters
 */
int timeline_set(const struct timeline_set *arg)
{
	struct timeline *tl;
	unsigned long flags;
	u64 step;
	int ret;

	tl = timeline_lock(arg->id, arg->generation, &flags);
	if (IS_ERR(tl))
		return PTR_ERR(tl);
	step = tl->entry->step_marker;
	ret = timeline_is_received(tl) ? -EROFS : update_entry(tl, arg);
	if (!ret) {
		tl->was_set = true;
		tl->step_next = false;
		tl->updates++;
		timeline_queue_update(tl);
		timeline_watch_update(tl);
		timeline_guest_changed(tl, tl->entry->step_marker != step ||
				       arg->clock_status == TIMELINE_STATUS_UNRELIABLE);
	}
	timeline_unlock(tl, flags);
	return ret;
}

/**
 * timeline_resolution - clock_getres(), of one that was never set what it will be
 * @tl: timeline, locked
 */
u64 timeline_resolution(struct timeline *tl)
{
	const struct timeline_counter *counter = READ_ONCE(counter_in_use);

	lockdep_assert_held(&tl->lock);
	if (tl->entry->counter_id == TIMELINE_COUNTER_X86_TSC)
		return timeline_entry_resolution(tl->entry);
	if (counter == &raw_counter)
		return READ_ONCE(raw_step_ns);
	return div64_u64(NSEC_PER_SEC, counter->hz) + 1;
}

/* The counter was disrupted: go on with the present one, by another clock */
static void reanchor(struct timeline *tl, u64 extra_ns)
{
	const struct timeline_counter *counter = READ_ONCE(counter_in_use);
	struct timeline_entry *e = tl->entry, next;
	u64 now, raw;

	write_begin(tl);
	now = timeline_read_counter(counter->id);
	raw = ktime_get_raw_fast_ns();
	timeline_reanchor(&next, e, raw - tl->anchor_ns + extra_ns, counter, now);
	timeline_last_ns(&tl->lasted, raw - tl->anchor_ns + extra_ns);
	if (!tl->was_set)
		next.clock_status = TIMELINE_STATUS_INITIALIZING;
	next.disruption_marker = new_marker();
	next.vm_generation_counter = READ_ONCE(vm_generation);
	next.step_marker = new_marker();
	copy_entry(e, &next);
	write_end(tl);
	timeline_has_stepped(tl);
	tl->anchor_ns = raw;
	tl->step_next = true;
}

/**
 * timeline_vm_restored - this machine goes on from what was saved of it
 *
 * timeline_disrupt() is to follow.
 */
void timeline_vm_restored(void)
{
	WRITE_ONCE(vm_generation, new_marker());
}

/**
 * timeline_refresh_hz - the frequency of the TSC may be known better now
 */
void timeline_refresh_hz(void)
{
	WRITE_ONCE(tsc_counter.hz, arch_timeline_counter_hz());
}

/**
 * timeline_raw_changed - CLOCK_MONOTONIC_RAW goes by another clocksource
 * @clock: that one
 *
 * One that counts interrupts (jiffies) can miss any number of them. If it is the
 * TSC, CLOCK_MONOTONIC_RAW is used because that is not to be trusted. There is no
 * bound by either.
 *
 * kvm-clock is read in the vDSO only if the host says that all virtual CPUs have the
 * same, from a TSC that it trusts; Hyper-V's page is there only if that is so. They go
 * on when the machine is moved. What neither tells is if that ceases to be true.
 */
void timeline_raw_changed(const struct clocksource *clock)
{
	u64 step = (clock->mult + (1ULL << clock->shift) - 1) >> clock->shift;
	bool counts = clock->flags & CLOCK_SOURCE_IS_CONTINUOUS &&
		      clock->vdso_clock_mode != VDSO_CLOCKMODE_TSC;
	bool vouched = clock->vdso_clock_mode == VDSO_CLOCKMODE_PVCLOCK ||
		       clock->vdso_clock_mode == VDSO_CLOCKMODE_HVCLOCK;

	WRITE_ONCE(raw_vouched, counts && vouched);
	WRITE_ONCE(raw_step_ns, step);
	/* A nanosecond more, which the reading is rounded down by */
	WRITE_ONCE(raw_lag_ns, counts ? step + 1 : TIMELINE_UNBOUNDED);
}

/**
 * timeline_disrupt - the counter stopped, stepped or is another one now
 * @tsc: the TSC can be used from now on
 * @extra_ns: time that passed and CLOCK_MONOTONIC_RAW did not see
 * @last: value of the same counter before it may have begun anew, or 0
 */
void timeline_disrupt(bool tsc, u64 extra_ns, u64 last)
{
	struct timeline *tl;
	unsigned long flags;

	timeline_refresh_hz();
	/* Who holds a lock below has seen the old one, or the new one */
	WRITE_ONCE(counter_in_use, tsc ? &tsc_counter : &raw_counter);
	for (tl = timelines; tl < timelines + TIMELINE_IDS; tl++) {
		raw_spin_lock_irqsave(&tl->lock, flags);
		tl->not_before = timeline_read_counter(counter_in_use->id);
		tl->last = last;
		if (tl->live) {
			reanchor(tl, extra_ns);
			timeline_queue_update(tl);
			timeline_watch_update(tl);
			timeline_guest_changed(tl, true);
		}
		raw_spin_unlock_irqrestore(&tl->lock, flags);
	}
}

/**
 * timeline_entry_init - the entry of a timeline that is made
 * @tl: timeline, locked
 * @arg: as asked
 *
 * Until it is set it goes on from 0 at the nominal rate, like the time of a machine
 * that has no clock of its own, and nothing is claimed about it.
 */
void timeline_entry_init(struct timeline *tl, const struct timeline_create *arg)
{
	const struct timeline_counter *counter = READ_ONCE(counter_in_use);
	const struct timeline_entry zero = {
		.magic = TIMELINE_MAGIC,
		.size = TIMELINE_ENTRY_SIZE,
		.version = TIMELINE_VERSION,
		.time_type = arg->time_type,
		.disruption_marker = new_marker(),
		.step_marker = new_marker(),
		.vm_generation_counter = READ_ONCE(vm_generation),
		.id = tl->id,
		.generation = tl->generation,
		.timeline_flags = arg->flags,
		.slew_ppb = arg->slew_ppb ?: TIMELINE_SLEW_PPB_MAX,
	};
	struct timeline_entry e;

	lockdep_assert_held(&tl->lock);
	write_begin(tl);
	timeline_reanchor(&e, &zero, 0, counter, timeline_read_counter(counter->id));
	e.clock_status = TIMELINE_STATUS_INITIALIZING;
	copy_entry(tl->entry, &e);
	tl->lasted = (struct timeline_span) { 0, 0 };
	tl->anchor_ns = ktime_get_raw_fast_ns();
	write_end(tl);
}

/**
 * timeline_entry_clear - the entry of a timeline that is gone
 * @tl: timeline, locked
 */
void timeline_entry_clear(struct timeline *tl)
{
	struct timeline_entry e = {
		.counter_id = TIMELINE_COUNTER_RAW,
		.disruption_marker = new_marker(),
		.id = tl->id,
		.generation = tl->generation,
	};

	write_begin(tl);
	copy_entry(tl->entry, &e);
	write_end(tl);
}

/**
 * timeline_entry_get - show a timeline's parameters
 * @tl: timeline, locked
 * @arg: result
 */
void timeline_entry_get(const struct timeline *tl, struct timeline_get *arg)
{
	const struct timeline_counter *counter = READ_ONCE(counter_in_use);
	const struct timeline_entry *e = tl->entry;

	/* The host's are by the TSC, whatever clocksource there is */
	if (timeline_is_received(tl) && e->counter_id == TIMELINE_COUNTER_X86_TSC)
		counter = &tsc_counter;
	arg->set = (struct timeline_set) {
		.id = tl->id,
		.generation = tl->generation,
		.counter_id = counter->id,
		.counter_period_shift = e->counter_period_shift,
		.clock_status = e->clock_status,
		.leap_indicator = e->leap_indicator,
		.tai_offset_sec = e->tai_offset_sec,
		.leap_second_smearing_hint = e->leap_second_smearing_hint,
		.vmclock_flags = e->flags,
		.counter_value = e->counter_value,
		.counter_period_frac_sec = e->counter_period_frac_sec,
		.counter_period_esterror_rate_frac_sec = e->counter_period_esterror_rate_frac_sec,
		.counter_period_maxerror_rate_frac_sec = e->counter_period_maxerror_rate_frac_sec,
		.time_sec = e->time_sec,
		.time_frac_sec = e->time_frac_sec,
		.time_esterror_nanosec = e->time_esterror_nanosec,
		.err_low_ns = e->err_low_ns,
		.err_high_ns = e->err_high_ns,
	};
	arg->time_type = e->time_type;
	arg->flags = e->timeline_flags;
	arg->slew_end = e->slew_end;
	arg->slew_rate = e->slew_rate;
	arg->disruption = e->disruption_marker;
	arg->step = e->step_marker;
	arg->slew_ppb = e->slew_ppb;
	arg->updates = tl->updates;
	arg->counter_hz = counter->hz;
}

static int __init timeline_table_init(void)
{
	struct timeline *tl;
	u32 id;

	/* Markers do not repeat, over boots either */
	atomic64_set(&next_marker, get_random_u64() >> 1);
	vm_generation = new_marker();
	for (id = 0; id < TIMELINE_MAX_IDS; id++) {
		tl = &timelines[id];
		tl->id = id;
		tl->entry = timeline_is_received(tl) ? timeline_received_entry(id) :
						       &timeline_table.entry[id];
		tl->reusable = jiffies;
		raw_spin_lock_init(&tl->lock);
		init_swait_queue_head(&tl->drained);
		timeline_watch_init(tl);
		INIT_WORK(&tl->stepped, cancel_timers);
	}
	return 0;
}
core_initcall(timeline_table_init);

#ifdef CONFIG_TIMELINE_KUNIT_TEST
#include "table_kunit.c"
#endif
