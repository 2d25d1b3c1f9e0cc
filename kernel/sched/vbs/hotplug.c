// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: CPUs that go and come.
 *
 * A place is booked for each server of a CPU that goes offline; then all move, or
 * none does and the CPU stays.  Suspend takes the CPU with its servers, whose
 * members sleep until it is back.  If it does not come back they are rescued.
 */

/* All members' masks, without @not */
static void vbs_server_mask(struct vbs_srv *srv, struct cpumask *mask, int not)
{
	struct task_struct *p;

	lockdep_assert_held(&srv->lock);
	cpumask_copy(mask, cpu_active_mask);
	cpumask_clear_cpu(not, mask);
	list_for_each_entry(p, &srv->members, vbs.member)
		cpumask_and(mask, mask, &p->cpus_mask);
}

/* A server without members ends at once, or has already. */
static int vbs_evacuation_book_one(struct vbs_srv *srv, unsigned int cpu,
				   struct cpumask *mask)
{
	struct rq_flags rf;
	struct rq *rq;
	int ret = 0;

	rq = vbs_lock_home(srv, &rf);
	raw_spin_lock(&srv->lock);
	if (vbs_nr_kept(srv) && cpu_of(rq) == cpu) {
		vbs_server_mask(srv, mask, cpu);
		ret = vbs_books_evacuate(srv, mask);
	}
	raw_spin_unlock(&srv->lock);
	rq_unlock_irqrestore(rq, &rf);
	return ret;
}

/* Book a place for each server of @cpu, or none. */
static int vbs_evacuation_book(unsigned int cpu, struct cpumask *mask)
{
	struct vbs_srv *srv;
	int ret = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(srv, &vbs_books.servers, all) {
		if (READ_ONCE(srv->cpu) == cpu)
			ret = vbs_evacuation_book_one(srv, cpu, mask);
		if (ret)
			break;
	}
	rcu_read_unlock();
	return ret;
}

static void vbs_evacuate_one(struct vbs_srv *srv, unsigned int cpu, bool go)
{
	struct rq_flags rf;
	struct rq *rq;
	int to;

	rq = vbs_lock_home(srv, &rf);
	to = vbs_books_evacuated(srv, !go);
	if (go && to >= 0) {
		update_rq_clock(rq);
		vbs_move(rq, srv, to, NULL);
	}
	rq_unlock_irqrestore(rq, &rf);
}

/* Go, or give the places back. */
static void vbs_evacuation_end(unsigned int cpu, bool go)
{
	struct vbs_srv *srv;

	rcu_read_lock();
	list_for_each_entry_rcu(srv, &vbs_books.servers, all)
		if (READ_ONCE(srv->next_cpu) >= 0)
			vbs_evacuate_one(srv, cpu, go);
	rcu_read_unlock();
}

/**
 * vbs_cpu_deactivate - a CPU is about to go
 * @cpu: the CPU, still active
 *
 * Its servers move; if one of them fits nowhere none does.  Suspend is not
 * refused: all members sleep through it, and so do their servers.
 *
 * Context: may sleep, hotplug lock held.
 * Return: 0, -EBUSY, -ENOMEM.
 */
int vbs_cpu_deactivate(unsigned int cpu)
{
	cpumask_var_t mask;
	int ret;

	if (!static_branch_unlikely(&sched_vbs_used))
		return 0;
	vbs_books_online(cpu, false);
	if (cpuhp_tasks_frozen)
		return 0;
	if (!zalloc_cpumask_var(&mask, GFP_KERNEL)) {
		vbs_books_online(cpu, true);
		return -ENOMEM;
	}
	WRITE_ONCE(vbs_books.leaving, cpu);
	/*
	 * Whoever chooses this CPU, joins a server there or sets a member's mask
	 * does so with interrupts off until it is seen.
	 */
	synchronize_rcu();
	ret = vbs_evacuation_book(cpu, mask);
	vbs_evacuation_end(cpu, !ret);
	WRITE_ONCE(vbs_books.leaving, -1);
	if (ret)
		vbs_books_online(cpu, true);
	free_cpumask_var(mask);
	return ret;
}

/**
 * vbs_cpu_activate - a CPU has come, or stays after all
 * @cpu: the CPU
 */
void vbs_cpu_activate(unsigned int cpu)
{
	struct rq *rq = cpu_rq(cpu);
	struct rq_flags rf;

	if (!static_branch_unlikely(&sched_vbs_used))
		return;
	vbs_books_online(cpu, true);
	rq_lock_irqsave(rq, &rf);
	update_rq_clock(rq);
	vbs_arm_release(rq);
	rq_unlock_irqrestore(rq, &rf);
}

/* ---- a CPU that does not come back from suspend ------------------------- */

/* A member of a server for which there is no place, or NULL */
static struct task_struct *vbs_rescue_find(struct cpumask *mask)
{
	struct task_struct *member = NULL;
	struct vbs_srv *srv;
	int cpu, ret;

	rcu_read_lock();
	list_for_each_entry_rcu(srv, &vbs_books.servers, all) {
		cpu = READ_ONCE(srv->cpu);
		if (cpu_online(cpu))
			continue;
		ret = vbs_evacuation_book_one(srv, cpu, mask);
		vbs_evacuate_one(srv, cpu, !ret);
		if (!ret)
			continue;
		member = rcu_dereference(srv->leader);
		if (member && tryget_task_struct(member))
			break;
		member = NULL;
	}
	rcu_read_unlock();
	return member;
}

static int vbs_rescue_expel(struct task_struct *p)
{
	struct sched_attr attr = {
		.size		= sizeof(attr),
		.sched_policy	= SCHED_NORMAL,
		.sched_nice	= task_nice(p),
	};
	int ret;

	pr_warn("SCHED_VBS: no room for %s (%d), whose CPU is gone: SCHED_NORMAL now\n",
		p->comm, p->pid);
	ret = sched_setattr_nocheck(p, &attr);
	put_task_struct(p);
	return ret;
}

static void vbs_rescue_work(struct work_struct *work)
{
	struct task_struct *p;
	cpumask_var_t mask;
	int cpu;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return;		/* the next wake-up of a member asks again */
	do {
		cpus_read_lock();
		p = vbs_rescue_find(mask);
		for_each_online_cpu(cpu)
			irq_work_queue_on(&cpu_rq(cpu)->vbs.stray_work, cpu);
		cpus_read_unlock();
	} while (p && !vbs_rescue_expel(p));
	free_cpumask_var(mask);
}

static DECLARE_WORK(vbs_rescue_item, vbs_rescue_work);

/**
 * vbs_rescue - members are runnable whose CPU is gone
 *
 * Their servers move, or they leave the class.
 *
 * Context: an interrupt, no runqueue lock held.
 */
void vbs_rescue(void)
{
	schedule_work(&vbs_rescue_item);
}
