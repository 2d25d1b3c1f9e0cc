/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a timeline: a pure function of a table entry and a counter value.
 *
 * It is the same code in the kernel, in each vDSO and, against copies of a
 * page, in user space. It keeps no state, takes no lock and cannot trap.
 *
 * Why nothing overflows. The writer publishes only entries with (see
 * kernel/time/timeline/project.c, timeline_entry_sane())
 *
 *	(1) time_sec < 2^34, shift <= 24
 *	(2) period >> shift < 2^46, that is less than 4 us a tick
 *	(3) slew_end - counter_value < 2^63, |slew_rate| <= period / 2000 and
 *	    |slew_rate| * (slew_end - counter_value) < 2^21 s
 *	(4) slew_period and slew_sec are what follows from these: timeline_slew_done()
 *
 * and a read has d = max(0, c - counter_value) < 2^63. So
 *
 *	d * period >> shift	  < 2^(63 + 46), seconds < 2^45
 *	seconds + time_sec	  < 2^46, far inside __s64
 *	d * err_rate >> 64	  < 2^63
 *	left * slew_ns >> 64	  < 2^63, for slew_ns is less than 1 ns a tick
 *
 * and adding them, and what rounding takes, to the bound saturates at
 * TIMELINE_UNBOUNDED. Other entries give wrong numbers and no undefined
 * behaviour: the arithmetic is unsigned.
 */
#ifndef __VDSO_TIMELINE_H
#define __VDSO_TIMELINE_H

#include <uapi/linux/timeline.h>

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <asm/barrier.h>
#include <asm/vdso/processor.h>
#define timeline_load_seq(e)	READ_ONCE((e)->seq_count)
#define timeline_rmb()		smp_rmb() /* of the sequence count: see the loop below */
#define timeline_relax()	cpu_relax()
#define timeline_unlikely(x)	unlikely(x)
#define timeline_hide(x)	OPTIMIZER_HIDE_VAR(x)
#define timeline_barrier()	barrier()
#else
#include <linux/stddef.h>
#define timeline_load_seq(e)	__atomic_load_n(&(e)->seq_count, __ATOMIC_RELAXED)
#define timeline_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define timeline_relax()	do { } while (0)
#define timeline_unlikely(x)	__builtin_expect(!!(x), 0)
#define timeline_hide(x)	__asm__("" : "+r" (x))
#define timeline_barrier()	({ __asm__ __volatile__("" : : : "memory"); })
#endif

#define TIMELINE_NSEC_PER_SEC	1000000000U

/* A duration in 2^-64 s */
struct timeline_span {
	__u64 sec;
	__u64 frac;
};

#ifdef __x86_64__

/* A compiler keeps 128 bits in a pair of registers of its own, and copies them */
static __always_inline void timeline_span_shr(struct timeline_span *s, unsigned int shift)
{
	__asm__("shrdq %%cl, %1, %0\n\t"
		"shrq %%cl, %1" : "+r" (s->frac), "+r" (s->sec) : "c" (shift) : "cc");
}

static __always_inline void
timeline_span_add(struct timeline_span *a, struct timeline_span b)
{
	__asm__("addq %2, %0\n\t"
		"adcq %3, %1" : "+&r" (a->frac), "+r" (a->sec) : "rm" (b.frac), "rm" (b.sec) : "cc");
}

#else

static __always_inline void timeline_span_shr(struct timeline_span *s, unsigned int shift)
{
	shift &= 63;
	s->frac = s->frac >> shift | ((s->sec << 1) << (63 - shift));
	s->sec >>= shift;
}

static __always_inline void
timeline_span_add(struct timeline_span *a, struct timeline_span b)
{
	a->frac += b.frac;
	a->sec += b.sec + (a->frac < b.frac);
}

#endif

