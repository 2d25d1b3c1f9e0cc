// SPDX-License-Identifier: GPL-2.0
/* vbsctl irq join: the threads of lines and of network devices into servers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irq/irq.h"
#include "servers/act.h"
#include "servers/enter.h"
#include "servers/one.h"
#include "show/target.h"
#include "vbs/room.h"

/* What one operand has changed, to be put back if the rest of it fails */
struct changes {
	const struct irq_threads *threads;
	struct cpumask line_cpus;
	bool moved_line;
	int moved, joined;		/* of the threads, from the first on */
	struct vbs_sched_attr *was;	/* what each of those that have joined was before */
};

static bool in_server(pid_t tid)
{
	struct vbs_sched_attr attr;

	return !vbs_getattr(tid, &attr) && attr.sched_policy == SCHED_VBS;
}

/* ---- where it runs ---- */

static int line_refused(const struct irq_thread *t, int err)
{
	if (err == EACCES || err == EPERM)
		return failure(VC_PERM, "cannot say where interrupt %d comes: that takes root", t->line);
	return failure(VC_FAIL, "cannot say where interrupt %d comes: %s; the kernel or its controller does not let this one be moved, so leave --cpu out",
		       t->line, strerror(err));
}

static int move_line(struct changes *c, const struct request *req)
{
	const struct irq_thread *first = &c->threads->thread[0];
	int err;

	if (first->line < 0)
		return VC_OK;
	err = irq_affinity_get(first->line, &c->line_cpus);
	if (!err)
		err = irq_affinity_set(first->line, &req->cpus);
	c->moved_line = !err;
	return err ? line_refused(first, err) : VC_OK;
}

static int move_threads(struct changes *c, const struct request *req)
{
	int err;

	while (c->moved < c->threads->count) {
		const struct irq_thread *t = &c->threads->thread[c->moved];

		err = irq_thread_set_cpus(t->tid, &req->cpus);
		if (err)
			return failure(err == EPERM ? VC_PERM : VC_FAIL, "cannot put %d (%s) on that CPU: %s",
				       (int)t->tid, t->comm, strerror(err));
		c->moved++;
	}
	return VC_OK;
}

static int move(struct changes *c, const struct request *req)
{
	int code = req->has_cpus ? move_line(c, req) : VC_OK;

	return code || !req->has_cpus ? code : move_threads(c, req);
}

/* ---- into the server ---- */

static int join_leader(const struct irq_thread *t, pid_t leader)
{
	struct vbs_sched_attr before;
	int err = vbs_getattr(t->tid, &before);

	if (!err)
		err = one_joins(t->tid, leader, &before);
	return err ? one_refused(OP_JOIN, err, t->tid, leader, &before) : VC_OK;
}

/* The first makes the server, and the others join it */
static int enter(struct changes *c, const struct request *req)
{
	pid_t leader = req->leader;
	int code = VC_OK;

	c->was = calloc(c->threads->count, sizeof(*c->was));
	if (!c->was)
		return failure(VC_FAIL, "out of memory");
	while (!code && c->joined < c->threads->count) {
		const struct irq_thread *t = &c->threads->thread[c->joined];

		vbs_getattr(t->tid, &c->was[c->joined]);
		code = leader ? join_leader(t, leader) : admit_task(t->tid, req);
		if (!leader)
			leader = t->tid;
		c->joined += !code;
	}
	return code;
}

static void put_back(const struct changes *c)
{
	int i;

	for (i = 0; i < c->joined; i++)
		one_put_back(c->threads->thread[i].tid, &c->was[i]);
	for (i = 0; i < c->moved; i++)
		irq_thread_set_cpus(c->threads->thread[i].tid, &c->threads->thread[i].allowed);
	if (c->moved_line)
		irq_affinity_set(c->threads->thread[0].line, &c->line_cpus);
}

/* ---- one operand ---- */

static int guarded(const struct irq_threads *some, const struct request *req)
{
	const char *why = req->force ? NULL : irq_guard(some->thread[0].line);

	return why ? failure(VC_FAIL, "interrupt %d is %s: a server that is too small for it would stop the machine; --force puts it into one all the same",
			     some->thread[0].line, why) : VC_OK;
}

