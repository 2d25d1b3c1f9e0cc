// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the lines of /proc/vbs that tell about groups.
 */

static struct vbs_group *vbs_group_after(u64 id)
{
	struct vbs_group *grp;

	list_for_each_entry(grp, &vbs_groups, link)
		if (grp->id > id)
			return grp;
	return NULL;
}

static void vbs_group_get_comm(const struct vbs_group *grp, struct vbs_group_line *line)
{
	struct task_struct *p;

	rcu_read_lock();
	p = pid_task(grp->tgid, PIDTYPE_TGID);
	if (p)
		get_task_comm(line->comm, p);
	rcu_read_unlock();
}

/**
 * vbs_next_group - walk the groups
 * @line: the one before, or all zero; the next one, copied
 * @ns: whose numbers processes have
 *
 * Context: may sleep.
 * Return: whether there is another, if not line->id is 0.
 */
bool vbs_next_group(struct vbs_group_line *line, struct pid_namespace *ns)
{
	struct vbs_group *grp;
	u64 after = line->id;

	memset(line, 0, sizeof(*line));
	mutex_lock(&vbs_vm_mutex);
	grp = vbs_group_after(after);
	if (grp) {
		vbs_group_count(grp, &line->sum);
		line->id = grp->id;
		line->pid = pid_nr_ns(grp->tgid, ns);
		line->owner = grp->owner;
		line->pooled = atomic_read(&grp->pooled);
		line->outside = atomic_read(&grp->outside);
		line->strict = grp->strict;
		line->poll = grp->poll;
		line->split = grp->split;
		line->guest_may = grp->guest_may;
		line->guest_period = grp->guest_period;
		vbs_group_get_comm(grp, line);
	}
	mutex_unlock(&vbs_vm_mutex);
	return grp;
}
