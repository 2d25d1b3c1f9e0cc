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

/* The counter, and the CPU after it */
static __always_inline u64 tl_rdtscp_cpu(u32 *cpu)
{
	u32 low, high, p;

	__asm__ __volatile__("rdtscp" : "=a"(low), "=d"(high), "=c"(p)::"memory");
	*cpu = p & 0xfff;
	return (u64)high << 32 | low;
}

static __always_inline u64 tl_lfence_rdtsc_cpu(u32 *cpu)
{
	u64 counter = tl_lfence_rdtsc();

	*cpu = cpu_number();
	return counter;
}

static __always_inline const struct timeline_entry *entry_of(u32 id)
{
	const struct timeline_entry *e = &page->entry[id % TL_ENTRIES];

	timeline_hide(e);
	return e;
}

static __always_inline bool is_readable(const struct timeline_entry *e, u32 id)
{
	return likely(e->id == id) && likely(e->counter_id == TIMELINE_COUNTER_X86_TSC);
}

static __always_inline bool begin_fast(const struct timeline_entry *e, u32 id, u32 *seq)
{
	*seq = timeline_load_seq(e);
	timeline_rmb();
	return likely(!(*seq & 1)) && is_readable(e, id);
}

/* As arch/x86/entry/vdso/vtimeline.c, less the system call */
#define READERS(counter)						\
static noinline int slowly_##counter(u32 id, struct timeline_time *tt)	\
{									\
	const struct timeline_entry *e = entry_of(id);			\
	u32 seq;							\
									\
	do {								\
		seq = timeline_read_begin(e);				\
		if (!is_readable(e, id))				\
			return -1;					\
		timeline_read(e, counter(), tt);			\
	} while (unlikely(timeline_read_retry(e, seq)));		\
	return 0;							\
}									\
									\
static noinline int here_##counter(struct timeline_time *tt)		\
{									\
	u32 cpu = cpu_number(), again, seq;				\
	const u64 *place = &page->word[1 + cpu];			\
	u64 word = READ_ONCE(*place), now;				\
	const struct timeline_entry *e = entry_of((u32)word - 1);	\
									\
	if (unlikely(!begin_fast(e, (u32)word - 1, &seq)))		\
		return -1;						\
	now = counter##_cpu(&again);					\
	barrier();							\
	if (unlikely(again != cpu || READ_ONCE(*place) != word) ||	\
	    unlikely(!timeline_settled(e, now)))			\
		return -1;						\
	timeline_read_settled(e, now, tt);				\
	return likely(!timeline_read_retry(e, seq)) ? 0 : -1;		\
}									\
									\
static noinline int slewing_##counter(struct timeline_time *tt,		\
				      const struct timeline_entry *e, u64 now, u32 seq, \
				      u32 id)				\
{									\
	if (unlikely((int64_t)(now - e->counter_value) < 0))		\
		return slowly_##counter(id, tt);			\
	timeline_read_slewing(e, now, tt);				\
	return likely(!timeline_read_retry(e, seq)) ? 0 : slowly_##counter(id, tt); \
}									\
									\
static __always_inline int fast_##counter(u32 id, const struct timeline_entry *e, u32 seq, \
					  struct timeline_time *tt)	\
{									\
	u64 now = counter();						\
									\
	if (unlikely(!timeline_settled(e, now)))			\
		return slewing_##counter(tt, e, now, seq, id);		\
	timeline_read_settled(e, now, tt);				\
	return likely(!timeline_read_retry(e, seq)) ? 0 : slowly_##counter(id, tt); \
}									\
									\
static noinline int self_##counter(struct timeline_time *tt)		\
{									\
	u32 id = (u32)READ_ONCE(page->word[0]) - 1, seq;		\
	const struct timeline_entry *e;					\
									\
	if (id == TIMELINE_NONE)					\
		return here_##counter(tt);				\
	e = entry_of(id);						\
	return likely(begin_fast(e, id, &seq)) ? fast_##counter(id, e, seq, tt) : \
						 here_##counter(tt);	\
}									\
									\
static noinline int gettime_##counter(u32 id, struct timeline_time *tt)	\
{									\
	const struct timeline_entry *e = entry_of(id);			\
	u32 seq;							\
									\
	if (likely(begin_fast(e, id, &seq)))				\
		return fast_##counter(id, e, seq, tt);			\
	return id == TIMELINE_SELF ? self_##counter(tt) : slowly_##counter(id, tt); \
}									\
									\
static noinline int clock_##counter(clockid_t clock, struct timespec *ts) \
{									\
	u32 id = (u32)clock - CLOCK_TIMELINE_FIRST, seq;		\
	const struct timeline_entry *e = entry_of(id);			\
	struct timeline_span t;						\
	u64 now;							\
									\
	if (likely(begin_fast(e, id, &seq))) {				\
		now = counter();					\
		if (likely(timeline_settled(e, now))) {			\
			t = timeline_project_settled(e, now);		\
			ts->tv_sec = (time_t)t.sec;			\
			ts->tv_nsec = (long)__timeline_mulhi(t.frac, TIMELINE_NSEC_PER_SEC); \
			if (likely(!timeline_read_retry(e, seq)))	\
				return 0;				\
		}							\
	}								\
	return -1;							\
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
		.rdpid = &has_rdpid,
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
