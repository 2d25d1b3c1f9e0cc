// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the account with SCHED_DEADLINE.
 *
 * SCHED_DEADLINE admits by root domain, and counts capacity.  In each of them
 *
 *	DEADLINE + fair servers + sum of booked * capacity
 *		<= rt_runtime/rt_period * sum of capacity
 *
 * over its active CPUs, and whoever comes last is refused.  What SCHED_VBS books
 * grows under the lock of the domain's account only, where SCHED_DEADLINE looks
 * at it.
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

/*
 * SCHED_DEADLINE clears what a domain has, and adds its tasks up one by one, while the
 * locks of cpusets keep everybody out who asks it for more.  SCHED_VBS takes none of
 * them: in between it counts what there was before.
 */
static u64 *vbs_dl_least(struct dl_bw *dl_b)
{
	int first = cpumask_first(vbs_dl_span(dl_b));

	return vbs_books.sum && first < nr_cpu_ids ? &vbs_books.sum[first].dl_least : NULL;
}

/* What SCHED_DEADLINE has in a domain */
static u64 vbs_dl_total(struct dl_bw *dl_b)
{
	u64 *least = vbs_dl_least(dl_b);

	return max(READ_ONCE(dl_b->total_bw), least ? READ_ONCE(*least) : 0);
}

#ifdef CONFIG_CPUSETS
/**
 * vbs_dl_clear - what SCHED_DEADLINE has in a root domain is about to be cleared
 * @dl_b: the domain's account; sched_vbs_dl_rebuilt() has to follow
 *
 * Context: its lock
 */
void vbs_dl_clear(struct dl_bw *dl_b)
{
	u64 *least = vbs_dl_least(dl_b);

	lockdep_assert_held(&dl_b->lock);
	if (least)
		WRITE_ONCE(*least, max(*least, dl_b->total_bw));
}

/**
 * sched_vbs_dl_rebuilt - all of it has been added up again
 *
 * Context: the locks of cpusets and CPU hotplug
 */
void sched_vbs_dl_rebuilt(void)
{
	int cpu;

	if (!vbs_books.sum)
		return;
	for_each_possible_cpu(cpu)
		WRITE_ONCE(vbs_books.sum[cpu].dl_least, 0);
}
#endif

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
	for_each_cpu_and(cpu, vbs_dl_span(dl_b), cpu_active_mask)
		booked += vbs_bw_to_capacity(READ_ONCE(vbs_books.adm.cpu[cpu].booked),
					     arch_scale_cpu_capacity(cpu));
	return booked;
}

/**
 * __vbs_booked_util - what is booked on a CPU, as a floor of its frequency
 * @cpu: the CPU
 *
 * Whether its servers run or not: they may at any time.
 *
 * Return: in units of SCHED_CAPACITY_SCALE, rounded up.
 */
unsigned long __vbs_booked_util(int cpu)
{
	u64 bw = vbs_bw_to_capacity(READ_ONCE(vbs_books.adm.cpu[cpu].booked),
				    arch_scale_cpu_capacity(cpu));

	return (bw * SCHED_CAPACITY_SCALE + VBS_BW_UNIT - 1) >> VBS_BW_SHIFT;
}

/* What both classes have in the domain, and its capacity, in one pass */
static u64 vbs_dl_used_of(struct dl_bw *dl_b, unsigned long *capacity)
{
	u64 used = vbs_dl_total(dl_b);
	const struct vbs_adm_cpu *books = vbs_books.adm.cpu;
	unsigned long of_one;
	int cpu;

	*capacity = 0;
	for_each_cpu_and(cpu, vbs_dl_span(dl_b), cpu_active_mask) {
		of_one = arch_scale_cpu_capacity(cpu);
		if (books)	/* the class is in use */
			used += vbs_bw_to_capacity(READ_ONCE(books[cpu].booked), of_one);
		*capacity += of_one;
	}
	return used;
}

/* All that may be admitted in the domain if @bw is what real-time may have */
static u64 vbs_dl_all(struct dl_bw *dl_b, u64 bw)
{
	unsigned long capacity = 0;
	int cpu;

	for_each_cpu_and(cpu, vbs_dl_span(dl_b), cpu_active_mask)
		capacity += arch_scale_cpu_capacity(cpu);
	return cap_scale(bw, (u64)capacity);
}

static u64 vbs_dl_used(struct dl_bw *dl_b)
{
	return vbs_dl_total(dl_b) + vbs_booked_with(dl_b);
}

