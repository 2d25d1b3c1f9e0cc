// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: CPUs that go and come.
 *
 * A place is booked for each server of a CPU that goes offline; then all move, or
 * none does and the CPU stays.  Suspend takes the CPU with the servers whose
 * members are all frozen until it is back, and with that of whoever suspends (see
 * vbs_suspends()).  If it does not come back they are rescued.
 */

static void vbs_and_mask(struct task_struct *p, void *data)
{
	struct cpumask *mask = data;

	cpumask_and(mask, mask, &p->cpus_mask);
}

/*
 * All members' masks, without @not: they stay as they are while the CPU goes offline.
 * None, if members leave too fast to be looked at.
 */
static void vbs_server_mask(struct vbs_srv *srv, struct cpumask *mask, int not)
{
	cpumask_copy(mask, cpu_active_mask);
	cpumask_clear_cpu(not, mask);
	if (vbs_look_at_all(srv, vbs_and_mask, mask))
		cpumask_clear(mask);
}

/*
 * Where its members may run: @mask; or else anywhere, as the affinity of any task is
 * broken when all its CPUs have gone.
 */
static int vbs_evacuation_find(struct vbs_srv *srv, unsigned int cpu,
			       struct cpumask *mask)
{
	u32 spare;
	int best;

	if (READ_ONCE(srv->next_cpu) >= 0)	/* a cpuset's change has booked one */
		return 0;
	if (!vbs_books_evacuate(srv, mask, &spare, &best))
		return 0;
	cpumask_copy(mask, cpu_active_mask);
	cpumask_clear_cpu(cpu, mask);
	return vbs_books_evacuate(srv, mask, &spare, &best);
}

/* A server without members ends at once, or has already. */
static int vbs_evacuation_book_one(struct vbs_srv *srv, unsigned int cpu,
				   struct cpumask *mask)
{
	struct rq_flags rf;
	struct rq *rq;
	int ret = 0;

	vbs_server_mask(srv, mask, cpu);
	rq = vbs_lock_home(srv, &rf);
	raw_spin_lock(&srv->lock);
	if (vbs_nr_kept(srv) && cpu_of(rq) == cpu)
		ret = vbs_evacuation_find(srv, cpu, mask);
	raw_spin_unlock(&srv->lock);
	rq_unlock_irqrestore(rq, &rf);
	return ret;
}

/* What suspend freezes stays: threads of the kernel work on, and so does their server. */
static bool vbs_sleeps_through(const struct vbs_srv *srv)
{
	return cpuhp_tasks_frozen && !READ_ONCE(srv->nr_kthreads);
}

/*
 * Book a place for each server of @cpu that leaves it, or for none.  Who must not
 * be refused dissolves those for which there is none.
 */
static int vbs_evacuation_book(unsigned int cpu, struct cpumask *mask, bool demote)
{
	struct vbs_srv *srv;
	int ret;

	for (srv = vbs_next_server(NULL); srv; srv = vbs_next_server(srv)) {
		if (READ_ONCE(srv->cpu) != cpu || vbs_sleeps_through(srv))
			continue;
		ret = vbs_evacuation_book_one(srv, cpu, mask);
		if (ret && !demote) {
			vbs_srv_put(srv);
			return ret;
		}
		if (ret)
			vbs_dissolve(srv);
	}
	return 0;
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

	for (srv = vbs_next_server(NULL); srv; srv = vbs_next_server(srv))
		if (READ_ONCE(srv->next_cpu) >= 0)
			vbs_evacuate_one(srv, cpu, go);
}

/* May it not run where its server is now?  A child that is not there yet comes by itself. */
static bool vbs_is_pinned_elsewhere(const struct vbs_srv *srv, struct task_struct *p)
{
	return !cpumask_test_cpu(srv->cpu, &p->cpus_mask) &&
		READ_ONCE(p->__state) != TASK_NEW;
}

/* A walk over those that may not: behind @at; @pinned: or @at is only where to go on */
struct vbs_pinned {
	struct task_struct	*at;
	bool			pinned;
	unsigned int		restarts;
};

/* Return: the next, with a reference, or NULL. */
static struct task_struct *vbs_pinned_behind(struct vbs_srv *srv, struct vbs_pinned *w)
{
	struct task_struct *p;
	unsigned int n = 0;

	guard(raw_spinlock_irqsave)(&srv->lock);
	if (w->at && w->at->vbs.own == srv) {
		p = list_next_entry(w->at, vbs.member);
	} else {
		w->restarts++;
		p = list_first_entry(&srv->members, struct task_struct, vbs.member);
	}
	list_for_each_entry_from(p, &srv->members, vbs.member) {
		w->pinned = vbs_is_pinned_elsewhere(srv, p);
		if (w->pinned || ++n == VBS_WALK_BATCH)
			return get_task_struct(p);
	}
	return NULL;
}

