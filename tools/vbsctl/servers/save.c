// SPDX-License-Identifier: GPL-2.0
/* vbsctl save: the servers that there are, as a file for 'vbsctl apply'. */
#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/parse.h"
#include "commands.h"
#include "json_out.h"
#include "new_file.h"
#include "options.h"
#include "servers/select.h"
#include "show/snapshot.h"
#include "vbs/proc.h"
#include "vbs/task.h"

/* The shortest percentage that is read back as this many units: they are rounded up */
static struct text exact_cap(uint32_t cap)
{
	struct text t = { "" };
	uint32_t back;
	int digits;

	for (digits = 0; digits <= 6; digits++) {
		t = fmt_percent(cap, VBS_BW_UNIT, digits, ROUND_DOWN);
		strcat(t.s, "%");
		if (!parse_bandwidth(t.s, &back) && back == cap)
			break;
	}
	return t;
}

/* A name of what it runs, of the characters that a name may have */
static void make_name(const struct vbs_server *s, char *name, size_t size)
{
	size_t i, n = 0;

	for (i = 0; s->comm[i] && n + 12 < size; i++) {
		if (isalnum((unsigned char)s->comm[i]) || (n && strchr("._-", s->comm[i])))
			name[n++] = s->comm[i];
	}
	name[n] = '\0';
	if (vbs_name_check(name))
		snprintf(name, size, "server-%u", s->id);
}

static bool is_in_plan(const struct plan *plan, const char *name)
{
	int i;

	for (i = 0; i < plan->servers; i++) {
		if (!strcmp(plan->server[i].name, name))
			return true;
	}
	return false;
}

/* Users may have called theirs as others have: in a file a name comes once */
static void choose_name(const struct plan *plan, const struct vbs_snapshot *snap,
			const struct vbs_server *s, struct plan_server *out)
{
	char stem[VBS_NAME_LEN - 11];

	if (s->name[0] && !is_in_plan(plan, s->name)) {
		strcpy(out->name, s->name);
		return;
	}
	make_name(s, stem, sizeof(stem));
	strcpy(out->name, stem);
	if (is_in_plan(plan, stem) || vbs_find_name(snap, stem))
		snprintf(out->name, sizeof(out->name), "%s-%u", stem, s->id);
}

static bool same_tasks(const struct plan *plan, const struct plan_server *s)
{
	int i;

	for (i = 0; i < plan->servers; i++) {
		const struct plan_server *o = &plan->server[i];

		if (o->by == s->by && !strcmp(o->what, s->what) && !strcmp(o->user, s->user))
			return true;
	}
	return false;
}

static void name_user(uint32_t uid, char *user, size_t size)
{
	struct passwd *pw = getpwuid(uid);

	if (!pw || (size_t)snprintf(user, size, "%s", pw->pw_name) >= size)
		snprintf(user, size, "%u", uid);
}

/*
 * By its service if it is in one; else by the name of its oldest member's process.  Of
 * names that users give, the user's is a part.
 */
static bool choose_tasks(const struct vbs_server *s, struct plan_server *out)
{
	struct task_info task;
	bool of_user = true;

	task_read(s->leader, &task);
	if (!task.exists)
		return false;
	if (task.process != s->leader)
		task_read(task.process, &task);
	out->by = BY_UNIT;
	if (!service_of(task.process, task.euid, out->what, sizeof(out->what), &of_user)) {
		of_user = true;
		out->by = BY_COMMAND;
		snprintf(out->what, sizeof(out->what), "%s", task.comm);
	}
	out->user[0] = '\0';
	if (of_user)
		name_user(task.euid, out->user, sizeof(out->user));
	return out->what[0];
}

static struct json_object *json_entry(const struct vbs_server *s, const struct plan_server *p)
{
	struct resource res = { s->runtime, s->period };
	bool align = s->flags & SCHED_FLAG_VBS_ALIGN;
	struct json_object *o = json_object_new_object();

	json_str(o, "name", p->name);
	json_str(o, "res", fmt_resource(s->runtime, s->period).s);
	if (s->cap != (align ? resource_cap_aligned(&res) : resource_cap(&res)))
		json_str(o, "cap", exact_cap(s->cap).s);
	if (align)
		json_flag(o, "align", true);
	json_str(o, selector_key(p->by), p->what);
	if (p->user[0])
		json_str(o, "user", p->user);
	return o;
}

static struct json_object *save_all(const struct vbs_snapshot *snap, struct plan *plan)
{
	struct json_object *out = json_object_new_array();
	int i;

	for (i = 0; i < snap->servers; i++) {
		const struct vbs_server *s = &snap->server[i];
		struct plan_server *p = &plan->server[plan->servers];

		if (s->group) {
			failure(VC_OK, "server %u is left out: it is of a virtual machine, see 'vbsctl vm'", s->id);
		} else if (!choose_tasks(s, p)) {
			failure(VC_OK, "server %u is left out: its oldest member is not to be seen", s->id);
		} else if (same_tasks(plan, p)) {
			failure(VC_OK, "server %u is left out: another one has the tasks of %s '%s'",
				s->id, selector_key(p->by), p->what);
		} else {
			choose_name(plan, snap, s, p);
			json_object_array_add(out, json_entry(s, p));
			plan->servers++;
		}
	}
	return out;
}

/* Over an old file only when the new one is complete */
static int write_file(const char *file, struct json_object *o)
{
	int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct new_file n;
	int code = new_file_begin(&n, file);

	if (!code) {
		fputs(json_object_to_json_string_ext(o, flags), n.to);
		code = new_file_end(&n);
	}
	json_object_put(o);
	return code;
}

static int save(const char *file)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	struct plan plan = { 0 };
	struct json_object *o;
	int code = VC_OK;

	if (!snap)
		return vbs_snapshot_error(errno);
	plan.server = calloc(snap->servers + 1, sizeof(*plan.server));
	if (!plan.server)
		code = failure(VC_FAIL, "out of memory");
	if (!code && vbs_hidden_servers(snap))
		failure(VC_OK, "%u servers of other users are left out (CAP_SYS_NICE shows all)",
			vbs_hidden_servers(snap));
	o = code ? NULL : json_list("servers", save_all(snap, &plan));
	if (o && file)
		code = write_file(file, o);
	else if (o)
		json_print(o);
	plan_free(&plan);
	vbs_snapshot_free(snap);
	return code;
}

static int save_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		return c == 'h' ? print_help(cmd) : option_error(cmd);
	if (argc - optind > 1)
		return usage_error(cmd, "'%s': one file is enough", argv[optind + 1]);
	return save(optind < argc ? argv[optind] : NULL);
}

const struct command cmd_save = {
	.name = "save",
	.summary = "write the servers that there are as a file for apply",
	.help =
	"Usage: vbsctl save [FILE]\n\n"
	"Without FILE to standard output.  The tasks of a server are named by the systemd\n"
	"service of its oldest member, else by that process's name and user; servers without\n"
	"a name get one.  Applied right away, the file changes nothing but that.\n\n"
	"  vbsctl save\n"
	"  sudo vbsctl save " PLAN_FILE "\n",
	.run = save_main,
};
