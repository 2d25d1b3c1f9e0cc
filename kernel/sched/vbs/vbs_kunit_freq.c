// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of SCHED_VBS and the frequency: what is booked is a floor, and the
 * clamps of a member hold while it runs.  The member is a task like a user's, but
 * for that it stays in the kernel: it says itself where it may be stopped.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/mmu_context.h>
#include <linux/sched/cpufreq.h>
#include <linux/sched/task.h>
#include <linux/sched/vbs.h>
#include <uapi/linux/sched/types.h>

#include "../sched.h"

#if defined(CONFIG_SMP) && defined(CONFIG_CPU_FREQ) && defined(CONFIG_UCLAMP_TASK)

#define CLAMP		800

/* A member on @cpu; @clamp: the least and the most that it has seen while it ran */
struct vbs_subject {
	struct task_struct	*p;
	struct completion	started;
	struct completion	gone;
	int			cpu;
	bool			works;
	bool			stop;
	unsigned int		clamp_least;
	unsigned int		clamp_most;
};

/* A task of the real-time classes that waits has a clamp of its own. */
static void vbs_subject_looks(struct vbs_subject *s)
{
	unsigned int clamp = uclamp_rq_get(this_rq(), UCLAMP_MIN);

	if (READ_ONCE(this_rq()->rt.rt_nr_running))
		return;
	s->clamp_least = min(s->clamp_least, clamp);
	s->clamp_most = max(s->clamp_most, clamp);
}

/* Until it is to stop: where preemption is off it stops at the boundary alone. */
static void vbs_subject_works(struct vbs_subject *s)
{
	preempt_disable();
	while (!need_resched() && !READ_ONCE(s->stop)) {
		if (current->policy == SCHED_VBS)
			vbs_subject_looks(s);
		cpu_relax();
	}
	preempt_enable_no_resched();
	sched_vbs_boundary_begin();
	schedule();
	sched_vbs_boundary_end();
}

static int vbs_subject_lives(void *data)
{
	struct vbs_subject *s = data;

	s->p = current;
	complete(&s->started);
	while (!READ_ONCE(s->stop)) {
		if (READ_ONCE(s->works))
			vbs_subject_works(s);
		else
			schedule_timeout_uninterruptible(1);
	}
	complete(&s->gone);
	do_exit(0);
}

static struct vbs_subject *vbs_subject_new(struct kunit *test)
{
	struct vbs_subject *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	init_completion(&s->started);
	init_completion(&s->gone);
	s->cpu = cpumask_last(cpu_online_mask);
	s->clamp_least = UINT_MAX;
	KUNIT_ASSERT_GT(test, user_mode_thread(vbs_subject_lives, s, CLONE_FS | SIGCHLD), 0);
	wait_for_completion(&s->started);
	get_task_struct(s->p);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(s->p, cpumask_of(s->cpu)), 0);
	return s;
}

static void vbs_subject_ends(struct vbs_subject *s)
{
	WRITE_ONCE(s->stop, true);
	wait_for_completion(&s->gone);
	put_task_struct(s->p);
}

static int vbs_subject_enters(struct vbs_subject *s, u32 cap, unsigned int clamp)
{
	struct sched_attr attr = {
		.size		= sizeof(attr),
		.sched_policy	= SCHED_VBS,
		.sched_flags	= clamp ? SCHED_FLAG_UTIL_CLAMP_MIN : 0,
		.sched_util_min	= clamp,
		.sched_runtime	= 2 * NSEC_PER_MSEC,
		.sched_period	= 10 * NSEC_PER_MSEC,
		.sched_vbs_cap	= cap,
	};

	return sched_setattr_nocheck(s->p, &attr);
}

/* ---- the floor --------------------------------------------------------- */

/* A governor that is told when something has changed; @floor: what was then */
struct vbs_governor {
	struct update_util_data	hook;
	int			cpu;
	unsigned long		floor;
};

static void vbs_governor_told(struct update_util_data *hook, u64 time, unsigned int flags)
{
	struct vbs_governor *g = container_of(hook, struct vbs_governor, hook);

	WRITE_ONCE(g->floor, vbs_booked_util(g->cpu));
}

