// SPDX-License-Identifier: GPL-2.0
/*
 * What of a VMM is in no server: for a lock that one of them holds there is no bound.
 * Related processes are its children (swtpm, virtiofsd of a script), and what a manager
 * has put into the machine's scope beside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/sched/vbs.h>

#include "base/sysfile.h"
#include "vbs/task.h"
#include "vm/vm.h"

struct list {
	struct vm_outsider *entry;
	int count;
};

static bool add(struct list *l, pid_t process, pid_t tid)
{
	struct vm_outsider *more = l->entry;
	struct task_info task;

	task_read(tid, &task);
	if (!task.exists || task.ended)
		return true;
	if (!(l->count & (l->count - 1)))	/* a power of two, or 0: full */
		more = realloc(l->entry, (l->count ? l->count * 2 : 1) * sizeof(*more));
	if (!more)
		return false;
	l->entry = more;
	more[l->count] = (struct vm_outsider){ .process = process, .tid = tid };
	snprintf(more[l->count++].comm, sizeof(more->comm), "%s", task.comm);
	return true;
}

#define PARENT	2	/* words of stat after the name, the state being the first */
#define FLAGS	7
#define POLICY	39
#define WORKER	0x4000	/* PF_USER_WORKER: the kernel's, in the VMM's name */

struct stat {
	pid_t parent;
	unsigned long flags;
	int policy;
};

/* The name may hold anything, but none of these words a parenthesis */
static bool read_stat(pid_t process, pid_t tid, struct stat *st)
{
	char path[64], *stat, *at, *save, *word;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)process, (int)tid);
	stat = sys_read(path);
	at = stat ? strrchr(stat, ')') : NULL;
	word = at ? strtok_r(at + 1, " ", &save) : NULL;
	for (; word && ++n < POLICY; word = strtok_r(NULL, " ", &save)) {
		if (n == PARENT)
			st->parent = atoi(word);
		if (n == FLAGS)
			st->flags = strtoul(word, NULL, 10);
	}
	st->policy = word ? atoi(word) : -1;
	free(stat);
	return n == POLICY;
}

/* KVM's own, which holds no lock of the VMM's, and is SCHED_NORMAL on purpose */
static bool is_left_out(pid_t tid, const struct stat *st)
{
	struct task_info task;

	if (!(st->flags & WORKER))
		return false;
	task_read(tid, &task);
	return !strncmp(task.comm, "kvm-nx-lpage-re", strlen("kvm-nx-lpage-re"));
}

static bool add_threads(struct list *l, pid_t process)
{
	struct stat st;
	pid_t *tids;
	bool good;
	int i, n;

	n = task_threads(process, &tids);
	good = n >= 0;
	for (i = 0; i < n && good; i++) {
		if (read_stat(process, tids[i], &st) && st.policy != SCHED_VBS &&
		    !is_left_out(tids[i], &st))
			good = add(l, process, tids[i]);
	}
	free(tids);
	return good;
}

/* "/machine.slice/machine-qemu\x2d1\x2dweb.scope", or "" if nobody made one for it */
static void read_scope(pid_t pid, char *scope, size_t size)
{
	char path[64], *text, *line, *end;

	*scope = '\0';
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	text = sys_read(path);
	line = text ? strstr(text, "/machine.slice/") : NULL;
	if (!line && text)
		line = strstr(text, "/qemu.slice/");
	end = line ? strstr(line, ".scope") : NULL;
	if (end && end < line + strcspn(line, "\n"))
		snprintf(scope, size, "%.*s", (int)(end + strlen(".scope") - line), line);
	free(text);
}

static bool is_related(pid_t process, pid_t vmm, const char *scope)
{
	char theirs[512];
	struct stat st;

	if (read_stat(process, process, &st) && st.parent == vmm)
		return true;
	if (!*scope)
		return false;
	read_scope(process, theirs, sizeof(theirs));
	return !strcmp(theirs, scope);
}

int vm_outsiders(pid_t pid, struct vm_outsider **out)
{
	struct list l = { 0 };
	char scope[512];
	pid_t *pids;
	int i, n = task_processes(&pids);
	bool good = n >= 0 && add_threads(&l, pid);

	read_scope(pid, scope, sizeof(scope));
	for (i = 0; i < n && good; i++) {
		if (pids[i] != pid && is_related(pids[i], pid, scope))
			good = add_threads(&l, pids[i]);
	}
	free(pids);
	if (!good)
		free(l.entry);
	*out = good ? l.entry : NULL;
	return good ? l.count : -1;
}
