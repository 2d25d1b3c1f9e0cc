// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: /proc/vbs, read under RCU: the numbers of one line may be of
 * slightly different instants, but a reader holds no lock of the scheduler's.
 */

#define VBS_PROC_VERSION	1

static const char * const vbs_state_names[] = {
	[VBS_IDLE]	= "idle",
	[VBS_READY]	= "ready",
	[VBS_THROTTLED]	= "throttled",
	[VBS_WAITING]	= "waiting",
};

static void vbs_show_head(struct seq_file *m)
{
	seq_printf(m, "vbs version=%d\n", VBS_PROC_VERSION);
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
		.capacity = vbs_capacity(vbs_rt_bw(), vbs_fair_bw(cpu),
					 sysctl_vbs_period_min),
	};
	struct vbs_adm_cpu *adm = &idle;
	unsigned int servers = 0;
	u32 spare;

	if (static_branch_unlikely(&sched_vbs_used)) {
		adm = &vbs_books.adm.cpu[cpu];
		servers = READ_ONCE(vbs_books.nr_servers[cpu]);
	}
	spare = adm->capacity - min(adm->capacity, adm->booked);
	rcu_read_lock();
	spare = min(spare, vbs_dl_spare(cpu));
	rcu_read_unlock();
	seq_printf(m, "cpu id=%d online=%d capacity=%u booked=%u spare=%u servers=%u\n",
		   cpu, cpu_active(cpu), adm->capacity, adm->booked, spare, servers);
}

/* The oldest member, if the reader may see the server */
static struct task_struct *vbs_show_leader(struct vbs_srv *srv, bool *visible)
{
	struct task_struct *leader = rcu_dereference(srv->leader);

	*visible = leader && (ns_capable_noaudit(&init_user_ns, CAP_SYS_NICE) ||
			      ptrace_may_access(leader, PTRACE_MODE_READ_FSCREDS |
						PTRACE_MODE_NOAUDIT));
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

static void vbs_show_server(struct seq_file *m, struct vbs_srv *srv)
{
	struct vbs_server *s = &srv->core;
	struct task_struct *leader;
	int cpu = READ_ONCE(srv->cpu);
	bool visible;

	leader = vbs_show_leader(srv, &visible);
	if (!visible)
		return;
	seq_printf(m, "server id=%u cpu=%d cap=%u runtime=%llu period=%llu flags=%#x members=%u state=%s",
		   srv->id, cpu, s->cap_next, s->runtime, s->period,
		   s->align ? SCHED_FLAG_VBS_ALIGN : 0, srv->nr_members,
		   vbs_state_names[READ_ONCE(s->state)]);
	vbs_show_stats(m, &s->stats);
	seq_printf(m, " lost=%llu owner=%u leader=%d comm=", cpu_rq(cpu)->vbs.lost,
		   from_kuid_munged(seq_user_ns(m), srv->owner),
		   task_pid_nr_ns(leader, proc_pid_ns(file_inode(m->file)->i_sb)));
	vbs_show_comm(m, leader);
}

static int vbs_proc_show(struct seq_file *m, void *v)
{
	struct vbs_srv *srv;
	int cpu;

	vbs_show_head(m);
	for_each_possible_cpu(cpu)
		vbs_show_cpu(m, cpu);
	rcu_read_lock();
	list_for_each_entry_rcu(srv, &vbs_books.servers, all)
		vbs_show_server(m, srv);
	rcu_read_unlock();
	return 0;
}

static int __init vbs_proc_init(void)
{
	proc_create_single("vbs", 0444, NULL, vbs_proc_show);
	return 0;
}
late_initcall(vbs_proc_init);
