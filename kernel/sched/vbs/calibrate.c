// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: c, what one release costs with its two context switches, measured at
 * boot: an instance takes two timer interrupts, its release and the end of its
 * budget, two switches, to its member and away, and a place in either queue.
 *
 * Each is measured as what it takes from a thread that runs at the time, entry
 * and exit included, which clocks inside of it do not show.  Interrupts of others
 * and a hypervisor only add, now and then: medians of several series, and the
 * least of them.
 *
 * Context: process context, late in boot; no lock but against CPU hotplug.
 */

#define VBS_CAL_SERIES		5
#define VBS_CAL_SAMPLES		15
#define VBS_CAL_YIELDS		8
#define VBS_CAL_DELAY		(20 * NSEC_PER_USEC)
#define VBS_CAL_PATIENCE	(10 * NSEC_PER_MSEC)
#define VBS_COST_LEAST		NSEC_PER_USEC
#define VBS_COST_MOST		(50 * NSEC_PER_USEC)

/**
 * struct vbs_cal - the measurement of one CPU
 * @cpu: where
 * @timer: as the release timer
 * @fired: it has
 * @c: scratch queues
 * @node: for one entity
 * @ent: it
 * @irq: the result, ns per interrupt with the work on the queues
 * @sw: the result, ns per switch
 * @done: both are there
 */
struct vbs_cal {
	int			cpu;
	struct hrtimer		timer;
	bool			fired;
	struct vbs_cpu		*c;
	struct vbs_qnode	node[VBS_NODES_PER_ENT];
	struct vbs_qent		ent;
	u64			irq;
	u64			sw;
	struct completion	done;
};

static int vbs_cal_order(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static u64 vbs_cal_best(u64 (*sample)(struct vbs_cal *cal), struct vbs_cal *cal)
{
	u64 val[VBS_CAL_SAMPLES], best = U64_MAX;
	int i, k;

	for (i = 0; i < VBS_CAL_SERIES; i++) {
		for (k = 0; k < VBS_CAL_SAMPLES; k++)
			val[k] = sample(cal);
		sort(val, VBS_CAL_SAMPLES, sizeof(val[0]), vbs_cal_order, NULL);
		best = min(best, val[VBS_CAL_SAMPLES / 2]);
		cond_resched();
	}
	return best;
}

/* What a release does to the queues: from the one to the other */
static enum hrtimer_restart vbs_cal_timer(struct hrtimer *timer)
{
	struct vbs_cal *cal = container_of(timer, struct vbs_cal, timer);
	u64 now = sched_clock();

	vbs_queue_add(&cal->c->wait, &cal->ent, now, now);
	vbs_queue_del(&cal->c->wait, &cal->ent);
	vbs_queue_add(&cal->c->ready, &cal->ent, now + NSEC_PER_MSEC, now);
	vbs_queue_del(&cal->c->ready, &cal->ent);
	WRITE_ONCE(cal->fired, true);
	return HRTIMER_NORESTART;
}

/* The hole that the interrupt makes in the time of who runs */
static u64 vbs_cal_irq(struct vbs_cal *cal)
{
	u64 began = sched_clock(), last = began, hole;

	WRITE_ONCE(cal->fired, false);
	hrtimer_start(&cal->timer, ns_to_ktime(VBS_CAL_DELAY),
		      HRTIMER_MODE_REL_PINNED_HARD);
	while (!READ_ONCE(cal->fired) && last - began < VBS_CAL_PATIENCE)
		last = sched_clock();
	hole = sched_clock() - last;
	hrtimer_cancel(&cal->timer);
	return hole;
}

static u64 vbs_cal_switch(struct vbs_cal *cal)
{
	u64 began = sched_clock();
	int i;

	for (i = 0; i < VBS_CAL_YIELDS; i++)
		yield();
	return div_u64(sched_clock() - began, 2 * VBS_CAL_YIELDS);
}

static int vbs_cal_partner(void *unused)
{
	while (!kthread_should_stop())
		yield();
	return 0;
}

static struct task_struct *vbs_cal_thread(struct vbs_cal *cal, int (*fn)(void *))
{
	struct task_struct *p = kthread_create(fn, cal, "vbs_cal/%d", cal->cpu);

	if (IS_ERR(p))
		return NULL;
	kthread_bind(p, cal->cpu);
	sched_set_fifo(p);
	wake_up_process(p);
	return p;
}

static int vbs_cal_measure(void *data)
{
	struct vbs_cal *cal = data;
	struct task_struct *partner;

	cal->irq = vbs_cal_best(vbs_cal_irq, cal);
	partner = vbs_cal_thread(cal, vbs_cal_partner);
	if (partner) {
		cal->sw = vbs_cal_best(vbs_cal_switch, cal);
		kthread_stop(partner);
	}
	complete(&cal->done);
	return 0;
}

/* The slowest sort of CPU: one value is for all. */
static int vbs_cal_cpu(void)
{
	int cpu, slow = cpumask_first(cpu_online_mask);

	for_each_online_cpu(cpu) {
		if (arch_scale_cpu_capacity(cpu) < arch_scale_cpu_capacity(slow))
			slow = cpu;
	}
	return slow;
}

static void vbs_cal_init(struct vbs_cal *cal)
{
	int i;

	vbs_cpu_init(cal->c);
	for (i = 0; i < VBS_NODES_PER_ENT; i++)
		vbs_pool_give(&cal->c->pool, &cal->node[i]);
	INIT_LIST_HEAD(&cal->ent.link);
	hrtimer_init(&cal->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	cal->timer.function = vbs_cal_timer;
	init_completion(&cal->done);
}

static u64 vbs_cal_run(struct vbs_cal *cal)
{
	vbs_cal_init(cal);
	cpus_read_lock();
	cal->cpu = vbs_cal_cpu();
	if (vbs_cal_thread(cal, vbs_cal_measure))
		wait_for_completion(&cal->done);
	cpus_read_unlock();
	return 2 * cal->irq + 2 * cal->sw;
}

/*
 * Without a result c is what a slow machine takes.  Who has set it on the kernel's
 * command line comes later, and has the last word.
 */
static int __init vbs_calibrate(void)
{
	struct vbs_cal *cal = kzalloc(sizeof(*cal), GFP_KERNEL);
	u64 cost = VBS_COST_MOST;

	if (cal)
		cal->c = kvzalloc(sizeof(*cal->c), GFP_KERNEL);
	if (cal && cal->c)
		cost = clamp_t(u64, vbs_cal_run(cal), VBS_COST_LEAST, VBS_COST_MOST);
	sysctl_vbs_release_cost = cost;
	pr_info("sched/vbs: a release costs %llu ns\n", cost);
	if (cal)
		kvfree(cal->c);
	kfree(cal);
	return 0;
}
late_initcall(vbs_calibrate);
