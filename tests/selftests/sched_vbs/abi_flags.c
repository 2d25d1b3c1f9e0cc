// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

static pid_t a, b;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void set(pid_t pid, u64 flags)
{
	struct vbs_sched_attr attr = vbs_attr(1 * MS, 10 * MS, VBS_BW_UNIT / 4);

	attr.sched_flags = flags;
	t_equal(vbs_setattr(pid, &attr), 0, "set flags 0x%jx", (uintmax_t)flags);
}

static u64 get(pid_t pid)
{
	struct vbs_sched_attr attr;

	vbs_getattr(pid, &attr);
	return attr.sched_flags;
}

VBS_TEST("two flags are per task, ALIGN per server; a call sets what it names, clears the rest", 30)
{
	u64 rof = SCHED_FLAG_RESET_ON_FORK, over = SCHED_FLAG_DL_OVERRUN;
	u64 align = SCHED_FLAG_VBS_ALIGN;

	need_vbs();
	a = t_fork(sleeper, NULL);
	b = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	set(a, 0);
	t_equal(vbs_join(b, a), 0, "join");
	t_equal(get(b), 0, "flags of the joiner");
	set(a, rof | over);
	t_equal(get(a), rof | over, "flags of the one");
	t_equal(get(b), 0, "flags of the other: both are per task");
	set(b, align);
	t_equal(get(b), align, "flags of the other");
	t_equal(get(a), rof | over | align, "flags of the one: ALIGN is the server's");
	set(b, over);
	t_equal(get(b), over, "flags of the other: what is not named is cleared");
	t_equal(get(a), rof | over, "flags of the one: ALIGN is gone");
}
