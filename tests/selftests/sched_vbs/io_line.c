// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <termios.h>
#include "vbs_measure.h"
#include "vbs_net.h"

/*
 * The interrupt of a serial line, whose handler has a thread with threadirqs, and always
 * on PREEMPT_RT: each sends what the line's buffer takes and stops without budget, and
 * the line waits.  What it sends is empty lines, in the kernel log of the machine.
 */
#define LINE		"/dev/ttyS0"
#define BYTES		2048
#define RUNTIME		(30 * US)
#define PERIOD		(50 * MS)
#define HANDLER		(500 * US)	/* one handler may take so much beyond the budget */

static void send_lines(int fd)
{
	char lines[BYTES];
	ssize_t n;

	memset(lines, '\n', sizeof(lines));
	for (size_t done = 0; done < sizeof(lines); done += n) {
		n = write(fd, lines + done, sizeof(lines) - done);
		if (n < 0)
			t_fatal(LINE ": %s", strerror(errno));
	}
	tcdrain(fd);
}

/* How long the line takes, and what is charged to its thread */
static u64 sends(int fd, pid_t io, struct slices *s)
{
	struct trace t;
	u64 began;

	trace_start(EV_ACCOUNTS, 16);
	began = now_ns();
	send_lines(fd);
	began = now_ns() - began;
	t = trace_stop();
	*s = service_of(&t, &io, 1);
	return began;
}

/*
 * Where the thread has done the work.  The writer itself fills a line whose interrupt has
 * not come yet, and on PREEMPT_RT the thread waits for the lock that it does that with:
 * nothing is left then to wait for.
 */
static void waits(u64 before, u64 in_server, u64 thread)
{
	if (thread < 2 * RUNTIME && in_server < PERIOD / 2) {
		t_skip("the writer has sent what its line should have");
		return;
	}
	t_at_most(before, PERIOD - 1 * MS, "ns to send all");
	t_at_least(in_server, PERIOD - 1 * MS, "ns in a server, whose next release it waits for");
}

VBS_TEST("the thread of an interrupt stops without budget, and its device waits", 60)
{
	struct slices alone, inside;
	u64 before, in_server;
	pid_t io;
	int fd;

	need_vbs();
	trace_need(EV_ACCOUNTS);
	fd = open(LINE, O_WRONLY | O_NOCTTY);
	io = fd < 0 ? 0 : kernel_thread("irq/4-");
	if (!io)
		t_skip_all("the interrupt of " LINE " has no thread");
	eps_measure();
	t_equal(sched_getscheduler(io), SCHED_FIFO, "its policy before");
	before = sends(fd, io, &alone);
	must_enter(io, RUNTIME, PERIOD, 0);
	t_equal(sched_getscheduler(io), SCHED_VBS, "its policy in a server");
	in_server = sends(fd, io, &inside);
	t_diag("%d bytes: %ju us, of them %ju us of the thread; in a server %ju us and %ju us",
	       BYTES,
	       (uintmax_t)(before / US), (uintmax_t)(service_total(&alone) / US),
	       (uintmax_t)(in_server / US), (uintmax_t)(service_total(&inside) / US));
	check_g2(&inside, (double)RUNTIME / PERIOD, RUNTIME, eps_budget() + HANDLER, "the thread");
	waits(before, in_server, service_total(&inside));
	t_equal(set_fifo(io, 50), 0, "it leaves");
	t_equal(books_empty(SEC), 0, "booked in the end");
	slices_free(&alone);
	slices_free(&inside);
}
