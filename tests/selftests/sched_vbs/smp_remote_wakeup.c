// SPDX-License-Identifier: GPL-2.0
#include <sys/eventfd.h>
#include "vbs_test.h"

#define ROUNDS	5000

static int ping, pong;

static void send_event(int fd)
{
	u64 one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		_exit(1);
}

static void wait_event(int fd)
{
	u64 val;

	if (read(fd, &val, sizeof(val)) != sizeof(val))
		_exit(1);
}

static void responder(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		wait_event(ping);
		send_event(pong);
	}
}

static void caller(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		send_event(ping);
		wait_event(pong);
	}
}

/* ns of a round trip between CPU 0 and CPU 1 */
static u64 round_trips(int policy)
{
	pid_t a, b;
	u64 start;

	ping = eventfd(0, 0);
	pong = eventfd(0, 0);
	b = t_fork(responder, NULL);
	pin_to(b, 1);
	if (policy == SCHED_VBS)
		must_enter(b, 8 * MS, 10 * MS, 0);
	start = now_ns();
	a = t_fork(caller, NULL);
	pin_to(a, 0);
	if (policy == SCHED_VBS) {
		must_enter(a, 8 * MS, 10 * MS, 0);
		t_equal(server_val(a, "cpu"), 0, "CPU of the caller");
		t_equal(server_val(b, "cpu"), 1, "CPU of the responder");
	}
	t_equal(t_wait(a), 0, "exit status of the caller");
	t_equal(t_wait(b), 0, "exit status of the responder");
	return (now_ns() - start) / ROUNDS;
}

VBS_TEST("servers on two CPUs wake each other, and no wake-up is lost or waits for a tick", 120)
{
	u64 other, vbs;

	need_vbs();
	need_cpus(2);
	other = round_trips(SCHED_OTHER);
	vbs = round_trips(SCHED_VBS);
	t_diag("a round trip takes %.3f us as SCHED_OTHER, %.3f us as SCHED_VBS",
	       other / 1e3, vbs / 1e3);
	t_at_most(vbs, 3 * other + 100 * US, "ns of a round trip");
}
