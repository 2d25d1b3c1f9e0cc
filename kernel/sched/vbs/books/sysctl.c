// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: kernel.sched_vbs_*
 */

static unsigned int vbs_usec_min = 1;
static unsigned int vbs_period_lowest = 20;
static unsigned int vbs_usec_max = 1000000;
static unsigned int vbs_cost_max = 1000000;
static unsigned int vbs_vcpus_max = 4096;

/* Is the limit that @table sets to @value kept by all servers? */
static bool vbs_limit_holds(const struct ctl_table *table, unsigned int value)
{
	u64 limit = (u64)value * NSEC_PER_USEC;
	u64 cost = value;
	struct vbs_srv *srv;
	bool ok = true;

	rcu_read_lock();
	list_for_each_entry_rcu(srv, &vbs_books.servers, all) {
		if (table->data == &sysctl_vbs_period_min)
			ok = ok && READ_ONCE(srv->core.period) >= limit;
		else if (table->data == &sysctl_vbs_period_max)
			ok = ok && READ_ONCE(srv->core.period) <= limit;
		else if (table->data == &sysctl_vbs_runtime_max)
			ok = ok && READ_ONCE(srv->core.runtime) <= limit;
		else
			ok = ok && READ_ONCE(srv->core.runtime) >= 2 * cost;
	}
	rcu_read_unlock();
	return ok;
}

static void vbs_set_release_cost(void)
{
	struct rq_flags rf;
	struct rq *rq;
	int cpu;

	for_each_possible_cpu(cpu) {
		rq = cpu_rq(cpu);
		rq_lock_irqsave(rq, &rf);
		if (rq->vbs.core)
			rq->vbs.core->release_cost = sysctl_vbs_release_cost;
		rq_unlock_irqrestore(rq, &rf);
	}
}

/*
 * Whoever has tested its parameters against the old limit has entered or
 * switched, with interrupts off, or will test again.
 */
static int vbs_limit_set(const struct ctl_table *table, unsigned int value)
{
	unsigned int *limit = table->data;
	unsigned int old = *limit;
	int ret = 0;

	lockdep_assert_held(&vbs_limits_mutex);
	WRITE_ONCE(*limit, value);
	synchronize_rcu();
	if (!vbs_limit_holds(table, value) || vbs_capacity_check(-1, 0)) {
		WRITE_ONCE(*limit, old);
		ret = -EBUSY;
	}
	vbs_capacity_update();
	vbs_set_release_cost();
	return ret;
}

/* A limit that a server in use breaks is refused: EBUSY. */
static int vbs_limit_handler(const struct ctl_table *table, int write,
			     void *buffer, size_t *lenp, loff_t *ppos)
{
	unsigned int value = *(unsigned int *)table->data;
	struct ctl_table tmp = *table;
	int ret;

	tmp.data = &value;
	mutex_lock(&vbs_limits_mutex);
	ret = proc_douintvec_minmax(&tmp, write, buffer, lenp, ppos);
	if (!ret && write)
		ret = vbs_limit_set(table, value);
	mutex_unlock(&vbs_limits_mutex);
	return ret;
}

/* 0 takes effect at once, and is never refused. */
static int vbs_enable_handler(const struct ctl_table *table, int write,
			      void *buffer, size_t *lenp, loff_t *ppos)
{
	int ret = proc_douintvec_minmax(table, write, buffer, lenp, ppos);

	if (!ret && write && !READ_ONCE(sysctl_vbs_enable))
		vbs_dissolve_all();
	return ret;
}

static struct ctl_table vbs_sysctls[] = {
	{
		.procname	= "sched_vbs_enable",
		.data		= &sysctl_vbs_enable,
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= vbs_enable_handler,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "sched_vbs_offline_demote",
		.data		= &sysctl_vbs_offline_demote,
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "sched_vbs_period_min_us",
		.data		= &sysctl_vbs_period_min,
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= vbs_limit_handler,
		.extra1		= &vbs_period_lowest,
		.extra2		= &vbs_usec_max,
	},
	{
		.procname	= "sched_vbs_period_max_us",
		.data		= &sysctl_vbs_period_max,
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= vbs_limit_handler,
		.extra1		= &vbs_period_lowest,
		.extra2		= &vbs_usec_max,
	},
	{
		.procname	= "sched_vbs_runtime_max_us",
		.data		= &sysctl_vbs_runtime_max,
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= vbs_limit_handler,
		.extra1		= &vbs_period_lowest,
		.extra2		= &vbs_usec_max,
	},
	{
		.procname	= "sched_vbs_slice_us",
		.data		= &sysctl_vbs_slice,
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= &vbs_usec_min,
		.extra2		= &vbs_usec_max,
	},
	{
		.procname	= "sched_vbs_vm_vcpus",
		.data		= &sysctl_vbs_vm_vcpus,
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= &vbs_vcpus_max,
	},
	{
		.procname	= "sched_vbs_release_cost_ns",
		.data		= &sysctl_vbs_release_cost,
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= vbs_limit_handler,
		.extra1		= SYSCTL_ZERO,
		.extra2		= &vbs_cost_max,
	},
};

static int __init vbs_sysctl_init(void)
{
	register_sysctl_init("kernel", vbs_sysctls);
	return 0;
}
late_initcall(vbs_sysctl_init);
