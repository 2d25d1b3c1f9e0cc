// SPDX-License-Identifier: GPL-2.0
/*
 * In a guest. What a reading of a timeline costs beside one of CLOCK_MONOTONIC, or beside
 * nothing: by batches, of which interrupts and other machines spoil some. From time to
 * time one of the readings is kept, for its host to compare with its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include "clock.h"
#include "vdso.h"

#define BATCH	100
#define BATCHES	(1 << 17)		/* the first of them, of which a median is made */
#define KEPT	200

/* @at: the time stamp counter then */
static struct kept { uint64_t at; struct timeline_time tt; int ret; } kept[KEPT];
static uint64_t batch[BATCHES], batches;

unsigned int timeline_named(const char *name)
{
	struct timeline_lookup arg = { 0 };
	int fd = open("/dev/timeline", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fatal("/dev/timeline: %s", strerror(errno));
	snprintf(arg.name, sizeof(arg.name), "%s", name);
	if (ioctl(fd, TIMELINE_LOOKUP, &arg))
		fatal("timeline %s: %s", name, strerror(errno));
	close(fd);
	return arg.id;
}

uint64_t counter_now(void)
{
	_mm_lfence();
	return __rdtsc();
}

int64_t ns_of(const struct timeline_time *tt)
{
	return tt->sec * (int64_t)SEC + tt->nsec;
}

static void reading_print(FILE *to, const struct kept *k)
{
	fprintf(to, READING_FORMAT, (unsigned long long)k->at, (long long)ns_of(&k->tt), k->tt.err_low_ns,
	       k->tt.err_high_ns, k->tt.status, k->ret);
}

/* A guest's own timeline may be by another counter: then it was read in the middle */
static void keep(struct kept *k, unsigned int id)
{
	uint64_t before = counter_now(), after;

	k->ret = vdso_gettime(id, &k->tt);
	after = counter_now();
	k->at = k->tt.counter;
	if (k->at < before || k->at > after)
		k->at = before + (after - before) / 2;
}

/* Ticks of a batch */
static uint64_t batch_of(unsigned int id, bool monotonic)
{
	uint64_t since = counter_now();
	struct timeline_time tt;
	struct timespec ts;

	for (int i = 0; i < BATCH; i++) {
		if (monotonic)
			clock_gettime(CLOCK_MONOTONIC, &ts);
		else
			vdso_gettime(id, &tt);
	}
	return counter_now() - since;
}

static int by_length(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* @ns_per_tick: of the counter. ns of a reading */
static void cost_print(uint64_t n, double ns_per_tick)
{
	qsort(batch, batches, sizeof(batch[0]), by_length);
	printf("n=%ju least=%.2f p50=%.2f p99=%.2f\n", (uintmax_t)n,
	       batch[0] * ns_per_tick / BATCH, batch[batches / 2] * ns_per_tick / BATCH,
	       batch[batches * 99 / 100] * ns_per_tick / BATCH);
}

/* Elsewhere: to tell them takes exits, which are not of the readings */
static void keep_in(const char *path, uint64_t n)
{
	FILE *f = fopen(path, "w");

	if (!f)
		fatal("%s: %s", path, strerror(errno));
	for (uint64_t i = 0; i < n; i++)
		reading_print(f, &kept[i]);
	fclose(f);
}

/* Readings of "none" are of CLOCK_MONOTONIC alone */
int clock_reads(int argc, char **argv)
{
	bool monotonic = !strcmp(argv[0], "none");
	unsigned int id = monotonic ? 0 : timeline_named(argv[0]);
	uint64_t begin, first, length = number(argv[1]) * SEC, passed, reads = 0, n = 0;

	(void)argc;
	be_fifo(50);
	begin = now_ns();
	first = counter_now();
	for (; (passed = now_ns() - begin) < length; reads += BATCH) {
		uint64_t ticks = batch_of(id, monotonic);

		if (batches < BATCHES)
			batch[batches++] = ticks;
		if (!monotonic && n < KEPT && passed >= n * length / KEPT)
			keep(&kept[n++], id);
	}
	cost_print(reads, (double)passed / (counter_now() - first));
	keep_in(argv[2], n);
	return 0;
}

/* The first reading, and the system's own clock at the same time */
int clock_once(int argc, char **argv)
{
	unsigned int id = timeline_named(argv[0]);
	struct timespec ts;
	uint64_t counter;
	struct kept k;

	(void)argc;
	keep(&k, id);
	clock_gettime(CLOCK_REALTIME, &ts);
	counter = counter_now();
	clock_gettime(CLOCK_REALTIME, &ts);
	reading_print(stdout, &k);
	printf(REALTIME_FORMAT, (unsigned long long)counter,
	       (long long)(ts.tv_sec * SEC + ts.tv_nsec));
	return 0;
}

/* At each multiple of a period on the timeline: what it is then. "none": on CLOCK_REALTIME. */
int clock_act(int argc, char **argv)
{
	bool system = !strcmp(argv[0], "none");
	unsigned int id = system ? 0 : timeline_named(argv[0]);
	clockid_t clock = system ? CLOCK_REALTIME : CLOCK_TIMELINE(id);
	uint64_t period = number(argv[1]) * MS, next;
	struct timespec ts;
	struct kept k = { 0 };

	(void)argc;
	be_fifo(50);
	if (clock_gettime(clock, &ts))
		fatal("clock %d: %s", (int)clock, strerror(errno));
	next = (ts.tv_sec * SEC + ts.tv_nsec) / period + 2;
	for (uint64_t n = number(argv[2]); n--; next++) {
		ts.tv_sec = next * period / SEC;
		ts.tv_nsec = next * period % SEC;
		clock_nanosleep(clock, TIMER_ABSTIME, &ts, NULL);
		k.at = counter_now();
		if (!system)
			k.ret = vdso_gettime(id, &k.tt);
		reading_print(stdout, &k);
	}
	return 0;
}

/* How late a sleeper wakes up, with its reading: an absolute sleep of 1 ms each time */
int clock_wake(int argc, char **argv)
{
	bool monotonic = !strcmp(argv[0], "none");
	clockid_t clock = monotonic ? CLOCK_MONOTONIC : CLOCK_TIMELINE(timeline_named(argv[0]));
	struct timespec ts;
	uint64_t until, worst;

	(void)argc;
	be_fifo(50);
	for (uint64_t n = number(argv[1]); n-- && batches < BATCHES; batches++) {
		clock_gettime(clock, &ts);
		until = ts.tv_sec * SEC + ts.tv_nsec + MS;
		ts = (struct timespec) { until / SEC, until % SEC };
		if (clock_nanosleep(clock, TIMER_ABSTIME, &ts, NULL))
			fatal("a sleep on clock %d failed", (int)clock);
		clock_gettime(clock, &ts);
		batch[batches] = ts.tv_sec * SEC + ts.tv_nsec - until;
	}
	qsort(batch, batches, sizeof(batch[0]), by_length);
	worst = batch[batches - 1];
	printf("n=%ju least=%ju p50=%ju p99=%ju max=%ju\n", (uintmax_t)batches,
	       (uintmax_t)batch[0], (uintmax_t)batch[batches / 2],
	       (uintmax_t)batch[batches * 99 / 100], (uintmax_t)worst);
	return 0;
}
