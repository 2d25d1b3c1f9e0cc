// SPDX-License-Identifier: GPL-2.0
/*
 * From the trace: what was charged to whom.
 *
 * Let S(t) be the time charged until t.  G2 says S(b) - S(a) - u (b - a) is
 * bounded for every window [a, b]; with f(t) = S(t) - u t this is the largest
 * rise of f, found in one pass over all windows at once.
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

u64 on_cpu(const struct trace *t, pid_t pid, int prio)
{
	u64 sum = 0, since = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct trace_event *e = &t->ev[i];

		if (e->kind != EV_SWITCH)
			continue;
		if (e->f[SWITCH_PREV] == pid && since)
			sum += e->ts - since;
		since = e->f[SWITCH_NEXT] == pid && e->f[SWITCH_NEXT_PRIO] <= prio ?
			e->ts : 0;
	}
	return sum;
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

/* A window, of any length, that holds most beyond its share */
struct window {
	size_t first;
	size_t last;
	double excess;		/* service beyond u L */
};

static struct window worst_window(const struct slices *s, double u)
{
	u64 start = s->n ? s->end[0] - s->len[0] : 0;
	double sum = 0, low = 0, f;
	struct window w = {};
	size_t first = 0;

	for (size_t i = 0; i < s->n; i++) {
		f = sum - u * (s->end[i] - s->len[i] - start);
		if (f < low) {
			low = f;
			first = i;
		}
		sum += s->len[i];
		f = sum - u * (s->end[i] - start);
		if (f - low > w.excess)
			w = (struct window) { first, i, f - low };
	}
	return w;
}

static void show_window(const struct slices *s, struct window w)
{
	u64 from = s->n ? s->end[w.first] - s->len[w.first] : 0;

	for (size_t i = w.first; i < s->n && i <= w.last && i < w.first + 40; i++)
		t_diag("%12.3f us: %.3f us", (s->end[i] - s->len[i] - from) / 1e3,
		       s->len[i] / 1e3);
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

/* What no window has more of, beyond its share */
s64 service_excess(const struct slices *s, double u)
{
	return worst_window(s, u).excess;
}

bool check_g2(const struct slices *s, double u, u64 runtime, u64 eps,
	      const char *who)
{
	struct window w = worst_window(s, u);
	s64 burst = 2 * runtime * (1 - u);

	t_diag("%s: %zu stretches, %.3f ms in all; burst allowed %.3f + %.3f us",
	       who, s->n, service_total(s) / 1e6, burst / 1e3, eps / 1e3);
	if (t_at_most((s64)w.excess, burst + eps,
		      "%s: ns beyond u L in any window", who))
		return true;
	show_window(s, w);
	return false;
}
