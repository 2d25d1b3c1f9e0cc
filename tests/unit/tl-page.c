// SPDX-License-Identifier: GPL-2.0
#include <cpuid.h>
#include <sys/mman.h>
#include <time.h>
#include "tl-page.h"

bool tl_has_rdtscp(void)
{
	u32 a, b, c, d;

	return __get_cpuid(0x80000001, &a, &b, &c, &d) && d & 1 << 27;
}

bool tl_has_rdpid(void)
{
	u32 a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && c & 1 << 22;
}

struct tl_page *tl_page_new(void)
{
	struct tl_page *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	for (u32 id = 0; id < TL_ENTRIES; id++) {
		struct timeline_entry *e = &p->entry[id];

		e->magic = TIMELINE_MAGIC;
		e->size = TIMELINE_ENTRY_SIZE;
		e->version = TIMELINE_VERSION;
		e->counter_id = TIMELINE_COUNTER_RAW;
		e->clock_status = TIMELINE_STATUS_INITIALIZING;
		e->id = id;
		e->slew_ppb = TIMELINE_SLEW_PPB_MAX;
		e->generation = 1;
	}
	return p;
}

static u64 raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

/* A pair with little between its halves */
static void pair(u64 *counter, u64 *ns)
{
	u64 best = U64_MAX;

	for (int i = 0; i < 100; i++) {
		u64 before = tl_lfence_rdtsc(), now = raw_ns(), after = tl_lfence_rdtsc();

		if (after - before < best) {
			best = after - before;
			*counter = before + best / 2;
			*ns = now;
		}
	}
}

u64 tl_counter_hz(void)
{
	const struct timespec rest = { .tv_nsec = 50000000 };
	u64 c1 = 0, c2 = 0, t1 = 0, t2 = 0;

	pair(&c1, &t1);
	nanosleep(&rest, NULL);
	pair(&c2, &t2);
	return (u64)((unsigned __int128)(c2 - c1) * NSEC_PER_SEC / (t2 - t1));
}

struct timeline_set tl_params(u64 hz, int ppb, u64 rate_ppb)
{
	const unsigned int shift = 4;
	u64 period = (u64)(((unsigned __int128)1 << (64 + shift)) / hz);

	return (struct timeline_set) {
		.counter_id = TIMELINE_COUNTER_X86_TSC,
		.counter_period_shift = shift,
		.clock_status = TIMELINE_STATUS_SYNCHRONIZED,
		.vmclock_flags = TIMELINE_VF_PERIOD_MAXERROR_VALID |
				 TIMELINE_VF_TIME_MAXERROR_VALID,
		.counter_value = tl_lfence_rdtsc(),
		.counter_period_frac_sec = period + (u64)((__int128)period * ppb / 1000000000),
		.counter_period_maxerror_rate_frac_sec =
			(u64)((unsigned __int128)period * rate_ppb / 1000000000),
		.time_sec = 1000000,
		.err_low_ns = 1000,
		.err_high_ns = 1000,
	};
}

static void copy_entry(struct timeline_entry *to, const struct timeline_entry *from)
{
	const size_t seq = offsetof(struct timeline_entry, seq_count);
	const size_t after = seq + sizeof(from->seq_count);

	memcpy(to, from, seq);
	memcpy((u8 *)to + after, (const u8 *)from + after, sizeof(*to) - after);
}

static u64 early_counter(void)
{
	u64 now = tl_lfence_rdtsc();

	while (tl_lfence_rdtsc() - now < 10000000)
		;
	return now;
}

int tl_update(struct timeline_entry *e, const struct timeline_set *set, bool step,
	      struct timeline_entry *log, enum tl_fault fault)
{
	u32 seq = e->seq_count;
	u64 now = fault == TL_COUNTER_FIRST ? early_counter() : 0;
	struct timeline_entry next;
	int ret;

	__atomic_store_n(&e->seq_count, seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (fault == TL_GOOD)
		now = tl_lfence_rdtsc();
	next = *e;
	ret = timeline_next(&next, step ? NULL : e, set, now);
	if (!ret) {
		next.step_marker += step;
		next.seq_count = seq + 2;
		if (log)
			*log = next;
		copy_entry(e, &next);
	}
	__atomic_store_n(&e->seq_count, seq + 2, __ATOMIC_RELEASE);
	return ret;
}