/* ticks * rate, where rate counts 2^-(64 + shift) s */
static __always_inline struct timeline_span
timeline_ticks(__u64 ticks, __u64 rate, unsigned int shift)
{
#ifdef __SIZEOF_INT128__
	__uint128_t p = (__uint128_t)ticks * rate;
	struct timeline_span s = { p >> 64, p };
#else
	struct timeline_span s = { __timeline_mulhi(ticks, rate), ticks * rate };
#endif

	timeline_span_shr(&s, shift);
	return s;
}

static __always_inline void
timeline_span_sub(struct timeline_span *a, struct timeline_span b)
{
	a->sec -= b.sec + (a->frac < b.frac);
	a->frac -= b.frac;
}

/* Down to whole nanoseconds */
static __always_inline __u64
timeline_span_ns(struct timeline_span s)
{
	return s.sec * TIMELINE_NSEC_PER_SEC +
	       __timeline_mulhi(s.frac, TIMELINE_NSEC_PER_SEC);
}

static __always_inline __u64
timeline_sat_add(__u64 a, __u64 b)
{
	__u64 sum = a + b;

	return sum | -(__u64)(sum < a);	/* TIMELINE_UNBOUNDED is all ones */
}

/*
 * Where the compiler sees that a __u64 is the larger of 0 and a signed number it
 * sign-extends it for a product of 128 bits, which takes another multiplication.
 * timeline_hide() keeps that from it.
 */

/* Ticks since the reference; a counter before it counts as the reference */
static __always_inline __u64
timeline_elapsed(const struct timeline_entry *e, __u64 counter)
{
	__u64 ticks = counter - e->counter_value;

	ticks = (__s64)ticks < 0 ? 0 : ticks;
	timeline_hide(ticks);
	return ticks;
}

static __always_inline struct timeline_span
timeline_target(const struct timeline_entry *e, __u64 ticks)
{
	struct timeline_span t, ref = { e->time_sec, e->time_frac_sec };

	t = timeline_ticks(ticks, e->counter_period_frac_sec,
			   e->counter_period_shift);
	timeline_span_add(&t, ref);
	return t;
}

/* Ticks until the slew ends, 0 if it has */
static __always_inline __u64
timeline_slew_left(const struct timeline_entry *e, __u64 ticks)
{
	__u64 left = e->slew_end - e->counter_value - ticks;

	left = (__s64)left < 0 ? 0 : left;
	timeline_hide(left);
	return left;
}

/* t(c) with its fraction, before the slew ends */
static __always_inline struct timeline_span
timeline_slewing(const struct timeline_entry *e, __u64 ticks)
{
	struct timeline_span t, ref = { e->slew_sec, e->slew_frac };

	t = timeline_ticks(ticks, e->slew_period, e->counter_period_shift);
	timeline_span_add(&t, ref);
	return t;
}

/* How far it is off the target then, not less; and up to 2 ns more */
static __always_inline __u64 timeline_slew_wide(const struct timeline_entry *e, __u64 left)
{
	return __timeline_mulhi(left, e->slew_ns) + 1;
}

/*
 * The slew is over, and so the counter is not before the reference: slew_end is not
 * either. Nearly always; whatever else there is stays out of the way of this.
 */
static __always_inline int timeline_settled(const struct timeline_entry *e, __u64 counter)
{
	return (__s64)(counter - e->slew_end) >= 0;
}

/* t(c) with its fraction, then */
static __always_inline struct timeline_span
timeline_project_settled(const struct timeline_entry *e, __u64 counter)
{
	return timeline_target(e, counter - e->counter_value);
}

/* t(c) with its fraction */
static __always_inline struct timeline_span
timeline_project(const struct timeline_entry *e, __u64 counter)
{
	__u64 ticks = timeline_elapsed(e, counter);

	return timeline_slew_left(e, ticks) ? timeline_slewing(e, ticks) :
					      timeline_target(e, ticks);
}

/* clock_getres(): a tick, and never less than 1 ns */
static __always_inline __u64 timeline_entry_resolution(const struct timeline_entry *e)
{
	return timeline_span_ns(timeline_ticks(1, e->counter_period_frac_sec,
					       e->counter_period_shift)) + 1;
}

