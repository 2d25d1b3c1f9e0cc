// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of one queue operation (add or delete) in ns, by the number of servers:
 *
 *	bench-queue [-j] [operations]
 *
 * Two loads: "first": the earliest is taken out and queued again one period
 * later, as by exhaustion and release; "any": so is a random one, as by block
 * and wake-up.  Periods are spread from 100 us to 1 s, evenly on a log scale.
 * "mean" is from a run that is timed as a whole, in CPU time, less what the same
 * load costs without a queue; "median" and "p99.99" from one where each operation
 * is timed, less the cost of timing; "cold" is the median of operations before each
 * of which as much other memory is read as the caches hold.
 *
 * bench-lines is the same with the queues compiled to tell what they touch
 * (bench-lines.c): median, p99 and p99.99 are cache lines an operation.
 */
#include CORE_H
#include "bench.h"
#include "rand.h"

/* ---- the trie ---- */

union entity {
	struct vbs_qent ent;
	char pad[BENCH_STRIDE];
};

static union entity entity[BENCH_MAX];
static struct vbs_qnode node[BENCH_MAX * VBS_NODES_PER_ENT];
static struct vbs_pool pool;
static struct vbs_queue queue;

static void trie_reset(void)
{
	memset(&pool, 0, sizeof(pool));
	memset(entity, 0, sizeof(entity));
	vbs_queue_init(&queue, &pool);
	for (unsigned int i = 0; i < ARRAY_SIZE(node); i++)
		vbs_pool_give(&pool, &node[i]);
}

static void trie_add(unsigned int i, u64 when, u64 now)
{
	vbs_queue_add(&queue, &entity[i].ent, when, now);
}

static void trie_del(unsigned int i)
{
	vbs_queue_del(&queue, &entity[i].ent);
}

static unsigned int trie_first(void)
{
	return (unsigned int)(container_of(vbs_queue_first(&queue), union entity,
					   ent) - entity);
}

const struct bench_queue bench_trie = {
	"trie", trie_reset, trie_add, trie_del, trie_first
};

/* ---- nothing, to know what the load itself costs ---- */

static unsigned int null_last;

static void null_reset(void)
{
	null_last = 0;
}

static void null_add(unsigned int i, u64 when, u64 now)
{
	(void)i;
	(void)when;
	(void)now;
}

static void null_del(unsigned int i)
{
	null_last = i;
}

static unsigned int null_first(void)
{
	return null_last ? null_last - 1 : 0;
}

static const struct bench_queue bench_null = {
	"null", null_reset, null_add, null_del, null_first
};

/* ---- time ---- */

static double ns_per_tick;
static u64 tick_cost;

static u64 now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

#ifdef BENCH_LINES
#define IS_LINES	true
#else
#define IS_LINES	false
#endif

static u64 ticks(void)
{
#ifdef BENCH_LINES
	return bench_lines();
#elif defined(__x86_64__)
	u32 low, high;

	__asm__ __volatile__("lfence; rdtsc; lfence"
			     : "=a"(low), "=d"(high) :: "memory");
	return (u64)high << 32 | low;
#else
	return now_ns(CLOCK_MONOTONIC);
#endif
}

static void calibrate(void)
{
	u64 ns = now_ns(CLOCK_MONOTONIC), t = ticks(), end;

	tick_cost = U64_MAX;
	while (now_ns(CLOCK_MONOTONIC) < ns + 50 * NSEC_PER_MSEC) {
		u64 a = ticks(), b = ticks();

		tick_cost = min(tick_cost, b - a);
	}
	end = now_ns(CLOCK_MONOTONIC);
	ns_per_tick = (double)(end - ns) / (double)(ticks() - t);
	if (IS_LINES)
		ns_per_tick = 1;
}

/* ---- the loads ---- */

#define SAMPLES_MAX	4000000

struct load {
	const struct bench_queue *q;
	bool first;
	unsigned int n;
	struct rnd rnd;
	u64 now;
	u64 period[BENCH_MAX];
	u64 when[BENCH_MAX];
	u32 *sample;		/* of each operation, or NULL */
	unsigned long nr_samples;
};

static void load_start(struct load *l)
{
	l->rnd.state = 1;
	l->now = NSEC_PER_SEC;
	l->q->reset();
	for (unsigned int i = 0; i < l->n; i++) {
		u64 order = rnd_below(&l->rnd, 13);

		l->period[i] = (100000ULL << order) + rnd_below(&l->rnd,
								100000ULL << order);
		l->when[i] = l->now + rnd_below(&l->rnd, l->period[i]);
		l->q->add(i, l->when[i], l->now);
		if (IS_LINES)
			ticks();
	}
}

