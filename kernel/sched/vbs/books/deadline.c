// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the account with SCHED_DEADLINE.
 *
 * SCHED_DEADLINE admits by root domain.  In each of them
 *
 *	DEADLINE + fair servers + SCHED_VBS <= rt_runtime/rt_period * CPUs
 *
 * and whoever comes last is refused.  What SCHED_VBS books grows under the lock
 * of the domain's account only, where SCHED_DEADLINE looks at it.
 */

static struct dl_bw *vbs_dl_account(int cpu)
{
#ifdef CONFIG_SMP
	return &cpu_rq(cpu)->rd->dl_bw;
#else
	return &cpu_rq(cpu)->dl.dl_bw;
#endif
}

static const struct cpumask *vbs_dl_span(struct dl_bw *dl_b)
{
#ifdef CONFIG_SMP
	return container_of(dl_b, struct root_domain, dl_bw)->span;
#else
	return cpumask_of(0);
#endif
}

/**
 * vbs_booked_with - what SCHED_VBS has booked in a root domain
 * @dl_b: the domain's account
 *
 * Context: RCU; its lock is held, or the answer is for information only.
 */
u64 vbs_booked_with(struct dl_bw *dl_b)
{
	u64 booked = 0;
	int cpu;

	if (!static_branch_unlikely(&sched_vbs_used))
		return 0;
	for_each_cpu(cpu, vbs_dl_span(dl_b))
		booked += READ_ONCE(vbs_books.adm.cpu[cpu].booked);
	return booked;
}

/* What both classes leave in the domain */
static u32 vbs_dl_left(struct dl_bw *dl_b)
{
	u64 used = READ_ONCE(dl_b->total_bw) + vbs_booked_with(dl_b);
	u64 bw = READ_ONCE(dl_b->bw);
	u64 all;

	if (bw == RUNTIME_INF)		/* no admission at all */
		return U32_MAX;
	all = bw * cpumask_weight_and(vbs_dl_span(dl_b), cpu_active_mask);
	return min_t(u64, all > used ? all - used : 0, U32_MAX);
}

/**
 * vbs_dl_spare - what SCHED_DEADLINE leaves to SCHED_VBS on a CPU
 * @cpu: the CPU
 *
 * Context: RCU.  For information only.
 */
u32 vbs_dl_spare(int cpu)
{
	return vbs_dl_left(vbs_dl_account(cpu));
}

/**
 * vbs_dl_book - book bandwidth on a CPU if SCHED_DEADLINE leaves that much
 * @cpu: the CPU, which has room for it
 * @bw: how much
 * @spare: lowered to what there is, if it is not enough
 *
 * Context: vbs_books.lock is held.
 * Return: 0 or -EBUSY.
 */
int vbs_dl_book(int cpu, u32 bw, u32 *spare)
{
	struct dl_bw *dl_b = vbs_dl_account(cpu);
	u32 left;

	lockdep_assert_held(&vbs_books.lock);
	raw_spin_lock(&dl_b->lock);
	left = vbs_dl_left(dl_b);
	if (bw <= left)
		vbs_adm_book(&vbs_books.adm, cpu, bw);
	raw_spin_unlock(&dl_b->lock);
	if (bw <= left)
		return 0;
	*spare = min(*spare, left);
	return -EBUSY;
}
