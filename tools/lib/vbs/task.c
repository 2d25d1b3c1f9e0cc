// SPDX-License-Identifier: GPL-2.0
/* Reader of /proc/PID/status and stat. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysfile.h"
#include "vbs/task.h"

#define PF_USER_WORKER	0x00004000	/* of io_uring, vhost */
#define PF_KTHREAD	0x00200000
#define CAP_SYS_NICE	23

static char *task_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return sys_read(path);
}

/* Copies the value of a "Key:\tvalue" line; false if there is none */
static bool status_value(const char *status, const char *key, char *out, size_t size)
{
	const char *at = strstr(status, key);
	size_t n;

	if (!at)
		return false;
	at += strlen(key);
	at += strspn(at, " \t");
	n = strcspn(at, "\n");
	if (n >= size)
		n = size - 1;
	memcpy(out, at, n);
	out[n] = 0;
	return true;
}

static void read_status(const char *status, struct task_info *task)
{
	char line[4096];
	unsigned int uid, euid, process;

	status_value(status, "Name:", task->comm, sizeof(task->comm));
	if (status_value(status, "\nUid:", line, sizeof(line)) &&
	    sscanf(line, "%u %u", &uid, &euid) == 2) {
		task->uid = uid;
		task->euid = euid;
	}
	if (status_value(status, "\nTgid:", line, sizeof(line)) && sscanf(line, "%u", &process) == 1)
		task->process = process;
	if (status_value(status, "\nCpus_allowed_list:", line, sizeof(line)) &&
	    parse_cpus(line, &task->allowed))
		memset(&task->allowed, 0, sizeof(task->allowed));
}

/* State and flags are the first and seventh word after the command, which may hold anything */
static void read_stat(const char *stat, struct task_info *task)
{
	const char *at = strrchr(stat, ')');
	unsigned long flags;
	char state;

	if (!at || sscanf(at + 1, " %c %*d %*d %*d %*d %*d %lu", &state, &flags) != 2)
		return;
	task->ended = state == 'Z' || state == 'X';
	task->kthread = flags & (PF_KTHREAD | PF_USER_WORKER);
	task->device = flags & PF_KTHREAD &&
		(!strncmp(task->comm, "irq/", 4) || !strncmp(task->comm, "napi/", 5));
}

void task_read(pid_t pid, struct task_info *task)
{
	char *status = task_file(pid, "status"), *stat = task_file(pid, "stat");

	memset(task, 0, sizeof(*task));
	task->exists = status;
	if (status)
		read_status(status, task);
	if (stat)
		read_stat(stat, task);
	free(status);
	free(stat);
}

static int append(pid_t **ids, int *count, pid_t id)
{
	pid_t *more = *ids;

	if (!(*count & (*count - 1)))	/* a power of two, or 0: full */
		more = realloc(*ids, (*count ? *count * 2 : 1) * sizeof(**ids));
	if (!more)
		return -1;
	*ids = more;
	more[(*count)++] = id;
	return 0;
}

uint32_t task_user(const struct task_info *task)
{
	return task->uid ? task->uid : task->euid;
}

/* The entries of a directory that are numbers */
static int read_ids(const char *path, pid_t **ids)
{
	DIR *dir = opendir(sys_path(path));
	struct dirent *d;
	int count = 0;

	*ids = NULL;
	if (!dir)
		return errno == ENOENT ? 0 : -1;
	while ((d = readdir(dir))) {
		pid_t id = atoi(d->d_name);

		if (id > 0 && append(ids, &count, id)) {
			free(*ids);
			count = -1;
			break;
		}
	}
	closedir(dir);
	return count;
}

int task_threads(pid_t process, pid_t **tids)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
	return read_ids(path, tids);
}

static void narrow(struct cpumask *common, const struct cpumask *allowed)
{
	size_t i;

	for (i = 0; common && i < sizeof(common->word) / sizeof(common->word[0]); i++)
		common->word[i] &= allowed->word[i];
}

pid_t task_most_bound(const pid_t *tids, int count, struct cpumask *common)
{
	int i, cpus, least = CPUMASK_BITS + 1;
	struct task_info task;
	pid_t found = 0;

	if (common)
		memset(common, 0xff, sizeof(*common));
	for (i = 0; i < count; i++) {
		task_read(tids[i], &task);
		if (!task.exists || task.ended)
			continue;
		narrow(common, &task.allowed);
		cpus = cpumask_weight(&task.allowed);
		if (cpus < least) {
			least = cpus;
			found = tids[i];
		}
	}
	return found;
}

int task_processes(pid_t **pids)
{
	return read_ids("/proc", pids);
}

bool have_cap_sys_nice(void)
{
	char *status = sys_read("/proc/self/status"), caps[32];
	bool has = false;

	if (status && status_value(status, "\nCapEff:", caps, sizeof(caps)))
		has = strtoull(caps, NULL, 16) >> CAP_SYS_NICE & 1;
	free(status);
	return has;
}
