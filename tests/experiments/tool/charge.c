// SPDX-License-Identifier: GPL-2.0
/*
 * What nobody is charged for: beside a hog that leaves its CPU no idle time, the time
 * that passes less what all tasks have run. Kernel threads, which belong to no machine,
 * apart.  The machine has one CPU.  Tasks that end meanwhile count as
 * nobody's, so none may.
 */
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tool.h"

#define TASKS	4096

struct tasks {
	uint64_t at;
	unsigned int n;
	struct { int tid; bool kernel; uint64_t ran; } task[TASKS];
};

/* Kernel threads have no memory of their own, and an empty command line as zombies do */
static bool of_kernel(int pid)
{
	char path[64], c;
	FILE *f;
	int got;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	f = fopen(path, "r");
	got = f ? fread(&c, 1, 1, f) : 0;
	if (f)
		fclose(f);
	return !got;
}

static void one_task(struct tasks *t, int pid, int tid, bool kernel)
{
	char path[96];
	uint64_t ran;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	f = fopen(path, "r");
	if (!f)
		return;
	if (fscanf(f, "%ju", (uintmax_t *)&ran) == 1 && t->n < TASKS) {
		t->task[t->n].tid = tid;
		t->task[t->n].kernel = kernel;
		t->task[t->n++].ran = ran;
	}
	fclose(f);
}

static void one_process(struct tasks *t, int pid)
{
	bool kernel = of_kernel(pid);
	struct dirent *e;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (atoi(e->d_name) > 0)
			one_task(t, pid, atoi(e->d_name), kernel);
	if (d)
		closedir(d);
}

static void look(struct tasks *t)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	t->n = 0;
	t->at = now_ns();
	while (d && (e = readdir(d)))
		if (atoi(e->d_name) > 0)
			one_process(t, atoi(e->d_name));
	if (d)
		closedir(d);
}

static uint64_t ran_before(const struct tasks *t, int tid)
{
	for (unsigned int i = 0; i < t->n; i++)
		if (t->task[i].tid == tid)
			return t->task[i].ran;
	return 0;
}

static pid_t hog(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;)
		;
}

int charge(int argc, char **argv)
{
	static struct tasks before, after;
	uint64_t user = 0, kernel = 0, span;
	pid_t pid;

	(void)argc;
	if (sysconf(_SC_NPROCESSORS_ONLN) != 1)
		fatal("takes a machine with one CPU");
	pid = hog();
	usleep(100000);
	look(&before);
	sleep(number(argv[0]));
	look(&after);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	span = after.at - before.at;
	for (unsigned int i = 0; i < after.n; i++) {
		uint64_t ran = after.task[i].ran - ran_before(&before, after.task[i].tid);

		if (after.task[i].kernel)
			kernel += ran;
		else
			user += ran;
	}
	printf("span=%ju tasks=%ju kthreads=%ju nobody=%jd\n", (uintmax_t)span, (uintmax_t)user,
	       (uintmax_t)kernel, (intmax_t)(span - user - kernel));
	return 0;
}
