/* SPDX-License-Identifier: GPL-2.0 */
/* Whose process the command of vbsctl run is. */
#ifndef VBSCTL_SERVERS_RUN_USER_H
#define VBSCTL_SERVERS_RUN_USER_H

#include <stdbool.h>
#include <sys/types.h>

struct run_user {
	bool other;		/* not the caller: what follows is valid */
	uid_t uid;
	gid_t gid;
};

/*
 * By --user, or under sudo the invoking user unless --keep-user.  sudo started
 * vbsctl itself; where it started something that calls vbsctl, that decides.
 * 0 or an exit code, message printed.
 */
int run_user_find(const char *name, bool keep, struct run_user *who);

/* Ids, groups and the variables that name a user; 0, or -1 with errno */
int run_user_become(const struct run_user *who);

#endif
