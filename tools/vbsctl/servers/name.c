// SPDX-License-Identifier: GPL-2.0
/* Names for new servers, in words. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/sysfile.h"
#include "command.h"
#include "servers/name.h"
#include "show/snapshot.h"
#include "vbs/proc.h"

static int taken(const char *name, const struct vbs_server *s)
{
	if (s)
		return failure(VC_FAIL, "server %u has the name '%s' already", s->id, name);
	return failure(VC_FAIL, "a server that is not shown to you has the name '%s'", name);
}

int name_check_free(const char *name)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_server *s;
	int code = VC_OK;

	if (!snap)
		return vbs_snapshot_error(errno);
	s = vbs_name_taken(snap, name);
	if (s)
		code = taken(name, s);
	vbs_snapshot_free(snap);
	return code;
}

static int refused(const char *name, const struct vbs_snapshot *snap, int err)
{
	if (err == EEXIST)
		return taken(name, vbs_name_taken(snap, name));
	/* Anybody can fill what everybody may write to, and the server does without it */
	if (err == ENOSPC || err == EDQUOT)
		return failure(VC_OK, "warning: the server has no name, and would have '%s': %s: %s", name,
			       sys_path(VBS_NAMES_DIR), strerror(err));
	if (err == ENOENT)
		return failure(VC_FAIL, "cannot name a server '%s': there is no %s (systemd-tmpfiles or root makes it)",
			       name, sys_path(VBS_NAMES_DIR));
	return failure(err == EACCES || err == EPERM ? VC_PERM : VC_FAIL,
		       "cannot name a server '%s': %s: %s", name, sys_path(VBS_NAMES_DIR),
		       strerror(err));
}

int name_server(pid_t pid, const char *name)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_server *s;
	int err, code = VC_OK;

	if (!snap)
		return vbs_snapshot_error(errno);
	s = vbs_find_leader(snap, pid);
	err = s ? vbs_name_set(name, s->id, snap) : ESRCH;
	if (err)
		code = refused(name, snap, err);
	vbs_snapshot_free(snap);
	return code;
}

/* False if the dead member is still being taken out of it */
static bool forget(pid_t pid, const char *name)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_server *s;
	bool done = true;

	if (!snap)
		return true;
	s = vbs_name_taken(snap, name);
	if (s && (s->leader == pid || !s->leader))
		done = false;
	else
		vbs_name_forget(name, snap);
	vbs_snapshot_free(snap);
	return done;
}

void name_forget(pid_t pid, const char *name)
{
	const struct timespec step = { 0, 5000000 };
	int i;

	for (i = 0; i < 20 && !forget(pid, name); i++)
		nanosleep(&step, NULL);
}
