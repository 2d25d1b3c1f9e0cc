// SPDX-License-Identifier: GPL-2.0
/*
 * With m of n servers that have a clock and at most f of all that are wrong, the truth
 * is in at least m - f of their m spans: the other n - m say nothing, which is never
 * wrong, but the wrong ones may all be among the m.  So the hull of all points in at
 * least m - f spans has the truth in it, and the same is so for the period.  If m <= f
 * nothing is known.
 *
 * The estimate may be wrong, so it is a mean of what the servers within that hull think
 * likely, weighted by what is expected of them, and clamped to the hull.
 *
 * Where a leap second is announced for the end of the month, from a minute before it each
 * server that was not heard after it is covered with it and without, and the clock is no more
 * than that until more servers have been heard than may be wrong.  Who has it moves all of
 * its samples, as the counter's rate is what it was.
 *
 * Overflow: te_read() returns times of 64 bits and bounds of 64 bits, their sums are
 * below 2^65; periods are below 2^62.
 */
#include <math.h>
#include <string.h>

#include "timeline/servers.h"

bool ts_init(struct ts_pool *p, const struct te_config *config, int servers, int faulty,
	     int64_t pivot)
{
	int i;

	if (servers < 1 || servers > TS_SERVERS || faulty < 0 || faulty >= servers)
		return false;
	memset(p, 0, sizeof(*p));
	p->servers = servers;
	p->faulty = faulty;
	p->pivot = pivot;
	for (i = 0; i < servers; i++) {
		if (!te_init(&p->server[i].estimator, config))
			return false;
	}
	return true;
}

static void forget(struct ts_server *s)
{
	te_reset(&s->estimator);
	s->has_clock = false;
	s->fresh = false;
	s->undecided = false;
	s->leap = NTP_LEAP_NONE;
}

void ts_reset(struct ts_pool *p)
{
	int i;

	for (i = 0; i < p->servers; i++)
		forget(&p->server[i]);
	p->last_agree = 0;
	p->last_result = TS_NOTHING;
	p->leap = (struct leap){ 0 };
}

void ts_refuse(struct ts_pool *p, int server, enum ntp_refusal refusal)
{
	p->server[server].refused[refusal]++;
}

static int announcing(const struct ts_pool *p, enum ntp_leap leap, int *of)
{
	int i, n = 0;

	*of = 0;
	for (i = 0; i < p->servers; i++) {
		if (!p->server[i].has_clock || p->server[i].outside)
			continue;
		n += p->server[i].leap == leap;
		*of += 1;
	}
	return n;
}

static bool is_by_most(const struct ts_pool *p, enum ntp_leap leap)
{
	int of, n = announcing(p, leap, &of);

	return 2 * n > of;
}

enum ntp_leap ts_leap(const struct ts_pool *p)
{
	if (p->leap.at && leap_stage(&p->leap, p->last.counter) != LEAP_BEFORE)
		return NTP_LEAP_NONE;
	return is_by_most(p, NTP_LEAP_61) ? NTP_LEAP_61 :
	       is_by_most(p, NTP_LEAP_59) ? NTP_LEAP_59 : NTP_LEAP_NONE;
}

/* So many that one of them is right, or most */
static bool is_believed(const struct ts_pool *p, enum ntp_leap leap)
{
	int of;

	return announcing(p, leap, &of) > p->faulty || is_by_most(p, leap);
}

bool ts_leap_is_ahead(const struct ts_pool *p)
{
	return is_believed(p, NTP_LEAP_61) || is_believed(p, NTP_LEAP_59);
}

/*
 * From the clock given last, if that has a bound.  One that is not known to a minute may be
 * anywhere, also at another end of a month.
 */
static uint64_t until_leap(const struct ts_pool *p, uint64_t counter)
{
	const struct te_clock *c = &p->last;

	if (p->leap.at || p->last_result != TS_OK || !ts_leap_is_ahead(p) ||
	    c->err_low > LEAP_MINUTE_NS || c->err_high > LEAP_MINUTE_NS)
		return UINT64_MAX;
	return leap_until(c, counter, leap_end_of_month(c->time_ns));
}

