// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the file of 'vbsctl apply'.  What is not understood is an error, so that nobody
 * believes a limit to be in force that has a typing mistake.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/format.h"
#include "base/parse.h"
#include "servers/plan.h"

static const char *const selector_keys[SELECTORS] = {
	[BY_UNIT] = "unit", [BY_CGROUP] = "cgroup", [BY_COMMAND] = "command",
};

const char *selector_key(enum selector by)
{
	return selector_keys[by];
}

/*
 * Anybody may call a program anything: without a user, a command is one of whose plan it
 * is, root's as a rule.  Units and cgroups have their own rights.
 */
bool plan_user(const struct plan_server *s, uint32_t *uid)
{
	*uid = s->user[0] ? s->uid : geteuid();
	return s->user[0] ? strcmp(s->user, "*") : s->by == BY_COMMAND;
}

/* Where a mistake is: "FILE: servers[2].cap" */
struct place {
	const char *file;
	int index;
	const char *key;
};

static int wrong(const struct place *at, const char *why)
{
	return failure(VC_FAIL, "%s: servers[%d]%s%s: %s", at->file, at->index,
		       at->key ? "." : "", at->key ? at->key : "", why);
}

static const char *take_text(struct json_object *v, char *out, size_t size)
{
	const char *text = json_object_get_string(v);

	if (!json_object_is_type(v, json_type_string))
		return "it must be a text in quotes";
	if (!*text || strlen(text) >= size)
		return "the text is empty or too long";
	strcpy(out, text);
	return NULL;
}

static const char *take_flag(struct json_object *v, bool *flag)
{
	if (!json_object_is_type(v, json_type_boolean))
		return "it must be true or false";
	*flag = json_object_get_boolean(v);
	return NULL;
}

static const char *take_name(struct plan_server *s, struct json_object *v)
{
	const char *why = take_text(v, s->name, sizeof(s->name));

	return why ? why : vbs_name_check(s->name);
}

static const char *take_res(struct plan_server *s, struct json_object *v)
{
	char text[PLAN_WORD];
	const char *why = take_text(v, text, sizeof(text));

	s->req.has_res = true;
	return why ? why : parse_resource(text, &s->req.res);
}

static const char *take_cap(struct plan_server *s, struct json_object *v)
{
	char text[PLAN_WORD];
	const char *why = take_text(v, text, sizeof(text));

	return why ? why : parse_bandwidth(text, &s->req.cap);
}

static const char *take_cpus(struct plan_server *s, struct json_object *v)
{
	char text[PLAN_WORD];
	const char *why = take_text(v, text, sizeof(text));

	s->req.has_cpus = true;
	return why ? why : parse_cpus(text, &s->req.cpus);
}

static const char *take_user(struct plan_server *s, struct json_object *v)
{
	const char *why = take_text(v, s->user, sizeof(s->user));
	struct passwd *pw = why ? NULL : getpwnam(s->user);
	uint64_t uid;

	if (why || !strcmp(s->user, "*"))
		return why;
	if (pw)
		s->uid = pw->pw_uid;
	else if (!parse_count(s->user, &uid) && uid < UINT32_MAX)
		s->uid = uid;
	else
		return "there is no such user";
	return NULL;
}

static const char *take_selector(struct plan_server *s, enum selector by, struct json_object *v)
{
	if (s->what[0])
		return "a server has one of unit, cgroup and command";
	s->by = by;
	return take_text(v, s->what, sizeof(s->what));
}

static const char *take_align(struct plan_server *s, struct json_object *v)
{
	return take_flag(v, &s->req.align);
}

static const char *take_unit(struct plan_server *s, struct json_object *v)
{
	return take_selector(s, BY_UNIT, v);
}

static const char *take_cgroup(struct plan_server *s, struct json_object *v)
{
	const char *why = take_selector(s, BY_CGROUP, v);

	return why ? why : s->what[0] == '/' ? NULL : "a path begins with /, the root of cgroups";
}

static const char *take_command(struct plan_server *s, struct json_object *v)
{
	return take_selector(s, BY_COMMAND, v);
}

