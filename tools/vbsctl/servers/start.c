// SPDX-License-Identifier: GPL-2.0
/* The two steps of vbsctl run: a task into its server, and the command. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "servers/enter.h"
#include "servers/one.h"
#include "servers/start.h"
#include "vbs/task.h"

static int set_affinity(pid_t pid, const struct request *req)
{
	char cpus[256];

	if (!req->has_cpus)
		return 0;
	if (!sched_setaffinity(pid, sizeof(req->cpus), (const cpu_set_t *)&req->cpus))
		return 0;
	fmt_cpus(&req->cpus, cpus, sizeof(cpus));
	if (errno == EINVAL)
		return failure(VC_FAIL, "CPU %s: none of them is online and in the cpuset of this task",
			    cpus);
	return failure(VC_FAIL, "cannot set the affinity to CPU %s: %s", cpus, strerror(errno));
}

/* A shell in a server starts its commands in there */
static int leave_first(pid_t pid, const struct request *req)
{
	struct vbs_sched_attr before;
	int err;

	if (vbs_getattr(pid, &before) || before.sched_policy != SCHED_VBS)
		return 0;
	if (!have_cap_sys_nice())
		return failure(VC_PERM, "cannot run '%s' in a server of its own, which needs CAP_SYS_NICE (root); vbsctl is in the server of %d, where the command is too if it is started without vbsctl",
			       req->command, before.sched_vbs_leader);
	err = one_leaves(pid, &before);
	return err ? one_refused(OP_LEAVE, err, pid, 0, &before) : 0;
}

int run_admit(pid_t pid, const struct request *req)
{
	int ret = set_affinity(pid, req);

	if (!ret)
		ret = leave_first(pid, req);
	return ret ? ret : admit_task(pid, req);
}

int run_dry(const struct request *req)
{
	int ret = set_affinity(getpid(), req);

	return ret ? ret : admit_dry_run(getpid(), req);
}

int run_exec(char **argv)
{
	int err;

	execvp(argv[0], argv);
	err = errno;
	if (err == ENOENT)
		return failure(VC_NOTFOUND, "there is no command '%s'", argv[0]);
	return failure(VC_NOEXEC, "cannot run '%s': %s", argv[0], strerror(err));
}