/* What both classes leave in the domain */
static u32 vbs_dl_left(struct dl_bw *dl_b)
{
	u64 bw = READ_ONCE(dl_b->bw);
	unsigned long capacity;
	u64 used, all;

	if (bw == RUNTIME_INF)		/* no admission at all */
		return U32_MAX;
	used = vbs_dl_used_of(dl_b, &capacity);
	all = cap_scale(bw, (u64)capacity);
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
	return vbs_bw_of_capacity(vbs_dl_left(vbs_dl_account(cpu)),
				  arch_scale_cpu_capacity(cpu));
}

/* A CPU's root domain: its first CPU, the share of SCHED_DEADLINE's tasks */
struct vbs_dl_sum {
	int domain;
	u64 tasks;
	u32 spare;		/* what both classes leave, as a share of the CPU */
};

static void vbs_dl_look(int cpu, struct vbs_dl_sum *sum)
{
	const struct cpumask *span;
	struct dl_bw *dl_b;
	u64 fair = 0;
	int i;

	rcu_read_lock();
	dl_b = vbs_dl_account(cpu);
	span = vbs_dl_span(dl_b);
	for_each_cpu_and(i, span, cpu_active_mask)
		fair += READ_ONCE(cpu_rq(i)->fair_server.dl_bw);
	sum->domain = cpumask_first(span);
	sum->tasks = vbs_dl_total(dl_b);
	sum->tasks -= min(sum->tasks, fair);
	sum->spare = vbs_dl_spare(cpu);
	rcu_read_unlock();
}

/* Leave the CPUs out that are in one root domain with @cpu. */
static void vbs_dl_leave_out(struct cpumask *mask, int cpu)
{
	cpumask_andnot(mask, mask, vbs_dl_span(vbs_dl_account(cpu)));
}

/**
 * vbs_dl_book - book bandwidth on a CPU if SCHED_DEADLINE leaves that much
 * @cpu: the CPU, which has room for it
 * @bw: how much
 * @least: what SCHED_DEADLINE has to leave, not less than @bw
 *
 * Context: vbs_books.lock is held.
 * Return: 0 or -EBUSY.
 */
int vbs_dl_book(int cpu, u32 bw, u32 least)
{
	struct dl_bw *dl_b = vbs_dl_account(cpu);
	int ret = -EBUSY;

	lockdep_assert_held(&vbs_books.lock);
	raw_spin_lock(&dl_b->lock);
	if (vbs_bw_to_capacity(least, arch_scale_cpu_capacity(cpu)) <=
	    vbs_dl_left(dl_b)) {
		vbs_adm_book(&vbs_books.adm, cpu, bw);
		ret = 0;
	}
	raw_spin_unlock(&dl_b->lock);
	return ret;
}

static u64 vbs_dl_global_bw(void)
{
	if (global_rt_runtime() == RUNTIME_INF)
		return RUNTIME_INF;
	return to_ratio(global_rt_period(), global_rt_runtime());
}

/* A lower limit is in force from here on, so that nobody comes in between. */
static bool vbs_dl_lower(struct dl_bw *dl_b, int cpu, u64 bw)
{
	u64 used, all;
	bool ok = true;

	raw_spin_lock(&dl_b->lock);
	if (bw < dl_b->bw) {
		used = vbs_dl_used(dl_b);
		all = vbs_dl_all(dl_b, bw);
		ok = used <= all;
		if (ok)
			dl_b->bw = bw;
		else
			vbs_reject(current, VBS_REJECT_OVERBOOKED, used, all, cpu);
	}
	raw_spin_unlock(&dl_b->lock);
	return ok;
}

/**
 * vbs_dl_check - would the root domains still hold what both classes have?
 *
 * Context: vbs_books.lock is held; vbs_dl_update() has to follow.
 * Return: 0 or -EBUSY.
 */
static int vbs_dl_check(void)
{
	u64 bw = vbs_dl_global_bw();
	struct dl_bw *dl_b;
	int cpu, ret = 0;

	rcu_read_lock();
	for_each_possible_cpu(cpu) {
		dl_b = vbs_dl_account(cpu);
		if (cpu == cpumask_first(vbs_dl_span(dl_b)) &&
		    !vbs_dl_lower(dl_b, cpu, bw))
			ret = -EBUSY;
	}
	rcu_read_unlock();
	return ret;
}

/* The limit that is in force after all */
static void vbs_dl_update(void)
{
	u64 bw = vbs_dl_global_bw();
	struct dl_bw *dl_b;
	int cpu;

	rcu_read_lock();
	for_each_possible_cpu(cpu) {
		dl_b = vbs_dl_account(cpu);
		raw_spin_lock(&dl_b->lock);
		dl_b->bw = bw;
		raw_spin_unlock(&dl_b->lock);
	}
	rcu_read_unlock();
}
