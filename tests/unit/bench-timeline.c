// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of reading a timeline, beside the vDSO's clock_gettime() of this machine
 * in the same run:
 *
 *	bench-timeline [-j] [batches]
 *
 * The read function is compiled here as in arch/x86/entry/vdso/vtimeline.c and
 * reads a page of the kernel's layout. A batch is 1000 calls; batches of all
 * that is compared take turns, so that what disturbs one disturbs all. Cycles
 * are those of the time stamp counter, the median of the batches (2000); "ratio"
 * is to the vDSO's CLOCK_MONOTONIC in the same table. Then 1 to 8 threads read at
 * once, alone and beside a writer, and last what an update costs the writer.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include "tl-page.h"

#define CALLS	1000
#define NS	1000000000ULL

#define N(name)		"\"" name "\": "
#define JSON_CALL	"%s{" N("call") "\"%s\", " N("cycles") "%.1f, " N("ratio") "%.3f, " \
			N("p10") "%.1f, " N("p90") "%.1f}"
#define JSON_READERS	",\n  {" N("readers") "%u, " N("vdso") "%.1f, " N("timeline") "%.1f, " \
			N("ratio") "%.3f}"
#define JSON_WRITER	",\n  {" N("writer") "\"%s\", " N("cycles") "%.1f, " \
			N("updates") "%llu, " N("update") "%.1f}"

static struct tl_page *page;
static u64 hz;
static bool json;
static u32 batches = 2000;

/* ---- as in the vDSO, for both forms of rdtsc_ordered() ---- */

static bool has_rdpid;

/* A branch where the vDSO has an alternative: it costs next to nothing */
static __always_inline u32 cpu_number(void)
{
	u64 cpu;

	if (has_rdpid)
		__asm__ __volatile__("rdpid %0" : "=r"(cpu));
	else /* the limit of a segment */
		__asm__ __volatile__("lsl %1, %k0" : "=r"(cpu) : "r"(0x7b));
	return cpu & 0xfff;
}

static __always_inline u32 self(void)
{
	u64 word, check;
	u32 cpu, again;

	do {
		cpu = cpu_number();
		word = READ_ONCE(page->word[cpu]);
		barrier();
		again = cpu_number();
		barrier();
		check = READ_ONCE(page->word[cpu]);
	} while (unlikely(again != cpu || check != word));
	return (u32)word;
}

#define READERS(counter)						\
static __always_inline int			\
read_##counter(u32 id, u32 generation, struct timeline_time *tt)	\
{									\
	const struct timeline_entry *e = &page->entry[id];		\
	u32 seq;							\
									\
	do {								\
		seq = timeline_read_begin(e);				\
		if (unlikely(e->counter_id != TIMELINE_COUNTER_X86_TSC)) \
			return -1;					\
		if (generation && unlikely(e->generation != generation)) \
			return -1;					\
		timeline_read(e, counter(), tt);			\
	} while (unlikely(timeline_read_retry(e, seq)));		\
	return 0;							\
}									\
									\
