// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: how much of each CPU may be booked.
 *
 *	C = min(rt_runtime/rt_period - fair server, (pi_min - q)/(pi_min + q))
 *
 * and in a guest no more than its host gives it (host/supply.c).
 *
 * The second term pays for ordering in units of q = 1.024 us.  Who is due less
 * than q later may go first, and who is to be released less than q later may
 * stand before whose release has come.  Let all that goes before a deadline d,
 * or is due then, begin at a: releases from a - q on, deadlines up to d + q, so
 * it is over by a + C * (d - a + 2q).  A server that has work since r has
 * a - q <= r = d - pi, and that is not after d if
 *
 *	C <= (d - a)/(d - a + 2q),  which is least for d - a = pi_min - q
 *
 * Only who wakes up before y with less than pi_min until d can be late, by
 * less than 2q (vbs_note_miss()).
 */

/* Limits stay as they are while it is held: outside of all locks but vbs_vm_mutex */
DEFINE_MUTEX(vbs_limits_mutex);

unsigned int sysctl_vbs_period_min = 100;
unsigned int sysctl_vbs_period_max = 1000000;
unsigned int sysctl_vbs_runtime_max = 100000;
unsigned int sysctl_vbs_slice = 1000;
unsigned int sysctl_vbs_release_cost;
unsigned int sysctl_vbs_offline_demote;
unsigned int sysctl_vbs_vm_vcpus = 16;

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

static u32 vbs_capacity(int cpu, u64 rt_bw, u64 fair_bw, unsigned int period_min)
{
	u64 period = (u64)period_min * NSEC_PER_USEC;
	u64 unit = 1 << VBS_KEY_SHIFT;	/* pi_min is 20 us at least */
	u64 order = div64_u64((period - unit) << VBS_BW_SHIFT, period + unit);

	return min3(rt_bw > fair_bw ? rt_bw - fair_bw : 0, order,
		    (u64)vbs_host_capacity(cpu, period_min));
}

static bool vbs_capacity_holds(int cpu, u32 capacity)
{
	if (capacity >= vbs_books.adm.cpu[cpu].booked)
		return true;
	vbs_reject(current, VBS_REJECT_OVERBOOKED, vbs_books.adm.cpu[cpu].booked,
		   capacity, cpu);
	return false;
}

/**
 * vbs_capacity_check - would CPUs and root domains still hold what is booked?
 * @only: whose fair server is about to change, or -1
 * @fair_bw: to this share
 *
 * If so nothing is booked that they would not: vbs_capacity_update() has to
 * follow, whether the change is made in the end or not.
 *
 * Return: 0 or -EBUSY.
 */
int vbs_capacity_check(int only, u64 fair_bw)
{
	u64 rt_bw = vbs_rt_bw();
	unsigned long flags;
	int cpu, ret = 0;
	u32 capacity;

	if (!static_branch_unlikely(&sched_vbs_used))
		return 0;
	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	if (only < 0)
		ret = vbs_dl_check();
	for_each_possible_cpu(cpu) {
		capacity = vbs_capacity(cpu, rt_bw, cpu == only ? fair_bw :
					vbs_fair_bw(cpu), sysctl_vbs_period_min);
		if (!vbs_capacity_holds(cpu, capacity))
			ret = -EBUSY;
		else if (capacity < vbs_books.adm.cpu[cpu].capacity)
			vbs_adm_set_capacity(&vbs_books.adm, cpu, capacity);
	}
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
	return ret;
}

/**
 * vbs_capacity_update - after a change of what it depends on, or none
 */
void vbs_capacity_update(void)
{
	u64 rt_bw = vbs_rt_bw();
	unsigned long flags;
	int cpu;

	if (!vbs_books.adm.cpu)
		return;
	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	vbs_dl_update();
	for_each_possible_cpu(cpu)
		vbs_adm_set_capacity(&vbs_books.adm, cpu,
				     vbs_capacity(cpu, rt_bw, vbs_fair_bw(cpu),
						  sysctl_vbs_period_min));
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
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
