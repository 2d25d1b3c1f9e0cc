// SPDX-License-Identifier: GPL-2.0
/*
 * Servers that always have work, and how far each was from its resource.
 *
 * The deviations of k consecutive instances, for every k and every start, are
 * the largest rise and the largest fall of the running sum of deviations.
 */
#include "vbs_measure.h"

struct crowd *crowd_new(unsigned int n, u64 bw, u64 shortest, u64 longest)
{
	struct crowd *c = t_shared(sizeof(*c));

	c->n = n;
	c->gate = t_shared(sizeof(u32));
	for (unsigned int i = 0; i < n; i++) {
		c->period[i] = n > 1 ? shortest + (longest - shortest) * i / (n - 1)
				     : longest;
		c->runtime[i] = (bw / n * c->period[i]) >> VBS_BW_SHIFT;
	}
	return c;
}

void crowd_add_aligned(struct crowd *c, u64 runtime, u64 period)
{
	c->runtime[c->n] = runtime;
	c->period[c->n] = period;
	c->aligned[c->n++] = true;
}

static void crowd_enter(const struct crowd *c, unsigned int i)
{
	struct vbs_sched_attr attr = vbs_attr(c->runtime[i], c->period[i], 0);

	if (c->aligned[i])
		attr.sched_flags = SCHED_FLAG_VBS_ALIGN;
	errno = -vbs_setattr(c->pid[i], &attr);
	if (errno)
		t_fatal("server %u of %u: %s", i, c->n, strerror(errno));
}

static void crowd_member(void *gate)
{
	gate_wait(gate);
	spin_forever(NULL);
}

void crowd_go(struct crowd *c)
{
	for (unsigned int i = 0; i < c->n; i++)
		c->pid[i] = t_fork(crowd_member, (void *)c->gate);
	/* asleep at the gate when they enter: the first instance begins there */
	sleep_ns(20 * MS);
	for (unsigned int i = 0; i < c->n; i++)
		crowd_enter(c, i);
	for (unsigned int i = 0; i < c->n; i++)
		c->id[i] = server_val(c->pid[i], "id");
	c->lost = server_val(c->pid[0], "lost");
	gate_open(c->gate);
}

static void crowd_stats(const struct crowd *c, struct g1 *g)
{
	for (unsigned int i = 0; i < c->n; i++)
		g->misses += server_val(c->pid[i], "misses");
	g->lost = server_val(c->pid[0], "lost") - c->lost;
}

void crowd_end(struct crowd *c)
{
	for (unsigned int i = 0; i < c->n; i++)
		t_kill(c->pid[i]);
}

/* One server's running sums while the trace is read */
struct account {
	u64 deadline, service, last;
	s64 sum, low, high;
	size_t instances;
	bool open;
};

static s64 max_s64(s64 a, s64 b)
{
	return a > b ? a : b;
}

static void close_instance(struct account *a, u64 runtime, struct g1 *g)
{
	s64 off = a->service - runtime;

	a->instances++;
	a->sum += off;
	a->low = a->sum < a->low ? a->sum : a->low;
	a->high = a->sum > a->high ? a->sum : a->high;
	g->instance = max_s64(g->instance, off < 0 ? -off : off);
	g->run = max_s64(g->run, max_s64(a->high - a->sum, a->sum - a->low));
	g->tardiness = max_s64(g->tardiness, (s64)(a->last - a->deadline));
}

/* Where it should be; the clock of aligned releases is read with an error */
static bool is_at(u64 release, u64 deadline, bool aligned)
{
	s64 off = release - deadline;

	return aligned ? off > -2 * (s64)US && off < 2 * (s64)US : !off;
}

static void on_release(struct account *a, const struct trace_event *e, u64 runtime, u64 lost,
		       bool aligned, struct g1 *g)
{
	if (a->open) {
		close_instance(a, runtime, g);
		g->broken += !is_at(e->f[RELEASE_AT] + lost, a->deadline, aligned);
	}
	a->open = true;
	a->deadline = e->f[RELEASE_DEADLINE] + lost;
	a->service = 0;
	a->last = e->ts;
}

