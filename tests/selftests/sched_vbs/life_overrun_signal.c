// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static volatile sig_atomic_t signals;
static volatile u32 *counted;

static void on_xcpu(int sig)
{
	(void)sig;
	signals++;
}

static void play(struct actor *a)
{
	signal(SIGXCPU, on_xcpu);
	rec_until(&a->rec, a->t0 + 95 * MS);
	*counted = signals;
}

static u32 signals_with(u64 flags)
{
	struct vbs_sched_attr attr = vbs_attr(2 * MS, 10 * MS, 0);
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, 0);

	attr.sched_flags = flags;
	t_equal(vbs_setattr(a->pid, &attr), 0, "set flags 0x%jx", (uintmax_t)flags);
	actor_end(a);
	return *counted;
}

/* Neither ends a budget, though both end an instance before its termination. */
static void play_other_ends(struct actor *a)
{
	struct vbs_sched_attr attr;

	signal(SIGXCPU, on_xcpu);
	for (int i = 0; i < 8; i++) {
		rec_until(&a->rec, now_ns() + 300 * US);
		attr = vbs_attr(2 * MS + i, 10 * MS, 0);
		attr.sched_flags = SCHED_FLAG_DL_OVERRUN;
		if (i % 2)
			sched_yield();
		else
			vbs_setattr(0, &attr);
	}
	*counted = signals;
}

static u32 signals_at_other_ends(void)
{
	struct vbs_sched_attr attr = vbs_attr(2 * MS, 10 * MS, VBS_BW_UNIT / 4);
	struct actor *a = actor_new(play_other_ends, stage(), 2 * MS, 10 * MS,
				    VBS_BW_UNIT / 4);

	attr.sched_flags = SCHED_FLAG_DL_OVERRUN;
	t_equal(vbs_setattr(a->pid, &attr), 0, "set the flag");
	actor_end(a);
	return *counted;
}

VBS_TEST("DL_OVERRUN: SIGXCPU to a member that still wants to run at exhaustion", 30)
{
	need_vbs();
	counted = t_shared(sizeof(*counted));
	t_equal(signals_with(0), 0, "signals without the flag");
	t_equal(signals_with(SCHED_FLAG_DL_OVERRUN), 10, "signals in ten instances with it");
	t_equal(signals_at_other_ends(), 0, "signals at switches and yields");
}
