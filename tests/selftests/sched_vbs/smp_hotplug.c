// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define CPU1	"/sys/devices/system/cpu/cpu1/online"

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static pid_t server_on_1(void (*fn)(void *), u32 cap)
{
	pid_t pid = t_fork(fn, NULL);
	cpu_set_t set;

	pin_to(pid, 1);
	must_enter(pid, 1 * MS, 10 * MS, cap);
	memset(&set, 0xff, sizeof(set));
	sched_setaffinity(pid, sizeof(set), &set);
	t_equal(server_val(pid, "cpu"), 1, "CPU of the server");
	return pid;
}

static void moves(void (*fn)(void *), const char *what)
{
	u32 cap = VBS_BW_UNIT / 4;
	pid_t pid = server_on_1(fn, cap);
	u64 before;

	sleep_ns(25 * MS);
	t_equal(file_write(CPU1, "0"), 0, "%s: CPU 1 goes offline", what);
	t_ok(server_val(pid, "cpu") != 1, "%s: the server has moved", what);
	t_equal(cpu_key(server_val(pid, "cpu"), "booked"), cap, "%s: booked there", what);
	before = server_val(pid, "consumed");
	sleep_ns(200 * MS);
	if (fn == spin_forever)
		/* 20 ms are due; the machine is emulated in real time and may be slow */
		t_at_least(server_val(pid, "consumed") - before, 3 * MS,
			   "%s: ns executed there", what);
	t_equal(file_write(CPU1, "1"), 0, "%s: CPU 1 comes back", what);
	t_kill(pid);
	t_equal(books_empty(SEC), 0, "%s: booked at last", what);
}

static void refuses(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	u32 cap = VBS_BW_UNIT * 6 / 10, small = VBS_BW_UNIT / 5;
	pid_t lucky = server_on_1(spin_forever, small);	/* has a place */
	pid_t pid = server_on_1(spin_forever, cap), fill[64];

	for (int cpu = 0; cpu < cpus; cpu++) {
		if (cpu == 1)
			continue;
		fill[cpu] = t_fork(sleeper, NULL);
		pin_to(fill[cpu], cpu);
		must_enter(fill[cpu], 1 * MS, 10 * MS, cap);
	}
	t_equal(file_write(CPU1, "0"), -EBUSY, "CPU 1 goes offline with nowhere to move");
	t_equal(server_val(pid, "cpu"), 1, "CPU of the server after it");
	t_equal(server_val(lucky, "cpu"), 1, "CPU of the one that would have had a place");
	t_equal(cpu_key(1, "booked"), cap + small, "booked there");
	for (int cpu = 0; cpu < cpus; cpu++) {
		if (cpu == 1)
			continue;
		t_equal(cpu_key(cpu, "booked"), cap, "booked on CPU %d as before", cpu);
		t_kill(fill[cpu]);
	}
	sleep_ns(50 * MS);
	t_equal(file_write(CPU1, "0"), 0, "CPU 1 goes offline when there is room");
	t_equal(cpu_key(1, "booked"), 0, "booked on the CPU that is off");
	t_equal(file_write(CPU1, "1"), 0, "CPU 1 comes back");
	t_kill(pid);
	t_kill(lucky);
	t_equal(books_empty(SEC), 0, "booked at last");
}

VBS_TEST("CPU offline: servers move, idle, working and throttled; or it is EBUSY", 120)
{
	need_vbs();
	need_cpus(2);
	if (access(CPU1, W_OK))
		t_skip_all("no " CPU1);
	file_restore(CPU1);
	moves(sleeper, "asleep");
	moves(spin_forever, "working");
	refuses();
}