uint64_t ts_leap_wait(const struct ts_pool *p, uint64_t counter)
{
	return p->leap.at ? leap_until_after(&p->leap, counter) : until_leap(p, counter);
}

void ts_leap_cover(const struct ts_pool *p, struct te_clock *clock)
{
	struct leap leap;

	leap_begin(&leap, clock, 0, is_believed(p, NTP_LEAP_61), is_believed(p, NTP_LEAP_59));
	leap_cover_clock(&leap, clock);
}

/* One is near as of a counter value: what all have said was before it */
static void look_for_leap(struct ts_pool *p, uint64_t counter)
{
	int i;

	if (until_leap(p, counter))
		return;
	leap_begin(&p->leap, &p->last, leap_end_of_month(p->last.time_ns),
		   is_believed(p, NTP_LEAP_61), is_believed(p, NTP_LEAP_59));
	for (i = 0; i < p->servers; i++)
		p->server[i].undecided = p->server[i].has_clock;
	p->last_agree = 0;
}

static bool meets(const struct te_span *a, const struct te_span *b, int64_t ns)
{
	return a->low <= b->high + ns && b->low + ns <= a->high;
}

/*
 * The first sample of a server after it: does it say that there was one?  If it leaves that
 * open, what was before tells nothing any more.
 */
static void decide(struct ts_pool *p, struct ts_server *s, const struct te_sample *sample)
{
	__int128 took = (__int128)s->estimator.prior_high * (sample->after - sample->before);
	struct te_span is, was;
	bool without, longer, shorter;
	uint64_t low, high;
	int64_t time, ns;

	te_read(&s->clock, sample->after, &time, &low, &high);
	was = (struct te_span){ (__int128)time - low, (__int128)time + high };
	is.low = (__int128)sample->ref_ns - sample->err_low;
	is.high = (__int128)sample->ref_ns + sample->err_high + (took >> TE_PERIOD_BITS) + 1;
	without = meets(&is, &was, 0);
	longer = p->leap.longer && meets(&is, &was, -LEAP_NS);
	shorter = p->leap.shorter && meets(&is, &was, LEAP_NS);
	s->undecided = false;
	if (without + longer + shorter > 1) {
		forget(s);
		return;
	}
	ns = longer ? -LEAP_NS : shorter ? LEAP_NS : 0;
	te_shift(&s->estimator, ns);
	s->clock.time_ns += ns;
}

enum ntp_refusal ts_take(struct ts_pool *p, int server, const struct ntp_exchange *x)
{
	struct ts_server *s = &p->server[server];
	struct te_sample sample;
	enum ntp_refusal refusal = ntp_sample(&s->estimator, x, p->pivot, &sample);
	enum leap_stage stage = LEAP_AFTER;

	look_for_leap(p, x->after);
	if (p->leap.at)
		stage = leap_stage_between(&p->leap, x->before, x->after);
	if (refusal == NTP_TAKEN && stage == LEAP_AMID)
		refusal = NTP_LEAPING;
	if (refusal == NTP_TAKEN && stage == LEAP_AFTER && s->undecided)
		decide(p, s, &sample);
	if (refusal == NTP_TAKEN && te_update(&s->estimator, &sample, &s->clock) != TE_OK)
		refusal = NTP_BROKEN;
	ts_refuse(p, server, refusal);
	if (refusal != NTP_TAKEN)
		return refusal;
	s->sample = sample;
	s->has_clock = true;
	s->fresh = true;
	s->leap = x->leap;
	s->undecided = stage == LEAP_BEFORE;
	return NTP_TAKEN;
}

static int covers(const struct te_span *span, int n, __int128 point)
{
	int i, m = 0;

	for (i = 0; i < n; i++)
		m += span[i].low <= point && point <= span[i].high;
	return m;
}

bool ts_combine(const struct te_span *span, int n, int need, struct te_span *out)
{
	bool found = false;
	int i;

	for (i = 0; i < n; i++) {
		if (covers(span, n, span[i].low) >= need && (!found || span[i].low < out->low)) {
			out->low = span[i].low;
			found = true;
		}
	}
	if (!found)
		return false;
	out->high = out->low;
	for (i = 0; i < n; i++) {
		if (span[i].high > out->high && covers(span, n, span[i].high) >= need)
			out->high = span[i].high;
	}
	return true;
}