static void sample(struct load *l, u64 since)
{
	u64 t = ticks() - since;

	l->sample[l->nr_samples++] = (u32)(t > tick_cost ? t - tick_cost : 0);
}

static void load_step(struct load *l)
{
	unsigned int i = l->first ? l->q->first() :
				    (unsigned int)rnd_below(&l->rnd, l->n);
	u64 t = 0;

	l->now = max(l->now, min(l->when[i], l->now + 10000));
	if (l->sample || IS_LINES)
		t = ticks();
	l->q->del(i);
	if (l->sample)
		sample(l, t);
	l->when[i] = max(l->when[i], l->now) + l->period[i];
	if (l->when[i] > l->now + 4 * NSEC_PER_SEC)
		l->when[i] = l->now + l->period[i];
	if (l->sample || IS_LINES)
		t = ticks();
	l->q->add(i, l->when[i], l->now);
	if (l->sample)
		sample(l, t);
}

static int by_value(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

struct result {
	double mean, median, p99, p9999, cold;
};

/* Steps, of two operations each, in ns of this thread's CPU time */
static double run_steps(struct load *l, unsigned long steps)
{
	u64 ns = now_ns(CLOCK_THREAD_CPUTIME_ID);

	for (unsigned long i = 0; i < steps; i++)
		load_step(l);
	return (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - ns);
}

static double mean(struct load *l, const struct bench_queue *q,
		   unsigned long operations)
{
	l->q = q;
	l->sample = NULL;
	load_start(l);
	run_steps(l, operations / 8);
	return run_steps(l, operations / 2) / (double)operations;
}

#define COLD_STEPS	150
#define COLD_BYTES	(32 << 20)
#define LINE		64

static void cool(void)
{
	static volatile char other[COLD_BYTES];

	for (size_t i = 0; i < sizeof(other); i += LINE)
		other[i]++;
}

/* In place of the samples that were */
static double cold_median(struct load *l)
{
	l->nr_samples = 0;
	for (int i = 0; i < COLD_STEPS; i++) {
		cool();
		load_step(l);
	}
	qsort(l->sample, l->nr_samples, sizeof(*l->sample), by_value);
	return l->sample[l->nr_samples / 2] * ns_per_tick;
}

static struct result measure(struct load *l, const struct bench_queue *q,
			     unsigned long operations)
{
	static u32 samples[SAMPLES_MAX];
	double null = mean(l, &bench_null, operations);
	struct result r = { .mean = mean(l, q, operations) - null };

	l->sample = samples;
	l->nr_samples = 0;
	run_steps(l, operations / 2);
	qsort(samples, l->nr_samples, sizeof(*samples), by_value);
	r.median = samples[l->nr_samples / 2] * ns_per_tick;
	r.p99 = samples[l->nr_samples - l->nr_samples / 100 - 1] * ns_per_tick;
	r.p9999 = samples[l->nr_samples - l->nr_samples / 10000 - 1] *
		  ns_per_tick;
	r.cold = IS_LINES ? r.median : cold_median(l);
	return r;
}

static void print(const struct load *l, const struct result *r, bool json)
{
	printf(json ? "{\"queue\":\"%s\",\"load\":\"%s\",\"n\":%u,\"mean\":%.1f,"
		      "\"median\":%.1f,\"p99\":%.1f,\"p9999\":%.1f,\"cold\":%.1f}\n" :
		      "%-7s %-6s %6u %8.1f %8.1f %8.1f %8.1f %8.1f\n",
	       l->q->name, l->first ? "first" : "any", l->n, r->mean, r->median,
	       r->p99, r->p9999, r->cold);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const unsigned int sizes[] = {
		1, 2, 4, 16, 64, 256, 1000, 10000, BENCH_MAX
	};
	static const struct bench_queue *const queues[] = {
		&bench_trie, &bench_rbtree
	};
	bool json = argc > 1 && !strcmp(argv[1], "-j");
	unsigned long operations = 2000000;
	static struct load l;

	if (argc > 1 + json)
		operations = min(strtoul(argv[1 + json], NULL, 0),
				 (unsigned long)SAMPLES_MAX);
	calibrate();
	if (!json)
		printf("queue   load        n     mean   median      p99   p99.99     cold  (ns)\n");
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		for (unsigned int k = 0; k < ARRAY_SIZE(queues); k++) {
			struct result r;

			l.first = i < ARRAY_SIZE(sizes);
			l.n = sizes[i % ARRAY_SIZE(sizes)];
			r = measure(&l, queues[k], operations);
			print(&l, &r, json);
		}
	}
	return 0;
}
