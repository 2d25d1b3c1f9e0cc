// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl apply: makes it so that each server of a file is there, with its parameters
 * and its tasks.  What is so already is left alone; nothing that the file does not speak
 * of is touched.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "commands.h"
#include "json_out.h"
#include "options.h"
#include "servers/enter.h"
#include "servers/one.h"
#include "servers/select.h"
#include "show/snapshot.h"
#include "vbs/proc.h"
#include "vbs/task.h"

#define PASSES	100

struct job {
	const struct plan_server *want;
	struct vbs_snapshot *snap;
	const struct vbs_server *server;	/* that is there, or NULL */
	pid_t leader;				/* a member of it, or 0 */
	int tasks, joined;
	bool dry, made, switched;
};

static pid_t home_of(pid_t tid)
{
	struct vbs_sched_attr attr;

	if (vbs_getattr(tid, &attr) || attr.sched_policy != SCHED_VBS)
		return 0;
	return attr.sched_vbs_leader;
}

/* By its name; else the server without a name in which one of the tasks is */
static int find_server(struct job *j, const pid_t *tids, int n)
{
	const struct vbs_server *s;
	int i;

	j->snap = vbs_snapshot_read();
	if (!j->snap)
		return vbs_snapshot_error(errno);
	j->server = vbs_find_name(j->snap, j->want->name);
	for (i = 0; i < n && !j->server; i++) {
		s = vbs_find_leader(j->snap, home_of(tids[i]));
		if (s && !s->name[0])
			j->server = s;
	}
	j->leader = j->server ? j->server->leader : 0;
	return VC_OK;
}

static bool differs(const struct job *j)
{
	const struct request *req = &j->want->req;
	const struct vbs_server *s = j->server;

	return s->cap != req->cap || s->runtime != req->res.runtime || s->period != req->res.period ||
	       !!(s->flags & SCHED_FLAG_VBS_ALIGN) != req->align;
}

static int change_server(struct job *j)
{
	struct vbs_sched_attr attr, before;
	int err;

	if (!differs(j))
		return VC_OK;
	j->switched = true;
	if (j->dry)
		return VC_OK;
	request_attr(&j->want->req, &attr);
	if (!vbs_getattr(j->leader, &before)) {
		attr.sched_nice = before.sched_nice;
		attr.sched_flags |= before.sched_flags & VBS_TASK_FLAGS;
	}
	err = vbs_setattr(j->leader, &attr);
	return err ? report_refusal(OP_SWITCH, err, j->leader, NULL, &attr, &before) : VC_OK;
}

static int register_name(struct job *j)
{
	int err;

	if (j->dry || j->server->name[0])
		return VC_OK;
	err = vbs_name_set(j->want->name, j->server->id, j->snap);
	return err ? failure(VC_FAIL, "cannot name server %u '%s': %s", j->server->id,
			     j->want->name, strerror(err)) : VC_OK;
}

static int set_cpus(const struct job *j, pid_t tid)
{
	const struct request *req = &j->want->req;

	if (!req->has_cpus || !sched_setaffinity(tid, sizeof(req->cpus), (const cpu_set_t *)&req->cpus))
		return VC_OK;
	return errno == ESRCH ? VC_OK :
	       failure(VC_FAIL, "cannot set the CPUs of %d: %s", (int)tid, strerror(errno));
}

static int make_server(struct job *j, pid_t first)
{
	struct request req = j->want->req;
	int code;

	j->made = true;
	req.name = j->want->name;
	req.dry_run = j->dry;
	if (j->dry)
		return VC_OK;
	code = set_cpus(j, first);
	if (!code)
		code = admit_task(first, &req);
	if (!code)
		j->leader = first;
	return code;
}

/* One that is not in there yet; who has ended meanwhile is no failure */
static int take_in(struct job *j, pid_t tid, bool *found)
{
	struct vbs_sched_attr before;
	int err, code;

	if (vbs_getattr(tid, &before) ||
	    (before.sched_policy == SCHED_VBS && before.sched_vbs_leader == home_of(j->leader)))
		return VC_OK;
	*found = true;
	j->joined++;
	if (j->dry)
		return VC_OK;
	code = set_cpus(j, tid);
	if (code)
		return code;
	err = one_joins(tid, j->leader, &before);
	if (!err)
		return VC_OK;
	j->joined--;
	return err == ESRCH ? VC_OK : one_refused(OP_JOIN, err, tid, j->leader, &before);
}

static int take_all(struct job *j, const pid_t *tids, int n, bool *found)
{
	int i, code, first = VC_OK;

	*found = false;
	for (i = 0; i < n; i++) {
		if (tids[i] == j->leader || (j->dry && !j->leader && !i))
			continue;
		code = take_in(j, tids[i], found);
		first = first ? first : code;
	}
	return first;
}