/* As of one counter value: the servers that have a clock, and what they say */
struct view {
	struct ts_server *server[TS_SERVERS];
	struct te_span time[TS_SERVERS];
	struct te_span period[TS_SERVERS];
	int64_t reading[TS_SERVERS];
	uint32_t bit[TS_SERVERS];
	int n;
};

static void look(struct ts_pool *p, uint64_t counter, struct view *v)
{
	uint64_t low, high;
	int64_t time;
	int i;

	v->n = 0;
	for (i = 0; i < p->servers; i++) {
		const struct te_clock *c = &p->server[i].clock;

		if (!p->server[i].has_clock)
			continue;
		te_read(c, counter, &time, &low, &high);
		v->reading[v->n] = time;
		v->time[v->n] = (struct te_span){ (__int128)time - low, (__int128)time + high };
		v->period[v->n] = (struct te_span){ (__int128)c->period - c->period_error,
						    (__int128)c->period + c->period_error };
		if (p->server[i].undecided)
			leap_cover(&p->leap, &v->time[v->n]);
		v->bit[v->n] = 1U << i;
		v->server[v->n++] = &p->server[i];
	}
}

/* Answers may be taken in another order than they came */
static uint64_t newest(const struct ts_pool *p, uint64_t counter)
{
	int i;

	for (i = 0; i < p->servers; i++) {
		if (p->server[i].has_clock && p->server[i].clock.counter > counter)
			counter = p->server[i].clock.counter;
	}
	return counter;
}

static bool apart(const struct te_span *a, const struct te_span *b)
{
	return a->low > b->high || a->high < b->low;
}

/* Who has no point in common with the result; returns those who have */
static uint32_t judge(struct view *v, const struct te_span *result)
{
	uint32_t agree = 0;
	int i;

	for (i = 0; i < v->n; i++) {
		struct ts_server *s = v->server[i];

		s->outside = apart(&v->time[i], result);
		agree |= s->outside ? 0 : v->bit[i];
		if (s->fresh)
			s->outside_running = s->outside ? s->outside_running + 1 : 0;
		s->fresh = false;
	}
	return agree;
}

/* Of a server's estimate: its filter's error, a quarter of its way, what it states */
static double weight(const struct ts_server *s)
{
	double error = s->clock.esterror, way = s->estimator.bank.least / 4;
	double stated = s->sample.err_low;

	return 1 / (error * error + way * way + stated * stated + 1);
}

/*
 * Who is not outside; and near a leap second those who have not been heard since, unless more
 * have been than may be wrong
 */
static uint32_t who_counts(const struct view *v, bool decided)
{
	uint32_t inside = 0, among = 0;
	int i;

	for (i = 0; i < v->n; i++) {
		if (v->server[i]->outside)
			continue;
		inside |= 1U << i;
		among |= v->server[i]->undecided != decided ? 1U << i : 0;
	}
	return among ? among : inside;
}

/* Relative to the first of those that count: each end of the hull is an end of one */
static void estimate(const struct view *v, bool decided, struct te_clock *clock)
{
	double sum = 0, time = 0, period = 0, error = 0, w;
	uint32_t who = who_counts(v, decided);
	int i, first = __builtin_ctz(who);

	*clock = v->server[first]->clock;
	clock->time_ns = v->reading[first];
	for (i = first; i < v->n; i++) {
		const struct te_clock *c = &v->server[i]->clock;

		if (!(who & 1U << i))
			continue;
		w = weight(v->server[i]);
		sum += w;
		time += w * (double)(v->reading[i] - v->reading[first]);
		period += w * (double)(int64_t)(c->period - v->server[first]->clock.period);
		error += w * c->esterror;
	}
	clock->time_ns += (int64_t)(time / sum);
	clock->period += (int64_t)(period / sum);
	clock->esterror = error / sum;
}

static uint64_t steps(const struct ts_pool *p)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < p->servers; i++)
		n += p->server[i].estimator.steps;
	return n;
}

