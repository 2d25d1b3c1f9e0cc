// SPDX-License-Identifier: GPL-2.0
#include "tl-read.h"

static const struct tl_page *page;
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
static __always_inline int						\
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

struct tl_reads tl_reads(const struct tl_page *of)
{
	struct tl_reads r = {
		.counter_name = "lfence; rdtsc",
		.gettime = gettime_tl_lfence_rdtsc,
		.clock = clock_tl_lfence_rdtsc,
		.counter = bare_tl_lfence_rdtsc,
	};

	page = of;
	has_rdpid = tl_has_rdpid();
	if (tl_has_rdtscp()) {
		r.counter_name = "rdtscp";
		r.gettime = gettime_tl_rdtscp;
		r.clock = clock_tl_rdtscp;
		r.counter = bare_tl_rdtscp;
	}
	r.cpu_name = has_rdpid ? "rdpid" : "lsl";
	return r;
}
