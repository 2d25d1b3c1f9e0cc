// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/* The keys of each line, in this order; more may follow */
static const char * const limits_keys[] = {
	"runtime_min", "runtime_max", "period_min", "period_max", "slice",
};

static const char * const cpu_keys[] = {
	"id", "online", "capacity", "booked", "spare", "servers",
	"held", "fair", "domain", "deadline", "left",
};

static const char * const server_keys[] = {
	"id", "cpu", "cap", "runtime", "period", "flags", "members", "state",
	"consumed", "instances", "misses", "overruns", "overrun_worst",
	"switches", "switch_worst", "release_worst", "skipped", "fair",
	"lost", "owner", "leader", "comm",
};

static const char * const held_keys[] = {
	"cpu", "amount", "until_ns", "owner", "leader",
};

static char text[65536];

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static bool has_keys(const char *line, const char *kind, const char * const *keys, size_t n)
{
	size_t len = strlen(kind);

	if (strncmp(line, kind, len))
		return false;
	line += len;
	for (size_t i = 0; i < n; i++) {
		len = strlen(keys[i]);
		if (*line++ != ' ' || strncmp(line, keys[i], len) || line[len] != '=')
			return false;
		line += len + 1 + strcspn(line + len + 1, "\n ");
	}
	return true;
}

static void check_lines(void)
{
	bool cpus = true, servers = true, known = true;
	unsigned int n = 0, ncpus = 0, nservers = 0, nheld = 0;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), n++) {
		if (n == 0) {
			t_ok(!strncmp(line, "vbs version=1", 13), "first line: %s", line);
		} else if (n == 1) {
			t_ok(has_keys(line, "limits", limits_keys, ARRAY_SIZE(limits_keys)),
			     "second line: %s", line);
		} else if (!strncmp(line, "cpu ", 4)) {
			ncpus++;
			cpus &= has_keys(line, "cpu", cpu_keys, ARRAY_SIZE(cpu_keys));
			known &= !nservers && !nheld;
		} else if (!strncmp(line, "held ", 5)) {
			nheld++;
			servers &= has_keys(line, "held", held_keys, ARRAY_SIZE(held_keys));
		} else {
			known &= !nheld;
			nservers++;
			servers &= has_keys(line, "server", server_keys, ARRAY_SIZE(server_keys));
		}
	}
	t_equal(ncpus, sysconf(_SC_NPROCESSORS_CONF), "lines for CPUs");
	t_ok(cpus, "their keys");
	t_equal(nservers, 2, "lines for servers");
	t_ok(servers, "their keys");
	t_equal(nheld, 1, "lines for what is held");
	t_ok(known, "CPUs come before servers, and servers before what is held");
}

/* 20 of (20, 100) ms: paid for until 100 ms after the start */
static void burner(void *unused)
{
	u64 end = cpu_ns() + 15 * MS;

	(void)unused;
	pause();
	while (cpu_ns() < end)
		;
}

static void wake(int sig)
{
	(void)sig;
}

static void held_by_the_dead(void)
{
	pid_t c;

	signal(SIGUSR1, wake);
	c = t_fork(burner, NULL);
	sleep_ns(10 * MS);
	must_enter(c, 20 * MS, 100 * MS, 0);
	kill(c, SIGUSR1);
	t_wait(c);
}

VBS_TEST("/proc/vbs has the fixed lines and keys, and they add up", 30)
{
	pid_t a, b;
	int n;

	need_vbs();
	a = t_fork(sleeper, NULL);
	b = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	must_enter(a, 2 * MS, 10 * MS, VBS_BW_UNIT / 4);
	must_enter(b, 1 * MS, 10 * MS, 0);
	held_by_the_dead();
	n = file_read(VBS_PROC, text, sizeof(text));
	t_at_least(n, 1, "bytes read");
	t_ok(!strstr(text, "kthrottled"), "nobody is stopped inside the kernel, so none is counted");
	check_lines();
	t_equal(cpu_key(0, "booked") + cpu_key(0, "spare"), cpu_key(0, "capacity"), "booked + spare");
	t_equal(cpu_key(0, "held"), vbs_bw(20 * MS, 100 * MS), "held");
	t_equal(cpu_key(0, "booked") - cpu_key(0, "held"),
		VBS_BW_UNIT / 4 + vbs_bw(1 * MS, 10 * MS), "booked");
	t_equal(cpu_key(0, "fair"), vbs_bw(50 * MS, SEC) - 1, "the fair server's share");
	t_equal(cpu_key(0, "deadline"), 0, "SCHED_DEADLINE's");
	t_equal(cpu_key(0, "servers"), 2, "servers");
	t_equal(server_val(a, "cap"), VBS_BW_UNIT / 4, "cap");
	t_equal(server_val(a, "runtime"), 2 * MS, "runtime");
	t_equal(server_val(a, "period"), 10 * MS, "period");
	t_equal(server_val(a, "members"), 1, "members");
	t_ok(server_state(a, "idle"), "state of a server that has not run for long");
	t_ok(server_val(a, "id") != server_val(b, "id"), "ids differ");
	t_equal(access(VBS_PROC, W_OK) && errno == EACCES ? 0 : access(VBS_PROC, R_OK), 0, "readable");
}
