/* SPDX-License-Identifier: GPL-2.0 */
/* The file of 'vbsctl apply': which servers there shall be, and which tasks are in them. */
#ifndef VBSCTL_SERVERS_PLAN_H
#define VBSCTL_SERVERS_PLAN_H

#include "servers/request.h"
#include "vbs/names.h"

#define PLAN_FILE	"/etc/vbsctl/servers.json"
#define PLAN_WORD	256

enum selector { BY_UNIT, BY_CGROUP, BY_COMMAND, SELECTORS };

struct plan_server {
	char name[VBS_NAME_LEN];
	enum selector by;
	char what[PLAN_WORD];
	char user[PLAN_WORD];		/* "" or only tasks of that user, "*" for any: */
	uint32_t uid;
	struct request req;
};

struct plan {
	struct plan_server *server;
	int servers;
};

/* The user whose tasks an entry is for alone: false if there is no such user */
bool plan_user(const struct plan_server *s, uint32_t *uid);

/* The key that names a selector in the file */
const char *selector_key(enum selector by);

/* 0 or VC_FAIL with the message printed, which says where in the file */
int plan_read(struct plan *plan, const char *file);
void plan_free(struct plan *plan);

#endif
