// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: places that nobody is in follow the cpuset of their process.
 *
 * The masks of tasks change inside cpuset_mutex, which vbs_vm_mutex is held around:
 * so this comes after it.  Where there is no room a place stays where it is, until
 * its thread comes.
 */

static void vbs_group_follow(struct vbs_group *grp, struct task_struct *leader)
{
	struct vbs_place *pl;
	struct task_struct *p;

	list_for_each_entry(pl, &grp->places, link) {
		if (READ_ONCE(pl->srv->nr_members) || READ_ONCE(pl->srv->dissolving))
			continue;
		p = pl->vcpu ? vbs_vcpu_thread(pl->vcpu) : NULL;
		vbs_place_follow(pl, p ?: leader);
		if (p)
			put_task_struct(p);
	}
}

static void vbs_groups_follow(struct work_struct *work)
{
	struct task_struct *leader;
	struct vbs_group *grp;

	guard(mutex)(&vbs_vm_mutex);
	list_for_each_entry(grp, &vbs_groups, link) {
		leader = get_pid_task(grp->tgid, PIDTYPE_TGID);
		if (!leader)
			continue;
		vbs_group_follow(grp, leader);
		put_task_struct(leader);
	}
}

static DECLARE_WORK(vbs_follow_work, vbs_groups_follow);

/**
 * sched_vbs_places_follow - cpusets have changed the masks of tasks
 *
 * Context: any process
 */
void sched_vbs_places_follow(void)
{
	if (static_branch_unlikely(&sched_vbs_vms))
		schedule_work(&vbs_follow_work);
}