/* Threads that are made meanwhile by who is outside are outside, too */
static int gather(struct job *j)
{
	bool found = true;
	int n, pass, code = VC_OK;
	pid_t *tids;

	for (pass = 0; pass < PASSES && found && !code; pass++) {
		n = select_tasks(j->want, &tids);
		j->tasks = n;
		code = take_all(j, tids, n, &found);
		found &= !j->dry;
		free(tids);
	}
	return code;
}

static int change_or_make(struct job *j, const pid_t *tids, int n)
{
	int code = find_server(j, tids, n);

	if (code || (!n && !j->server))
		return code;
	if (!j->server)
		return make_server(j, task_most_bound(tids, n, NULL));
	code = change_server(j);
	return code ? code : register_name(j);
}

static void say(const struct job *j)
{
	const struct request *req = &j->want->req;
	const char *would = j->dry ? "would be " : "";

	printf("%s: ", j->want->name);
	if (!j->tasks && !j->server)
		printf("there is no task of %s '%s'", selector_key(j->want->by), j->want->what);
	else if (!j->made && !j->switched && !j->joined)
		printf("as it is, %d task%s", j->tasks, j->tasks == 1 ? "" : "s");
	else if (j->made || j->switched)
		printf("%s%s %s, cap %s; ", would, j->made ? "made with" : "switched to",
		       fmt_resource(req->res.runtime, req->res.period).s, fmt_bw(req->cap).s);
	if (j->made || j->switched || j->joined)
		printf("%d task%s, %d of them %s", j->tasks, j->tasks == 1 ? "" : "s",
		       j->joined + j->made, j->dry ? "would be new" : "new");
	putchar('\n');
}

static struct json_object *json_job(const struct job *j, int code)
{
	struct json_object *o = json_object_new_object();

	json_str(o, "name", j->want->name);
	json_num(o, "tasks", j->tasks);
	json_num(o, "new_tasks", j->joined + j->made);
	json_flag(o, "made", j->made);
	json_flag(o, "switched", j->switched);
	json_num(o, "status", code);
	return o;
}

static int apply_server(const struct plan_server *want, bool dry, struct json_object *out)
{
	struct job j = { .want = want, .dry = dry };
	pid_t *tids;
	int n = select_tasks(want, &tids), code;

	if (n < 0)
		return failure(VC_FAIL, "out of memory");
	code = change_or_make(&j, tids, n);
	if (!code)
		code = gather(&j);
	if (out)
		json_object_array_add(out, json_job(&j, code));
	else if (!code)
		say(&j);
	free(tids);
	vbs_snapshot_free(j.snap);
	return code;
}

static int apply(const char *file, bool dry, bool json)
{
	struct json_object *out = NULL;
	struct plan plan;
	int i, code, first = plan_read(&plan, file);

	if (first)
		return first;
	if (json)
		out = json_object_new_array();
	for (i = 0; i < plan.servers; i++) {
		code = apply_server(&plan.server[i], dry, out);
		first = first ? first : code;
	}
	if (out)
		json_print(json_list("servers", out));
	plan_free(&plan);
	return first;
}

static int apply_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, 'D' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	bool dry = false, json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		json |= c == 'j';
		dry |= c == 'D';
	}
	if (argc - optind > 1)
		return usage_error(cmd, "'%s': one file is enough", argv[optind + 1]);
	return apply(optind < argc ? argv[optind] : PLAN_FILE, dry, json);
}

const struct command cmd_apply = {
	.name = "apply",
	.summary = "make the servers that a file describes",
	.help =
	"Usage: vbsctl apply [OPTION]... [FILE]\n\n"
	"  --dry-run            only say what would be done\n"
	"  -j, --json           what was done, as JSON\n\n"
	"FILE (" PLAN_FILE ") is JSON; 'vbsctl save' writes one:\n\n"
	"  { \"format\": 1, \"servers\": [\n"
	"    { \"name\": \"audio\", \"res\": \"1ms/5ms\", \"cap\": \"25%\", \"unit\": \"mixer.service\" },\n"
	"    { \"name\": \"arm\", \"res\": \"2ms/10ms\", \"command\": \"controller\", \"cpus\": \"2-3\" } ] }\n\n"
	"All tasks of the unit, of the cgroup (a path) and below, or of the command will be in\n"
	"the server.  What is so already stays; other servers too.  It may be called again and\n"
	"again: vbsctl-apply.timer does that.\n\n"
	"  vbsctl apply --dry-run\n"
	"  vbsctl apply robot.json\n",
	.run = apply_main,
};
