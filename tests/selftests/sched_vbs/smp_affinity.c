// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

static pid_t a, b, filler;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static int pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(pid, sizeof(set), &set) ? -errno : 0;
}

static int unpin(pid_t pid)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	return sched_setaffinity(pid, sizeof(set), &set) ? -errno : 0;
}

static void lone_member(void)
{
	u32 cap = VBS_BW_UNIT / 3;

	pin(a, 0);
	must_enter(a, 1 * MS, 10 * MS, cap);
	t_equal(server_val(a, "cpu"), 0, "CPU of a server whose member is on 0");
	t_equal(unpin(a), 0, "a wider mask");
	t_equal(server_val(a, "cpu"), 0, "CPU after it: it does not move");
	t_equal(pin(a, 1), 0, "a mask without the CPU");
	t_equal(server_val(a, "cpu"), 1, "CPU after it");
	t_equal(cpu_key(1, "booked"), cap, "booked on 1");
	t_equal(booked_becomes(0, 0), 0, "booked on 0 when z has passed");
	pin(filler, 0);
	must_enter(filler, 1 * MS, 10 * MS, VBS_BW_UNIT * 8 / 10);
	t_equal(pin(a, 0), -EBUSY, "a mask of a CPU without room");
	t_equal(server_val(a, "cpu"), 1, "CPU after that");
	t_equal(cpu_key(0, "booked"), VBS_BW_UNIT * 8 / 10, "booked on 0");
	t_equal(cpu_key(1, "booked"), cap, "booked on 1");
	vbs_leave(filler);
	sleep_ns(20 * MS);
}

static void one_of_several(void)
{
	unpin(a);
	unpin(b);
	t_equal(vbs_join(b, a), 0, "another one joins");
	t_equal(pin(a, 0), -EINVAL, "a mask without the CPU, for one of two");
	t_equal(pin(a, 1), 0, "a mask with the CPU, for one of two");
	t_equal(server_val(a, "cpu"), 1, "CPU after both");
	vbs_leave(b);
	pin(b, 0);
	t_equal(vbs_join(b, a), -EINVAL, "JOIN with a mask without the CPU");
	unpin(b);
	t_equal(vbs_join(b, a), 0, "JOIN with a wider one");
	vbs_leave(b);
	t_equal(pin(a, 0), 0, "the one that is left may move again");
}

VBS_TEST("affinity: a lone member's server moves, else EBUSY; of one of several EINVAL", 30)
{
	need_vbs();
	need_cpus(2);
	a = t_fork(sleeper, NULL);
	b = t_fork(sleeper, NULL);
	filler = t_fork(sleeper, NULL);
	sleep_ns(20 * MS);
	lone_member();
	one_of_several();
}
