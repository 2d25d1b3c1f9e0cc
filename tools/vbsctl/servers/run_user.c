// SPDX-License-Identifier: GPL-2.0
/* Users of vbsctl run: by name, by sudo's variables, and becoming them. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "command.h"
#include "servers/run_user.h"

static bool parse_id(const char *text, uint32_t *id)
{
	uint64_t n;

	if (!text || parse_count(text, &n) || n > UINT32_MAX - 1)
		return false;
	*id = n;
	return true;
}

static int by_name(const char *name, struct run_user *who)
{
	struct passwd *pw = getpwnam(name);
	uint32_t uid;

	if (!pw && parse_id(name, &uid))
		pw = getpwuid(uid);
	if (!pw)
		return failure(VC_RUN, "--user '%s': there is no such user", name);
	if (geteuid())
		return failure(VC_RUN, "--user '%s': only root can run commands as other users", name);
	*who = (struct run_user){ true, pw->pw_uid, pw->pw_gid };
	return 0;
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The program that sudo was told to start, without its arguments */
static void sudo_program(char *buf, size_t size)
{
	const char *command = getenv("SUDO_COMMAND");
	size_t n = command ? strcspn(command, " ") : 0;

	if (n >= size)
		n = size - 1;
	memcpy(buf, command ? command : "", n);
	buf[n] = 0;
}

/* Under sudo as the user who called it, but not in what else sudo has started */
static int by_sudo(struct run_user *who)
{
	char program[256];
	uint32_t uid, gid;

	if (geteuid() || !parse_id(getenv("SUDO_UID"), &uid) ||
	    !parse_id(getenv("SUDO_GID"), &gid) || !uid)
		return 0;
	sudo_program(program, sizeof(program));
	if (!strcmp(base(program), program_invocation_short_name))
		*who = (struct run_user){ true, uid, gid };
	else
		failure(0, "the command runs as root, as sudo started '%s'; --keep-user or --user %s says which user it shall be",
			base(program), getenv("SUDO_USER") ?: "NAME");
	return 0;
}

int run_user_find(const char *name, bool keep, struct run_user *who)
{
	who->other = false;
	if (name)
		return by_name(name, who);
	return keep ? 0 : by_sudo(who);
}

static int set_variables(const struct passwd *pw)
{
	if (!pw)
		return setenv("HOME", "/", 1) || unsetenv("USER") || unsetenv("LOGNAME") ||
		       setenv("SHELL", "/bin/sh", 1) ? -1 : 0;
	return setenv("HOME", pw->pw_dir, 1) || setenv("USER", pw->pw_name, 1) ||
	       setenv("LOGNAME", pw->pw_name, 1) ||
	       setenv("SHELL", *pw->pw_shell ? pw->pw_shell : "/bin/sh", 1) ? -1 : 0;
}

int run_user_become(const struct run_user *who)
{
	struct passwd *pw = getpwuid(who->uid);

	if (set_variables(pw))
		return -1;
	if (pw ? initgroups(pw->pw_name, who->gid) : setgroups(0, NULL))
		return -1;
	return setgid(who->gid) || setuid(who->uid) ? -1 : 0;
}
