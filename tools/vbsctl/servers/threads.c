// SPDX-License-Identifier: GPL-2.0
/*
 * All threads of a process.  A thread that is made by one which is not in the server yet
 * is not in it either, so the threads are read again until none is found outside: those
 * that are made by members are members.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "servers/act.h"
#include "servers/enter.h"
#include "servers/one.h"
#include "servers/threads.h"

#define PASSES	1000

struct was {
	pid_t tid;
	struct vbs_sched_attr attr;	/* before it was moved */
};

struct move {
	pid_t process;
	pid_t leader;		/* of the server that they join, or 0: they leave */
	struct was *was;
	int moved;
	int code;		/* of the first failure, message printed */
};

static bool remember(struct move *m, pid_t tid, const struct vbs_sched_attr *attr)
{
	struct was *more = m->was;

	if (!(m->moved & (m->moved - 1)))	/* a power of two, or 0: full */
		more = realloc(m->was, (m->moved ? m->moved * 2 : 1) * sizeof(*more));
	if (!more)
		return false;
	m->was = more;
	m->was[m->moved++] = (struct was){ tid, *attr };
	return true;
}

static int finish(struct move *m)
{
	if (m->code) {
		while (m->moved--)
			one_put_back(m->was[m->moved].tid, &m->was[m->moved].attr);
	}
	free(m->was);
	return m->code;
}

/* Its server, by the oldest member; 0 if it is in none */
static pid_t server_of(pid_t tid, struct vbs_sched_attr *attr)
{
	if (vbs_getattr(tid, attr) || attr->sched_policy != SCHED_VBS)
		return 0;
	return attr->sched_vbs_leader;
}

/* The server to move to; 0: out of any.  Its oldest member changes when that one ends */
static bool home(struct move *m, pid_t *to)
{
	struct vbs_sched_attr attr;
	int i;

	*to = 0;
	if (!m->leader)
		return true;
	for (i = m->moved; i >= 0 && !*to; i--) {
		if (i < m->moved)
			m->leader = m->was[i].tid;
		*to = server_of(m->leader, &attr);
	}
	return *to;
}

static int no_memory(void)
{
	return failure(VC_FAIL, "out of memory");
}

/* One thread; false if that is not to go on.  One that has ended meanwhile is no failure */
static bool move_thread(struct move *m, pid_t tid, bool *found)
{
	struct vbs_sched_attr attr;
	pid_t to, now = server_of(tid, &attr);
	int err = ESRCH;

	if (home(m, &to) && now == to)
		return true;
	*found = true;
	if (!remember(m, tid, &attr)) {
		m->code = no_memory();
		return false;
	}
	if (!m->leader || to)
		err = m->leader ? one_joins(tid, to, &attr) : one_leaves(tid, &attr);
	if (!err)
		return true;
	m->moved--;
	if (err != ESRCH || (m->leader && !to))
		m->code = one_refused(m->leader ? OP_JOIN : OP_LEAVE, err, tid, m->leader, &attr);
	return !m->code;
}

/* All threads that are there now; false if that is not to go on */
static bool one_pass(struct move *m)
{
	bool found = false;
	pid_t *tids;
	int i, n = task_threads(m->process, &tids);

	if (n < 0)
		m->code = no_memory();
	for (i = 0; i < n; i++) {
		if (!move_thread(m, tids[i], &found))
			break;
	}
	free(tids);
	return found && !m->code;
}

static int move_threads(struct move *m)
{
	int pass;

	for (pass = 0; pass < PASSES; pass++) {
		if (!one_pass(m))
			return finish(m);
	}
	m->code = failure(VC_FAIL, "process %d makes threads faster than they can be moved",
			  (int)m->process);
	return finish(m);
}

/* Who enters first chooses the CPU for all: the thread that may use the fewest; 0 if none lives */
static pid_t first_thread(pid_t process, struct cpumask *common)
{
	pid_t *tids, found;
	int n = task_threads(process, &tids);

	found = task_most_bound(tids, n, common);
	free(tids);
	return found;
}

static int process_of(enum vbs_op op, pid_t pid, pid_t *process)
{
	struct task_info task;

	task_read(pid, &task);
	if (!task.exists || !first_thread(task.process, NULL))
		return one_refused(op, ESRCH, pid, 0, NULL);
	*process = task.process;
	return VC_OK;
}

static int members_among(pid_t process)
{
	struct vbs_sched_attr attr;
	int i, n, members = 0;
	pid_t *tids;

	n = task_threads(process, &tids);
	for (i = 0; i < n; i++)
		members += !!server_of(tids[i], &attr);
	free(tids);
	return members;
}

int admit_process(pid_t pid, const struct request *req)
{
	struct move m = { 0 };
	struct vbs_sched_attr attr;
	struct cpumask common;
	int members, code = process_of(OP_ADMIT, pid, &m.process);

	if (code)
		return code;
	members = members_among(m.process);
	if (members)
		return failure(VC_FAIL, "cannot admit all of %d: %d of its threads %s in a server already; 'vbsctl leave -a %d' takes them out",
			       (int)m.process, members, members == 1 ? "is" : "are",
			       (int)m.process);
	m.leader = first_thread(m.process, &common);
	if (!cpumask_weight(&common))
		return failure(VC_FAIL, "cannot admit all of %d: its threads are bound to different CPUs, and a server is on one; admit them one by one, without -a",
			       (int)m.process);
	if (!vbs_getattr(m.leader, &attr) && !remember(&m, m.leader, &attr))
		return no_memory();
	code = admit_task(m.leader, req);
	if (!code)
		return move_threads(&m);
	free(m.was);
	return code;
}

int join_process(pid_t pid, const struct request *req)
{
	struct move m = { .leader = req->leader };
	int code = process_of(OP_JOIN, pid, &m.process);

	return code ? code : move_threads(&m);
}

int leave_process(pid_t pid, const struct request *req)
{
	struct move m = { 0 };
	int code = process_of(OP_LEAVE, pid, &m.process);

	(void)req;
	if (code)
		return code;
	if (!members_among(m.process))
		return not_in_a_server(OP_LEAVE, m.process, 0);
	return move_threads(&m);
}
