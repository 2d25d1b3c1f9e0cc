// SPDX-License-Identifier: GPL-2.0
/* From what people call a server to the server. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "show/snapshot.h"
#include "show/target.h"
#include "vbs/attr.h"

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

static const struct vbs_server *by_id(const struct vbs_snapshot *snap, const char *text, int *code)
{
	const struct vbs_server *s = NULL;
	uint64_t id;

	if (!parse_count(text, &id) && id <= UINT32_MAX)
		s = vbs_find_server(snap, id);
	if (!s)
		*code = failure(VC_NOPROC, "there is no server %s%s", text,
				vbs_hidden_servers(snap) ? " that is shown to you" : "");
	return s;
}

/* What a process or thread is a member of; NULL without a message if in none */
static const struct vbs_server *by_pid(const struct vbs_snapshot *snap, pid_t pid, bool *exists)
{
	struct vbs_sched_attr attr;

	*exists = !vbs_getattr(pid, &attr);
	if (!*exists || attr.sched_policy != SCHED_VBS)
		return NULL;
	return vbs_find_leader(snap, attr.sched_vbs_leader);
}

static const struct vbs_server *by_number(const struct vbs_snapshot *snap, const char *text,
					  int *code)
{
	const struct vbs_server *s;
	bool exists = false;
	pid_t pid;

	s = parse_pid(text, &pid) ? NULL : by_pid(snap, pid, &exists);
	if (s || !exists)
		return s ? s : by_id(snap, text, code);
	*code = failure(VC_FAIL, "%d is in no server that is shown to you; id:%d is the server of that number",
			(int)pid, (int)pid);
	return NULL;
}

static const struct vbs_server *by_name(const struct command *cmd, const struct vbs_snapshot *snap,
					const char *text, int *code)
{
	const struct vbs_server *s = vbs_find_name(snap, text), *rival;
	const char *why = vbs_name_check(text);

	rival = s ? vbs_name_rival(snap, s) : NULL;
	if (rival) {
		*code = failure(VC_FAIL, "server %u of uid %u and server %u of uid %u both have the name '%s': say which, as in id:%u",
				s->id, s->owner, rival->id, rival->owner, text, s->id);
		return NULL;
	}
	if (!s)
		*code = why ? usage_error(cmd, "'%s': %s", text, why) :
			      failure(VC_NOPROC, "there is no server named '%s'%s", text,
				      vbs_hidden_servers(snap) ? " that is shown to you" : "");
	return s;
}

const struct vbs_server *target_server(const struct command *cmd, const struct vbs_snapshot *snap,
				       const char *text, int *code)
{
	if (!strncmp(text, "id:", 3))
		return by_id(snap, text + 3, code);
	return is_number(text) ? by_number(snap, text, code) : by_name(cmd, snap, text, code);
}

/* Root acts on a server that a user has called so: not by chance */
static void tell_namer(const struct vbs_server *s, const char *text)
{
	const char *sudo = getenv("SUDO_UID");

	if (geteuid() || !s->namer || strcmp(s->name, text) || (sudo && strtoul(sudo, NULL, 10) == s->namer))
		return;
	failure(VC_OK, "note: '%s' is what uid %u calls server %u, which is his", text, s->namer, s->id);
}

int target_member(const struct command *cmd, const char *text, pid_t *pid)
{
	struct vbs_snapshot *snap;
	const struct vbs_server *s;
	const char *why = is_number(text) ? parse_pid(text, pid) : NULL;
	int code = VC_OK;

	if (why)
		return usage_error(cmd, "'%s': %s", text, why);
	if (is_number(text))
		return VC_OK;
	snap = vbs_snapshot_read();
	if (!snap)
		return vbs_snapshot_error(errno);
	s = target_server(cmd, snap, text, &code);
	if (s && s->leader <= 0)
		code = failure(VC_NOPROC, "no member of server %u is in your pid namespace", s->id);
	else if (s)
		*pid = s->leader;
	if (s && !code)
		tell_namer(s, text);
	vbs_snapshot_free(snap);
	return code;
}
