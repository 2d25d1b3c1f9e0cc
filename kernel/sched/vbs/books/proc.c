// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: /proc/vbs: the numbers of one line may be of slightly different
 * instants, but a reader holds no lock of the scheduler's, and RCU for a line.
 */

#define VBS_PROC_VERSION	1

static const char * const vbs_role_names[] = {
	[VBS_ROLE_VCPU]	= "vcpu",
	[VBS_ROLE_DM]	= "dm",
	[VBS_ROLE_ONE]	= "one",
};

static const char * const vbs_state_names[] = {
	[VBS_IDLE]	= "idle",
	[VBS_READY]	= "ready",
	[VBS_THROTTLED]	= "throttled",
	[VBS_WAITING]	= "waiting",
};

/* Where a reader is.  Nothing is locked, and no RCU held, between two lines. */
struct vbs_reader {
	enum { VBS_LINE_HEAD, VBS_LINE_CPU, VBS_LINE_SERVER, VBS_LINE_GROUP,
	       VBS_LINE_HELD } kind;
	int cpu;
	struct vbs_srv *srv;		/* with a reference */
	struct vbs_group_line group;
	struct vbs_held held;
	bool priv;			/* sees all */
};

static void vbs_show_head(struct seq_file *m)
{
	seq_printf(m, "vbs version=%d demoted=%d\n", VBS_PROC_VERSION,
		   atomic_read(&vbs_books.demoted));
	seq_printf(m, "limits runtime_min=%llu runtime_max=%llu period_min=%llu period_max=%llu slice=%llu\n",
		   vbs_runtime_min(),
		   (u64)sysctl_vbs_runtime_max * NSEC_PER_USEC,
		   (u64)sysctl_vbs_period_min * NSEC_PER_USEC,
		   (u64)sysctl_vbs_period_max * NSEC_PER_USEC,
		   (u64)sysctl_vbs_slice * NSEC_PER_USEC);
}

static void vbs_show_cpu(struct seq_file *m, int cpu)
{
	struct vbs_adm_cpu idle = {
		.capacity = vbs_capacity(cpu, vbs_rt_bw(), vbs_fair_bw(cpu),
					 sysctl_vbs_period_min),
	};
	struct vbs_adm_cpu *adm = &idle;
	struct vbs_cpu_sum sum = {};
	struct vbs_dl_sum dl;
	u32 spare;

	if (static_branch_unlikely(&sched_vbs_used)) {
		adm = &vbs_books.adm.cpu[cpu];
		sum = vbs_books.sum[cpu];
	}
	vbs_dl_look(cpu, &dl);
	spare = adm->capacity - min(adm->capacity, adm->booked);
	seq_printf(m, "cpu id=%d online=%d capacity=%u booked=%u spare=%u servers=%u",
		   cpu, cpu_active(cpu), adm->capacity, adm->booked,
		   min(spare, dl.spare), sum.servers);
	seq_printf(m, " held=%u fair=%llu domain=%d deadline=%llu left=%u\n",
		   sum.held, vbs_fair_bw(cpu), dl.domain, dl.tasks, dl.spare);
}

/*
 * The rule for what somebody else has booked, here and in sched_getattr(): who
 * may ptrace-read the oldest member, or the task, sees it, and CAP_SYS_NICE.
 */
bool vbs_sees_all(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_NICE);
}

/* The oldest member, if the reader may see the server; RCU */
static struct task_struct *vbs_show_leader(struct vbs_srv *srv, bool all)
{
	struct task_struct *leader = rcu_dereference(srv->leader);

	if (!leader || (!all && !ptrace_may_access(leader, PTRACE_MODE_READ_FSCREDS |
						   PTRACE_MODE_NOAUDIT)))
		return NULL;
	return leader;
}

static void vbs_show_stats(struct seq_file *m, const struct vbs_stats *st)
{
	seq_printf(m, " consumed=%llu instances=%llu misses=%llu overruns=%llu overrun_worst=%llu",
		   st->consumed, st->instances, st->misses, st->overruns,
		   st->overrun_worst);
	seq_printf(m, " switches=%llu switch_worst=%llu release_worst=%llu skipped=%llu fair=%llu",
		   st->switches, st->switch_worst, st->release_worst, st->skipped,
		   st->fair);
}

