// SPDX-License-Identifier: GPL-2.0
/* vbsctl move: a server to another CPU, by prctl(PR_VBS_MOVE). */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/format.h"
#include "base/parse.h"
#include "commands.h"
#include "options.h"
#include "servers/act.h"
#include "show/target.h"
#include "vbs/room.h"

struct wanted {
	uint64_t within, cpu;
	bool has_cpu, relax, verbose;
};

static int move_to(pid_t pid, const struct wanted *w)
{
	unsigned long how = w->relax ? VBS_MOVE_RELAX : VBS_MOVE_STRICT;

	return prctl(PR_VBS_MOVE, pid, w->cpu, how, w->within) ? errno : 0;
}

static int set_mask(pid_t pid, const struct cpumask *mask)
{
	return sched_setaffinity(pid, sizeof(*mask), (const cpu_set_t *)mask) ? errno : 0;
}

/* The CPU joins the mask first; who may run on one alone may run on the new one alone then */
static int move_with_mask(pid_t pid, const struct wanted *w, const struct cpumask *before)
{
	struct cpumask wide = *before, alone = { 0 };
	int err;

	cpumask_set(&wide, w->cpu);
	cpumask_set(&alone, w->cpu);
	err = cpumask_test(before, w->cpu) ? 0 : set_mask(pid, &wide);
	if (err)
		return err;
	err = move_to(pid, w);
	if (err && !cpumask_test(before, w->cpu))
		set_mask(pid, before);
	else if (!err && cpumask_weight(before) == 1)
		err = set_mask(pid, &alone);
	return err;
}

static int too_late(pid_t pid, const struct wanted *w, const struct vbs_server *s)
{
	if (w->within)
		return failure(VC_FAIL, "cannot move %s without a loss: within %s there was no instant at which it had no budget left and its next release was far enough away; it is where it was",
			       who_is(pid, s).s, fmt_time(w->within).s);
	return failure(VC_FAIL, "cannot move %s without a loss: its next release is closer than a move takes; --within TIME waits for a later one",
		       who_is(pid, s).s);
}

static int has_budget(pid_t pid, const struct wanted *w, const struct vbs_server *s)
{
	if (w->within)
		return too_late(pid, w, s);
	return failure(VC_FAIL, "cannot move %s without a loss: it may have budget left, of which up to %s would be lost; --within TIME waits for its end, --relax takes the loss",
		       who_is(pid, s).s, fmt_time(s->runtime).s);
}

static int no_room(pid_t pid, const struct wanted *w, const struct vbs_snapshot *snap,
		   const struct vbs_server *s)
{
	const struct vbs_cpu *cpu = vbs_find_cpu(snap, w->cpu);

	if (cpu && cpu->spare < s->cap)
		return failure(VC_BUSY, "cannot move %s: it needs %s of a CPU, and CPU %d has %s to spare",
			       who_is(pid, s).s, fmt_bw(s->cap).s, (int)w->cpu, fmt_bw(cpu->spare).s);
	return failure(VC_BUSY, "cannot move %s: a cpuset or a CPU that goes offline is moving it, or its place has been taken meanwhile",
		       who_is(pid, s).s);
}

static int invalid(pid_t pid, const struct wanted *w, const struct vbs_snapshot *snap,
		   const struct vbs_server *s)
{
	const struct vbs_cpu *cpu = vbs_find_cpu(snap, w->cpu);

	if (!cpu || !cpu->online)
		return failure(VC_FAIL, "cannot move %s: CPU %d is not online", who_is(pid, s).s, (int)w->cpu);
	if (s->members > 1)
		return failure(VC_FAIL, "cannot move %s: its server has %u members, and only one with a single member is moved; a cpuset moves all of them",
			       who_is(pid, s).s, s->members);
	return failure(VC_FAIL, "cannot move %s to CPU %d: that is outside of its cpuset, or this kernel has no PR_VBS_MOVE",
		       who_is(pid, s).s, (int)w->cpu);
}

