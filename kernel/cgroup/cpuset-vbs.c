// SPDX-License-Identifier: GPL-2.0
/*
 * Cpusets and SCHED_VBS: places for servers are booked before masks change.
 *
 * A server whose CPU goes away moves to another one, or the change is refused:
 * so where all tasks may run after it has to be known before anything is done.
 *
 * Context: cpuset_mutex and the CPUs' lock, but for sched_vbs_in_cpuset(), and for
 * cpuset_vbs_can_fork(), which has cpuset_mutex alone; cgroup_mutex from cpuset_vbs_can_attach() to
 * cpuset_vbs_attached().
 */
#include <linux/bsearch.h>
#include <linux/sched/vbs_cpuset.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "cpuset-vbs.h"

/* ---- now --------------------------------------------------------------- */

/* Where its tasks run, as guarantee_online_cpus() has it */
static struct cpuset *with_active_cpus(struct cpuset *cs)
{
	while (parent_cs(cs) && !cpumask_intersects(cs->effective_cpus, cpu_active_mask))
		cs = parent_cs(cs);
	return cs;
}

/**
 * sched_vbs_in_cpuset - is a mask that a user asks for still within the task's cpuset?
 * @p: the task
 * @mask: cut to the cpuset that was, or the CPUs that it had, a while ago
 *
 * First it is another cpuset, or has other CPUs, and then the mask of the task changes,
 * under its pi_lock: so a change that is not seen here is going to change the mask.
 *
 * Context: @p's pi_lock, until the mask is set.
 */
bool sched_vbs_in_cpuset(struct task_struct *p, const struct cpumask *mask)
{
	struct cpuset *cs;
	int cpu;

	lockdep_assert_held(&p->pi_lock);
	guard(rcu)();
	cs = with_active_cpus(task_cs(p));
	for_each_cpu_and(cpu, mask, cpu_active_mask)
		if (!cpumask_test_cpu(cpu, cs->effective_cpus))
			return false;
	return true;
}

/* ---- after a change ---------------------------------------------------- */

static bool is_remote(struct cpuset *cp)
{
	return !list_empty(&cp->remote_sibling);
}

/* What @cp has for itself after the change, if it is a valid partition then */
static const struct cpumask *trial_xcpus(const struct cpuset_trial *trial,
					 struct cpuset *cp)
{
	struct cpuset *parent = parent_cs(cp);

	if (!parent)
		return cpu_possible_mask;
	if (cp == trial->cs)
		return trial->xcpus;
	if (cp->partition_root_state <= 0)
		return NULL;
	if (is_remote(cp))
		return cp->effective_xcpus;
	if (trial->breaks && parent == parent_cs(trial->cs) &&
	    cpumask_intersects(cp->effective_xcpus, trial->breaks))
		return NULL;
	if (!parent->vbs_xcpus || !cpumask_subset(cp->effective_xcpus, parent->vbs_xcpus))
		return NULL;
	return cp->effective_xcpus;
}

/* The cpuset that a valid partition takes its CPUs from */
static struct cpuset *taken_from(struct cpuset *cp, struct cpuset *top)
{
	struct cpuset *parent = parent_cs(cp);

	return is_remote(cp) || !parent->vbs_xcpus ? top : parent;
}

static void trial_mask_partition(struct cpuset *cp, struct cpuset *top,
				 struct cpumask *mask)
{
	struct cgroup_subsys_state *pos;
	struct cpuset *child;

	cpumask_and(mask, cp->vbs_xcpus, cpu_active_mask);
	cpuset_for_each_child(child, pos, cp)
		if (child->vbs_xcpus && taken_from(child, top) == cp)
			cpumask_andnot(mask, mask, child->vbs_xcpus);
}

static void trial_mask_top(struct cpuset *top, struct cpumask *mask)
{
	struct cgroup_subsys_state *pos;
	struct cpuset *cp;

	cpumask_copy(mask, cpu_active_mask);
	cpuset_for_each_descendant_pre(cp, pos, top)
		if (cp != top && cp->vbs_xcpus && taken_from(cp, top) == top)
			cpumask_andnot(mask, mask, cp->vbs_xcpus);
}

