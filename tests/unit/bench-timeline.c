// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of reading and of setting a timeline, beside the clocks of this machine in
 * the same run:
 *
 *	bench-timeline [-j] [batches]
 *
 * The read function is compiled here as in the vDSO (tl-read.c) and reads a page
 * of the kernel's layout. A batch is 1000 calls; batches of all that is compared
 * take turns, so that what disturbs one disturbs all. Cycles are those of the
 * time stamp counter, the median of the batches (2000) and their 10th and 90th
 * percentile; p99.99 is of 100 000 calls timed one by one, less what the timing
 * takes; "ratio" is to the vDSO's CLOCK_MONOTONIC in the same table. Then 1 to 8
 * threads read at once, and one beside a writer. -j prints JSON.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>
#include "tl-read.h"

#define CALLS		1000
#define SINGLES		100000
#define UPDATES_KEPT	1000000

#define N(name)		"\"" name "\": "
#define JSON_HEAD	"{ " N("format") "1, " N("counter") "\"%s\", " N("cpu_number") "\"%s\", " \
			N("hz") "%llu, " N("cpus") "%ld, " N("batches") "%u, " \
			N("calls_per_batch") "%d,\n  " N("calls") "["
#define JSON_CALL	"%s\n  { " N("call") "\"%s\", " N("cycles") "%.1f, " N("ns") "%.1f, " \
			N("ratio") "%.3f, " N("p10") "%.1f, " N("p90") "%.1f, " N("p9999") "%.0f }"
#define JSON_READERS	"%s\n  { " N("readers") "%u, " N("vdso") "%.1f, " N("timeline") "%.1f, " \
			N("ratio") "%.3f }"
#define JSON_WRITER	"%s\n  { " N("updates_per_s") "%.0f, " N("cycles") "%.1f, " N("p90") "%.1f, " \
			N("update_cycles") "%.0f }"

static struct tl_page *page;
static struct tl_reads reads;
static u64 hz;
static bool json;
static u32 batches = 2000;
static int (*vdso)(clockid_t clock, struct timespec *ts) = clock_gettime;

/* ---- what is compared ---- */

enum { PLAIN, SLEWING }; /* entries */

static void call_vdso(void)
{
	struct timespec ts;

	vdso(CLOCK_MONOTONIC, &ts);
}

static void call_vdso_realtime(void)
{
	struct timespec ts;

	vdso(CLOCK_REALTIME, &ts);
}

static void call_libc(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
}

static void call_counter(void)
{
	reads.counter();
}

static void call_gettime(void)
{
	struct timeline_time tt;

	reads.gettime(PLAIN, &tt);
}

static void call_slewing(void)
{
	struct timeline_time tt;

	reads.gettime(SLEWING, &tt);
}

static void call_clock(void)
{
	struct timespec ts;

	reads.clock(CLOCK_TIMELINE(PLAIN), &ts);
}

static void call_self(void)
{
	struct timeline_time tt;

	reads.gettime(TIMELINE_SELF, &tt);
}

/* As if there were threads that are bound to others */
static void call_self_of_many(void)
{
	struct timeline_time tt;

	page->word[0] = 0;
	reads.gettime(TIMELINE_SELF, &tt);
	page->word[0] = page->word[1];
}

static void call_self_of_many_lsl(void)
{
	bool has = *reads.rdpid;

	*reads.rdpid = false;
	call_self_of_many();
	*reads.rdpid = has;
}

static void call_system(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
}

/* Time with a bound, as there was before */
static void call_adjtimex(void)
{
	struct timex tx = { 0 };

	adjtimex(&tx);
}

static const struct subject {
	const char *name;
	void (*call)(void);
} subjects[] = {
	{ "vDSO CLOCK_MONOTONIC", call_vdso },
	{ "vDSO CLOCK_REALTIME", call_vdso_realtime },
	{ "clock_gettime(CLOCK_MONOTONIC)", call_libc },
	{ "counter alone", call_counter },
	{ "timeline_gettime(), with bounds", call_gettime },
	{ "timeline_gettime(), slewing", call_slewing },
	{ "timeline_gettime(TIMELINE_SELF)", call_self },
	{ "SELF, threads differ", call_self_of_many },
	{ "SELF, threads differ, no RDPID", call_self_of_many_lsl },
	{ "clock_gettime(CLOCK_TIMELINE())", call_clock },
	{ "CLOCK_MONOTONIC by system call", call_system },
	{ "adjtimex(), time with maxerror", call_adjtimex },
};