static int refused(pid_t pid, int err, const struct wanted *w, const struct vbs_snapshot *snap,
		   const struct vbs_server *s)
{
	switch (err) {
	case EAGAIN:
		return has_budget(pid, w, s);
	case ETIME:
		return too_late(pid, w, s);
	case EBUSY:
		return no_room(pid, w, snap, s);
	case EINVAL:
		return invalid(pid, w, snap, s);
	case EPERM:
		return failure(VC_PERM, "cannot move %s: that takes CAP_SYS_NICE (root), or the server's owner",
			       who_is(pid, s).s);
	case ESRCH:
		return failure(VC_NOPROC, "cannot move %d: there is no process or thread %d", (int)pid,
			       (int)pid);
	default:
		return failure(VC_FAIL, "cannot move %s: %s", who_is(pid, s).s, strerror(err));
	}
}

static int move_member(pid_t pid, const struct wanted *w, const struct vbs_snapshot *snap,
		       const struct vbs_server *s)
{
	struct task_info task;
	int err, from = s->cpu;

	task_read(pid, &task);
	err = task.exists ? move_with_mask(pid, w, &task.allowed) : ESRCH;
	if (err)
		return refused(pid, err, w, snap, s);
	if (w->verbose)
		printf("%d: CPU %d to CPU %d, %s\n", (int)pid, from, (int)w->cpu,
		       w->relax ? "relaxed" : "strict");
	return VC_OK;
}

static int move_one(const struct command *cmd, const char *text, const struct wanted *w)
{
	struct vbs_snapshot *snap;
	const struct vbs_server *s;
	struct vbs_sched_attr attr;
	pid_t pid;
	int code = target_member(cmd, text, &pid), err;

	if (code)
		return code;
	err = vbs_getattr(pid, &attr);
	snap = err || attr.sched_policy != SCHED_VBS ? NULL : vbs_snapshot_read();
	if (!snap)
		return not_in_a_server(OP_MOVE, pid, err);
	s = target_server(cmd, snap, text, &code);
	if (s)
		code = move_member(pid, w, snap, s);
	vbs_snapshot_free(snap);
	return code;
}

static const char *take_within(struct wanted *w)
{
	const char *why = parse_time(optarg, &w->within);

	return !why && w->within > VBS_MOVE_WITHIN_MAX ? "more than 2s is not waited for" : why;
}

static const char *take_cpu(struct wanted *w)
{
	w->has_cpu = true;
	return parse_count(optarg, &w->cpu);
}

static int move_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "cpu", required_argument, NULL, 'c' },
		{ "strict", no_argument, NULL, 's' },
		{ "within", required_argument, NULL, 'w' },
		{ "relax", no_argument, NULL, 'r' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct wanted w = { 0 };
	const char *why;
	bool strict = false;
	int c;

	while ((c = getopt_long(argc, argv, "vh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		w.relax |= c == 'r';
		strict |= c == 's';
		w.verbose |= c == 'v';
		why = c == 'c' ? take_cpu(&w) : c == 'w' ? take_within(&w) : NULL;
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (!w.has_cpu || w.cpu >= CPUMASK_BITS)
		return usage_error(cmd, "--cpu is missing: one number, of the CPU that it is to go to");
	if (w.relax && (strict || w.within))
		return usage_error(cmd, "--relax moves at once; --strict and --within wait for an instant without a loss");
	if (optind != argc - 1)
		return usage_error(cmd, "give one process or thread, as in 4242");
	return move_one(cmd, argv[optind], &w);
}

const struct command cmd_move = {
	.name = "move",
	.summary = "take a server to another CPU",
	.help =
	"Usage: vbsctl move --cpu N [OPTION]... PID|id:N|NAME\n\n"
	"  --cpu N              where to; it is added to the affinity mask, or replaces the\n"
	"                       only CPU in there\n"
	"  --strict             only if the server loses nothing by it (without --relax, too)\n"
	"  --within TIME        wait for that so long, up to 2s\n"
	"  --relax              at once: up to a budget is lost\n"
	"  -v, --verbose        say so\n\n"
	"The server has one member.  The CPU that it leaves stays booked until it has paid\n"
	"for what it has had.  'vbsctl analyze --res B/P --move' has the bounds.\n\n"
	"  vbsctl move --cpu 1 --within 20ms 4242\n",
	.run = move_main,
};
