// SPDX-License-Identifier: GPL-2.0
/* Jobs of a thread, and the demand that they make. */
#include <stdlib.h>
#include <string.h>

#include "analyze/jobs.h"

#define JOBS_LEAST	8	/* for a rhythm */
#define JOBS_MOST	1000000

/* Oldest jobs are forgotten before memory is: nobody watches that long for one */
static bool begin_job(struct thread_jobs *t, uint64_t now)
{
	struct job *more = t->job;

	if (t->jobs == JOBS_MOST)
		return true;
	if (!(t->jobs & (t->jobs - 1)))	/* a power of two, or 0: full */
		more = realloc(t->job, (t->jobs ? t->jobs * 2 : 1) * sizeof(*more));
	if (!more)
		return false;
	t->job = more;
	more[t->jobs++] = (struct job){ now, 0 };
	t->awake = true;
	return true;
}

bool jobs_wake(struct thread_jobs *t, uint64_t now)
{
	return t->awake || t->running_since || begin_job(t, now);
}

bool jobs_run(struct thread_jobs *t, uint64_t now)
{
	t->running_since = now;
	return true;
}

/* What it did before it was first seen to wake belongs to no job */
void jobs_stop(struct thread_jobs *t, uint64_t now, bool sleeps)
{
	uint64_t ran = t->running_since ? now - t->running_since : 0;

	t->ran += ran;
	if (t->awake && t->jobs)
		t->job[t->jobs - 1].cost += ran;
	t->running_since = 0;
	t->awake &= !sleeps;
}

void jobs_free(struct thread_jobs *t)
{
	free(t->job);
	t->job = NULL;
	t->jobs = 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The most cost that arrives in any window of that length, [a, a + length) */
static uint64_t most_in_window(const struct job *job, int jobs, uint64_t length)
{
	uint64_t sum = 0, most = 0;
	int first = 0, i;

	for (i = 0; i < jobs; i++) {
		sum += job[i].cost;
		while (job[i].arrival - job[first].arrival >= length)
			sum -= job[first++].cost;
		most = sum > most ? sum : most;
	}
	return most;
}

bool jobs_demand(const struct thread_jobs *t, struct demand *d)
{
	int i, n = t->jobs - t->awake;	/* those that have ended */
	uint64_t *sorted;

	memset(d, 0, sizeof(*d));
	d->jobs = n;
	if (n < JOBS_LEAST)
		return false;
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		return false;
	for (i = 0; i + 1 < n; i++)
		sorted[i] = t->job[i + 1].arrival - t->job[i].arrival;
	qsort(sorted, n - 1, sizeof(*sorted), compare);
	d->period = sorted[(n - 1) / 2];
	d->least_gap = sorted[0];
	d->most_gap = sorted[n - 2];
	for (i = 0; i < n; i++)
		sorted[i] = t->job[i].cost;
	qsort(sorted, n, sizeof(*sorted), compare);
	d->cost_median = sorted[n / 2];
	d->cost_most = sorted[n - 1];
	d->window_most = most_in_window(t->job, n, d->period);
	free(sorted);
	return d->period;
}
