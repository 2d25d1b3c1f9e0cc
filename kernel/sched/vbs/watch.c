// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: a watchdog for the class's own state.
 *
 * Once a second, while there are servers, each is looked at.  One that
 * contradicts the rules (core/check.c) is reported with its state, once, and
 * dissolved: its members go on as SCHED_NORMAL, and its neighbours' bookings
 * stay true.  It costs each server one lock of its runqueue a second.
 */

#define VBS_WATCH_PERIOD	HZ

/* A server as it was found */
struct vbs_found {
	const char		*fault;
	struct vbs_server	core;
	unsigned int		counted;
	u32			booked;
	u64			now;
	int			cpu;
};

static const char *vbs_srv_fault(struct rq *rq, const struct vbs_srv *srv, u32 booked)
{
	const char *fault;

	if (booked < max(srv->core.cap, srv->core.cap_next))
		return "less than its cap is booked on its CPU";
	if (!srv->attached)
		return NULL;
	fault = vbs_server_fault(rq->vbs.core, &srv->core);
	if (!fault && srv->nr_counted != vbs_nr_eligible(&srv->core))
		fault = "its members are counted wrongly";
	return fault;
}

/*
 * What runs has been charged at its last schedule(), slice or tick: the fields agree
 * with one another at any moment at which the lock is free.
 */
static void vbs_watch_look(struct vbs_srv *srv, struct vbs_found *found)
{
	struct rq_flags rf;
	struct rq *rq;

	rq = vbs_lock_home(srv, &rf);
	update_rq_clock(rq);
	raw_spin_lock(&vbs_books.lock);
	found->booked = vbs_books.adm.cpu[cpu_of(rq)].booked;
	raw_spin_unlock(&vbs_books.lock);
	found->fault = srv->gone || srv->dissolving ? NULL :
		vbs_srv_fault(rq, srv, found->booked);
	if (found->fault) {
		found->core = srv->core;
		found->counted = srv->nr_counted;
		found->now = vbs_clock(rq);
		found->cpu = cpu_of(rq);
	}
	rq_unlock_irqrestore(rq, &rf);
}

static void vbs_watch_report(const struct vbs_srv *srv, const struct vbs_found *f)
{
	const struct vbs_server *s = &f->core;

	pr_err("SCHED_VBS: server %llu on CPU %d: %s; it is dissolved\n", srv->id,
	       f->cpu, f->fault);
	pr_err("SCHED_VBS: now %llu r %llu d %llu e %llu z %llu+%u/%u start %llu\n",
	       f->now, s->release, s->deadline, s->consumed, s->z, s->z_rem, s->cap,
	       s->start);
	pr_err("SCHED_VBS: runtime %llu period %llu cap %u booked %u state %u%s%s%s%s\n",
	       s->runtime, s->period, s->cap_next, f->booked, s->state,
	       s->ended ? " ended" : "", s->early ? " early" : "",
	       s->yielded ? " yielded" : "", s->align ? " align" : "");
	pr_err("SCHED_VBS: kernel %u user %u lent %u counted %u ready %d %llu wait %d %llu\n",
	       s->nr_kernel, s->nr_user, s->nr_lent, f->counted, s->ready.queued,
	       s->ready.when, s->wait.ent.queued, s->wait.ent.when);
}

static void vbs_watch(struct work_struct *work);
static DECLARE_DELAYED_WORK(vbs_watch_work, vbs_watch);

/* A member that was unborn when the server was dissolved has come after all. */
static bool vbs_goes_on_dissolving(const struct vbs_srv *srv)
{
	return READ_ONCE(srv->dissolving) && !READ_ONCE(srv->gone) &&
		rcu_access_pointer(srv->leader);
}

static void vbs_watch(struct work_struct *work)
{
	struct vbs_found found;
	struct vbs_srv *srv;
	bool any = false;

	for (srv = vbs_next_server(NULL); srv; srv = vbs_next_server(srv)) {
		any = true;
		vbs_watch_look(srv, &found);
		if (found.fault)
			vbs_watch_report(srv, &found);
		if (found.fault || vbs_goes_on_dissolving(srv))
			vbs_dissolve(srv);
		cond_resched();
	}
	if (!any)
		return;
	vbs_host_look_again();
	vbs_watch_start();
}

/**
 * vbs_watch_start - there is a server
 *
 * Context: any, no lock of a runqueue held.
 */
void vbs_watch_start(void)
{
	queue_delayed_work(system_unbound_wq, &vbs_watch_work, VBS_WATCH_PERIOD);
}

static void vbs_watch_at_once(struct irq_work *work)
{
	mod_delayed_work(system_unbound_wq, &vbs_watch_work, 0);
}

static struct irq_work vbs_watch_item = IRQ_WORK_INIT_HARD(vbs_watch_at_once);

/**
 * vbs_watch_now - there is something to be found
 *
 * Context: any.
 */
void vbs_watch_now(void)
{
	irq_work_queue(&vbs_watch_item);
}

#ifdef CONFIG_SCHED_VBS_KUNIT_TEST
/*
 * Faults on request, to see that they are found: "ID KIND" to vbs_break in the
 * debug file system.
 */
static void vbs_break(struct rq *rq, struct vbs_server *s, const char *kind)
{
	if (!strcmp(kind, "z"))
		s->z = s->release - 1;
	else if (!strcmp(kind, "debt"))
		s->consumed = VBS_CONSUMED_MAX;
	else if (!strcmp(kind, "queue"))
		vbs_server_detach(rq->vbs.core, s);
}

static ssize_t vbs_break_write(struct file *file, const char __user *buf, size_t size,
			       loff_t *pos)
{
	struct vbs_srv *srv;
	struct rq_flags rf;
	char text[32] = "", kind[16];
	struct rq *rq;
	u64 id;

	if (size >= sizeof(text) || copy_from_user(text, buf, size))
		return -EINVAL;
	if (sscanf(text, "%llu %15s", &id, kind) != 2)
		return -EINVAL;
	for (srv = vbs_next_server(NULL); srv; srv = vbs_next_server(srv)) {
		if (srv->id != id)
			continue;
		rq = vbs_lock_home(srv, &rf);
		update_rq_clock(rq);
		vbs_break(rq, &srv->core, kind);
		rq_unlock_irqrestore(rq, &rf);
	}
	return size;
}

static const struct file_operations vbs_break_fops = {
	.write	= vbs_break_write,
};

static int __init vbs_break_init(void)
{
	debugfs_create_file("vbs_break", 0200, NULL, NULL, &vbs_break_fops);
	return 0;
}
late_initcall(vbs_break_init);
#endif