static const struct {
	const char *key;
	const char *(*take)(struct plan_server *s, struct json_object *v);
} keys[] = {
	{ "name", take_name }, { "res", take_res }, { "cap", take_cap }, { "cpus", take_cpus },
	{ "align", take_align }, { "user", take_user }, { "unit", take_unit },
	{ "cgroup", take_cgroup }, { "command", take_command },
};

static const char *take_key(struct plan_server *s, const char *key, struct json_object *v)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(keys[i].key, key))
			return keys[i].take(s, v);
	}
	return "there is no such key";
}

static const char *check_server(const struct plan_server *s)
{
	if (!s->name[0])
		return "the name is missing";
	if (!s->what[0])
		return "one of unit, cgroup and command is missing";
	if (!s->req.has_res)
		return "res is missing, as in \"3ms/10ms\"";
	if (s->req.cap && s->req.cap < resource_cap(&s->req.res))
		return "the cap is below budget/period";
	if (s->req.align && s->req.cap && s->req.cap < resource_cap_aligned(&s->req.res))
		return "aligned release needs a cap 1/511 above budget/period";
	return NULL;
}

/* The same tasks cannot be in two servers */
static const char *check_others(const struct plan *plan, const struct plan_server *s)
{
	int i;

	for (i = 0; i < plan->servers; i++) {
		const struct plan_server *o = &plan->server[i];

		if (!strcmp(o->name, s->name))
			return "another server has this name";
		if (o->by == s->by && !strcmp(o->what, s->what) && !strcmp(o->user, s->user))
			return "another server has the same tasks";
	}
	return NULL;
}

static int read_server(struct plan *plan, struct json_object *o, struct place *at)
{
	struct plan_server *s = &plan->server[plan->servers];
	const char *why = NULL;

	at->key = NULL;
	if (!json_object_is_type(o, json_type_object))
		return wrong(at, "it must be an object in braces");
	json_object_object_foreach(o, key, v) {
		at->key = key;
		why = take_key(s, key, v);
		if (why)
			return wrong(at, why);
	}
	at->key = NULL;
	why = check_server(s);
	if (!why)
		why = check_others(plan, s);
	if (why)
		return wrong(at, why);
	if (!s->req.cap)
		s->req.cap = s->req.align ? resource_cap_aligned(&s->req.res) :
					    resource_cap(&s->req.res);
	plan->servers++;
	return 0;
}

static int read_servers(struct plan *plan, struct json_object *array, const char *file)
{
	size_t i, n = json_object_array_length(array);
	struct place at = { .file = file };
	int code = 0;

	plan->server = calloc(n ? n : 1, sizeof(*plan->server));
	if (!plan->server)
		return failure(VC_FAIL, "out of memory");
	for (i = 0; i < n && !code; i++) {
		at.index = i;
		code = read_server(plan, json_object_array_get_idx(array, i), &at);
	}
	return code;
}

static int read_root(struct plan *plan, struct json_object *root, const char *file)
{
	struct json_object *format, *servers;

	if (!json_object_object_get_ex(root, "format", &format) ||
	    !json_object_is_type(format, json_type_int) || json_object_get_int(format) != 1)
		return failure(VC_FAIL, "%s: \"format\": 1 is missing", file);
	if (!json_object_object_get_ex(root, "servers", &servers) ||
	    !json_object_is_type(servers, json_type_array))
		return failure(VC_FAIL, "%s: \"servers\", an array, is missing", file);
	if (json_object_object_length(root) != 2)
		return failure(VC_FAIL, "%s: there is more than \"format\" and \"servers\"", file);
	return read_servers(plan, servers, file);
}

/* json-c ends its message with a line feed */
static int no_json(const char *file)
{
	const char *why = json_util_get_last_err();

	return failure(VC_FAIL, "cannot read %s: %.*s", file,
		       why ? (int)strcspn(why, "\n") : 7, why ? why : "no JSON");
}

int plan_read(struct plan *plan, const char *file)
{
	struct json_object *root = json_object_from_file(file);
	int code;

	*plan = (struct plan){ 0 };
	if (!root)
		return no_json(file);
	code = read_root(plan, root, file);
	json_object_put(root);
	if (code)
		plan_free(plan);
	return code;
}

void plan_free(struct plan *plan)
{
	free(plan->server);
	*plan = (struct plan){ 0 };
}
