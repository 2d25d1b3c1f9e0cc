// SPDX-License-Identifier: GPL-2.0
/* Policies, by one call for all of them */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"

#define POLICY_DEADLINE	6

const char *const class_name[] = {
	"OTHER", "FIFO", "DEADLINE", "VBS", "VBS+ALIGN"
};

static const unsigned int policy[] = {
	SCHED_OTHER, SCHED_FIFO, POLICY_DEADLINE, SCHED_VBS, SCHED_VBS
};

int class_named(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(class_name); i++)
		if (!strcmp(name, class_name[i]))
			return i;
	fatal("no class %s: want OTHER, FIFO, DEADLINE, VBS or VBS+ALIGN", name);
}

/* Kernels without SCHED_VBS take the size that they know */
static int set_attr(pid_t tid, struct vbs_sched_attr *attr)
{
	attr->size = attr->sched_policy == SCHED_VBS ? sizeof(*attr) : 48;
	return syscall(SYS_sched_setattr, tid, attr, 0) ? -errno : 0;
}

int class_try(pid_t tid, enum class class, const struct rank *rank)
{
	struct vbs_sched_attr attr = { .sched_policy = policy[class] };

	if (class == ALIGNED)
		attr.sched_flags = SCHED_FLAG_VBS_ALIGN;
	if (class == FIFO) {
		attr.sched_priority = rank->priority;
	} else if (class != OTHER) {
		attr.sched_runtime = rank->runtime;
		attr.sched_deadline = rank->period;
		attr.sched_period = rank->period;
	}
	return set_attr(tid, &attr);
}

void class_set(pid_t tid, enum class class, const struct rank *rank)
{
	int ret = class_try(tid, class, rank);

	if (ret)
		fatal("sched_setattr to SCHED_%s: %s", class_name[class],
		      strerror(-ret));
}

int class_join(pid_t tid, pid_t leader)
{
	struct vbs_sched_attr attr = {
		.sched_policy = SCHED_VBS,
		.sched_flags = SCHED_FLAG_VBS_JOIN,
		.sched_vbs_leader = leader,
	};

	return set_attr(tid, &attr);
}
