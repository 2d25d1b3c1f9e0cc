// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the classes below it find another CPU.
 *
 * A task of SCHED_FIFO or SCHED_DEADLINE looks for a CPU when it wakes up beside
 * a member and when a release preempts it, and leaves out the CPUs that have
 * members to run.  One that finds none waits: the CPU whose last member stops
 * looks for it.  So a task that may run elsewhere waits only while each CPU that
 * it may use has members, or what goes before it.
 *
 * Context: the runqueue lock.
 */

#ifdef CONFIG_SMP

/* Not a mark in cpupri or cpudl: both classes and each root domain write those. */
struct cpumask vbs_busy_cpus;

/* Some member may be picked on a CPU, or none any more. */
static void vbs_set_busy(struct rq *rq, bool busy)
{
	lockdep_assert_rq_held(rq);
	if (busy) {
		cpumask_set_cpu(cpu_of(rq), &vbs_busy_cpus);
		return;
	}
	cpumask_clear_cpu(cpu_of(rq), &vbs_busy_cpus);
	/*
	 * Pairs with vbs_leave_out(): who has left this CPU out has been put among
	 * those who wait before, and is seen by this CPU's pull.
	 */
	smp_mb__after_atomic();
}

/* A member preempts: who waits behind it now may run elsewhere. */
static void vbs_push_others(struct rq *rq)
{
	deadline_queue_push_tasks(rq);
	rt_queue_push_tasks(rq);
}

/* A member that runs, or waits, is one of another class now: as if it blocked. */
static void switched_from_vbs(struct rq *rq, struct task_struct *p)
{
	if (!task_on_rq_queued(p) || rq->vbs.nr_running)
		return;
	if (!rq->dl.dl_nr_running)
		deadline_queue_pull_task(rq);
	if (!rq->rt.rt_nr_running)
		rt_queue_pull_task(rq);
}

#else

static void vbs_set_busy(struct rq *rq, bool busy) { }
static void vbs_push_others(struct rq *rq) { }

#endif /* CONFIG_SMP */
