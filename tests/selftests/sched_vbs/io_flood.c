// SPDX-License-Identifier: GPL-2.0
#include <sys/utsname.h>
#include "vbs_measure.h"
#include "vbs_net.h"

/*
 * A sender, itself within its server, floods a network device with packets.  What they
 * cost where they are received is a softirq's, and so nobody's; or a thread's with
 * SCHED_FIFO 50, as threads of interrupts have it; or a server's.  Beside them is
 * somebody who needs 2 ms in every 10 ms.
 */
#define NEED		(2 * MS)
#define PERIOD		(10 * MS)
#define IO		(500 * US)
#define IO_PERIOD	(5 * MS)
#define EPS		(50 * US)
#define PERIODS		t_arg("instances", 100)
/* What one poll may take beyond the budget: 64 packets, paid by the next instance */
#define POLL		(500 * US)

static u64 at_nobody, io_packets;

/* ---- a SCHED_VBS neighbour, on a CPU that is booked full ---- */

/* The neighbour, and who has the rest */
static struct crowd *neighbours(void)
{
	struct crowd *c = crowd_new(2, 0, PERIOD / 2, PERIOD);
	u64 room = cpu_room(0);

	c->runtime[0] = ((room - vbs_bw(NEED, PERIOD)) * c->period[0]) >> VBS_BW_SHIFT;
	c->runtime[1] = NEED;
	crowd_go(c);
	return c;
}

static struct g1 beside_flood(pid_t sender, struct trace *t)
{
	struct nobodys before, after;
	struct crowd *c;
	u64 packets;
	struct g1 g;

	must_enter(sender, 3 * MS, PERIOD, 0);
	trace_start(EV_ACCOUNTS, t_arg("megabytes", 96));
	c = neighbours();
	before = nobodys_now();
	packets = flood_received();
	/* Where servers want more than there is, this process has nothing. */
	flood_until(now_ns() + (PERIODS + 20) * PERIOD);
	kill(sender, SIGCONT);
	sleep_ns((PERIODS + 5) * PERIOD);
	after = nobodys_now();
	io_packets = flood_received() - packets;
	sleep_ns(2 * PERIOD);
	kill(sender, SIGSTOP);
	g = crowd_g1(c, t);
	crowd_end(c);
	at_nobody = after.softirq - before.softirq;
	t_diag("%ju packets received; nobody's: hard interrupts %ju ms, softirqs %ju ms",
	       (uintmax_t)io_packets,
	       (uintmax_t)((after.irq - before.irq) / MS), (uintmax_t)(at_nobody / MS));
	t_timely(vbs_leave(sender), 0, "the sender leaves");
	return g;
}

static void in_softirq(pid_t sender)
{
	struct utsname name;
	struct trace t;
	struct g1 g;

	if (!uname(&name) && strstr(name.version, "PREEMPT_RT"))
		return t_skip("softirqs are nobody's: a PREEMPT_RT kernel");
	napi_threaded(false);
	t_equal(booked_becomes(0, 0), 0, "softirq: booked before");
	g = beside_flood(sender, &t);
	t_at_least(at_nobody, PERIODS * PERIOD / 20,
		   "softirq: ns that nobody is charged, 5 %% and more");
	t_at_least(g.misses, 1, "softirq: misses of servers that have booked what they need");
}

static void in_server(pid_t sender, pid_t io)
{
	struct slices s;
	struct trace t;
	struct g1 g;

	napi_threaded(true);
	must_enter(io, IO, IO_PERIOD, 0);
	g = beside_flood(sender, &t);
	check_g1(&g, PERIODS, EPS, eps_start(4));
	t_at_most(at_nobody, PERIODS * PERIOD / 50,
		  "I/O server: ns that nobody is charged, 2 %% at most");
	s = service_of(&t, &io, 1);
	check_g2(&s, (double)IO / IO_PERIOD, IO, EPS + POLL, "I/O server");
	t_at_least(service_total(&s), PERIODS * PERIOD / IO_PERIOD * IO * 9 / 10,
		   "I/O server: ns that it executed");
	slices_free(&s);
	t_at_least(io_packets, PERIODS, "I/O server: packets received");
	t_timely(server_val(io, "misses"), 0, "I/O server: misses");
	t_timely(set_fifo(io, 50), 0, "I/O server: its thread leaves");
}

/* ---- a SCHED_FIFO neighbour ---- */

struct periodic {
	volatile u64 t0;
	volatile u64 late;
	volatile u64 worst;
	volatile u32 done;
};

static void periodic(void *arg)
{
	struct periodic *p = arg;
	u64 end;

	for (u64 k = 0; k < PERIODS; k++) {
		sleep_until(p->t0 + k * PERIOD);
		burn(NEED);
		end = now_ns() - (p->t0 + k * PERIOD);
		p->late += end > PERIOD;
		p->worst = end > p->worst ? end : p->worst;
	}
	gate_open(&p->done);
	for (;;)
		pause();
}

static struct periodic *beside_fifo(pid_t sender, const char *what)
{
	struct periodic *p = t_shared(sizeof(*p));
	pid_t pid;

	p->t0 = now_ns() + 200 * MS;
	kill(sender, SIGCONT);
	pid = t_fork(periodic, p);
	if (set_fifo(pid, 40))
		t_fatal("SCHED_FIFO");
	gate_wait(&p->done);
	kill(sender, SIGSTOP);
	t_diag("%s: %ju of %ju late, the worst took %ju us", what, (uintmax_t)p->late,
	       (uintmax_t)PERIODS, (uintmax_t)(p->worst / US));
	t_kill(pid);
	return p;
}

static void fifo_neighbour(pid_t sender, pid_t io)
{
	struct periodic *p;

	if (set_fifo(io, 50) || set_fifo(sender, 45))
		t_fatal("SCHED_FIFO for the sender and the thread of NAPI");
	flood_bursts(4 * MS, PERIOD);
	p = beside_fifo(sender, "FIFO 50");
	t_at_least(p->late, PERIODS / 10, "beside a thread with FIFO 50: late periods of FIFO 40");
	must_enter(io, IO, IO_PERIOD, 0);
	p = beside_fifo(sender, "I/O server");
	t_timely(p->late, 0, "beside an I/O server: late periods of FIFO 40");
	flood_bursts(0, 0);
	if (set_fifo(io, 50) || vbs_leave(sender))
		t_fatal("the sender and the thread of NAPI do not leave");
}

VBS_TEST("a flood of packets takes nothing from neighbours if its thread is in a server", 300)
{
	pid_t sender, io;

	need_vbs();
	trace_need(EV_ACCOUNTS);
	eps_measure_noisy();
	sender = flood_new();
	flood_go();
	sleep_ns(100 * MS);
	napi_threaded(true);
	io = napi_thread();
	kill(sender, SIGSTOP);
	fifo_neighbour(sender, io);
	in_server(sender, io);
	in_softirq(sender);
	t_kill(sender);
}
