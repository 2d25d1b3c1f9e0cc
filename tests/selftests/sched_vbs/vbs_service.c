// SPDX-License-Identifier: GPL-2.0
/*
 * From the trace: what was charged to whom, in which instance.
 *
 * Let S(t) be the time charged until t.  G2 says S(b) - S(a) - u (b - a) is
 * bounded for every window [a, b]; with f(t) = S(t) - u t this is the largest
 * rise of f, found in one pass over all windows at once.  In the same way the
 * deviations of k consecutive instances, for every k and every start, are the
 * largest rise and the largest fall of their running sum.
 */
#include "vbs_measure.h"

static bool contains(const pid_t *pids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static void add_slice(struct slices *s, u64 end, u64 len)
{
	if (!(s->n & (s->n - 1))) {
		size_t room = s->n ? 2 * s->n : 1;

		s->end = realloc(s->end, room * sizeof(u64));
		s->len = realloc(s->len, room * sizeof(u64));
		if (!s->end || !s->len)
			t_fatal("memory for %zu slices", s->n);
	}
	s->end[s->n] = end;
	s->len[s->n++] = len;
}

struct slices service_of(const struct trace *t, const pid_t *pids, size_t n)
{
	struct slices s = {};

	for (size_t i = 0; i < t->n; i++)
		if (t->ev[i].kind == EV_RUNTIME &&
		    contains(pids, n, t->ev[i].f[RUNTIME_PID]))
			add_slice(&s, t->ev[i].ts, t->ev[i].f[RUNTIME_NS]);
	return s;
}

#define PID_SPACE	(1 << 22)

/*
 * Everything executed as SCHED_VBS but by @pids: charged to a task that was in
 * the class when the charged stretch began.  The class is what a switch to the
 * task shows; entering and leaving happen between two charges.
 */
struct slices service_vbs_except(const struct trace *t, const pid_t *pids,
				 size_t n)
{
	uint8_t *vbs = calloc(PID_SPACE, 1);
	struct slices s = {};

	if (!vbs)
		t_fatal("memory for pids");
	for (size_t i = 0; i < t->n; i++) {
		const struct trace_event *e = &t->ev[i];

		if (e->kind == EV_SWITCH)
			vbs[e->f[SWITCH_NEXT] & (PID_SPACE - 1)] =
				e->f[SWITCH_NEXT_PRIO] == VBS_PRIO;
		else if (e->kind == EV_ADMIT)
			vbs[e->f[ADMIT_PID] & (PID_SPACE - 1)] = 1;
		else if (e->kind == EV_LEAVE)
			vbs[e->f[LEAVE_PID] & (PID_SPACE - 1)] = 0;
		else if (e->kind == EV_RUNTIME &&
			 vbs[e->f[RUNTIME_PID] & (PID_SPACE - 1)] &&
			 !contains(pids, n, e->f[RUNTIME_PID]))
			add_slice(&s, e->ts, e->f[RUNTIME_NS]);
	}
	free(vbs);
	return s;
}

void slices_free(struct slices *s)
{
	free(s->end);
	free(s->len);
	*s = (struct slices) {};
}

u64 service_total(const struct slices *s)
{
	u64 sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->len[i];
	return sum;
}

u64 service_between(const struct slices *s, u64 from, u64 to)
{
	u64 sum = 0, a, b;

	for (size_t i = 0; i < s->n; i++) {
		a = s->end[i] - s->len[i];
		b = s->end[i];
		a = a < from ? from : a;
		b = b > to ? to : b;
		sum += b > a ? b - a : 0;
	}
	return sum;
}

s64 service_excess(const struct slices *s, double u)
{
	double sum = 0, low = 0, worst = 0, f;
	u64 start = s->n ? s->end[0] - s->len[0] : 0;

	for (size_t i = 0; i < s->n; i++) {
		f = sum - u * (s->end[i] - s->len[i] - start);
		low = f < low ? f : low;
		sum += s->len[i];
		f = sum - u * (s->end[i] - start);
		worst = f - low > worst ? f - low : worst;
	}
	return worst;
}

u64 service_gap(const struct slices *s)
{
	u64 worst = 0, gap;

	for (size_t i = 1; i < s->n; i++) {
		gap = s->end[i] - s->len[i] - s->end[i - 1];
		if ((s64)gap > (s64)worst)
			worst = gap;
	}
	return worst;
}

bool check_g2(const struct slices *s, double u, u64 runtime, u64 eps,
	      const char *who)
{
	s64 burst = 2 * runtime * (1 - u);

	t_diag("%s: %zu stretches, %.3f ms in all; burst allowed %.3f + %.3f us",
	       who, s->n, service_total(s) / 1e6, burst / 1e3, eps / 1e3);
	return t_at_most(service_excess(s, u), burst + eps,
			 "%s: ns beyond u L in any window", who);
}

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

static void crowd_member(void *gate)
{
	gate_wait(gate);
	spin_forever(NULL);
}

void crowd_go(struct crowd *c)
{
	for (unsigned int i = 0; i < c->n; i++) {
		c->pid[i] = t_fork(crowd_member, (void *)c->gate);
		must_enter(c->pid[i], c->runtime[i], c->period[i], 0);
	}
	sleep_ns(20 * MS);
	for (unsigned int i = 0; i < c->n; i++)
		c->id[i] = server_val(c->pid[i], "id");
	gate_open(c->gate);
}

void crowd_misses(const struct crowd *c, struct g1 *g)
{
	for (unsigned int i = 0; i < c->n; i++)
		g->misses += server_val(c->pid[i], "misses");
}

void crowd_end(struct crowd *c)
{
	for (unsigned int i = 0; i < c->n; i++)
		t_kill(c->pid[i]);
}

/* One server's running sums while the trace is read */
struct account {
	u64 release, deadline, service, last;
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

static void on_release(struct account *a, const struct trace_event *e,
		       u64 runtime, struct g1 *g)
{
	if (a->open) {
		close_instance(a, runtime, g);
		g->broken += (u64)e->f[RELEASE_AT] != a->deadline;
	}
	a->open = true;
	a->release = e->f[RELEASE_AT];
	a->deadline = e->f[RELEASE_DEADLINE];
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

struct g1 crowd_g1(const struct crowd *c, const struct trace *t)
{
	struct account *accounts = calloc(c->n, sizeof(*accounts));
	u64 cost = sysctl_vbs("release_cost_ns");
	struct g1 g = { .instances = SIZE_MAX };

	if (!accounts)
		t_fatal("memory for %u accounts", c->n);
	for (size_t i = 0; i < t->n; i++) {
		const struct trace_event *e = &t->ev[i];
		int k;

		if (e->kind == EV_RELEASE) {
			k = find_id(c, e->f[RELEASE_SERVER]);
			if (k >= 0)
				on_release(&accounts[k], e, c->runtime[k] - cost, &g);
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
	t_equal(g->broken, 0, "instances not released at the last deadline");
	t_equal(g->misses, 0, "misses counted");
}
