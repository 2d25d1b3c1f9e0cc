// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * Arguments: n servers share all that is granted(); each switches itself among
 * resources within its cap at random moments.  Where z lies is computed here
 * from the releases and from what was charged, not taken from the kernel.
 */
#define MAX_SWITCHES	20000

static const struct resource {
	unsigned int period;	/* of the shortest */
	unsigned int percent;	/* of the cap */
} resources[] = {
	{ 1, 100 }, { 2, 100 }, { 5, 100 }, { 5, 40 }, { 1, 50 }, { 10, 100 },
};

/* A server, and the state of its check while the trace is read */
struct check {
	/* for the member */
	u64 cap;
	u64 base;
	unsigned int seed;
	volatile u32 *gate;
	volatile u32 n;
	volatile u32 which[MAX_SWITCHES];
	/* for the check */
	u64 id;
	pid_t pid;
	double z;
	double before;		/* z before the last release */
	u64 released;
	u64 due;		/* latest start after the last switch, or 0 */
	u64 release;
	u64 instances;
	unsigned int switches;
	unsigned int starts;
	s64 tail;		/* executed between a switch and its release */
};

static struct worst {
	s64 z;
	s64 late;
	s64 tail;
} worst;

static void note(s64 *most, s64 value)
{
	*most = value > *most ? value : *most;
}

static u64 period_of(const struct check *c, unsigned int which)
{
	return c->base * resources[which].period;
}

static u64 runtime_of(const struct check *c, unsigned int which)
{
	return (c->cap * period_of(c, which) * resources[which].percent / 100) >> VBS_BW_SHIFT;
}

static void switcher(void *arg)
{
	unsigned int now = 0, next;
	struct check *c = arg;

	gate_wait(c->gate);
	while (c->n < MAX_SWITCHES) {
		burn(rand_r(&c->seed) % (3 * runtime_of(c, now) / 2));
		next = rand_r(&c->seed) % ARRAY_SIZE(resources);
		if (next == now)
			continue;
		c->which[c->n++] = next;
		if (vbs_enter(0, runtime_of(c, next), period_of(c, next), 0))
			_exit(1);
		now = next;
	}
	_exit(2);
}

static void on_switch(struct check *c, u64 at, u64 release)
{
	unsigned int to = c->which[c->switches++];
	/* the release that the switch itself has made has been seen */
	double z = c->released == at ? c->before : c->z;
	s64 off = (double)release - (z > at ? z : at);

	note(&worst.z, off < 0 ? -off : off);
	c->instances++;
	c->release = release;
	c->tail = 0;
	c->due = release + period_of(c, to) - runtime_of(c, to);
}

static void on_release(struct check *c, u64 at, u64 debt)
{
	c->instances++;
	c->before = c->z;
	c->released = at;
	c->z = at + debt * (double)VBS_BW_UNIT / c->cap;
}

/* What runs before the release is the rest of the system call */
static void on_charge(struct check *c, u64 end, u64 ns)
{
	c->z += ns * (double)VBS_BW_UNIT / c->cap;
	if (!c->due)
		return;
	if (end - ns < c->release) {
		c->tail += ns;
		note(&worst.tail, c->tail);
		return;
	}
	note(&worst.late, end - ns - c->due);
	c->starts++;
	c->due = 0;
}

static void on_event(struct check *c, const struct trace_event *e, u64 lost)
{
	if (c->switches >= c->n)
		return;
	if (e->kind == EV_RELEASE && (u64)e->f[RELEASE_SERVER] == c->id)
		on_release(c, e->f[RELEASE_AT], e->f[RELEASE_DEBT]);
	else if (e->kind == EV_VSWITCH && (u64)e->f[VSWITCH_SERVER] == c->id)
		on_switch(c, e->f[VSWITCH_AT], e->f[VSWITCH_RELEASE]);
	else if (e->kind == EV_RUNTIME && e->f[RUNTIME_PID] == c->pid)
		on_charge(c, e->ts - lost, e->f[RUNTIME_NS]);
}

static void start(struct check *c, unsigned int n, u64 cap)
{
	volatile u32 *gate = t_shared(sizeof(*gate));

	for (unsigned int i = 0; i < n; i++) {
		c[i].cap = cap;
		c[i].base = t_arg("base_us", 1000) * US;
		c[i].seed = t_arg("seed", 1) + i;
		c[i].gate = gate;
		c[i].pid = t_fork(switcher, &c[i]);
	}
	sleep_ns(20 * MS);
	for (unsigned int i = 0; i < n; i++) {
		must_enter(c[i].pid, runtime_of(&c[i], 0), period_of(&c[i], 0), cap);
		c[i].id = server_val(c[i].pid, "id");
	}
	gate_open(gate);
}

VBS_TEST("G3: after a switch at t execution begins by max(t, z) + pi' - lambda'", 300)
{
	u64 seconds = t_arg("seconds", 6), least = t_arg("instances", 1000), lost;
	u64 instances = UINT64_MAX, switches = UINT64_MAX, missing = 0;
	unsigned int n = t_arg("n", 16);
	struct check *c = t_shared(n * sizeof(*c));
	const struct eps *eps;
	struct trace t;
	u64 cap;

	need_vbs();
	cap = granted() / n;
	trace_start(EV_ACCOUNTS | EV_BIT(EV_VSWITCH), t_arg("megabytes", 96));
	eps = eps_measure_long();
	start(c, n, cap);
	lost = server_val(c[0].pid, "lost");
	sleep_ns(seconds * SEC);
	t = trace_stop();
	for (size_t i = 0; i < t.n; i++)
		for (unsigned int k = 0; k < n; k++)
			on_event(&c[k], &t.ev[i], lost);
	for (unsigned int k = 0; k < n; k++) {
		instances = c[k].instances < instances ? c[k].instances : instances;
		switches = c[k].switches < switches ? c[k].switches : switches;
		missing += c[k].switches - c[k].starts > 1;
		t_kill(c[k].pid);
	}
	t_at_least(instances, least, "instances of every server");
	t_at_least(switches, least / 2, "switches of every server");
	t_equal(missing, 0, "servers that did not execute after each of them");
	t_at_most(worst.z, eps->unit, "ns between the kernel's and the computed max(t, z)");
	t_at_most(worst.tail, eps_start(1), "ns of a system call's rest before the release");
	t_at_most(worst.late, eps_start(n), "ns that any start is after what is promised");
}
