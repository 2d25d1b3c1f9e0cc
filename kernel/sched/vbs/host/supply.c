// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: what a CPU of a guest gets of its host's, and so what may be booked on it.
 *
 * A CPU whose host runs it in a server of (lambda_v, pi_v) may be without it for
 * 2 (pi_v - lambda_v) and then has it in lambda_v of each pi_v (I. Shin, I. Lee,
 * "Periodic resource model", RTSS 2003: the linear lower bound of the supply).  All
 * that books/capacity.c has in an interval x, which is pi_min - q at least, is done in
 * time if C (x + 2q) <= lambda_v / pi_v * (x - 2 (pi_v - lambda_v)), or
 *
 *	C * (pi_min + q) <= lambda_v / pi_v * (pi_min - q - 2 (pi_v - lambda_v))
 *
 * The bound rises with the period.
 *
 * The host may change it at any time: it is asked before each admission and, while
 * anything is booked, once a second.  What is booked already is not taken back when it
 * gets less: that is reported, by the event sched_vbs_supply.
 *
 * No overflow: lambda_v <= pi_v <= 1000 s < 2^40 ns, a share has 20 bits.
 */

#include <asm/vbs_host.h>

/**
 * struct vbs_supply - the server of a CPU, by its host
 * @asked: what the host writes
 * @runtime: ns; 0 if the host has told nothing
 * @period: ns
 * @when: of 64 bits, which do not wrap: a CPU may go without being asked for long
 * @reported: capacity that was reported last as too small, + 1; vbs_host_mutex
 */
struct vbs_supply {
	struct kvm_vbs_guest	asked;
	u64			runtime;
	u64			period;
	u64			when;
	u32			reported;
};

static DEFINE_PER_CPU_ALIGNED(struct vbs_supply, vbs_supply);
static DEFINE_MUTEX(vbs_host_mutex);
static bool vbs_has_host __ro_after_init;
/* It has told something when it was asked last */
static bool vbs_host_tells;

/* On that CPU, with interrupts off */
static void vbs_supply_ask(void *unused)
{
	struct vbs_supply *s = this_cpu_ptr(&vbs_supply);
	bool told = !arch_vbs_get(per_cpu_ptr_to_phys(&s->asked));

	if (told)
		WRITE_ONCE(vbs_host_tells, true);
	WRITE_ONCE(s->runtime, told ? s->asked.runtime : 0);
	WRITE_ONCE(s->period, told ? s->asked.period : 0);
	WRITE_ONCE(s->when, get_jiffies_64());
}

static u32 vbs_supply_bw(u64 runtime, u64 period, unsigned int period_min)
{
	u64 least = (u64)period_min * NSEC_PER_USEC, unit = 1 << VBS_KEY_SHIFT;
	u64 gap = 2 * (period - runtime), share = div64_u64(runtime << VBS_BW_SHIFT, period);

	if (least <= gap + unit)
		return 0;
	return mul_u64_u64_div_u64(share, least - unit - gap, least + unit);
}

/**
 * vbs_host_capacity - what may be booked on a CPU, by what its host gives it
 * @cpu: the CPU
 * @period_min: the shortest period of a server, us
 */
u32 vbs_host_capacity(int cpu, unsigned int period_min)
{
	const struct vbs_supply *s = per_cpu_ptr(&vbs_supply, cpu);
	u64 runtime = READ_ONCE(s->runtime), period = READ_ONCE(s->period);

	/* Written one after the other */
	if (!runtime || !period || runtime >= period)
		return VBS_BW_UNIT;
	return vbs_supply_bw(runtime, period, period_min);
}

/**
 * vbs_host_allowance - how long a CPU may be without its host's, and no time is lost
 * @cpu: the CPU
 */
u64 vbs_host_allowance(int cpu)
{
	const struct vbs_supply *s = per_cpu_ptr(&vbs_supply, cpu);
	u64 runtime = READ_ONCE(s->runtime), period = READ_ONCE(s->period);

	return runtime && runtime < period ? 2 * (period - runtime) : 0;
}

static void vbs_supply_report(int cpu)
{
	struct vbs_supply *s = per_cpu_ptr(&vbs_supply, cpu);
	u32 booked = READ_ONCE(vbs_books.adm.cpu[cpu].booked);
	u32 capacity = READ_ONCE(vbs_books.adm.cpu[cpu].capacity);

	if (booked <= capacity) {
		s->reported = 0;
	} else if (s->reported != capacity + 1) {
		s->reported = capacity + 1;
		trace_sched_vbs_supply(cpu, s->runtime, s->period, capacity, booked);
		pr_warn_ratelimited("SCHED_VBS: CPU %d has %u of 2^20 booked, and the host's %llu of each %llu ns are enough for %u\n",
				    cpu, booked, s->runtime, s->period, capacity);
	}
}

/**
 * vbs_host_refresh - ask the host of each CPU what it gives
 *
 * Context: may sleep.
 */
void vbs_host_refresh(void)
{
	int cpu;

	if (!vbs_has_host || !vbs_books.adm.cpu)
		return;
	guard(mutex)(&vbs_host_mutex);
	WRITE_ONCE(vbs_host_tells, false);
	on_each_cpu(vbs_supply_ask, NULL, true);
	vbs_capacity_update();
	for_each_online_cpu(cpu)
		vbs_supply_report(cpu);
}

/**
 * vbs_host_look_again - anything may have changed since
 *
 * A host that told nothing is asked again before the next admission, and not by
 * interrupts on each CPU once a second.
 *
 * Context: may sleep.
 */
void vbs_host_look_again(void)
{
	if (READ_ONCE(vbs_host_tells))
		vbs_host_refresh();
}
