// SPDX-License-Identifier: GPL-2.0
/*
 * From errno to a cause.  The kernel gives one number for several causes; what
 * it compared is in /proc/vbs, in the task's affinity mask and in the call, so
 * the comparison is made again here.  In between the world may have changed:
 * then say that, rather than something that is not true.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "command.h"
#include "servers/explain.h"

static const char *verb(enum vbs_op op)
{
	static const char *const verbs[] = {
		[OP_ADMIT] = "admit", [OP_JOIN] = "join",
		[OP_SWITCH] = "switch", [OP_MOVE] = "move", [OP_LEAVE] = "take out",
	};

	return verbs[op];
}

static int no_vbs(const struct refusal *r, char *buf, size_t size)
{
	snprintf(buf, size, "this kernel has no SCHED_VBS: %s",
		 r->policy_known ? "there is no /proc/vbs" :
		 "it does not know scheduling policy 8");
	return VC_NOVBS;
}

static int no_process(const struct refusal *r, char *buf, size_t size)
{
	if (r->task && r->task->ended)
		snprintf(buf, size, "%d (%s) has ended, and only waits for its parent to collect it",
			 (int)r->pid, r->task->comm);
	else if (r->op == OP_JOIN && r->task && r->task->exists)
		snprintf(buf, size, "there is no process or thread %d, whose server %d was to join",
			 r->asked->sched_vbs_leader, (int)r->pid);
	else
		snprintf(buf, size, "there is no process or thread %d", (int)r->pid);
	return VC_NOPROC;
}

static void invalid(const struct refusal *r, char *buf, size_t size)
{
	if (r->task && r->task->kthread && !r->task->device)
		snprintf(buf, size, "%d (%s) is a thread of the kernel, which never returns to user mode: it could not be throttled",
			 (int)r->pid, r->task->comm);
	else if (explain_join(r, buf, size) || explain_limits(r, buf, size))
		return;
	else
		snprintf(buf, size, "the kernel calls the parameters invalid, yet they are within every limit that /proc/vbs shows now (limits may have changed meanwhile; the tracepoint sched:sched_vbs_reject has the reason)");
}

static int unexpected(const struct refusal *r, char *buf, size_t size)
{
	snprintf(buf, size, "sched_setattr failed in a way that SCHED_VBS does not document: %s (errno %d)",
		 strerror(r->err), r->err);
	return VC_FAIL;
}

static int cause(const struct refusal *r, char *buf, size_t size)
{
	switch (r->err) {
	case ESRCH:
		return no_process(r, buf, size);
	case EPERM:
		explain_perm(r, buf, size);
		return VC_PERM;
	case EBUSY:
		explain_busy(r, buf, size);
		return VC_BUSY;
	case ERANGE:
		explain_range(r, buf, size);
		return VC_FAIL;
	case EINVAL:
		invalid(r, buf, size);
		return VC_FAIL;
	case ENOMEM:
		snprintf(buf, size, "the kernel has no memory for one more server");
		return VC_FAIL;
	default:
		return unexpected(r, buf, size);
	}
}

struct who who_is(pid_t pid, const struct vbs_server *s)
{
	struct who who;

	if (s && s->name[0])
		snprintf(who.s, sizeof(who.s), "%d of '%s'", (int)pid, s->name);
	else
		snprintf(who.s, sizeof(who.s), "%d", (int)pid);
	return who;
}

int explain(const struct refusal *r, char *buf, size_t size)
{
	int used;

	if (r->err != ESRCH && (!r->policy_known || (!r->vbs && r->err != EPERM)))
		return no_vbs(r, buf, size);
	used = r->command ? snprintf(buf, size, "cannot run '%.256s': ", r->command) :
			    snprintf(buf, size, "cannot %s %s: ", verb(r->op), who_is(r->pid, r->server).s);
	return cause(r, buf + used, size - used);
}
