// SPDX-License-Identifier: GPL-2.0
#include <sys/syscall.h>
#include "vbs_test.h"

static const u32 sizes[] = { 48, 56, 64 };

/* What getattr with @size writes, and that it writes no more */
static void get(u32 size, const struct vbs_sched_attr *full)
{
	union {
		struct vbs_sched_attr attr;
		unsigned char bytes[128];
	} u, want;

	memset(&u, 0xa5, sizeof(u));
	memcpy(&want, &u, sizeof(u));
	t_equal(syscall(SYS_sched_getattr, 0, &u, size, 0), 0, "getattr of %u bytes", size);
	t_equal(u.attr.size, size, "size that it returns for %u", size);
	memcpy(&want, full, size);
	want.attr.size = size;
	t_ok(!memcmp(&u, &want, sizeof(u)), "%u bytes hold the same, nothing behind them", size);
}

static int enter_sized(u32 size, u32 cap)
{
	struct vbs_sched_attr attr = vbs_attr(2 * MS, 10 * MS, cap);

	attr.size = size;
	return vbs_setattr(0, &attr);
}

static void enter(u32 size)
{
	struct vbs_sched_attr got;

	t_equal(enter_sized(size, VBS_BW_UNIT / 2), 0, "enter with %u bytes", size);
	vbs_getattr(0, &got);
	t_equal(got.sched_vbs_cap, size < 64 ? vbs_bw(2 * MS, 10 * MS) : VBS_BW_UNIT / 2,
		"cap after entry with %u bytes", size);
	t_equal(got.sched_vbs_leader, getpid(), "leader after entry with %u bytes", size);
	vbs_leave(0);
	sleep_ns(20 * MS);
}

static void larger_than_known(void)
{
	struct {
		struct vbs_sched_attr attr;
		u64 tail;
	} large = { vbs_attr(2 * MS, 10 * MS, 0), 0 };

	large.attr.size = sizeof(large);
	t_equal(vbs_setattr(0, &large.attr), 0, "72 bytes with a tail of zeroes");
	large.tail = 1;
	t_equal(vbs_setattr(0, &large.attr), -E2BIG, "72 bytes with something in the tail");
	t_equal(large.attr.size, sizeof(struct vbs_sched_attr), "size that E2BIG returns");
	t_equal(enter_sized(40, 0), -E2BIG, "40 bytes");
}

VBS_TEST("sched_attr of 48, 56 and 64 bytes", 30)
{
	struct vbs_sched_attr full;

	need_vbs();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		enter(sizes[i]);
	t_equal(enter_sized(64, VBS_BW_UNIT / 3), 0, "enter");
	t_equal(vbs_getattr(0, &full), 0, "getattr");
	t_ok(full.sched_policy == SCHED_VBS && full.sched_runtime == 2 * MS &&
	     full.sched_period == 10 * MS && full.sched_vbs_cap == VBS_BW_UNIT / 3 &&
	     !full.sched_priority && !full.sched_flags &&
	     (full.sched_deadline == 0 || full.sched_deadline == 10 * MS),
	     "it shows what was set");
	t_equal(vbs_setattr(0, &full), 0, "what getattr returned is accepted again");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		get(sizes[i], &full);
	larger_than_known();
}
