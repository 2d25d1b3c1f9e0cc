// SPDX-License-Identifier: GPL-2.0
/* Slot by slot simulation of one server. */
#include <string.h>

#include "tests/model.h"

#define JOBS_MAX	4096

struct member {
	int arrival[JOBS_MAX];	/* of jobs that have not ended, oldest first */
	int first, last;
	int left;		/* work of the oldest */
	int next;		/* arrival to come */
	int turn;		/* slots run of the present slice */
};

struct queue {
	int item[LOAD_MAX];
	int n;
};

struct model {
	const struct load *load;
	struct member member[LOAD_MAX];
	struct queue queue;
	uint64_t slice;
	uint32_t seed;
	bool jitter;
	int *worst;
};

/* The server's instance */
struct instance {
	int release, deadline, used;
	bool waiting;		/* for release, which lies ahead */
};

uint32_t model_random(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % below;
}

static void enqueue(struct queue *q, int i)
{
	q->item[q->n++] = i;
}

static int dequeue(struct queue *q)
{
	int i = q->item[0];

	memmove(q->item, q->item + 1, --q->n * sizeof(q->item[0]));
	return i;
}

static void arrive(struct model *m, int i, int t)
{
	struct member *a = &m->member[i];

	if (a->first == a->last) {
		a->left = m->load->task[i].cost;
		a->turn = 0;
		enqueue(&m->queue, i);
	}
	a->arrival[a->last++ % JOBS_MAX] = t;
	a->next = t + m->load->task[i].period;
	if (m->jitter)
		a->next += model_random(&m->seed, 3) ? 0 : model_random(&m->seed, 20);
}

static void arrivals(struct model *m, int t)
{
	int i, start = m->jitter ? (int)model_random(&m->seed, m->load->tasks) : 0;

	for (i = 0; i < m->load->tasks; i++) {
		int k = (i + start) % m->load->tasks;

		if (m->member[k].next == t)
			arrive(m, k, t);
	}
}

/* The oldest job of member i ends at t; it goes on with the next, if any */
static void end_job(struct model *m, int i, int t)
{
	struct member *a = &m->member[i];
	int response = t - a->arrival[a->first++ % JOBS_MAX];

	if (response > m->worst[i])
		m->worst[i] = response;
	a->left = m->load->task[i].cost;
	if (a->first == a->last)
		dequeue(&m->queue);
}

/* The head has run for its slice, and another one waits: to the tail */
static void rotate(struct model *m)
{
	struct member *head = &m->member[m->queue.item[0]];

	if (!m->slice || m->queue.n < 2 || head->turn < (int)m->slice)
		return;
	head->turn = 0;
	enqueue(&m->queue, dequeue(&m->queue));
}

/* One slot of the member at the head, which ends at t */
static void run_slot(struct model *m, int t)
{
	struct member *a;
	int i;

	rotate(m);
	i = m->queue.item[0];
	a = &m->member[i];
	a->turn++;
	if (!--a->left)
		end_job(m, i, t);
}

static int next_multiple(int t, int period)
{
	return (t + period - 1) / period * period;
}

static void release(struct instance *in, const struct supply *s, int at, int t)
{
	in->release = s->aligned ? next_multiple(at, s->period) : at;
	in->deadline = in->release + s->period;
	in->used = 0;
	in->waiting = in->release > t;
}

/* The first member has become runnable at t; y = release + used period/budget */
static void activate(struct instance *in, const struct supply *s, int t)
{
	if ((t - in->release) * (int)s->budget >= in->used * (int)s->period)
		release(in, s, t, t);
}

static bool may_run(struct instance *in, const struct supply *s, int t)
{
	if (in->used == (int)s->budget && t >= in->deadline)
		release(in, s, in->deadline, t);
	if (in->waiting && t >= in->release)
		in->waiting = false;
	return !in->waiting && in->used < (int)s->budget;
}

/* The adversary gives in when the rest of the budget would not fit otherwise */
static bool granted(const struct scenario *sc, struct model *m, const struct instance *in, int t)
{
	int left = sc->supply->budget - in->used;

	if (in->deadline - t <= left)
		return true;
	switch (sc->adversary) {
	case EAGER:
		return true;
	case LAZY:
		return false;
	case RANDOM:
		return model_random(&m->seed, 2);
	default:
		return in->release % 3 == 0;
	}
}

static void start(struct model *m, const struct load *load, uint64_t slice, int *worst)
{
	memset(m, 0, sizeof(*m));
	m->load = load;
	m->slice = slice;
	m->worst = worst;
	memset(worst, 0, load->tasks * sizeof(*worst));
}

void model_run(const struct scenario *sc, int *worst)
{
	struct instance in = { -1000000, -1000000, 0, false };
	static struct model m;
	int t, i;

	start(&m, sc->load, sc->slice, worst);
	m.seed = sc->seed;
	m.jitter = sc->jitter;
	for (i = 0; i < sc->load->tasks; i++)
		m.member[i].next = model_random(&m.seed, 10);
	for (t = 0; t < sc->length; t++) {
		bool idle = !m.queue.n;

		arrivals(&m, t);
		if (idle && m.queue.n)
			activate(&in, sc->supply, t);
		if (m.queue.n && may_run(&in, sc->supply, t) && granted(sc, &m, &in, t)) {
			in.used++;
			run_slot(&m, t + 1);
		}
	}
}

void model_critical(const struct load *load, const struct supply *s, uint64_t slice,
		    int length, int *worst)
{
	static struct model m;
	int t;

	start(&m, load, slice, worst);
	for (t = 0; t < length; t++) {
		arrivals(&m, t);
		if (m.queue.n && supply_bound(s, t + 1) > supply_bound(s, t))
			run_slot(&m, t + 1);
	}
}
