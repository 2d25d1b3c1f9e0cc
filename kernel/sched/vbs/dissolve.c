// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: servers that an administrator ends.
 *
 * All members become SCHED_NORMAL, but threads of the kernel, which others wait for,
 * what they were when they began.  A server that is dissolved takes no more of
 * them: a child is SCHED_NORMAL at once.  What was executed stays booked until z,
 * as for any server that ends.
 */

unsigned int sysctl_vbs_enable = 1;

/* How long to wait, in ms: for who is running, and for a fork that may hang */
#define VBS_DISSOLVE_TRIES	1000
#define VBS_BIRTH_TRIES		50

/* How many members to look at with interrupts off */
#define VBS_STRANGERS_BATCH	32

/* The oldest member, with a reference; none while all that is left are unborn */
static struct task_struct *vbs_leader_get(struct vbs_srv *srv)
{
	struct task_struct *p;

	rcu_read_lock();
	p = rcu_dereference(srv->leader);
	if (p && !tryget_task_struct(p))
		p = NULL;
	rcu_read_unlock();
	return p;
}

static bool vbs_expel(struct task_struct *p)
{
	struct sched_attr attr = {
		.size		= sizeof(attr),
		.sched_policy	= p->vbs.began_prio ? SCHED_FIFO : SCHED_NORMAL,
		.sched_priority	= p->vbs.began_prio,
		.sched_nice	= task_nice(p),
	};
	bool gone = !sched_setattr_nocheck(p, &attr);

	put_task_struct(p);
	return gone;
}

/**
 * vbs_take_no_more - a server ends with its last member
 * @srv: the server, referenced
 */
void vbs_take_no_more(struct vbs_srv *srv)
{
	unsigned long flags;
	bool over;

	raw_spin_lock_irqsave(&srv->lock, flags);
	srv->dissolving = true;
	over = srv->place;
	srv->place = false;
	over = over && !vbs_nr_kept(srv);
	raw_spin_unlock_irqrestore(&srv->lock, flags);
	if (over)
		irq_work_queue(&srv->end_work);
}

/* Those that are left are unborn, and may be for long: the watchdog ends it with the first. */
static bool vbs_has_unborn_only(struct vbs_srv *srv)
{
	guard(raw_spinlock_irqsave)(&srv->lock);
	return srv->nr_members && !rcu_access_pointer(srv->leader) && !srv->nr_loans;
}

/**
 * vbs_disband - end a server: its members go on as SCHED_NORMAL
 * @srv: the server, referenced
 *
 * Context: may sleep.
 * Return: how many there were.
 */
unsigned int vbs_disband(struct vbs_srv *srv)
{
	int tries = VBS_DISSOLVE_TRIES, births = VBS_BIRTH_TRIES;
	struct task_struct *p;
	unsigned int n = 0;

	vbs_take_no_more(srv);
	while (!READ_ONCE(srv->gone) && tries) {
		p = vbs_leader_get(srv);
		if (p && vbs_expel(p)) {
			n++;
			continue;
		}
		if (!p && vbs_has_unborn_only(srv) && !births--)
			break;
		/* A fork that is under way, or the server's end */
		fsleep(USEC_PER_MSEC);
		tries--;
	}
	if (!tries)
		pr_warn("SCHED_VBS: server %llu has members that do not leave\n",
			srv->id);
	return n;
}

static bool vbs_is_stranger(const struct task_struct *p)
{
	return p->signal != current->signal;
}

/*
 * A stranger among the next members from @at on, or from the first if that has left.
 *
 * Return: the stranger, or the member to go on with, with a reference; NULL at the end.
 */
static struct task_struct *vbs_look_for_stranger(struct vbs_srv *srv,
						 struct task_struct *at)
{
	struct task_struct *p;
	int n = 0;

	guard(raw_spinlock_irqsave)(&srv->lock);
	p = at && at->vbs.own == srv ?
		at : list_first_entry(&srv->members, struct task_struct, vbs.member);
	list_for_each_entry_from(p, &srv->members, vbs.member)
		if (vbs_is_stranger(p) || ++n > VBS_STRANGERS_BATCH)
			return get_task_struct(p);
	return NULL;
}

/* A member that is not of current's process, with a reference */
static struct task_struct *vbs_stranger_get(struct vbs_srv *srv)
{
	struct task_struct *at = NULL, *p;

	do {
		p = vbs_look_for_stranger(srv, at);
		if (at)
			put_task_struct(at);
		at = p;
		cond_resched();
	} while (p && !vbs_is_stranger(p));
	return p;
}

/**
 * vbs_abandon - a server ends with the process whose threads it is for
 * @srv: the server, referenced
 *
 * All threads of the process are about to die; a member that lives on, since it was
 * forked by one, goes on as SCHED_NORMAL.
 *
 * Context: current, its process's last thread; may sleep.
 */
void vbs_abandon(struct vbs_srv *srv)
{
	int tries = VBS_BIRTH_TRIES;
	struct task_struct *p;

	vbs_take_no_more(srv);
	while (tries && (p = vbs_stranger_get(srv))) {
		if (vbs_expel(p))
			continue;
		fsleep(USEC_PER_MSEC);	/* it dies, too */
		tries--;
	}
}

/**
 * vbs_dissolve - an administrator ends a server, or a fault does
 * @srv: the server, referenced
 *
 * Context: may sleep.
 */
void vbs_dissolve(struct vbs_srv *srv)
{
	atomic_add(vbs_disband(srv), &vbs_books.demoted);
}

/**
 * vbs_dissolve_all - there are no servers, and no new ones
 *
 * Who has seen that there may be one has entered, with interrupts off, or is seen.
 *
 * Context: may sleep.
 */
void vbs_dissolve_all(void)
{
	struct vbs_srv *srv;

	WRITE_ONCE(sysctl_vbs_enable, 0);
	synchronize_rcu();
	for (srv = vbs_next_server(NULL); srv; srv = vbs_next_server(srv))
		vbs_dissolve(srv);
}

/* Not in the interrupt of the key: it may have come anywhere. */
static void vbs_dissolve_work(struct work_struct *work)
{
	vbs_dissolve_all();
}

static DECLARE_WORK(vbs_dissolve_item, vbs_dissolve_work);

static void vbs_sysrq(u8 key)
{
	schedule_work(&vbs_dissolve_item);
}

static const struct sysrq_key_op vbs_sysrq_op = {
	.handler	= vbs_sysrq,
	.help_msg	= "dissolve-SCHED_VBS-servers(V)",
	.action_msg	= "Dissolve all SCHED_VBS servers",
	.enable_mask	= SYSRQ_ENABLE_RTNICE,
};

static int __init vbs_dissolve_init(void)
{
	register_sysrq_key('V', &vbs_sysrq_op);
	return 0;
}
late_initcall(vbs_dissolve_init);