static int in_one_already(const struct irq_threads *some)
{
	int i;

	for (i = 0; i < some->count; i++) {
		const struct irq_thread *t = &some->thread[i];

		if (in_server(t->tid))
			return failure(VC_FAIL, "%s: its thread %d (%s) is in a server already; 'vbsctl switch %d' changes that, 'vbsctl irq leave' takes it out",
				       irq_name(t).s, (int)t->tid, t->comm, (int)t->tid);
	}
	return VC_OK;
}

static void show(const struct irq_threads *some, struct json_object *out)
{
	int i;

	for (i = 0; i < some->count; i++)
		act_show(some->thread[i].tid, out);
}

static int join(const struct irq_threads *some, const struct request *req, struct json_object *out)
{
	struct changes c = { .threads = some };
	int code = guarded(some, req);

	if (!code)
		code = in_one_already(some);
	if (code)
		return code;
	if (req->dry_run)
		return req->leader ? VC_OK : admit_dry_run(some->thread[0].tid, req);
	code = move(&c, req);
	if (!code)
		code = enter(&c, req);
	if (code)
		put_back(&c);
	else if (out || req->verbose)
		show(some, out);
	free(c.was);
	return code;
}

static int join_all(const struct command *cmd, int argc, char **argv, const struct request *req)
{
	struct json_object *out = req->json && !req->dry_run ? json_object_new_array() : NULL;
	struct irq_threads all, some;
	int i, code, first = irq_threads_read(&all);

	for (i = 0; i < argc; i++) {
		code = irq_target(cmd, &all, argv[i], &some);
		if (!code)
			code = join(&some, req, out);
		first = first ? first : code;
	}
	irq_threads_free(&all);
	if (out)
		json_print(json_list("tasks", out));
	return first;
}

/* ---- the command ---- */

static int check_request(const struct command *cmd, struct request *req, int operands)
{
	if (!operands)
		return usage_error(cmd, "which interrupt or network device?");
	if (req->name && operands > 1)
		return usage_error(cmd, "--name names one server: give one interrupt or device");
	if (req->has_cpus && cpumask_weight(&req->cpus) != 1)
		return usage_error(cmd, "--cpu: one CPU, as a server is on one");
	if (!req->leader_text)
		return request_complete(cmd, req);
	if (req->has_res || req->cap || req->name)
		return usage_error(cmd, "--leader joins a server that has a resource and a cap: leave --res, --cap and --name out");
	return target_member(cmd, req->leader_text, &req->leader);
}

static int join_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "res", required_argument, NULL, 'r' },
		{ "cap", required_argument, NULL, 'c' },
		{ "leader", required_argument, NULL, 'L' },
		{ "cpu", required_argument, NULL, 'C' },
		{ "force", no_argument, NULL, 'E' },
		NEW_OPTIONS, PRINT_OPTIONS, { 0 }
	};
	struct request req;
	int ret = request_parse(cmd, argc, argv, "vjh", options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	ret = check_request(cmd, &req, argc - optind);
	return ret ? ret : join_all(cmd, argc - optind, argv + optind, &req);
}

const struct command irq_join = {
	.name = "irq join",
	.summary = "put the threads of an interrupt or a network device into a server",
	.help =
	"Usage: vbsctl irq join [OPTION]... IRQ|DEV[:QUEUE]...\n\n"
	"  --res BUDGET/PERIOD  budget in every period, as in 1ms/10ms\n"
	"  --cap BANDWIDTH      cap, as in 10%; without it BUDGET/PERIOD\n"
	"  --leader PID         the server of that task instead: whose the work is, pays\n"
	"  --cpu N              first make the interrupt come, and its threads run, there\n"
	"  --name NAME          a name for the server\n"
	"  --force              also the line of a timer, of the console or of the disk of /\n"
	"  --dry-run            only say if it would fit now, and where\n"
	"  -v, --verbose        print the server\n"
	"  -j, --json           the same as JSON\n\n"
	"All threads of one operand share one server.  Without budget they stop between two\n"
	"pieces of work, and the device waits.  It takes CAP_SYS_NICE (root).\n\n"
	"  vbsctl irq join eth0 --res 1ms/10ms --cpu 0\n"
	"  vbsctl irq join 24 --res 500us/5ms --name disk\n"
	"  vbsctl irq join eth0:1 --leader $(pidof -s mixer)\n",
	.run = join_main,
};
