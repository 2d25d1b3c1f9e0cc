// SPDX-License-Identifier: GPL-2.0
/* vbsctl irq leave: back to what the kernel makes them. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>

#include "irq/irq.h"
#include "servers/act.h"
#include "servers/one.h"

static int make_ordinary(const struct irq_thread *t)
{
	struct vbs_sched_attr attr = {
		.sched_policy = t->line >= 0 ? SCHED_FIFO : SCHED_OTHER,
		.sched_priority = t->line >= 0 ? IRQ_FIFO : 0,
	};

	return vbs_setattr(t->tid, &attr);
}

static int leave_one(const struct irq_thread *t)
{
	struct vbs_sched_attr before;
	int err = vbs_getattr(t->tid, &before);

	if (err || before.sched_policy != SCHED_VBS)
		return not_in_a_server(OP_LEAVE, t->tid, err);
	err = make_ordinary(t);
	return err ? one_refused(OP_LEAVE, err, t->tid, 0, &before) : VC_OK;
}

/* All that can, and the first error */
static int leave(const struct irq_threads *some, const struct request *req, struct json_object *out)
{
	int i, code, first = VC_OK;

	for (i = 0; i < some->count; i++) {
		code = leave_one(&some->thread[i]);
		if (!code && (out || req->verbose))
			act_show(some->thread[i].tid, out);
		first = first ? first : code;
	}
	return first;
}

static int leave_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = { PRINT_OPTIONS, { 0 } };
	struct irq_threads all, some;
	struct json_object *out;
	struct request req;
	int i, code, first, ret = request_parse(cmd, argc, argv, "vjh", options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (optind == argc)
		return usage_error(cmd, "which interrupt or network device?");
	out = req.json ? json_object_new_array() : NULL;
	first = irq_threads_read(&all);
	for (i = optind; i < argc; i++) {
		code = irq_target(cmd, &all, argv[i], &some);
		if (!code)
			code = leave(&some, &req, out);
		first = first ? first : code;
	}
	irq_threads_free(&all);
	if (out)
		json_print(json_list("tasks", out));
	return first;
}

const struct command irq_leave = {
	.name = "irq leave",
	.summary = "take them out of their servers",
	.help =
	"Usage: vbsctl irq leave [OPTION]... IRQ|DEV[:QUEUE]...\n\n"
	"  -v, --verbose        say so\n"
	"  -j, --json           the same as JSON\n\n"
	"Threads of interrupts become SCHED_FIFO 50 again and those of network queues\n"
	"SCHED_OTHER, as the kernel makes them.  Where they may run stays as it is.\n\n"
	"  vbsctl irq leave eth0\n",
	.run = leave_main,
};
