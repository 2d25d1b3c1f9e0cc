// SPDX-License-Identifier: GPL-2.0
/* The processes of a measurement: each waits at a gate until it is in its server. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "servers/children.h"
#include "servers/enter.h"

#define CHILDREN_MAX	64

static pid_t children[CHILDREN_MAX];
static int started;

static void child_main(const struct child *child, int gate)
{
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (read(gate, &c, 1) == 1)
		child->play(child->arg);
	_exit(0);
}

static int bind_to(pid_t pid, int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return VC_OK;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (!sched_setaffinity(pid, sizeof(set), &set))
		return VC_OK;
	return failure(VC_FAIL, "CPU %d: %s", cpu,
		       errno == EINVAL ? "it is not online, or not in the cpuset of this task" :
					 strerror(errno));
}

static int enter(const struct child *child)
{
	struct request req = {
		.res = child->res, .cap = child->cap, .align = child->align, .command = child->name,
	};
	int code = bind_to(child->pid, child->cpu);

	return code || !child->res.period ? code : admit_task(child->pid, &req);
}

int child_start(struct child *child)
{
	int gate[2], code;

	if (started == CHILDREN_MAX || pipe(gate))
		return failure(VC_FAIL, "cannot start the %s: %s", child->name, strerror(errno));
	child->pid = fork();
	if (!child->pid) {
		close(gate[1]);
		child_main(child, gate[0]);
	}
	close(gate[0]);
	if (child->pid < 0) {
		close(gate[1]);
		return failure(VC_FAIL, "cannot start the %s: %s", child->name, strerror(errno));
	}
	children[started++] = child->pid;
	code = enter(child);
	if (!code && write(gate[1], "", 1) != 1)
		code = failure(VC_FAIL, "the %s has gone", child->name);
	close(gate[1]);
	return code;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void child_end(struct child *child)
{
	int i;

	for (i = 0; i < started && children[i] != child->pid; i++)
		;
	if (i == started)
		return;
	end(child->pid);
	children[i] = children[--started];
}

void children_end(void)
{
	while (started)
		end(children[--started]);
}