static noinline int gettime_##counter(u32 id, struct timeline_time *tt)	\
{									\
	u32 ref;							\
									\
	if (likely(id < TL_ENTRIES)) {					\
		if (likely(!read_##counter(id, 0, tt)))			\
			return 0;					\
	} else if (id == TIMELINE_SELF) {				\
		ref = self();						\
		if (likely(ref) &&					\
		    likely(!read_##counter((ref & 0xff) - 1, ref >> 8, tt))) \
			return 0;					\
	}								\
	return -1;							\
}									\
									\
static noinline int clock_##counter(clockid_t clock, struct timespec *ts) \
{									\
	const struct timeline_entry *e = &page->entry[clock - CLOCK_TIMELINE_FIRST]; \
	struct timeline_span t;						\
	u32 seq;							\
									\
	do {								\
		seq = timeline_read_begin(e);				\
		if (unlikely(e->counter_id != TIMELINE_COUNTER_X86_TSC)) \
			return -1;					\
		t = timeline_project(e, counter());			\
	} while (unlikely(timeline_read_retry(e, seq)));		\
	ts->tv_sec = (time_t)t.sec;					\
	ts->tv_nsec = (long)__timeline_mulhi(t.frac, TIMELINE_NSEC_PER_SEC); \
	return 0;							\
}									\
									\
static noinline u64 bare_##counter(void)				\
{									\
	return counter();						\
}

READERS(tl_rdtscp)
READERS(tl_lfence_rdtsc)

static int (*gettime)(u32 id, struct timeline_time *tt) = gettime_tl_lfence_rdtsc;
static int (*clock_fn)(clockid_t clock, struct timespec *ts) = clock_tl_lfence_rdtsc;
static u64 (*bare)(void) = bare_tl_lfence_rdtsc;
static int (*vdso)(clockid_t clock, struct timespec *ts) = clock_gettime;

static void choose(void)
{
	void *lib = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *fn = lib ? dlsym(lib, "__vdso_clock_gettime") : NULL;

	if (fn)
		*(void **)&vdso = fn;
	has_rdpid = tl_has_rdpid();
	if (tl_has_rdtscp()) {
		gettime = gettime_tl_rdtscp;
		clock_fn = clock_tl_rdtscp;
		bare = bare_tl_rdtscp;
	}
}

/* ---- what is compared ---- */

enum { PLAIN, SLEWING }; /* entries */

static void call_vdso(void)
{
	struct timespec ts;

	vdso(CLOCK_MONOTONIC, &ts);
}

static void call_libc(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
}

static void call_bare(void)
{
	bare();
}

static void call_gettime(void)
{
	struct timeline_time tt;

	gettime(PLAIN, &tt);
}

static void call_slewing(void)
{
	struct timeline_time tt;

	gettime(SLEWING, &tt);
}

static void call_clock(void)
{
	struct timespec ts;

	clock_fn(CLOCK_TIMELINE(PLAIN), &ts);
}

static void call_self(void)
{
	struct timeline_time tt;

	gettime(TIMELINE_SELF, &tt);
}

static const struct subject {
	const char *name;
	void (*call)(void);
} subjects[] = {
	{ "vDSO CLOCK_MONOTONIC", call_vdso },
	{ "clock_gettime(CLOCK_MONOTONIC)", call_libc },
	{ "counter alone", call_bare },
	{ "timeline_gettime()", call_gettime },
	{ "timeline_gettime(), slewing", call_slewing },
	{ "timeline_gettime(TIMELINE_SELF)", call_self },
	{ "clock_gettime(CLOCK_TIMELINE())", call_clock },
};

#define SUBJECTS ARRAY_SIZE(subjects)

/* ---- measuring ---- */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(double *v, u32 n, double q)
{
	qsort(v, n, sizeof(*v), ascending);
	return v[(u32)((n - 1) * q)];
}

static double batch(void (*call)(void))
{
	u64 begin = tl_lfence_rdtsc();

	for (int i = 0; i < CALLS; i++)
		call();
	return (double)(tl_lfence_rdtsc() - begin) / CALLS;
}

static void table(void)
{
	double *v = calloc((size_t)SUBJECTS * batches, sizeof(*v)), median[SUBJECTS];

	for (u32 b = 0; b < batches; b++)
		for (u32 s = 0; s < SUBJECTS; s++)
			v[s * batches + b] = batch(subjects[s].call);
	if (!json)
		printf("%-34s %8s %6s %8s %8s\n", "call", "cycles", "ratio", "p10", "p90");
	for (u32 s = 0; s < SUBJECTS; s++) {
		double *mine = v + s * batches;

		median[s] = quantile(mine, batches, 0.5);
		printf(json ? JSON_CALL : "%s%-34s %8.1f %6.3f %8.1f %8.1f\n",
		       json && s ? ",\n  " : "", subjects[s].name, median[s],
		       median[s] / median[0], quantile(mine, batches, 0.1),
		       quantile(mine, batches, 0.9));
	}
	free(v);
}

/* ---- several readers, and a writer ---- */

struct thread {
	pthread_t id;
	void (*call)(void);
	double median;
};

static pthread_barrier_t start;
static bool stop;
static u64 writes, write_ticks;

static void *read_batches(void *arg)
{
	struct thread *t = arg;
	double *v = calloc(batches, sizeof(*v));

	pthread_barrier_wait(&start);
	for (u32 b = 0; b < batches; b++)
		v[b] = batch(t->call);
	t->median = quantile(v, batches, 0.5);
	free(v);
	return NULL;
}

static void write_one(void)
{
	struct timeline_set set = tl_params(hz, 0, 50000);
	u64 before = tl_lfence_rdtsc();

	/* Bounds apart, the time goes on as it is: what a good update does */
	set.counter_value = page->entry[PLAIN].counter_value;
	set.time_sec = page->entry[PLAIN].time_sec;
	set.time_frac_sec = page->entry[PLAIN].time_frac_sec;
	if (tl_update(&page->entry[PLAIN], &set, false, NULL, TL_GOOD))
		abort();
	write_ticks += tl_lfence_rdtsc() - before;
	writes++;
}

/* *arg updates a second, 0 for as many as can be */
static void *write_updates(void *arg)
{
	u32 rate = *(u32 *)arg;
	struct timespec rest = { .tv_nsec = rate ? (long)(NS / rate) : 0 };

	while (!READ_ONCE(stop)) {
		write_one();
		if (rate)
			nanosleep(&rest, NULL);
	}
	return NULL;
}

static double readers(u32 n, void (*call)(void), const u32 *rate)
{
	struct thread thread[8];
	double median[8];
	pthread_t writer;

	WRITE_ONCE(stop, false);
	writes = 0;
	write_ticks = 0;
	if (rate)
		pthread_create(&writer, NULL, write_updates, (void *)rate);
	pthread_barrier_init(&start, NULL, n);
	for (u32 i = 0; i < n; i++) {
		thread[i].call = call;
		pthread_create(&thread[i].id, NULL, read_batches, &thread[i]);
	}
	for (u32 i = 0; i < n; i++) {
		pthread_join(thread[i].id, NULL);
		median[i] = thread[i].median;
	}
	WRITE_ONCE(stop, true);
	if (rate)
		pthread_join(writer, NULL);
	return quantile(median, n, 0.5);
}

static void several(void)
{
	static const u32 rates[] = { 1000, 0 };
	static const char *const names[] = { "1000 updates/s", "updates at full speed" };
	double vdso_alone, mine;

	if (!json)
		printf("\n%-34s %8s %8s %6s\n", "readers at once", "vDSO", "timeline", "ratio");
	for (u32 n = 1; n <= 8; n *= 2) {
		vdso_alone = readers(n, call_vdso, NULL);
		mine = readers(n, call_gettime, NULL);
		printf(json ? JSON_READERS : "%-34u %8.1f %8.1f %6.3f\n",
		       n, vdso_alone, mine, mine / vdso_alone);
	}
	if (!json)
		printf("\n%-34s %8s %10s %14s\n",
		       "one reader beside", "cycles", "updates", "cycles/update");
	for (u32 i = 0; i < ARRAY_SIZE(rates); i++) {
		mine = readers(1, call_gettime, &rates[i]);
		printf(json ? JSON_WRITER : "%-34s %8.1f %10llu %14.1f\n",
		       names[i], mine, writes, (double)write_ticks / (double)writes);
	}
}

static void set_up(void)
{
	struct timeline_set set = tl_params(hz, 0, 50000);

	page = tl_page_new();
	for (u32 cpu = 0; cpu < ARRAY_SIZE(page->word); cpu++)
		page->word[cpu] = 1 << 8 | (PLAIN + 1);
	tl_update(&page->entry[PLAIN], &set, true, NULL, TL_GOOD);
	tl_update(&page->entry[SLEWING], &set, true, NULL, TL_GOOD);
	set.time_sec += 1000; /* weeks of slewing */
	tl_update(&page->entry[SLEWING], &set, false, NULL, TL_GOOD);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-j"))
			json = true;
		else
			batches = (u32)strtoul(argv[i], NULL, 0);
	}
	if (!batches)
		return 2;
	hz = tl_counter_hz();
	choose();
	set_up();
	if (json)
		printf("[");
	else
		printf("counter: %s, %.3f MHz; CPU number: %s; %u batches of %u calls; %ld CPUs\n\n",
		       tl_has_rdtscp() ? "rdtscp" : "lfence; rdtsc", (double)hz / 1e6,
		       has_rdpid ? "rdpid" : "lsl", batches, CALLS, sysconf(_SC_NPROCESSORS_ONLN));
	table();
	several();
	if (json)
		printf("]\n");
	return 0;
}
