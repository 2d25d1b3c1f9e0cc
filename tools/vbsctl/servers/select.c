// SPDX-License-Identifier: GPL-2.0
/*
 * Finds tasks by their unit, cgroup or command.  A unit is a component of a process's
 * path in the hierarchy of systemd, or in the only one; kernel threads are in no plan.
 * Root acts on what is found, so nothing counts that a user may choose: names of his
 * programs, units of his own manager, cgroups below what he has been given.
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

/* "1:name=systemd:/a/b", or "0::/a/b" */
static bool is_systemds(const char *line)
{
	const char *colon = strchr(line, ':');

	return colon && (!strncmp(colon, "::", 2) || !strncmp(colon, ":name=systemd:", 14));
}

static bool ends_in(const char *at, size_t n, const char *end)
{
	return n > strlen(end) && !strncmp(at + n - strlen(end), end, strlen(end));
}

/*
 * The unit in a path of which a manager has made the beginning: it has only slices
 * above it.  Below it are cgroups of whose the unit is, who may call them anything.
 */
static const char *unit_in(const char *path, size_t *n)
{
	for (; *path == '/'; path += *n) {
		*n = strcspn(++path, "/");
		if (!ends_in(path, *n, ".slice"))
			return path;
	}
	*n = 0;
	return path;
}

/* The unit, or a slice above it */
static bool has_unit(const char *path, const char *unit)
{
	size_t n, wanted = strlen(unit);

	for (; *path == '/'; path += n) {
		n = strcspn(++path, "/");
		if (n == wanted && !strncmp(path, unit, n))
			return true;
		if (!ends_in(path, n, ".slice"))
			return false;
	}
	return false;
}

/* What the manager of a user has made of it, and whose that is; NULL if none has */
static const char *in_users_manager(const char *path, uint32_t *uid)
{
	unsigned int number;
	size_t n;
	const char *unit = unit_in(path, &n);
	int used = 0;

	if (sscanf(unit, "user@%u.service%n", &number, &used) != 1 || (size_t)used != n)
		return NULL;
	*uid = number;
	return unit + n;
}

/* One of the system's, or of the user that the plan names */
static bool in_unit(const char *path, const struct plan_server *s)
{
	const char *rest;
	uint32_t uid;

	if (has_unit(path, s->what))
		return true;
	rest = s->user[0] ? in_users_manager(path, &uid) : NULL;
	return rest && (!strcmp(s->user, "*") || s->uid == uid) && has_unit(rest, s->what);
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		n--;
	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* A cgroup may be in any hierarchy: names of controllers and hierarchies do not matter */
static bool in_cgroup(pid_t process, const struct plan_server *s)
{
	char *text = read_of(process, "cgroup"), *line, *save;
	bool found = false;

	if (!text)
		return false;
	for (line = strtok_r(text, "\n", &save); line && !found; line = strtok_r(NULL, "\n", &save))
		found = s->by == BY_UNIT ? is_systemds(line) && in_unit(path_of(line), s) :
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

/* Who starts a set-user-ID program may call it anything, too */
static bool is_users(const struct plan_server *s, const struct task_info *task)
{
	uint32_t uid;

	return !plan_user(s, &uid) || (task->euid == uid && (s->by != BY_COMMAND || task->uid == uid));
}

static bool selects(const struct plan_server *s, pid_t process)
{
	struct task_info task;

	task_read(process, &task);
	if (!task.exists || task.kthread || process == getpid() || !is_users(s, &task))
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

/* "" or the service; *@of_user: of the manager of that user, and not of the system's */
static bool service_in(const char *path, uint32_t uid, char *unit, size_t size, bool *of_user)
{
	uint32_t manager;
	const char *rest = in_users_manager(path, &manager), *at;
	size_t n;

	*of_user = rest;
	at = unit_in(rest ? rest : path, &n);
	return (!rest || manager == uid) && ends_in(at, n, ".service") &&
	       (size_t)snprintf(unit, size, "%.*s", (int)n, at) < size;
}

bool service_of(pid_t process, uint32_t uid, char *unit, size_t size, bool *of_user)
{
	char *text = read_of(process, "cgroup"), *line, *save;
	bool found = false;

	if (!text)
		return false;
	for (line = strtok_r(text, "\n", &save); line && !found; line = strtok_r(NULL, "\n", &save))
		found = is_systemds(line) && service_in(path_of(line), uid, unit, size, of_user);
	free(text);
	return found;
}