/* Where its tasks will run: what has not changed has no mask of its own. */
static const struct cpumask *trial_effective(struct cpuset *cp)
{
	return cp->vbs_mask ?: cp->effective_cpus;
}

static void trial_mask(const struct cpuset_trial *trial, struct cpuset *cp,
		       struct cpuset *top, struct cpumask *mask)
{
	const struct cpumask *cpus = cp == trial->cs ? trial->cpus : cp->cpus_allowed;
	const struct cpumask *parent;

	if (cp == top)
		return trial_mask_top(top, mask);
	if (cp->vbs_xcpus)
		return trial_mask_partition(cp, top, mask);
	parent = trial_effective(parent_cs(cp));
	if (!cpumask_and(mask, cpus, parent))
		cpumask_copy(mask, parent);
}

static struct cpuset *top_of(struct cpuset *cs)
{
	while (parent_cs(cs))
		cs = parent_cs(cs);
	return cs;
}

/* From the top down, so that a parent is known before its children */
static int trial_run(const struct cpuset_trial *trial, struct cpuset *top)
{
	static struct cpumask mask;	/* cpuset_mutex's */
	struct cgroup_subsys_state *pos;
	struct cpuset *cp;
	int ret = 0;

	rcu_read_lock();
	cpuset_for_each_descendant_pre(cp, pos, top)
		cp->vbs_xcpus = trial_xcpus(trial, cp);
	cpuset_for_each_descendant_pre(cp, pos, top) {
		trial_mask(trial, cp, top, &mask);
		if (cpumask_equal(&mask, cp->effective_cpus))
			continue;
		cp->vbs_mask = kmemdup(&mask, cpumask_size(), GFP_NOWAIT);
		if (!cp->vbs_mask) {
			ret = -ENOMEM;
			break;
		}
	}
	rcu_read_unlock();
	return ret;
}

static void trial_forget(struct cpuset *top)
{
	struct cgroup_subsys_state *pos;
	struct cpuset *cp;

	rcu_read_lock();
	cpuset_for_each_descendant_pre(cp, pos, top) {
		kfree(cp->vbs_mask);
		cp->vbs_mask = NULL;
		cp->vbs_xcpus = NULL;
	}
	rcu_read_unlock();
}

/* ---- a change of a cpuset ---------------------------------------------- */

/* A child that is not in its cpuset yet will follow its parent. */
static const struct cpumask *change_mask(struct task_struct *p, void *data)
{
	const struct cpumask *mask;

	if (READ_ONCE(p->__state) == TASK_NEW)
		return NULL;
	rcu_read_lock();
	mask = task_cs(p)->vbs_mask;
	rcu_read_unlock();
	return mask;
}

static struct vbs_plan change_plan = {
	.servers	= LIST_HEAD_INIT(change_plan.servers),
	.mask		= change_mask,
};

static int plan_tasks(struct cpuset *cp)
{
	struct task_struct *p;
	struct css_task_iter it;
	int ret = 0;

	css_task_iter_start(&cp->css, 0, &it);
	while (!ret && (p = css_task_iter_next(&it)))
		if (vbs_member(p))
			ret = sched_vbs_plan_add(&change_plan, p);
	css_task_iter_end(&it);
	return ret;
}

/* All tasks that lose a CPU */
static int plan_change(struct cpuset *top)
{
	struct cgroup_subsys_state *pos;
	struct cpuset *cp;
	int ret = 0;

	rcu_read_lock();
	cpuset_for_each_descendant_pre(cp, pos, top) {
		if (!cp->vbs_mask || cpumask_subset(cp->effective_cpus, cp->vbs_mask) ||
		    !css_tryget_online(&cp->css))
			continue;
		rcu_read_unlock();
		ret = plan_tasks(cp);
		rcu_read_lock();
		css_put(&cp->css);
		if (ret)
			break;
	}
	rcu_read_unlock();
	return ret;
}

/**
 * cpuset_vbs_can_change - may a cpuset change?
 * @trial: how
 *
 * cpuset_vbs_changed() has to follow, also after an error.
 *
 * Return: 0 with a place booked for each server whose CPU goes away; -EBUSY or
 * -ENOMEM.
 */