/* A name is its owner's to choose: it must not end the line. */
static void vbs_show_comm(struct seq_file *m, struct task_struct *p)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, p);
	seq_escape_str(m, comm, ESCAPE_SPACE | ESCAPE_SPECIAL, "\n\\");
	seq_putc(m, '\n');
}

static void vbs_show_owner(struct seq_file *m, kuid_t owner, pid_t leader)
{
	seq_printf(m, " owner=%u leader=%d", from_kuid_munged(seq_user_ns(m), owner),
		   leader);
}

static struct pid_namespace *vbs_reader_ns(struct seq_file *m)
{
	return proc_pid_ns(file_inode(m->file)->i_sb);
}

/* The process whose place it is, as the reader knows it; RCU */
static pid_t vbs_group_nr(struct seq_file *m, const struct vbs_srv *srv)
{
	struct pid *pid = find_pid_ns(srv->group, &init_pid_ns);

	return pid ? pid_nr_ns(pid, vbs_reader_ns(m)) : 0;
}

/* One without members is its owner's. */
static bool vbs_shows_place(const struct vbs_srv *srv, bool all)
{
	return READ_ONCE(srv->place) && !rcu_access_pointer(srv->leader) &&
		(all || uid_eq(srv->owner, current_fsuid()));
}

static void vbs_show_visible(struct seq_file *m, struct vbs_srv *srv,
			     struct task_struct *leader)
{
	struct vbs_server *s = &srv->core;
	int cpu = READ_ONCE(srv->cpu);

	seq_printf(m, "server id=%llu cpu=%d cap=%u runtime=%llu period=%llu flags=%#x members=%u state=%s",
		   srv->id, cpu, s->cap_next, s->runtime, s->period,
		   s->align ? SCHED_FLAG_VBS_ALIGN : 0, srv->nr_members,
		   vbs_state_names[READ_ONCE(s->state)]);
	vbs_show_stats(m, &s->stats);
	seq_printf(m, " lost=%llu", cpu_rq(cpu)->vbs.lost);
	if (srv->role != VBS_ROLE_NONE)
		seq_printf(m, " group=%d role=%s", vbs_group_nr(m, srv),
			   vbs_role_names[srv->role]);
	vbs_show_owner(m, srv->owner,
		       leader ? task_pid_nr_ns(leader, vbs_reader_ns(m)) : 0);
	seq_puts(m, " comm=");
	if (leader)
		vbs_show_comm(m, leader);
	else
		seq_putc(m, '\n');
}

static void vbs_show_server(struct seq_file *m, struct vbs_reader *r)
{
	struct task_struct *leader;

	rcu_read_lock();
	leader = vbs_show_leader(r->srv, r->priv);
	if (leader || vbs_shows_place(r->srv, r->priv))
		vbs_show_visible(m, r->srv, leader);
	rcu_read_unlock();
}

static void vbs_show_group(struct seq_file *m, struct vbs_reader *r)
{
	struct vbs_group_line *g = &r->group;

	if (!r->priv && !uid_eq(g->owner, current_fsuid()))
		return;
	seq_printf(m, "group pid=%d owner=%u vms=%u vcpus=%u places=%u unplaced=%u",
		   g->pid, from_kuid_munged(seq_user_ns(m), g->owner), g->sum.vms,
		   g->sum.vcpus, g->sum.places, g->sum.unplaced);
	seq_printf(m, " pooled=%d outside=%d strict=%d poll=%d split=%d", g->pooled,
		   g->outside, g->strict, g->poll, g->split);
	seq_printf(m, " guest_may=%u guest_period=%llu comm=", g->guest_may, g->guest_period);
	seq_escape_str(m, g->comm, ESCAPE_SPACE | ESCAPE_SPECIAL, "\n\\");
	seq_putc(m, '\n');
}

