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
#include <unistd.h>

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

/* The server has lost its last member meanwhile: begin again */
#define GONE	(-1)
#define TRIES	10

struct job {
	const struct plan_server *want;
	struct vbs_snapshot *snap;
	const struct vbs_server *server;	/* that is there, or NULL */
	uint32_t id;				/* of it, or of the one that was made */
	pid_t leader;				/* its oldest member, or 0 */
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

/* Its oldest member now, who may not be who it was; false if it has none any more */
static bool find_leader(struct job *j)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_server *s = snap ? vbs_find_server(snap, j->id) : NULL;

	j->leader = s && s->leader > 0 ? s->leader : 0;
	vbs_snapshot_free(snap);
	return j->leader;
}

static bool leads_no_more(const struct job *j)
{
	return home_of(j->leader) != j->leader;
}

static bool is_in(pid_t tid, const struct vbs_server *s)
{
	struct task_info task;

	if (s->leader <= 0 || home_of(tid) != s->leader)
		return false;
	task_read(tid, &task);
	return task.euid == s->owner;
}

/*
 * The owner of a server may take from its members what it gives them: he is who applies,
 * whose tasks the plan is for, or whose a task is that is in there already.
 */
static bool may_own(const struct job *j, const struct vbs_server *s, const pid_t *tids, int n)
{
	uint32_t uid;
	int i;

	if (s->owner == geteuid() || (plan_user(j->want, &uid) && s->owner == uid))
		return true;
	for (i = 0; i < n; i++) {
		if (is_in(tids[i], s))
			return true;
	}
	return false;
}

/* Root's word is good; everybody may call a server of his own so */
static const struct vbs_server *by_name(const struct job *j, const pid_t *tids, int n)
{
	const struct vbs_server *s = vbs_name_taken(j->snap, j->want->name);
	int i;

	for (i = 0; i < j->snap->servers && !s; i++) {
		const struct vbs_server *o = &j->snap->server[i];

		if (strcmp(o->name, j->want->name))
			continue;
		if (may_own(j, o, tids, n))
			s = o;
		else
			failure(VC_OK, "note: uid %u calls server %u '%s', which is not the one of the file",
				o->namer, o->id, o->name);
	}
	return s;
}

static const struct vbs_server *by_task(const struct job *j, const pid_t *tids, int n)
{
	const struct vbs_server *s;
	int i;

	for (i = 0; i < n; i++) {
		s = vbs_find_leader(j->snap, home_of(tids[i]));
		if (s && !s->name[0] && may_own(j, s, tids, n))
			return s;
	}
	return NULL;
}

/* By its name; else the server without a name in which one of the tasks is */
static int find_server(struct job *j, const pid_t *tids, int n)
{
	j->snap = vbs_snapshot_read();
	if (!j->snap)
		return vbs_snapshot_error(errno);
	j->server = by_name(j, tids, n);
	if (!j->server)
		j->server = by_task(j, tids, n);
	if (!j->server)
		return VC_OK;
	j->id = j->server->id;
	j->leader = j->server->leader;
	return j->leader > 0 ? VC_OK :
	       failure(VC_NOPROC, "%s: no member of server %u is in your pid namespace", j->want->name, j->id);
}

static bool differs(const struct job *j)
{
	const struct request *req = &j->want->req;
	const struct vbs_server *s = j->server;

	return s->cap != req->cap || s->runtime != req->res.runtime || s->period != req->res.period ||
	       !!(s->flags & SCHED_FLAG_VBS_ALIGN) != req->align;
}

/* ESRCH, too, if its oldest member has left it meanwhile: the call would act on another */
static int change(struct job *j, struct vbs_sched_attr *attr, struct vbs_sched_attr *before)
{
	int err = vbs_getattr(j->leader, before);

	request_attr(&j->want->req, attr);
	if (err)
		return err;
	if (before->sched_policy != SCHED_VBS || before->sched_vbs_leader != j->leader)
		return ESRCH;
	attr->sched_nice = before->sched_nice;
	attr->sched_flags |= before->sched_flags & VBS_TASK_FLAGS;
	return vbs_setattr(j->leader, attr);
}

