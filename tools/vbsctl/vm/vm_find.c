// SPDX-License-Identifier: GPL-2.0
/*
 * From what people call a machine to the process that runs it.  Anybody may start a program with any name
 * and any command line: what several users have called so is nobody's, and root is told whose it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/sysfile.h"
#include "vbs/task.h"
#include "vm/vm.h"

#define MATCHES_SHOWN	4

static char *read_of(pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return sys_read(path);
}

/* The words of a command line, one after the other; NULL after the last */
static const char *next_word(const char *word)
{
	word += strlen(word) + 1;
	return *word ? word : NULL;
}

/* "guest=NAME,debug-threads=on" or "NAME,process=x", where ",," is a comma */
static void take_name(const char *value, char *name, size_t size)
{
	const char *guest = strncmp(value, "guest=", 6) ? strstr(value, ",guest=") : value;
	size_t n = 0;

	if (guest)
		value = strchr(guest, '=') + 1;
	for (; *value && n + 1 < size; value++) {
		if (*value == ',' && *++value != ',')
			break;
		name[n++] = *value;
	}
	name[n] = '\0';
}

void vm_name(pid_t pid, char *name, size_t size)
{
	char *line = read_of(pid, "cmdline");
	const char *word = line && *line ? line : NULL, *value;

	*name = '\0';
	for (; word && !*name; word = next_word(word)) {
		value = next_word(word);
		if (value && (!strcmp(word, "-name") || !strcmp(word, "--name")))
			take_name(value, name, size);
	}
	free(line);
}

bool vm_has_pi(pid_t pid)
{
	char *maps = read_of(pid, "maps");
	bool has = maps && strstr(maps, "/vbs-pi.so");

	free(maps);
	return has;
}

/* It stands for a machine: a server's, or it has what KVM gives to who makes one */
static bool matches(pid_t pid, const struct task_info *task, const char *what, bool *by_machine)
{
	char name[VM_NAME];

	vm_name(pid, name, sizeof(name));
	*by_machine = !strcmp(name, what);
	return *by_machine || !strcmp(task->comm, what);
}

struct match {
	pid_t pid;
	uint32_t uid;
};

struct found {
	struct match match[MATCHES_SHOWN];
	int count;
	bool by_machine;	/* names of machines come before those of processes */
	struct match user[MATCHES_SHOWN];	/* one of each user's, of whatever kind */
	int users;
	bool everybodys;	/* that are looked at */
};

static void add_user(struct found *f, const struct match *m)
{
	int i;

	for (i = 0; i < f->users; i++) {
		if (f->user[i].uid == m->uid)
			return;
	}
	if (f->users < MATCHES_SHOWN)
		f->user[f->users++] = *m;
}

static void add(struct found *f, const struct match *m, bool by_machine)
{
	add_user(f, m);
	if (f->by_machine && !by_machine)
		return;
	if (by_machine && !f->by_machine)
		f->count = 0;
	f->by_machine |= by_machine;
	if (f->count < MATCHES_SHOWN)
		f->match[f->count] = *m;
	f->count++;
}

static void look_at(struct found *f, pid_t pid, const char *what)
{
	struct task_info task;
	struct match m;
	bool by_machine;

	task_read(pid, &task);
	m = (struct match){ pid, task_user(&task) };
	if (pid == getpid() || !task.exists || task.kthread || (!f->everybodys && m.uid != geteuid()))
		return;
	if (matches(pid, &task, what, &by_machine))
		add(f, &m, by_machine);
}

static int ambiguous(const struct found *f, const char *what)
{
	char list[128] = "";
	size_t used = 0;
	int i;

	for (i = 0; i < f->count && i < MATCHES_SHOWN; i++)
		used += snprintf(list + used, sizeof(list) - used, "%s%d", i ? ", " : "", (int)f->match[i].pid);
	return failure(VC_FAIL, "'%s' is the name of %d processes: %s%s; give the pid of one", what,
		       f->count, list, f->count > MATCHES_SHOWN ? ", and others" : "");
}

static int of_several(const struct found *f, const char *what)
{
	char list[128] = "";
	size_t used = 0;
	int i;

	for (i = 0; i < f->users; i++)
		used += snprintf(list + used, sizeof(list) - used, "%s%d (uid %u)", i ? ", " : "",
				 (int)f->user[i].pid, f->user[i].uid);
	return failure(VC_FAIL, "'%s' is the name of processes of several users: %s; give the pid of one", what, list);
}

/* Root acts on what a user has called so: not by chance */
static void tell_user(const struct match *m, const char *what)
{
	const char *sudo = getenv("SUDO_UID");

	if (m->uid == geteuid() || (sudo && strtoul(sudo, NULL, 10) == m->uid))
		return;
	failure(VC_OK, "note: '%s' is the name of process %d, which is uid %u's", what, (int)m->pid, m->uid);
}

static int compare(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static void find(struct found *f, const char *what)
{
	pid_t *pids;
	int i, n = task_processes(&pids);

	if (n > 0)
		qsort(pids, n, sizeof(*pids), compare);
	for (i = 0; i < n; i++)
		look_at(f, pids[i], what);
	free(pids);
}

static int by_name(const char *what, pid_t *pid)
{
	struct found f = { .everybodys = !geteuid() || have_cap_sys_nice() };

	find(&f, what);
	if (f.users > 1)
		return of_several(&f, what);
	if (f.count > 1)
		return ambiguous(&f, what);
	if (!f.count && f.everybodys)
		return failure(VC_NOPROC, "there is no virtual machine or process named '%s'", what);
	if (!f.count)
		return failure(VC_NOPROC, "you have no virtual machine or process named '%s'", what);
	tell_user(&f.match[0], what);
	*pid = f.match[0].pid;
	return VC_OK;
}

int vm_find(const struct command *cmd, const char *what, pid_t *pid)
{
	struct task_info task;
	const char *why;

	if (!*what)
		return usage_error(cmd, "a name is not empty");
	if (what[strspn(what, "0123456789")])
		return by_name(what, pid);
	why = parse_pid(what, pid);
	if (why)
		return usage_error(cmd, "'%s': %s", what, why);
	task_read(*pid, &task);
	if (!task.exists)
		return failure(VC_NOPROC, "there is no process or thread %d", (int)*pid);
	if (task.process)
		*pid = task.process;
	return VC_OK;
}
