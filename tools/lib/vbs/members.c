// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vbs/attr.h"
#include "vbs/members.h"
#include "vbs/task.h"

struct list {
	struct vbs_member *member;
	int count;
};

static bool add(struct list *l, pid_t tid, pid_t process)
{
	struct vbs_member *more = l->member;
	struct task_info task;

	if (!(l->count & (l->count - 1)))	/* a power of two, or 0: full */
		more = realloc(l->member, (l->count ? l->count * 2 : 1) * sizeof(*more));
	if (!more)
		return false;
	l->member = more;
	task_read(tid, &task);
	more[l->count] = (struct vbs_member){ .tid = tid, .process = process };
	snprintf(more[l->count++].comm, sizeof(more->comm), "%s", task.comm);
	return true;
}

static bool is_member(pid_t tid, pid_t leader)
{
	struct vbs_sched_attr attr;

	return !vbs_getattr(tid, &attr) && attr.sched_policy == SCHED_VBS &&
	       attr.sched_vbs_leader == leader;
}

static bool add_threads(struct list *l, pid_t process, pid_t leader)
{
	pid_t *tids;
	int i, n = task_threads(process, &tids);
	bool good = n >= 0;

	for (i = 0; i < n && good; i++) {
		if (is_member(tids[i], leader))
			good = add(l, tids[i], process);
	}
	free(tids);
	return good;
}

/* Who was there first is named first */
static void leader_first(struct list *l, pid_t leader)
{
	struct vbs_member first;
	int i;

	for (i = 1; i < l->count && l->member[i].tid != leader; i++)
		;
	if (i >= l->count)
		return;
	first = l->member[i];
	memmove(l->member + 1, l->member, i * sizeof(first));
	l->member[0] = first;
}

int vbs_members(pid_t leader, struct vbs_member **members)
{
	struct list l = { 0 };
	pid_t *pids = NULL;
	int i, n = leader > 0 ? task_processes(&pids) : 0;
	bool good = n >= 0;

	for (i = 0; i < n && good; i++)
		good = add_threads(&l, pids[i], leader);
	free(pids);
	if (!good) {
		free(l.member);
		l = (struct list){ 0 };
	}
	leader_first(&l, leader);
	*members = l.member;
	return good ? l.count : -1;
}