#define SUBJECTS ARRAY_SIZE(subjects)

/* ---- measuring ---- */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(double *v, size_t n, double q)
{
	qsort(v, n, sizeof(*v), ascending);
	return v[(size_t)((double)(n - 1) * q)];
}

static double batch(void (*call)(void))
{
	u64 begin = tl_lfence_rdtsc();

	for (int i = 0; i < CALLS; i++)
		call();
	return (double)(tl_lfence_rdtsc() - begin) / CALLS;
}

static void nothing(void)
{
}

static double single(void (*call)(void), double q)
{
	static double v[SINGLES];

	for (int i = 0; i < SINGLES; i++) {
		u64 begin = tl_lfence_rdtsc();

		call();
		v[i] = (double)(tl_lfence_rdtsc() - begin);
	}
	return quantile(v, SINGLES, q);
}

static void print_call(u32 s, double *v, double base, double timing)
{
	double median = quantile(v, batches, 0.5), worst = single(subjects[s].call, 0.9999) - timing;

	printf(json ? JSON_CALL : "%s%-34s %8.1f %8.1f %6.3f %8.1f %8.1f %8.0f\n",
	       json && s ? "," : "", subjects[s].name, median, median * 1e9 / (double)hz,
	       median / base, quantile(v, batches, 0.1), quantile(v, batches, 0.9), worst);
}

static void table(void)
{
	double *v = calloc((size_t)SUBJECTS * batches, sizeof(*v)), base, timing;

	for (u32 b = 0; b < batches; b++)
		for (u32 s = 0; s < SUBJECTS; s++)
			v[s * batches + b] = batch(subjects[s].call);
	if (!json)
		printf("%-34s %8s %8s %6s %8s %8s %8s\n", "call", "cycles", "ns", "ratio", "p10", "p90",
		       "p99.99");
	base = quantile(v, batches, 0.5);
	timing = single(nothing, 0.5);
	for (u32 s = 0; s < SUBJECTS; s++)
		print_call(s, v + s * batches, base, timing);
	free(v);
}

/* ---- several readers ---- */

struct reader {
	pthread_t id;
	void (*call)(void);
	double median, p90;
	bool beside; /* a writer, on another CPU */
};

static pthread_barrier_t start;
static cpu_set_t mine;
static u64 beat __attribute__((aligned(64))); /* the writer ran then */

/* To the nth of the CPUs that this process may use */
static void pin(int nth)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE && nth >= 0; cpu++) {
		if (!CPU_ISSET(cpu, &mine))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		nth--;
	}
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
}

static void *read_batches(void *arg)
{
	struct reader *r = arg;
	double *v = calloc(batches, sizeof(*v));

	if (r->beside)
		pin(0);
	pthread_barrier_wait(&start);
	for (u32 b = 0, tries = 0; b < batches; b++) {
		u64 begin = tl_lfence_rdtsc();

		v[b] = batch(r->call);
		/* One without the writer does not count: others use this machine, too */
		if (r->beside && READ_ONCE(beat) < begin && tries++ < 50 * batches)
			b--;
	}
	r->median = quantile(v, batches, 0.5);
	r->p90 = quantile(v, batches, 0.9);
	free(v);
	return NULL;
}

static double at_once(u32 n, void (*call)(void))
{
	struct reader reader[8];
	double median[8];

	pthread_barrier_init(&start, NULL, n);
	for (u32 i = 0; i < n; i++) {
		reader[i] = (struct reader){ .call = call };
		pthread_create(&reader[i].id, NULL, read_batches, &reader[i]);
	}
	for (u32 i = 0; i < n; i++) {
		pthread_join(reader[i].id, NULL);
		median[i] = reader[i].median;
	}
	return quantile(median, n, 0.5);
}

static void several(void)
{
	double alone, mine;

	if (json)
		printf(" ],\n  " N("readers") "[");
	else
		printf("\n%-34s %8s %8s %6s\n", "readers at once", "vDSO", "timeline", "ratio");
	for (u32 n = 1; n <= 8; n *= 2) {
		alone = at_once(n, call_vdso);
		mine = at_once(n, call_gettime);
		printf(json ? JSON_READERS : "%s%-34u %8.1f %8.1f %6.3f\n",
		       json && n > 1 ? "," : "", n, alone, mine, mine / alone);
	}
}

