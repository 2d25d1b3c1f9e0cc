// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to the counter: the TSC becomes unstable, another clocksource is
 * chosen, the machine sleeps, or goes on from what was saved of it.
 *
 * The TSC counts for timelines while the timekeeper trusts it, that is while it
 * is the clocksource and was not marked unstable.
 */
#include <linux/clocksource.h>
#include <linux/init.h>
#include <linux/irq_work.h>
#include <linux/notifier.h>
#include <linux/random.h>
#include <linux/timekeeping.h>
#include <asm/tsc.h>
#include "internal.h"

/* Protects the rest */
static DEFINE_RAW_SPINLOCK(counter_lock);
static bool tsc_is_clocksource;
static bool tsc_in_use;
static bool clocksource_changed;
static u64 slept_at_boot_ns, slept_at_raw_ns, slept_at_tsc;

/* No interrupt can be sent before */
static bool counter_ready;

/*
 * Interrupt context: readers are at most an interrupt away from the truth. From
 * one TSC clocksource to the other the counter stays, but its frequency may be
 * known better; any other change disrupts also CLOCK_MONOTONIC_RAW.
 */
static void choose_counter(struct irq_work *work)
{
	unsigned long flags;
	bool tsc;

	raw_spin_lock_irqsave(&counter_lock, flags);
	tsc = tsc_is_clocksource && !check_tsc_unstable();
	if (tsc && tsc_in_use)
		timeline_refresh_hz();
	else if (tsc != tsc_in_use || clocksource_changed)
		timeline_disrupt(tsc, 0, 0);
	tsc_in_use = tsc;
	clocksource_changed = false;
	raw_spin_unlock_irqrestore(&counter_lock, flags);
}

static struct irq_work choose_work = IRQ_WORK_INIT_HARD(choose_counter);

/**
 * timeline_tsc_unstable - the TSC was marked unstable
 *
 * Any context.
 */
void timeline_tsc_unstable(void)
{
	if (READ_ONCE(counter_ready))
		irq_work_queue(&choose_work);
}

/**
 * timeline_clocksource_changed - the timekeeper uses another clocksource
 * @clock: that one
 */
void timeline_clocksource_changed(struct clocksource *clock)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&counter_lock, flags);
	tsc_is_clocksource = clock->vdso_clock_mode == VDSO_CLOCKMODE_TSC;
	clocksource_changed = true;
	timeline_raw_changed(clock);
	raw_spin_unlock_irqrestore(&counter_lock, flags);
	if (READ_ONCE(counter_ready))
		irq_work_queue(&choose_work);
}

/**
 * timeline_suspend - the timekeeper is about to stop
 */
void timeline_suspend(void)
{
	slept_at_boot_ns = ktime_get_boot_fast_ns();
	slept_at_raw_ns = ktime_get_raw_fast_ns();
	slept_at_tsc = timeline_read_counter(TIMELINE_COUNTER_X86_TSC);
}

/**
 * timeline_resume - the timekeeper goes on
 *
 * The counter may have stopped or started anew; time has passed by the RTC.
 */
void timeline_resume(void)
{
	u64 boot = ktime_get_boot_fast_ns() - slept_at_boot_ns;
	u64 raw = ktime_get_raw_fast_ns() - slept_at_raw_ns;
	unsigned long flags;

	raw_spin_lock_irqsave(&counter_lock, flags);
	timeline_disrupt(tsc_in_use, boot > raw ? boot - raw : 0,
			 tsc_in_use ? slept_at_tsc : 0);
	raw_spin_unlock_irqrestore(&counter_lock, flags);
}

/* The counter is where the hypervisor put it, and how long that took nobody knows */
static int vm_restored(struct notifier_block *block, unsigned long action, void *data)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&counter_lock, flags);
	timeline_vm_restored();
	timeline_disrupt(tsc_in_use, 0, 0);
	raw_spin_unlock_irqrestore(&counter_lock, flags);
	return NOTIFY_OK;
}

static struct notifier_block vm_restored_block = { .notifier_call = vm_restored };

static int __init timeline_counter_init(void)
{
	register_random_vmfork_notifier(&vm_restored_block);
	WRITE_ONCE(counter_ready, true);
	irq_work_queue(&choose_work);
	return 0;
}
late_initcall(timeline_counter_init);