static int find_id(const struct crowd *c, u64 id)
{
	for (unsigned int i = 0; i < c->n; i++)
		if (c->id[i] == id)
			return i;
	return -1;
}

static int find_pid(const struct crowd *c, pid_t pid)
{
	for (unsigned int i = 0; i < c->n; i++)
		if (c->pid[i] == pid)
			return i;
	return -1;
}

struct g1 crowd_g1(const struct crowd *c, struct trace *t)
{
	struct account *accounts = calloc(c->n, sizeof(*accounts));
	u64 cost = sysctl_vbs("release_cost_ns");
	struct g1 g = { .instances = SIZE_MAX };

	if (!accounts)
		t_fatal("memory for %u accounts", c->n);
	crowd_stats(c, &g);
	*t = trace_stop();
	for (size_t i = 0; i < t->n; i++) {
		const struct trace_event *e = &t->ev[i];
		int k;

		if (e->kind == EV_RELEASE) {
			k = find_id(c, e->f[RELEASE_SERVER]);
			if (k >= 0)
				on_release(&accounts[k], e, c->runtime[k] - cost,
					   c->lost, c->aligned[k], &g);
		} else if (e->kind == EV_RUNTIME) {
			k = find_pid(c, e->f[RUNTIME_PID]);
			if (k >= 0) {
				accounts[k].service += e->f[RUNTIME_NS];
				accounts[k].last = e->ts;
			}
		}
	}
	for (unsigned int i = 0; i < c->n; i++)
		if (accounts[i].instances < g.instances)
			g.instances = accounts[i].instances;
	free(accounts);
	return g;
}

void check_g1(const struct g1 *g, size_t instances, u64 eps, u64 tardiness)
{
	t_diag("worst of at least %zu instances each: one %.3f us off, any run %.3f us off, tardiness %.3f us",
	       g->instances, g->instance / 1e3, g->run / 1e3, g->tardiness / 1e3);
	t_at_least(g->instances, instances, "instances of every server");
	t_at_most(g->instance, eps, "ns off lambda in any instance");
	t_at_most(g->run, eps, "ns off k lambda in any k consecutive instances");
	t_at_most(g->tardiness, tardiness, "ns of service after any deadline");
	t_timely(g->broken, 0, "instances not released at the last deadline");
	t_timely(g->misses, 0, "misses counted");
	t_timely(g->lost, 0, "ns counted as lost on a machine that never stops");
}

/* Neighbours of an attack: 70 % of the CPU in four servers of 2 to 5 ms */
#define SIEGE_BW	((u64)VBS_BW_UNIT * (t_arg("debug", 0) ? 25 : 70) / 100)
#define SIEGE_SERVERS	4
#define SIEGE_SHORTEST	(2 * MS)
#define SIEGE_LONGEST	(5 * MS)

struct crowd *siege_start(void)
{
	struct crowd *c = crowd_new(SIEGE_SERVERS, SIEGE_BW, SIEGE_SHORTEST,
				    SIEGE_LONGEST);

	need_vbs();
	trace_need(SIEGE_EVENTS);
	eps_measure_noisy();
	trace_start(SIEGE_EVENTS, t_arg("megabytes", 96));
	crowd_go(c);
	return c;
}

u64 siege_length(void)
{
	return t_arg("instances", 1000) * SIEGE_LONGEST;
}

struct trace siege_held(struct crowd *c)
{
	struct trace t;
	struct g1 g;

	/* The last instances end inside the trace */
	sleep_ns(2 * SIEGE_LONGEST);
	g = crowd_g1(c, &t);
	crowd_end(c);
	check_g1(&g, t_arg("instances", 1000), eps_budget(), eps_start(c->n + 1));
	return t;
}

void siege_end(struct crowd *c, double u, u64 runtime, u64 borrowed)
{
	struct trace t = siege_held(c);
	struct slices s = service_vbs_except(&t, c->pid, c->n);

	t_at_least(service_total(&s), siege_length() / 100, "ns that the attacker executed");
	check_g2(&s, u, runtime, eps_budget() + borrowed, "the attacker");
}