/* ---- beside a writer ---- */

static double *updates, *intervals; /* cycles of each, and since the one before */
static size_t written;
static bool stop;

static void write_one(u64 interval)
{
	struct timeline_set set = tl_params(hz, 0, 50000);
	u64 before = tl_lfence_rdtsc();

	/* Bounds apart, the time goes on as it is: what a good update does */
	set.counter_value = page->entry[PLAIN].counter_value;
	set.time_sec = page->entry[PLAIN].time_sec;
	set.time_frac_sec = page->entry[PLAIN].time_frac_sec;
	if (tl_update(&page->entry[PLAIN], &set, false, NULL, TL_GOOD))
		abort();
	intervals[written % UPDATES_KEPT] = (double)interval;
	updates[written++ % UPDATES_KEPT] = (double)(tl_lfence_rdtsc() - before);
}

/* *arg updates a second, 0 for as many as can be */
static void *write_updates(void *arg)
{
	u64 interval = *(const u32 *)arg ? hz / *(const u32 *)arg : 0, last = tl_lfence_rdtsc(), now;

	pin(1);
	pthread_barrier_wait(&start);
	while (!READ_ONCE(stop)) {
		now = tl_lfence_rdtsc();
		WRITE_ONCE(beat, now);
		if (now - last < interval)
			continue;
		write_one(now - last);
		last = now;
	}
	return NULL;
}

static void beside(u32 rate, bool first)
{
	struct reader r = { .call = call_gettime, .beside = true };
	pthread_t writer;
	size_t n;

	written = 0;
	WRITE_ONCE(stop, false);
	pthread_barrier_init(&start, NULL, 2);
	pthread_create(&writer, NULL, write_updates, &rate);
	pthread_create(&r.id, NULL, read_batches, &r);
	pthread_join(r.id, NULL);
	WRITE_ONCE(stop, true);
	pthread_join(writer, NULL);
	n = written < UPDATES_KEPT ? written : UPDATES_KEPT;
	printf(json ? JSON_WRITER : "%s%-34.0f %8.1f %8.1f %14.0f\n", json && !first ? "," : "",
	       (double)hz / quantile(intervals, n, 0.5), r.median, r.p90, quantile(updates, n, 0.5));
}

static void with_writer(void)
{
	static const u32 rates[] = { 1000, 10000, 100000, 1000000, 0 };

	if (json)
		printf(" ],\n  " N("updates") "[");
	else
		printf("\n%-34s %8s %8s %14s\n", "one reader beside, updates/s", "cycles", "p90",
		       "cycles/update");
	updates = calloc(UPDATES_KEPT, sizeof(*updates));
	intervals = calloc(UPDATES_KEPT, sizeof(*intervals));
	for (u32 i = 0; i < ARRAY_SIZE(rates); i++)
		beside(rates[i], !i);
}

/* ---- */

static void set_up(void)
{
	struct timeline_set set = tl_params(hz, 0, 50000);
	void *lib = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *fn = lib ? dlsym(lib, "__vdso_clock_gettime") : NULL;

	if (fn)
		*(void **)&vdso = fn;
	sched_getaffinity(0, sizeof(mine), &mine);
	page = tl_page_new();
	reads = tl_reads(page);
	for (u32 i = 0; i < ARRAY_SIZE(page->word); i++)
		page->word[i] = 1ULL << 32 | (PLAIN + 1);
	tl_update(&page->entry[PLAIN], &set, true, NULL, TL_GOOD);
	tl_update(&page->entry[SLEWING], &set, true, NULL, TL_GOOD);
	set.time_sec += 1000; /* weeks of slewing */
	tl_update(&page->entry[SLEWING], &set, false, NULL, TL_GOOD);
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-j"))
			json = true;
		else
			batches = (u32)strtoul(argv[i], NULL, 0);
	}
	if (!batches)
		return 2;
	hz = tl_counter_hz();
	set_up();
	if (json)
		printf(JSON_HEAD, reads.counter_name, reads.cpu_name, hz, cpus, batches, CALLS);
	else
		printf("counter: %s, %.3f MHz; CPU number: %s; %u batches of %u calls; %ld CPUs\n\n",
		       reads.counter_name, (double)hz / 1e6, reads.cpu_name, batches, CALLS, cpus);
	table();
	several();
	with_writer();
	if (json)
		printf(" ]\n}\n");
	return 0;
}