int cpuset_vbs_can_change(const struct cpuset_trial *trial)
{
	struct cpuset *top = top_of(trial->cs);
	int ret;

	/* One that is removed has no tasks, and cannot be refused. */
	if (!static_branch_unlikely(&sched_vbs_used) || !is_cpuset_online(trial->cs))
		return 0;
	ret = trial_run(trial, top) ?: plan_change(top) ?:
		sched_vbs_plan_book(&change_plan);
	trial_forget(top);
	return ret;
}

/**
 * cpuset_vbs_change - masks of tasks are about to change: servers go first
 */
void cpuset_vbs_change(void)
{
	sched_vbs_plan_go(&change_plan);
}

/**
 * cpuset_vbs_changed - they have, or will not
 */
void cpuset_vbs_changed(void)
{
	sched_vbs_plan_end(&change_plan);
	sched_vbs_places_follow();
}

/* ---- tasks that come to a cpuset ---------------------------------------- */

/* Those of them that are members, in order, and where they may run then */
struct newcomers {
	const struct cpumask	*mask;
	struct task_struct	**task;
	size_t			nr;
};

static int compare_tasks(const void *a, const void *b)
{
	struct task_struct *pa = *(struct task_struct **)a, *pb = *(struct task_struct **)b;

	return pa < pb ? -1 : pa > pb;
}

static const struct cpumask *attach_mask(struct task_struct *p, void *data)
{
	struct newcomers *come = data;

	return bsearch(&p, come->task, come->nr, sizeof(p), compare_tasks) ?
		come->mask : NULL;
}

static struct vbs_plan attach_plan = {
	.servers	= LIST_HEAD_INIT(attach_plan.servers),
	.mask		= attach_mask,
};

static int plan_attach(struct cgroup_taskset *tset, struct newcomers *come, size_t most)
{
	struct cgroup_subsys_state *css;
	struct task_struct *p;
	int ret;

	cgroup_taskset_for_each(p, css, tset) {
		if (!vbs_member(p) || come->nr == most)
			continue;
		come->task[come->nr++] = p;
		ret = sched_vbs_plan_add(&attach_plan, p);
		if (ret)
			return ret;
	}
	sort(come->task, come->nr, sizeof(p), compare_tasks, NULL);
	attach_plan.data = come;
	return sched_vbs_plan_book(&attach_plan);
}

/**
 * cpuset_vbs_can_attach - may tasks come to a cpuset?
 * @tset: the tasks
 * @mask: the cpuset's CPUs
 *
 * cpuset_vbs_attached() has to follow, also after an error.
 *
 * Return: 0 with a place booked for each server that has to move; -EBUSY or
 * -ENOMEM.
 */
int cpuset_vbs_can_attach(struct cgroup_taskset *tset, const struct cpumask *mask)
{
	struct newcomers come = { .mask = mask };
	struct cgroup_subsys_state *css;
	struct task_struct *p;
	size_t most = 0;
	int ret;

	if (!static_branch_unlikely(&sched_vbs_used))
		return 0;
	cgroup_taskset_for_each(p, css, tset)
		most += vbs_member(p);
	if (!most)
		return 0;
	come.task = kvmalloc_array(most, sizeof(*come.task), GFP_KERNEL);
	if (!come.task)
		return -ENOMEM;
	ret = plan_attach(tset, &come, most);
	kvfree(come.task);
	return ret;
}

/**
 * cpuset_vbs_attach - the tasks come: servers go first
 */
void cpuset_vbs_attach(void)
{
	sched_vbs_plan_go(&attach_plan);
}

/**
 * cpuset_vbs_attached - they have, or will not
 */
void cpuset_vbs_attached(void)
{
	sched_vbs_plan_end(&attach_plan);
	sched_vbs_places_follow();
}

/**
 * cpuset_vbs_can_fork - may a child be born into another cpuset?
 * @p: the child
 * @mask: the cpuset's CPUs
 *
 * Return: 0 with its server on one of them; -EBUSY or -ENOMEM.
 */
int cpuset_vbs_can_fork(struct task_struct *p, const struct cpumask *mask)
{
	return vbs_member(p) ? __sched_vbs_can_fork(p, mask) : 0;
}

/**
 * cpuset_vbs_rebuilt - SCHED_DEADLINE's tasks have been added up in all root domains
 */
void cpuset_vbs_rebuilt(void)
{
	sched_vbs_dl_rebuilt();
}