/* The server is gone, and with it whom one could ptrace: its owner's, then. */
static void vbs_show_held(struct seq_file *m, struct vbs_reader *r)
{
	struct vbs_held *h = &r->held;
	bool init = vbs_reader_ns(m) == &init_pid_ns;

	if (!r->priv && !uid_eq(h->owner, current_fsuid()))
		return;
	seq_printf(m, "held cpu=%d amount=%u until_ns=%llu", h->cpu, h->amount, h->left);
	vbs_show_owner(m, h->owner, init ? h->leader : 0);
	seq_putc(m, '\n');
}

/* The next line, or NULL */
static struct vbs_reader *vbs_proc_advance(struct vbs_reader *r,
					   struct pid_namespace *ns)
{
	switch (r->kind) {
	case VBS_LINE_HEAD:
	case VBS_LINE_CPU:
		r->kind = VBS_LINE_CPU;
		r->cpu = cpumask_next(r->cpu, cpu_possible_mask);
		if (r->cpu < nr_cpu_ids)
			return r;
		r->kind = VBS_LINE_SERVER;
		fallthrough;
	case VBS_LINE_SERVER:
		r->srv = vbs_next_server(r->srv);
		if (r->srv)
			return r;
		r->kind = VBS_LINE_GROUP;
		fallthrough;
	case VBS_LINE_GROUP:
		if (vbs_next_group(&r->group, ns))
			return r;
		r->kind = VBS_LINE_HELD;
		fallthrough;
	case VBS_LINE_HELD:
		return vbs_next_held(&r->held) ? r : NULL;
	}
	return NULL;
}

static void vbs_proc_rewind(struct vbs_reader *r)
{
	if (r->srv)
		vbs_srv_put(r->srv);
	*r = (struct vbs_reader){ .kind = VBS_LINE_HEAD, .cpu = -1 };
}

/* It goes on where it was, or begins again. */
static void *vbs_proc_start(struct seq_file *m, loff_t *pos)
{
	struct vbs_reader *r = m->private;

	if (!*pos)
		vbs_proc_rewind(r);
	r->priv = vbs_sees_all();
	return r->kind == VBS_LINE_HELD && !r->held.id ? NULL : r;
}

static void *vbs_proc_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	cond_resched();
	return vbs_proc_advance(v, vbs_reader_ns(m));
}

static void vbs_proc_stop(struct seq_file *m, void *v) { }

static int vbs_proc_show(struct seq_file *m, void *v)
{
	struct vbs_reader *r = v;

	switch (r->kind) {
	case VBS_LINE_HEAD:
		vbs_show_head(m);
		break;
	case VBS_LINE_CPU:
		vbs_show_cpu(m, r->cpu);
		break;
	case VBS_LINE_SERVER:
		vbs_show_server(m, r);
		break;
	case VBS_LINE_GROUP:
		vbs_show_group(m, r);
		break;
	case VBS_LINE_HELD:
		vbs_show_held(m, r);
		break;
	}
	return 0;
}

static const struct seq_operations vbs_proc_seq = {
	.start	= vbs_proc_start,
	.next	= vbs_proc_next,
	.stop	= vbs_proc_stop,
	.show	= vbs_proc_show,
};

static int vbs_proc_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &vbs_proc_seq, sizeof(struct vbs_reader));
}

static int vbs_proc_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	vbs_proc_rewind(m->private);
	return seq_release_private(inode, file);
}

/* Owners write, too; what counts are the rights of who opened it: see reset.c */
#define VBS_PROC_MODE	0666

static const struct proc_ops vbs_proc_ops = {
	.proc_open	= vbs_proc_open,
	.proc_read_iter	= seq_read_iter,
	.proc_write	= vbs_proc_write,
	.proc_lseek	= seq_lseek,
	.proc_release	= vbs_proc_release,
};

static int __init vbs_proc_init(void)
{
	proc_create("vbs", VBS_PROC_MODE, NULL, &vbs_proc_ops);
	return 0;
}
late_initcall(vbs_proc_init);
