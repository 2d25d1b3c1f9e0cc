/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timelines, for the rest of the kernel.
 */
#ifndef _LINUX_TIMELINE_H
#define _LINUX_TIMELINE_H

#include <linux/jump_label.h>
#include <linux/ktime.h>
#include <linux/timeline_types.h>
#include <linux/types.h>
#include <vdso/timeline_clockid.h>

struct clocksource;
struct task_struct;

/*
 * In the reference of a waiter: its instants are of the timeline's difference clock,
 * which no correction moves, and not of its time
 */
#define TIMELINE_REF_DURATION	0x80U

/* The clock id of what a reference, not 0, refers to */
static inline clockid_t timeline_ref_clockid(timeline_ref_t ref)
{
	return CLOCK_TIMELINE(timeline_ref_id(ref));
}

int timeline_resolve(clockid_t clockid, timeline_ref_t *ref);
bool timeline_ref_live(timeline_ref_t ref);
int timeline_waiter_init(struct timeline_waiter *waiter, clockid_t clockid,
			 void (*fn)(struct timeline_waiter *waiter, int error));
void timeline_waiter_lasts(struct timeline_waiter *waiter, bool duration);
s64 timeline_waiter_step(const struct timeline_waiter *waiter);
ktime_t timeline_waiter_now(const struct timeline_waiter *waiter);
int timeline_waiter_start(struct timeline_waiter *waiter, ktime_t expires);
int timeline_waiter_sleep(struct timeline_waiter *waiter, ktime_t expires, bool from_now);
bool timeline_waiter_is_over(const struct timeline_waiter *waiter);
int timeline_waiter_try_to_cancel(struct timeline_waiter *waiter);
void timeline_waiter_wait_running(struct timeline_waiter *waiter);
void timeline_waiter_cancel(struct timeline_waiter *waiter);
u64 timeline_waiter_forward(struct timeline_waiter *waiter, ktime_t interval);

#ifdef CONFIG_TIMERFD
void timerfd_timeline_was_set(clockid_t clockid, s64 step);
#else
static inline void timerfd_timeline_was_set(clockid_t clockid, s64 step) { }
#endif

#ifdef CONFIG_TIMELINE

timeline_ref_t timeline_binding(void);
int timeline_ref_read_ns(timeline_ref_t ref, u64 *ns);

void timeline_tsc_unstable(void);
void timeline_clocksource_changed(struct clocksource *clock);
void timeline_suspend(void);
void timeline_resume(void);

extern u32 timeline_mono_mult;
void __timeline_mono_rate(u32 mult, u32 raw);

/*
 * At each update of the timekeeper, which moves the multiplier of CLOCK_MONOTONIC by one
 * up and down to keep its rate; @raw is that by the counter's frequency
 */
static inline void timeline_mono_rate(u32 mult, u32 raw)
{
	if (unlikely(mult - timeline_mono_mult + 1 > 2))
		__timeline_mono_rate(mult, raw);
}

DECLARE_STATIC_KEY_FALSE(timeline_bindings);
void __timeline_switch(struct task_struct *next);

/* At a context switch, on the CPU of the switch with interrupts disabled */
static __always_inline void timeline_switch(struct task_struct *next)
{
	if (static_branch_unlikely(&timeline_bindings))
		__timeline_switch(next);
}

void timeline_fork(struct task_struct *child);
void timeline_unbind(void);
long timeline_prctl(int option, unsigned long arg2, unsigned long arg3,
		    unsigned long arg4, unsigned long arg5);

#else

static inline timeline_ref_t timeline_binding(void)
{
	return 0;
}

static inline int timeline_ref_read_ns(timeline_ref_t ref, u64 *ns)
{
	return -EINVAL;
}

static inline void timeline_tsc_unstable(void) { }
static inline void timeline_clocksource_changed(struct clocksource *clock) { }
static inline void timeline_suspend(void) { }
static inline void timeline_resume(void) { }
static inline void timeline_mono_rate(u32 mult, u32 raw) { }
static inline void timeline_switch(struct task_struct *next) { }
static inline void timeline_fork(struct task_struct *child) { }
static inline void timeline_unbind(void) { }

static inline long timeline_prctl(int option, unsigned long arg2,
				  unsigned long arg3, unsigned long arg4,
				  unsigned long arg5)
{
	return -EINVAL;
}

#endif /* CONFIG_TIMELINE */

#endif /* _LINUX_TIMELINE_H */