/* How much the bound has grown. The 2 ns are for rounding: see timeline_read() */
static __always_inline __u64 timeline_growth(const struct timeline_entry *e, __u64 ticks)
{
	return __timeline_mulhi(ticks, e->err_rate) + 2;
}

static __always_inline void
timeline_tell(const struct timeline_entry *e, struct timeline_span t, struct timeline_time *tt)
{
	tt->sec = t.sec;
	tt->nsec = __timeline_mulhi(t.frac, TIMELINE_NSEC_PER_SEC);
	tt->status = e->clock_status;
	tt->disruption = e->step_marker;
}

/* timeline_read() where timeline_settled() */
static __always_inline void
timeline_read_settled(const struct timeline_entry *e, __u64 counter,
		      struct timeline_time *tt)
{
	__u64 ticks = counter - e->counter_value;
	__u64 growth;

	/* Told first, so that all the rest fits into registers that need not be saved */
	tt->counter = counter;
	timeline_barrier();
	growth = timeline_growth(e, ticks);
	tt->err_low_ns = timeline_sat_add(e->err_low_ns, growth);
	tt->err_high_ns = timeline_sat_add(e->err_high_ns, growth);
	timeline_tell(e, timeline_target(e, ticks), tt);
}

/* timeline_read() before the slew ends; the counter is not before the reference */
static __always_inline void
timeline_read_slewing(const struct timeline_entry *e, __u64 counter,
		      struct timeline_time *tt)
{
	__u64 ticks = counter - e->counter_value;
	__u64 left = e->slew_end - counter;
	__u64 growth, wide;

	tt->counter = counter;
	timeline_barrier();
	growth = timeline_growth(e, ticks);
	timeline_hide(growth);	/* or the multiplication needs one register too many */
	wide = growth + timeline_slew_wide(e, left);
	tt->err_low_ns = timeline_sat_add(e->err_low_ns, e->slew_rate < 0 ? growth : wide);
	tt->err_high_ns = timeline_sat_add(e->err_high_ns, e->slew_rate < 0 ? wide : growth);
	timeline_tell(e, timeline_slewing(e, ticks), tt);
}

/**
 * timeline_read - the reading of an entry at a counter value
 * @e: entry, consistent (see timeline_read_begin())
 * @counter: counter value
 * @tt: result
 *
 * While a slew lasts the target is what the bounds are about: t = target + s,
 * so the true time is in [t - s - err_low, t - s + err_high]. The side that s
 * exceeds is widened by it and the other is left as it is. The 2 ns are for
 * rounding: of the time down, of the growth and of s. (The step of a counter that
 * is not the TSC is in err_low and err_high.)
 */
static __always_inline void
timeline_read(const struct timeline_entry *e, __u64 counter,
	      struct timeline_time *tt)
{
	__u64 ticks = timeline_elapsed(e, counter);

	/* Also of a counter before the reference, which is read as that */
	if (timeline_slew_left(e, ticks))
		timeline_read_slewing(e, e->counter_value + ticks, tt);
	else
		timeline_read_settled(e, e->counter_value + ticks, tt);
	tt->counter = counter;
}

/*
 * Loop of a reader: the counter is read between begin and retry, ordered as a
 * load (rdtsc_ordered()):
 *
 *	do {
 *		seq = timeline_read_begin(e);
 *		c = counter; timeline_read(e, c, tt);
 *	} while (timeline_read_retry(e, seq));
 */
static __always_inline __u32
timeline_read_begin(const struct timeline_entry *e)
{
	__u32 seq;

	while (timeline_unlikely((seq = timeline_load_seq(e)) & 1))
		timeline_relax();
	timeline_rmb();
	return seq;
}

static __always_inline int
timeline_read_retry(const struct timeline_entry *e, __u32 seq)
{
	timeline_rmb();
	return timeline_load_seq(e) != seq;
}

#endif /* __VDSO_TIMELINE_H */