/* To its cpuset's CPUs, if the server is on one of them, else to all. */
static void vbs_break_affinity(struct task_struct *p, int cpu, struct cpumask *mask)
{
	cpuset_cpus_allowed(p, mask);
	if (set_cpus_allowed_ptr(p, cpumask_test_cpu(cpu, mask) ? mask : cpu_possible_mask))
		pr_warn_ratelimited("SCHED_VBS: member %d may not run on CPU %d, where its server is\n",
				    task_pid_nr(p), cpu);
}

/* All members that have to; one that cannot be helped keeps no other from it. */
static void vbs_break_affinities_of(struct vbs_srv *srv, struct cpumask *mask)
{
	struct vbs_pinned w = { };
	struct task_struct *next;

	do {
		next = vbs_pinned_behind(srv, &w);
		if (w.at)
			put_task_struct(w.at);
		w.at = next;
		if (next && w.pinned)
			vbs_break_affinity(next, READ_ONCE(srv->cpu), mask);
		cond_resched();
	} while (next && w.restarts <= VBS_WALK_RESTARTS);
	if (next)
		put_task_struct(next);
}

static void vbs_break_affinities(struct cpumask *mask)
{
	struct vbs_srv *srv;

	for (srv = vbs_next_server(NULL); srv; srv = vbs_next_server(srv))
		vbs_break_affinities_of(srv, mask);
}

/* Suspend, kexec and reboot are not refused, nor what the administrator has said. */
static bool vbs_must_go_offline(void)
{
	return READ_ONCE(sysctl_vbs_offline_demote) || cpuhp_tasks_frozen ||
		system_state > SYSTEM_RUNNING;
}

static int vbs_evacuate(unsigned int cpu)
{
	static struct cpumask mask;	/* the hotplug lock's */
	int ret;

	WRITE_ONCE(vbs_books.leaving, cpu);
	/*
	 * Whoever chooses this CPU, joins a server there or sets a member's mask
	 * does so with interrupts off until it is seen.
	 */
	synchronize_rcu();
	ret = vbs_evacuation_book(cpu, &mask, vbs_must_go_offline());
	vbs_evacuation_end(cpu, !ret);
	WRITE_ONCE(vbs_books.leaving, -1);
	if (!ret)
		vbs_break_affinities(&mask);
	return ret;
}

/**
 * vbs_cpu_deactivate - a CPU is about to go
 * @cpu: the CPU, still active
 *
 * Its servers move; if one of them fits nowhere none does, unless it may be
 * dissolved.  Suspend is not refused: who is frozen sleeps through it, and so does
 * the server; one with threads of the kernel moves as ever, or is dissolved.
 *
 * Context: may sleep, hotplug lock held.
 * Return: 0 or -EBUSY.
 */
int vbs_cpu_deactivate(unsigned int cpu)
{
	int ret;

	if (!static_branch_unlikely(&sched_vbs_used))
		return 0;
	vbs_books_online(cpu, false);
	ret = vbs_evacuate(cpu);
	if (ret)
		vbs_books_online(cpu, true);
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

/* Unless it has come back meanwhile */
static int vbs_rescue_move(struct vbs_srv *srv, struct cpumask *mask)
{
	int cpu, ret;

	guard(cpus_read_lock)();
	cpu = READ_ONCE(srv->cpu);
	if (cpu_online(cpu))
		return 0;
	ret = vbs_evacuation_book_one(srv, cpu, mask);
	vbs_evacuate_one(srv, cpu, !ret);
	return ret;
}

static void vbs_rescue_one(struct vbs_srv *srv, struct cpumask *mask)
{
	if (!vbs_rescue_move(srv, mask))
		return;
	pr_warn("SCHED_VBS: no room for server %llu, whose CPU is gone: dissolved\n",
		srv->id);
	vbs_dissolve(srv);
}

static void vbs_rescue_work(struct work_struct *work)
{
	struct vbs_srv *srv;
	cpumask_var_t mask;
	int cpu;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return;		/* the next wake-up of a member asks again */
	for (srv = vbs_next_server(NULL); srv; srv = vbs_next_server(srv))
		if (!cpu_online(READ_ONCE(srv->cpu)))
			vbs_rescue_one(srv, mask);
	vbs_break_affinities(mask);
	cpus_read_lock();
	for_each_online_cpu(cpu)
		irq_work_queue_on(&cpu_rq(cpu)->vbs.stray_work, cpu);
	cpus_read_unlock();
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
