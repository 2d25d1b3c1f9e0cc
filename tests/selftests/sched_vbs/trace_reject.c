// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include "vbs_test.h"

#define EVENT	"/sys/kernel/tracing/events/sched/sched_vbs_reject/enable"
#define TRACE	"/sys/kernel/tracing/trace"

static pid_t outside, inside;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void check(pid_t pid, const struct vbs_sched_attr *attr, const char *reason,
		  s64 asked, s64 spare)
{
	static char text[65536];
	char want[160];
	int n;

	file_write(TRACE, "\n");
	vbs_setattr(pid, attr);
	n = snprintf(want, sizeof(want), "sched_vbs_reject: pid=%d reason=%s ", pid, reason);
	if (asked >= 0)
		n += snprintf(want + n, sizeof(want) - n, "asked=%jd ", (intmax_t)asked);
	if (spare >= 0)
		snprintf(want + n, sizeof(want) - n, "spare=%jd ", (intmax_t)spare);
	file_read(TRACE, text, sizeof(text));
	t_ok(strstr(text, want), "%s", want);
}

VBS_TEST("every refusal says its reason and the numbers in sched_vbs_reject", 30)
{
	struct vbs_sched_attr attr;

	need_vbs();
	if (access(EVENT, F_OK))
		t_skip_all("no tracefs");
	file_restore(EVENT);
	file_write(EVENT, "1");
	outside = t_fork(sleeper, NULL);
	inside = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	must_enter(inside, 2 * MS, 10 * MS, VBS_BW_UNIT / 4);

	attr = vbs_attr(9999, 10 * MS, 0);
	check(outside, &attr, "limits", 9999, -1);
	attr = vbs_attr(1 * MS, 2 * SEC, 0);
	check(outside, &attr, "limits", 2 * SEC, -1);
	attr = vbs_attr(5 * MS, 10 * MS, 0);
	check(inside, &attr, "above_cap", vbs_bw(5 * MS, 10 * MS), VBS_BW_UNIT / 4);
	attr = vbs_attr(2 * MS, 10 * MS, vbs_bw(2 * MS, 10 * MS));
	attr.sched_flags = SCHED_FLAG_VBS_ALIGN;
	check(outside, &attr, "align_slack", -1, -1);
	attr = vbs_attr(2 * MS, 10 * MS, VBS_BW_UNIT);
	check(outside, &attr, "no_room", VBS_BW_UNIT, cpu_key(0, "spare"));
	attr = vbs_attr(0, 0, 0);
	attr.sched_flags = SCHED_FLAG_VBS_JOIN;
	attr.sched_vbs_leader = outside;
	check(outside, &attr, "leader", -1, -1);
}