static int change_server(struct job *j)
{
	struct vbs_sched_attr attr, before;
	int err, i;

	if (!differs(j))
		return VC_OK;
	j->switched = true;
	if (j->dry)
		return VC_OK;
	err = change(j, &attr, &before);
	for (i = 0; i < PASSES && err == ESRCH; i++) {
		if (!find_leader(j))
			return GONE;
		err = change(j, &attr, &before);
	}
	return err ? report_refusal(OP_SWITCH, err, j->leader, NULL, &attr,
				    before.sched_policy == SCHED_VBS ? &before : NULL) : VC_OK;
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

/* Who enters first owns the server: who applies, or whose tasks the plan is for, if there are some */
static pid_t first_of(const struct job *j, const pid_t *tids, int n)
{
	pid_t *free_ones = calloc(n, 2 * sizeof(*tids)), *mine = free_ones + n, found;
	struct task_info task;
	int i, frees = 0, mines = 0;
	uint32_t uid;

	if (!free_ones)
		return 0;
	if (!plan_user(j->want, &uid))
		uid = geteuid();
	for (i = 0; i < n; i++) {
		if (home_of(tids[i]))
			continue;
		free_ones[frees++] = tids[i];
		task_read(tids[i], &task);
		if (task.exists && task.euid == uid)
			mine[mines++] = tids[i];
	}
	found = mines ? task_most_bound(mine, mines, NULL) : task_most_bound(free_ones, frees, NULL);
	free(free_ones);
	return found ? found : task_most_bound(tids, n, NULL);
}

static uint32_t id_of(pid_t leader)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_server *s = snap ? vbs_find_leader(snap, leader) : NULL;
	uint32_t id = s ? s->id : 0;

	vbs_snapshot_free(snap);
	return id;
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
	if (code)
		return code;
	j->leader = first;
	j->id = id_of(first);
	return j->id ? VC_OK : GONE;
}

static bool has_ended(pid_t tid)
{
	struct task_info task;

	task_read(tid, &task);
	return !task.exists || task.ended;
}

/* Who has ended meanwhile is no failure; if it is the oldest member, another one is it */
static int join(struct job *j, pid_t tid, struct vbs_sched_attr *before)
{
	int i, err = ESRCH;

	for (i = 0; i < PASSES && err == ESRCH && !has_ended(tid); i++) {
		if (leads_no_more(j) && !find_leader(j))
			return GONE;
		err = one_joins(tid, j->leader, before);
		if (err == ESRCH && !find_leader(j))
			return GONE;
	}
	if (!err)
		j->joined++;
	return !err || err == ESRCH ? VC_OK : one_refused(OP_JOIN, err, tid, j->leader, before);
}

/* One that is not in there yet */
static int take_in(struct job *j, pid_t tid, bool *found)
{
	struct vbs_sched_attr before;
	int code;

	if (vbs_getattr(tid, &before))
		return VC_OK;
	if (!j->dry && leads_no_more(j) && !find_leader(j))
		return GONE;
	if (j->leader && before.sched_policy == SCHED_VBS && before.sched_vbs_leader == j->leader)
		return VC_OK;
	*found = true;
	if (j->dry) {
		j->joined++;
		return VC_OK;
	}
	code = set_cpus(j, tid);
	return code ? code : join(j, tid, &before);
}

static int take_all(struct job *j, const pid_t *tids, int n, bool *found)
{
	int i, code, first = VC_OK;

	*found = false;
	for (i = 0; i < n; i++) {
		if (tids[i] == j->leader || (j->dry && !j->leader && !i))
			continue;
		code = take_in(j, tids[i], found);
		if (code == GONE)
			return GONE;
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
		if (n < 0)
			return failure(VC_FAIL, "out of memory");
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
		return make_server(j, first_of(j, tids, n));
	code = change_server(j);
	return code ? code : register_name(j);
}

static void say(const struct job *j)
{
	const struct request *req = &j->want->req;
	const char *would = j->dry ? "would be " : "";

	printf("%s: ", j->want->name);
	if (!j->tasks && !j->id)
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

static int try_server(struct job *j)
{
	pid_t *tids;
	int n = select_tasks(j->want, &tids), code;

	if (n < 0)
		return failure(VC_FAIL, "out of memory");
	code = change_or_make(j, tids, n);
	if (!code)
		code = gather(j);
	free(tids);
	vbs_snapshot_free(j->snap);
	j->snap = NULL;
	return code;
}

static int apply_server(const struct plan_server *want, bool dry, struct json_object *out)
{
	struct job j;
	int i, code = GONE;

	for (i = 0; i < TRIES && code == GONE; i++) {
		j = (struct job){ .want = want, .dry = dry };
		code = try_server(&j);
	}
	if (code == GONE)
		code = failure(VC_FAIL, "%s: its tasks end as fast as they enter", want->name);
	if (out)
		json_object_array_add(out, json_job(&j, code));
	else if (!code)
		say(&j);
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
	"the server.  A unit is one of the system's, with \"user\": \"NAME\" also of his; a command\n"
	"is yours, or that user's.  What is so already stays; other servers too.  It may be\n"
	"called again and again: vbsctl-apply.timer does that.\n\n"
	"  vbsctl apply --dry-run\n"
	"  vbsctl apply robot.json\n",
	.run = apply_main,
};
