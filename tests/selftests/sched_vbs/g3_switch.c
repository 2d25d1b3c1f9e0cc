// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * A server with a cap of 30 % switches itself among resources at random
 * moments, beside servers with all the rest.  Where z lies is computed here
 * from the releases and from what was charged, not taken from the kernel.
 */
#define CAP		(VBS_BW_UNIT * 3 / 10 + 1)
#define NEIGHBOURS	4
#define MAX_SWITCHES	20000

struct resource {
	u64 runtime;
	u64 period;
};

static const struct resource resources[] = {
	{ 300 * US, 1 * MS }, { 600 * US, 2 * MS }, { 3 * MS, 10 * MS },
	{ 1 * MS, 10 * MS }, { 100 * US, 1 * MS }, { 15 * MS, 50 * MS },
};

struct log {
	volatile u32 gate;
	volatile u32 n;
	volatile u32 which[MAX_SWITCHES];
};

static void switcher(void *arg)
{
	struct log *log = arg;
	unsigned int seed = t_arg("seed", 1), now = 0, next;

	gate_wait(&log->gate);
	while (log->n < MAX_SWITCHES) {
		burn(rand_r(&seed) % (3 * resources[now].runtime / 2));
		next = rand_r(&seed) % ARRAY_SIZE(resources);
		if (next == now)
			continue;
		log->which[log->n++] = next;
		if (vbs_enter(0, resources[next].runtime, resources[next].period, 0))
			_exit(1);
		now = next;
	}
	_exit(2);
}

/* State of the check while the trace is read */
struct check {
	u64 id;
	pid_t pid;
	u64 lost;		/* VBS clock = trace clock - lost */
	double z;
	u64 due;		/* latest start after the last switch, or 0 */
	u64 release;
	unsigned int switches;
	unsigned int starts;
	s64 worst_z;
	s64 worst_late;
	s64 tail;		/* executed between a switch and its release */
	s64 worst_tail;
};

static void on_switch(struct check *c, const struct log *log, u64 at, u64 release)
{
	const struct resource *r = &resources[log->which[c->switches++]];
	double model = c->z > at ? c->z : at;
	s64 off = (double)release - model;

	off = off < 0 ? -off : off;
	c->worst_z = off > c->worst_z ? off : c->worst_z;
	c->release = release;
	c->tail = 0;
	c->due = release + r->period - r->runtime;
}

/* What runs before the release is the rest of the system call */
static void on_charge(struct check *c, u64 end, u64 ns)
{
	s64 late = (s64)(end - ns - c->due);

	c->z += ns * (double)VBS_BW_UNIT / CAP;
	if (!c->due)
		return;
	if (end - ns < c->release) {
		c->tail += ns;
		c->worst_tail = c->tail > c->worst_tail ? c->tail : c->worst_tail;
		return;
	}
	c->worst_late = late > c->worst_late ? late : c->worst_late;
	c->starts++;
	c->due = 0;
}

static void read_trace(struct check *c, const struct log *log, const struct trace *t)
{
	for (size_t i = 0; i < t->n && c->switches < log->n; i++) {
		const struct trace_event *e = &t->ev[i];

		if (e->kind == EV_RELEASE && (u64)e->f[RELEASE_SERVER] == c->id)
			c->z = e->f[RELEASE_AT] +
			       e->f[RELEASE_DEBT] * (double)VBS_BW_UNIT / CAP;
		else if (e->kind == EV_VSWITCH && (u64)e->f[VSWITCH_SERVER] == c->id)
			on_switch(c, log, e->f[VSWITCH_AT], e->f[VSWITCH_RELEASE]);
		else if (e->kind == EV_RUNTIME && e->f[RUNTIME_PID] == c->pid)
			on_charge(c, e->ts - c->lost, e->f[RUNTIME_NS]);
	}
}

VBS_TEST("G3: after a switch at t execution begins by max(t, z) + pi' - lambda'", 300)
{
	struct log *log = t_shared(sizeof(*log));
	struct crowd *neighbours;
	struct check c = {};
	const struct eps *eps;
	struct trace t;

	need_vbs();
	trace_start(EV_ACCOUNTS | EV_BIT(EV_VSWITCH), 96);
	eps = eps_measure_long();
	c.pid = t_fork(switcher, log);
	must_enter(c.pid, resources[0].runtime, resources[0].period, CAP);
	neighbours = crowd_new(NEIGHBOURS, cpu_room(0), 3 * MS, 20 * MS);
	crowd_go(neighbours);
	c.id = server_val(c.pid, "id");
	c.lost = server_val(c.pid, "lost");
	gate_open(&log->gate);
	sleep_ns(t_arg("seconds", 6) * SEC);
	t = trace_stop();
	read_trace(&c, log, &t);
	t_at_least(c.switches, 300, "switches");
	t_at_most(c.worst_z, eps->unit, "ns between the kernel's and the computed max(t, z)");
	t_at_least(c.starts, c.switches - 1, "first executions after them");
	t_at_most(c.worst_tail, eps_budget(), "ns of a system call's rest before the release");
	t_at_most(c.worst_late, eps_start(NEIGHBOURS + 1), "ns that any start is after what is promised");
	crowd_end(neighbours);
}