static unsigned long vbs_floor(int cpu, unsigned long *min)
{
	struct rq *rq = cpu_rq(cpu);
	unsigned long floor;
	struct rq_flags rf;

	rq_lock_irqsave(rq, &rf);
	effective_cpu_util(cpu, 0, min, NULL);
	floor = cpu_bw_dl(rq) - ((rq->dl.running_bw * SCHED_CAPACITY_SCALE) >> BW_SHIFT);
	rq_unlock_irqrestore(rq, &rf);
	return floor;
}

static unsigned long vbs_util_of(int cpu, u32 cap)
{
	return DIV_ROUND_UP_ULL((u64)cap * arch_scale_cpu_capacity(cpu), VBS_BW_UNIT);
}

/* A sleeping server is a floor too, and a cap that is raised is known at once. */
static void vbs_test_floor(struct kunit *test)
{
	const u32 low = VBS_BW_UNIT * 3 / 10, high = VBS_BW_UNIT * 6 / 10;
	struct vbs_subject *s = vbs_subject_new(test);
	struct vbs_governor g = { .cpu = s->cpu };
	unsigned long min;
	int i;

	if (rcu_access_pointer(per_cpu(cpufreq_update_util_data, s->cpu))) {
		vbs_subject_ends(s);
		kunit_skip(test, "the CPU has a governor");
	}
	cpufreq_add_update_util_hook(s->cpu, &g.hook, vbs_governor_told);
	KUNIT_EXPECT_EQ(test, vbs_floor(s->cpu, &min), 0);
	KUNIT_EXPECT_EQ(test, vbs_subject_enters(s, low, 0), 0);
	KUNIT_EXPECT_EQ(test, vbs_floor(s->cpu, &min), vbs_util_of(s->cpu, low));
	KUNIT_EXPECT_GE(test, min, vbs_util_of(s->cpu, low));
	msleep(20);
	KUNIT_EXPECT_EQ(test, g.floor, vbs_util_of(s->cpu, low));
	KUNIT_EXPECT_EQ(test, vbs_subject_enters(s, high, 0), 0);
	KUNIT_EXPECT_EQ(test, g.floor, vbs_util_of(s->cpu, high));
	KUNIT_EXPECT_EQ(test, vbs_floor(s->cpu, &min), vbs_util_of(s->cpu, high));
	KUNIT_EXPECT_GE(test, min, vbs_util_of(s->cpu, high));
	vbs_subject_ends(s);
	for (i = 0; i < 50 && vbs_floor(s->cpu, &min); i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, vbs_floor(s->cpu, &min), 0);
	cpufreq_remove_update_util_hook(s->cpu);
	synchronize_rcu();
}

/* ---- clamps ------------------------------------------------------------ */

/* What its clamp makes of a CPU that it does not run on; -1 if it runs */
static int vbs_clamp_beside(struct vbs_subject *s)
{
	struct rq *rq = cpu_rq(s->cpu);
	struct rq_flags rf;
	int clamp = -1;

	rq_lock_irqsave(rq, &rf);
	if (rcu_access_pointer(rq->curr) != s->p && !rq->rt.rt_nr_running)
		clamp = uclamp_rq_get(rq, UCLAMP_MIN);
	rq_unlock_irqrestore(rq, &rf);
	return clamp;
}

/* It works without end: 2 ms of 10 it runs, 8 it is throttled. */
static void vbs_test_clamp(struct kunit *test)
{
	struct vbs_subject *s = vbs_subject_new(test);
	int i, clamp, beside = 0, held = 0;

	KUNIT_EXPECT_EQ(test, vbs_subject_enters(s, 0, CLAMP), 0);
	WRITE_ONCE(s->works, true);
	msleep(30);
	for (i = 0; i < 100; i++) {
		usleep_range(700, 800);
		clamp = vbs_clamp_beside(s);
		beside += clamp >= 0;
		held += clamp >= CLAMP;
	}
	KUNIT_EXPECT_GE(test, beside, 30);
	KUNIT_EXPECT_EQ(test, held, 0);
	KUNIT_EXPECT_EQ(test, s->clamp_least, CLAMP);
	KUNIT_EXPECT_EQ(test, s->clamp_most, CLAMP);
	vbs_subject_ends(s);
}

static struct kunit_case vbs_freq_cases[] = {
	KUNIT_CASE(vbs_test_floor),
	KUNIT_CASE(vbs_test_clamp),
	{}
};

static struct kunit_suite vbs_freq_suite = {
	.name = "sched_vbs_frequency",
	.test_cases = vbs_freq_cases,
};

kunit_test_suite(vbs_freq_suite);
#endif
