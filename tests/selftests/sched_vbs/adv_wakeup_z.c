// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "vbs_measure.h"

/*
 * A of (2.1, 6), cap 1/2, executes 3.28 ms in one piece, the end of it in a
 * write() that fills a pipe and blocks: 1.18 of the next instance is executed
 * before its release, r = 6.  It is woken at 9.27, between z = 8.36 and y = 9.37,
 * executes 0.873 of the 0.92 left, and switches to (1.085, 2.17).  That starts at
 * 9.27 + 0.873 / u; with z as of 8.36 it would be released at the switch, due just
 * before B's instance, which then has 0.1 ms of its budget after its deadline.
 *
 * B of (1.22, 3.05) always has work.  Each round is ten of its periods.
 */
#define A_RUNTIME	(2100 * US)
#define A_PERIOD	(6 * MS)
#define A_BEFORE	(1180 * US)
#define A_LEFT		(873 * US)
#define A_WAKE		(9270 * US)
#define B_PERIOD	(3050 * US)
#define B_PHASE		(210 * US)
#define ROUND		(10 * B_PERIOD)
#define ROUNDS		20
#define OWNER		1000
#define PIPE		(1 << 20)

struct plan {
	volatile u32 gate;
	volatile u32 rounds;	/* that went as planned */
	volatile u64 filling;	/* CPU time of the write() that fills the pipe */
	volatile u64 woken;	/* in the last round, after its start */
	u64 t0;
};

static struct plan *plan;
static int fd[2];
static char page[4096];

static u64 scene(unsigned int i)
{
	return plan->t0 + i * ROUND;
}

/* Of fresh memory each time, which the call has to bring in */
static u64 fill(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u64 cpu = cpu_ns();

	if (p == MAP_FAILED || write(fd[1], p, size) != (ssize_t)size)
		_exit(1);
	cpu = cpu_ns() - cpu;
	munmap(p, size);
	return cpu;
}

static void drain(size_t size)
{
	for (; size; size -= sizeof(page))
		if (read(fd[0], page, sizeof(page)) != sizeof(page))
			_exit(1);
}

static void attack(u64 t0)
{
	u64 woken;

	sleep_until(t0);
	burn(A_RUNTIME + A_BEFORE - plan->filling);
	fill(PIPE + sizeof(page));
	woken = now_ns() - t0;
	plan->woken = woken;
	burn(A_LEFT);
	if (vbs_enter(0, 1085 * US, 2170 * US, 0))
		_exit(2);
	if (woken > A_WAKE - 100 * US && woken < A_WAKE + 90 * US)
		plan->rounds++;
	spin_until(t0 + A_WAKE + 6 * MS);
	if (vbs_enter(0, A_RUNTIME, A_PERIOD, 0))
		_exit(2);
	drain(PIPE);
}

static void attacker(void *unused)
{
	(void)unused;
	t_become(OWNER);
	for (int i = 0; i < 3; i++) {
		plan->filling = fill(PIPE);
		drain(PIPE);
	}
	gate_wait(&plan->gate);
	for (unsigned int i = 0; i < ROUNDS; i++)
		attack(scene(i));
}

/* Makes room for one page, and so wakes the attacker */
static void waker(void *unused)
{
	(void)unused;
	t_become(OWNER);
	prctl(PR_SET_TIMERSLACK, 1);
	gate_wait(&plan->gate);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		sleep_until(scene(i) + A_WAKE);
		drain(sizeof(page));
	}
}

static void prepare(void)
{
	need_vbs();
	trace_need(EV_ACCOUNTS);
	eps_measure_noisy();
	plan = t_shared(sizeof(*plan));
	if (pipe(fd) || fcntl(fd[1], F_SETPIPE_SZ, PIPE) != PIPE)
		t_fatal("a pipe of %d bytes", PIPE);
}

VBS_TEST("a wake-up between z and y leaves z at the wake-up, whatever release it enters", 60)
{
	struct crowd *b;
	struct trace t;
	struct g1 g;
	pid_t pid;

	prepare();
	b = crowd_new(1, VBS_BW_UNIT / 10 * 4, B_PERIOD, B_PERIOD);
	pid = t_fork(attacker, NULL);
	/* On PREEMPT_RT the timers of fair tasks expire in a thread. */
	if (set_fifo(t_fork(waker, NULL), 50))
		t_fatal("FIFO 50: %m");
	sleep_ns(50 * MS);
	t_diag("the call takes %.3f us", plan->filling / 1e3);
	t_at_least(plan->filling, A_BEFORE, "ns of the call, of which the end is borrowed");
	must_enter(pid, A_RUNTIME, A_PERIOD, VBS_BW_UNIT / 2);
	trace_start(EV_ACCOUNTS, 32);
	crowd_go(b);
	/* B has executed its first budget when this goes on */
	plan->t0 = now_ns() - b->runtime[0] + ROUND - B_PHASE;
	gate_open(&plan->gate);
	t_equal(t_wait(pid), 0, "the attacker's exit status");
	g = crowd_g1(b, &t);
	crowd_end(b);
	t_diag("woken %.3f ms after the start, at last; wanted %.3f", plan->woken / 1e6,
	       A_WAKE / 1e6);
	/* The first one brings pages in */
	t_at_least(plan->rounds, ROUNDS - 1, "wake-ups between z and y");
	check_g1(&g, ROUNDS * (ROUND / B_PERIOD), eps_budget(), eps_start(2));
}
