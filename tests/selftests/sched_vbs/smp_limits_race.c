// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/*
 * One task enters with a period of 10 ms and leaves, all the time, another
 * switches between 10 and 40 ms; root forbids periods below 20 ms, and allows
 * them again.
 */
#define LIMIT	"period_min_us"

struct race {
	volatile u64 end;
	volatile u32 entered;
	volatile u32 switched;
};

static struct race *race;

static void enters(void *unused)
{
	(void)unused;
	while (now_ns() < race->end) {
		if (!vbs_enter(0, 4 * MS, 10 * MS, 0))
			race->entered++;
		vbs_leave(0);
	}
}

static void switches(void *unused)
{
	(void)unused;
	while (now_ns() < race->end) {
		vbs_enter(0, 4 * MS, 40 * MS, VBS_BW_UNIT / 2);
		if (!vbs_enter(0, 4 * MS, 10 * MS, VBS_BW_UNIT / 2))
			race->switched++;
	}
}

/* The shortest period of the servers there are */
static u64 shortest(void)
{
	static char text[16384];
	u64 least = SEC, period;
	const char *at = text;

	file_read(VBS_PROC, text, sizeof(text));
	while ((at = strstr(at, "period="))) {
		at += strlen("period=");
		period = strtoull(at, NULL, 10);
		least = period < least ? period : least;
	}
	return least;
}

VBS_TEST("once a limit is set no server breaks it, however tasks race to enter and switch", 60)
{
	u32 set = 0, refused = 0, broken = 0;
	pid_t a, b;

	need_vbs();
	need_cpus(2);
	file_restore(SYSCTL_VBS LIMIT);
	race = t_shared(sizeof(*race));
	race->end = now_ns() + t_arg("seconds", 5) * SEC;
	a = t_fork(enters, NULL);
	b = t_fork(switches, NULL);
	while (now_ns() < race->end) {
		if (file_write(SYSCTL_VBS LIMIT, "20000")) {
			refused++;
			continue;
		}
		set++;
		for (int i = 0; i < 3; i++)
			broken += shortest() < 20 * MS;
		file_write(SYSCTL_VBS LIMIT, "100");
	}
	t_wait(a);
	t_wait(b);
	t_diag("the limit was refused %u times", refused);
	t_at_least(set, 20, "times that the limit was set");
	t_at_least(race->entered, 100, "times that a task entered");
	t_at_least(race->switched, 100, "times that a task switched");
	t_equal(broken, 0, "times that a server broke it");
}
