// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define USER		1000
#define STRANGER	1001
#define EVENT	"/sys/kernel/tracing/events/sched/sched_vbs_reject/enable"
#define TRACE	"/sys/kernel/tracing/trace"

/* 40 of (40, 1000) ms: and 36 are paid for until 900 ms after the start */
static u32 cap;
static char text[65536];

static void wake(int sig)
{
	(void)sig;
}

static void burner(void *unused)
{
	u64 end;

	(void)unused;
	t_become(USER);
	pause();
	end = cpu_ns() + 36 * MS;
	while (cpu_ns() < end)
		;
}

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static bool held_line(pid_t *leader, u64 *amount, u64 *left, u32 *owner)
{
	char *line = file_read(VBS_PROC, text, sizeof(text)) > 0 ? strstr(text, "\nheld ") : NULL;
	intmax_t a, l;

	if (!line || sscanf(line, "\nheld cpu=0 amount=%jd until_ns=%jd owner=%u leader=%d",
			    &a, &l, owner, leader) != 4)
		return false;
	*amount = a;
	*left = l;
	return true;
}

static bool seen_by(uid_t uid)
{
	u64 amount, left;
	pid_t leader, pid = fork();
	u32 owner;

	if (!pid) {
		t_become(uid);
		_exit(held_line(&leader, &amount, &left, &owner));
	}
	return (t_wait(pid) >> 8) & 0xff;
}

static void refusal(u64 until)
{
	struct vbs_sched_attr attr = vbs_attr(1 * MS, 10 * MS, VBS_BW_UNIT * 88 / 100);
	pid_t pid = t_fork(sleeper, NULL);
	uintmax_t spare, held, left;
	char *line;
	int n;

	if (access(EVENT, F_OK)) {
		t_skip("no tracefs");
		return;
	}
	file_write(TRACE, "\n");
	t_refused(EBUSY, pid, &attr, "a cap that there is no room for yet");
	file_read(TRACE, text, sizeof(text));
	line = strstr(text, "reason=no_room");
	if (!t_ok(line, "a reason in the trace"))
		return;
	n = sscanf(line, "reason=no_room asked=%*u spare=%ju cpu=0 held=%ju until_ns=%ju",
		   &spare, &held, &left);
	t_equal(n, 3, "its fields");
	t_equal(spare, cpu_key(0, "spare"), "spare");
	t_equal(held, cap, "held");
	t_near(left, until - now_ns(), 5 * MS, "until");
	sleep_ns(left);
	t_equal(vbs_setattr(pid, &attr), 0, "admitted then");
	t_kill(pid);
}

VBS_TEST("what the dead still hold: how much, until when, whose, for who may know", 30)
{
	u64 t0, amount = 0, left = 0;
	pid_t pid, leader = 0;
	u32 owner = 0;

	need_vbs();
	if (!access(EVENT, F_OK)) {
		file_restore(EVENT);
		file_write(EVENT, "1");
	}
	cap = vbs_bw(40 * MS, 1000 * MS);
	signal(SIGUSR1, wake);
	pid = t_fork(burner, NULL);
	sleep_ns(10 * MS);
	must_enter(pid, 40 * MS, 1000 * MS, 0);
	t0 = now_ns();
	kill(pid, SIGUSR1);
	t_wait(pid);
	t_ok(held_line(&leader, &amount, &left, &owner), "a line for what it holds");
	t_equal(amount, cap, "amount");
	t_equal(leader, pid, "leader");
	t_equal(owner, USER, "owner");
	t_near(now_ns() + left, t0 + 900 * MS, 5 * MS, "until");
	t_equal(cpu_key(0, "held"), cap, "the sum of the CPU");
	t_ok(seen_by(USER), "its user sees the line");
	t_ok(!seen_by(STRANGER), "a stranger does not");
	refusal(now_ns() + left);
	t_ok(!held_line(&leader, &amount, &left, &owner), "no line after z");
	t_equal(books_empty(SEC), 0, "booked at last");
	t_equal(cpu_key(0, "held"), 0, "held at last");
}
