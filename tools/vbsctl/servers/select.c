// SPDX-License-Identifier: GPL-2.0
/*
 * Finds tasks by their unit, cgroup or command.  A unit is a component of a process's
 * path in the hierarchy of systemd, or in the only one; kernel threads are in no plan.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "servers/select.h"
#include "vbs/task.h"

static char *read_of(pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return sys_read(path);
}

/* "7:cpu:/a/b" to "/a/b" */
static const char *path_of(const char *line)
{
	const char *colon = strchr(line, ':');

	colon = colon ? strchr(colon + 1, ':') : NULL;
	return colon ? colon + 1 : "";
}

static bool has_component(const char *path, const char *unit)
{
	size_t n = strlen(unit);
	const char *at;

	for (at = strstr(path, unit); at; at = strstr(at + 1, unit)) {
		if (at > path && at[-1] == '/' && (!at[n] || at[n] == '/'))
			return true;
	}
	return false;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		n--;
	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* In any hierarchy: names of controllers and hierarchies do not matter */
static bool in_cgroup(pid_t process, const struct plan_server *s)
{
	char *text = read_of(process, "cgroup"), *line, *save;
	bool found = false;

	if (!text)
		return false;
	for (line = strtok_r(text, "\n", &save); line && !found; line = strtok_r(NULL, "\n", &save))
		found = s->by == BY_UNIT ? has_component(path_of(line), s->what) :
					   is_below(path_of(line), s->what);
	free(text);
	return found;
}

/* The name of the program as it was started, or that of the process */
static bool is_command(pid_t process, const struct task_info *task, const char *name)
{
	char *line = read_of(process, "cmdline");
	const char *slash = line ? strrchr(line, '/') : NULL;
	bool same = !strcmp(task->comm, name) ||
		    (line && !strcmp(slash ? slash + 1 : line, name));

	free(line);
	return same;
}

static bool selects(const struct plan_server *s, pid_t process)
{
	struct task_info task;

	task_read(process, &task);
	if (!task.exists || task.kthread || process == getpid() ||
	    (s->user[0] && task.euid != s->uid))
		return false;
	return s->by == BY_COMMAND ? is_command(process, &task, s->what) : in_cgroup(process, s);
}

/* Appends the threads of a process that live; false without memory */
static bool append_threads(pid_t process, pid_t **tids, int *count)
{
	pid_t *more, *threads;
	struct task_info task;
	int i, n = task_threads(process, &threads);

	if (n <= 0)
		return !n;
	more = realloc(*tids, (*count + n) * sizeof(*more));
	if (more)
		*tids = more;
	for (i = 0; i < n && more; i++) {
		task_read(threads[i], &task);
		if (task.exists && !task.ended)
			more[(*count)++] = threads[i];
	}
	free(threads);
	return more;
}

int select_tasks(const struct plan_server *s, pid_t **tids)
{
	pid_t *pids;
	int i, count = 0, n = task_processes(&pids);
	bool good = n >= 0;

	*tids = NULL;
	for (i = 0; i < n && good; i++) {
		if (selects(s, pids[i]))
			good = append_threads(pids[i], tids, &count);
	}
	free(pids);
	if (good)
		return count;
	free(*tids);
	*tids = NULL;
	return -1;
}

bool service_of(pid_t process, char *unit, size_t size)
{
	char *text = read_of(process, "cgroup"), *line, *save, *slash, *end;
	bool found = false;

	if (!text)
		return false;
	for (line = strtok_r(text, "\n", &save); line && !found; line = strtok_r(NULL, "\n", &save)) {
		end = strstr(line, ".service");
		if (!end || (end[8] && end[8] != '/'))
			continue;
		end[8] = '\0';
		slash = strrchr(line, '/');
		found = slash && (size_t)snprintf(unit, size, "%s", slash + 1) < size;
	}
	free(text);
	return found;
}