/*
 * As each estimator does: the bound given last holds, too, while the same servers agree, and
 * not more than may be wrong contradict themselves: it is what they contradict.
 */
static void narrow(const struct ts_pool *p, uint64_t counter, uint32_t agree,
		   struct te_span *time)
{
	struct te_span last;
	uint64_t low, high;
	int64_t t;

	if (!p->last_agree || p->last_agree != agree || p->last_steps != steps(p))
		return;
	te_read(&p->last, counter, &t, &low, &high);
	last = (struct te_span){ (__int128)t - low, (__int128)t + high };
	if (apart(&last, time))
		return;
	time->low = last.low > time->low ? last.low : time->low;
	time->high = last.high < time->high ? last.high : time->high;
}

static __int128 clamp(__int128 v, __int128 low, __int128 high)
{
	return v < low ? low : v > high ? high : v;
}

static void fill(const struct te_span *time, const struct te_span *period,
		 const struct te_estimator *e, struct te_clock *c)
{
	__int128 above, below;

	c->period = clamp(c->period, period->low, period->high);
	c->period = clamp(c->period, e->period_min, e->period_max);
	above = period->high - c->period;
	below = c->period - period->low;
	c->period_error = clamp(above > below ? above : below, 0, INT64_MAX);
	c->time_ns = clamp(c->time_ns, clamp(time->low, INT64_MIN, INT64_MAX),
			   clamp(time->high, INT64_MIN, INT64_MAX));
	c->err_low = clamp(c->time_ns - time->low, 0, INT64_MAX);
	c->err_high = clamp(time->high - c->time_ns, 0, INT64_MAX);
}

/* Who contradicts himself has broken his bound: so many may */
static bool too_many_hold(const struct view *v, int faulty)
{
	int i, n = 0;

	for (i = 0; i < v->n; i++)
		n += v->server[i]->clock.holding;
	return n > faulty;
}

/*
 * Whether it is known if there was a leap second; and when it is from all, or the others have
 * not been heard for as long as anything is remembered, it is over.
 */
static bool is_decided(struct ts_pool *p, uint64_t counter)
{
	int i, heard = 0, undecided = 0;
	bool over;

	if (!p->leap.at)
		return true;
	for (i = 0; i < p->servers; i++) {
		undecided += p->server[i].undecided;
		heard += p->server[i].has_clock && !p->server[i].undecided;
	}
	if (heard <= p->faulty || leap_stage(&p->leap, counter) != LEAP_AFTER)
		return false;
	over = p->leap.clock.counter + p->server[0].estimator.memory < counter;
	for (i = 0; over && i < p->servers; i++) {
		if (p->server[i].undecided)
			forget(&p->server[i]);
	}
	if (over || !undecided)
		p->leap = (struct leap){ 0 };
	return true;
}

enum ts_result ts_clock(struct ts_pool *p, uint64_t counter, struct te_clock *clock)
{
	enum ts_result result = TS_OK;
	struct te_span time, period;
	struct view v;
	uint32_t agree;
	bool decided;
	int need;

	counter = newest(p, counter);
	look_for_leap(p, counter);
	decided = is_decided(p, counter);
	look(p, counter, &v);
	if (!v.n)
		return TS_NOTHING;
	need = v.n - p->faulty;
	if (need < 1)
		result = TS_UNBOUNDED;
	else if (!ts_combine(v.time, v.n, need, &time))
		result = TS_DISAGREE;
	if (result != TS_OK)
		ts_combine(v.time, v.n, 1, &time);
	if (result != TS_OK || !ts_combine(v.period, v.n, need, &period))
		ts_combine(v.period, v.n, 1, &period);
	agree = judge(&v, &time);
	estimate(&v, decided, clock);
	clock->counter = counter;
	clock->holding = too_many_hold(&v, p->faulty) || !decided;
	if (result == TS_OK && !clock->holding)
		narrow(p, counter, agree, &time);
	fill(&time, &period, &v.server[0]->estimator, clock);
	p->last = *clock;
	p->last_result = result;
	p->last_steps = steps(p);
	p->last_agree = result == TS_OK && !clock->holding ? agree : 0;
	return result;
}
