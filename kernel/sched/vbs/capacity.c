// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: how much of each CPU may be booked.
 *
 *	C = min(rt_runtime/rt_period - fair server, pi_min/(pi_min + 1.024 us))
 *
 * The second term pays for ordering deadlines in units of 1.024 us.
 */

unsigned int sysctl_vbs_period_min = 100;
unsigned int sysctl_vbs_period_max = 1000000;
unsigned int sysctl_vbs_runtime_max = 100000;
unsigned int sysctl_vbs_slice = 1000;
unsigned int sysctl_vbs_release_cost;

static u64 vbs_rt_bw(void)
{
	u64 runtime = global_rt_runtime();

	if (runtime == RUNTIME_INF)	/* sched_rt_runtime_us = -1 */
		return VBS_BW_UNIT * 95ULL / 100;
	return to_ratio(global_rt_period(), runtime);
}

static u64 vbs_fair_bw(int cpu)
{
	return READ_ONCE(cpu_rq(cpu)->fair_server.dl_bw);
}

static u32 vbs_capacity(u64 rt_bw, u64 fair_bw, unsigned int period_min)
{
	u64 period = (u64)period_min * NSEC_PER_USEC;
	u64 order = div64_u64(period << VBS_BW_SHIFT,
			      period + (1 << VBS_KEY_SHIFT));

	return min(rt_bw > fair_bw ? rt_bw - fair_bw : 0, order);
}

static bool vbs_capacity_holds(int cpu, u32 capacity)
{
	if (capacity >= vbs_books.adm.cpu[cpu].booked)
		return true;
	vbs_reject(current, VBS_REJECT_OVERBOOKED, vbs_books.adm.cpu[cpu].booked,
		   capacity, cpu);
	return false;
}

/* Set what CPUs may book from now on, unless more is booked already. */
static int vbs_capacity_change(int only, u64 fair_bw, unsigned int period_min,
			       bool set)
{
	u64 rt_bw = vbs_rt_bw();
	unsigned long flags;
	int cpu, ret = 0;
	u32 capacity;

	if (!static_branch_unlikely(&sched_vbs_used) && !set)
		return 0;
	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	for_each_possible_cpu(cpu) {
		capacity = vbs_capacity(rt_bw, cpu == only ? fair_bw :
					vbs_fair_bw(cpu), period_min);
		if (set)
			vbs_adm_set_capacity(&vbs_books.adm, cpu, capacity);
		else if (!vbs_capacity_holds(cpu, capacity))
			ret = -EBUSY;
	}
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
	return ret;
}

/**
 * vbs_capacity_check - do the CPUs still hold what they have booked?
 * @cpu: whose fair server is about to change, or -1
 * @fair_bw: to this share
 *
 * Return: 0 or -EBUSY.
 */
int vbs_capacity_check(int cpu, u64 fair_bw)
{
	return vbs_capacity_change(cpu, fair_bw, sysctl_vbs_period_min, false);
}

/**
 * vbs_capacity_update - after a change of what it depends on
 */
void vbs_capacity_update(void)
{
	if (vbs_books.adm.cpu)
		vbs_capacity_change(-1, 0, sysctl_vbs_period_min, true);
}

/**
 * vbs_capacity_period_min - may the least period be @period_min?
 * @period_min: us
 *
 * Return: 0 or -EBUSY.
 */
static int vbs_capacity_period_min(unsigned int period_min)
{
	return vbs_capacity_change(-1, 0, period_min, false);
}

/**
 * vbs_books_online - a CPU takes new servers, or no more
 * @cpu: the CPU
 * @online: which
 */
void vbs_books_online(int cpu, bool online)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	vbs_adm_set_online(&vbs_books.adm, cpu, online);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
}
