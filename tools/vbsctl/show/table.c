// SPDX-License-Identifier: GPL-2.0
/* Table cells. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include <linux/sched/vbs.h>

#include "show/table.h"
#include "show/utf8.h"

struct text table_resource(const struct vbs_server *s)
{
	struct text t = fmt_resource(s->runtime, s->period);

	if (s->flags & SCHED_FLAG_VBS_ALIGN && strlen(t.s) + 3 < sizeof(t.s))
		strcat(t.s, " a");
	return t;
}

struct text table_owner(uint32_t uid)
{
	struct passwd *pw = getpwuid(uid);
	struct text t;

	if (pw && strlen(pw->pw_name) <= 8)
		snprintf(t.s, sizeof(t.s), "%s", pw->pw_name);
	else
		snprintf(t.s, sizeof(t.s), "%u", uid);
	return t;
}

struct text table_comm(const char *comm)
{
	struct text t;

	snprintf(t.s, sizeof(t.s), "%.40s", comm);
	make_printable(t.s);
	return t;
}
