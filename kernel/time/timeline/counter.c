// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to the counter: the TSC becomes unstable, another clocksource is
 * chosen, the machine sleeps.
 *
 * The TSC counts for timelines while the timekeeper trusts it, that is while it
 * is the clocksource and was not marked unstable.
 */
#include <linux/clocksource.h>
#include <linux/init.h>
#include <linux/irq_work.h>
#include <linux/syscore_ops.h>
#include <linux/timekeeping.h>
#include <asm/tsc.h>
#include <asm/timeline.h>
#include "internal.h"

static bool tsc_is_clocksource;
static bool tsc_in_use;
static u64 slept_at_boot_ns, slept_at_raw_ns;

/* Interrupt context: readers are at most an interrupt away from the truth */
static void choose_counter(struct irq_work *work)
{
	bool tsc = READ_ONCE(tsc_is_clocksource) && !check_tsc_unstable();

	if (tsc == tsc_in_use)
		return;
	tsc_in_use = tsc;
	timeline_disrupt(tsc, 0);
}

static struct irq_work choose_work = IRQ_WORK_INIT_HARD(choose_counter);

/**
 * timeline_tsc_unstable - the TSC was marked unstable
 *
 * Any context.
 */
void timeline_tsc_unstable(void)
{
	irq_work_queue(&choose_work);
}

/**
 * timeline_clocksource_changed - the timekeeper uses another clocksource
 * @clock: that one
 */
void timeline_clocksource_changed(struct clocksource *clock)
{
	WRITE_ONCE(tsc_is_clocksource, clock->vdso_clock_mode == VDSO_CLOCKMODE_TSC);
	irq_work_queue(&choose_work);
}

static int timeline_suspend(void *data)
{
	slept_at_boot_ns = ktime_get_boot_fast_ns();
	slept_at_raw_ns = ktime_get_raw_fast_ns();
	return 0;
}

/* The counter may have stopped or started anew; time has passed by the RTC */
static void timeline_resume(void *data)
{
	u64 boot = ktime_get_boot_fast_ns() - slept_at_boot_ns;
	u64 raw = ktime_get_raw_fast_ns() - slept_at_raw_ns;

	timeline_disrupt(tsc_in_use, boot > raw ? boot - raw : 0);
}

static const struct syscore_ops timeline_syscore_ops = {
	.suspend = timeline_suspend,
	.resume = timeline_resume,
};

static struct syscore timeline_syscore = {
	.ops = &timeline_syscore_ops,
};

/* After the timekeeper, which must resume first */
static int __init timeline_counter_init(void)
{
	register_syscore(&timeline_syscore);
	irq_work_queue(&choose_work);
	return 0;
}
late_initcall(timeline_counter_init);
