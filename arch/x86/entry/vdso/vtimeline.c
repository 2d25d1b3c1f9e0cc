// SPDX-License-Identifier: GPL-2.0
/*
 * Reading timelines in user space.
 *
 * 64-bit code (the x32 vDSO too) reads the table while the TSC is the counter
 * of the entry. Whatever else an entry says, and 32-bit code always, is for the
 * system call to tell.
 */
#include <linux/kernel.h>
#include <linux/time.h>
#include <linux/types.h>
#include <vdso/timeline.h>
#include <asm/msr.h>
#include <asm/segment.h>
#include <asm/timeline.h>
#include <asm/unistd.h>

int __vdso_timeline_gettime(unsigned int id, struct timeline_time *tt);

#ifndef BUILD_VDSO32

static __always_inline long timeline_fallback(unsigned int id, struct timeline_time *tt)
{
	register long arg4 asm("r10") = 0;
	register long arg5 asm("r8") = 0;
	long ret;

	asm volatile("syscall" : "=a" (ret) :
		     "0" (__NR_prctl), "D" (PR_TIMELINE_GETTIME), "S" ((long)id), "d" (tt),
		     "r" (arg4), "r" (arg5) :
		     "rcx", "r11", "memory");
	return ret;
}

static __always_inline long clock_syscall(long nr, clockid_t clock, struct __kernel_timespec *ts)
{
	long ret;

	asm volatile("syscall" : "=a" (ret) :
		     "0" (nr), "D" ((long)clock), "S" (ts) :
		     "rcx", "r11", "memory");
	return ret;
}

static __always_inline const struct timeline_entry *entry_of(u32 id)
{
	const struct timeline_entry *e = &timeline_page.entry[id % TIMELINE_MAX_IDS];

	/* To be computed once, and not from another place for each use */
	timeline_hide(e);
	return e;
}

/* It exists, and can be read here */
static __always_inline bool is_readable(const struct timeline_entry *e, u32 id)
{
	return likely(e->id == id) && likely(e->counter_id == TIMELINE_COUNTER_X86_TSC);
}

/*
 * Reading takes a fast path, in which nothing is called, no loop kept and no register
 * saved: an update in progress or in between, a slew, SELF and what is for the system
 * call are left to the function that follows it. So is what may be none of ours.
 */
static __always_inline bool begin_fast(const struct timeline_entry *e, u32 id, u32 *seq)
{
	*seq = timeline_load_seq(e);
	timeline_rmb();
	return likely(!(*seq & 1)) && is_readable(e, id);
}

/*
 * An update in progress is waited for, but for one of the host's: it may have been
 * stopped there, and then it is for the kernel to ask.
 */
static __always_inline bool begin_slowly(const struct timeline_entry *e, u32 *seq)
{
	if (e < &timeline_page.entry[TIMELINE_IDS]) {
		*seq = timeline_read_begin(e);
		return true;
	}
	*seq = timeline_load_seq(e);
	timeline_rmb();
	return !(*seq & 1);
}

static __always_inline void to_timespec(struct timeline_span t, struct __kernel_timespec *ts)
{
	ts->tv_sec = t.sec;
	ts->tv_nsec = __timeline_mulhi(t.frac, TIMELINE_NSEC_PER_SEC);
}

/*
 * What all threads are bound to, no timeline's if they are not, or not known to be. Only a
 * thread itself changes what it is bound to, so it need not look again after it has read
 * the timeline.
 */
static __always_inline u32 shared_id(void)
{
	return (u32)READ_ONCE(timeline_words[0]) - 1;
}

/*
 * Else, what the calling thread is bound to: the CPU is guessed before, and must turn out to
 * be the one that comes with the counter; see the proof in kernel/time/timeline/bind.c.
 */
struct self {
	const u64 *place;
	u64 word;
	unsigned int cpu;
};

static __always_inline struct self guess_self(void)
{
	const u64 *place;
	unsigned int cpu;

	vdso_read_cpunode(&cpu, NULL);
	place = &timeline_words[1 + cpu];
	timeline_hide(place);
	return (struct self) { place, READ_ONCE(*place), cpu };
}

/* No timeline's if it is bound to none */
static __always_inline u32 id_of(struct self s)
{
	return (u32)s.word - 1;
}

/* The counter, ordered as a load, and the CPU on which it was read or just after */
static __always_inline u64 counter_and_cpu(unsigned int *cpu)
{
	u32 low, high, p;

	asm volatile(ALTERNATIVE("lfence; rdtsc; lsl %[seg], %%ecx", "rdtscp",
				 X86_FEATURE_RDTSCP)
		     : "=a" (low), "=d" (high), "=&c" (p) : [seg] "r" (__CPUNODE_SEG));
	*cpu = p & VDSO_CPUNODE_MASK;
	return (u64)high << 32 | low;
}

/* x86 loads in order, and the asm is volatile */
static __always_inline bool was_self(struct self s, unsigned int cpu)
{
	barrier();
	return cpu == s.cpu && READ_ONCE(*s.place) == s.word;
}

static noinline int read_self_slowly(struct timeline_time *tt)
{
	const struct timeline_entry *e;
	unsigned int cpu;
	struct self s;
	u32 id, seq;

	do {
		s = guess_self();
		id = id_of(s);
		e = entry_of(id);
		if (!begin_slowly(e, &seq) || !is_readable(e, id))
			return timeline_fallback(TIMELINE_SELF, tt);
		timeline_read(e, counter_and_cpu(&cpu), tt);
	} while (unlikely(timeline_read_retry(e, seq) || !was_self(s, cpu)));
	return 0;
}

static noinline int read_self_here(struct timeline_time *tt)
{
	struct self s = guess_self();
	u32 id = id_of(s), seq;
	const struct timeline_entry *e = entry_of(id);
	unsigned int cpu;
	u64 counter;

	if (unlikely(!begin_fast(e, id, &seq)))
		return read_self_slowly(tt);
	counter = counter_and_cpu(&cpu);
	if (unlikely(!was_self(s, cpu)) || unlikely(!timeline_settled(e, counter)))
		return read_self_slowly(tt);
	timeline_read_settled(e, counter, tt);
	return likely(!timeline_read_retry(e, seq)) ? 0 : read_self_slowly(tt);
}

static noinline int clock_self_slowly(struct __kernel_timespec *ts)
{
	const struct timeline_entry *e;
	struct timeline_span t;
	unsigned int cpu;
	struct self s;
	u32 id, seq;

	do {
		s = guess_self();
		id = id_of(s);
		e = entry_of(id);
		if (!begin_slowly(e, &seq) || !is_readable(e, id))
			return clock_syscall(__NR_clock_gettime, CLOCK_TIMELINE_SELF, ts);
		t = timeline_project(e, counter_and_cpu(&cpu));
	} while (unlikely(timeline_read_retry(e, seq) || !was_self(s, cpu)));
	to_timespec(t, ts);
	return 0;
}

static noinline int clock_self_here(struct __kernel_timespec *ts)
{
	struct self s = guess_self();
	u32 id = id_of(s), seq;
	const struct timeline_entry *e = entry_of(id);
	unsigned int cpu;
	u64 counter;

	if (unlikely(!begin_fast(e, id, &seq)))
		return clock_self_slowly(ts);
	counter = counter_and_cpu(&cpu);
	if (unlikely(!was_self(s, cpu)) || unlikely(!timeline_settled(e, counter)))
		return clock_self_slowly(ts);
	to_timespec(timeline_project_settled(e, counter), ts);
	return likely(!timeline_read_retry(e, seq)) ? 0 : clock_self_slowly(ts);
}

/* The counter is not the reference yet: of another CPU, or another machine */
static __always_inline bool is_before(const struct timeline_entry *e, u64 counter)
{
	return (s64)(counter - e->counter_value) < 0;
}

static noinline int read_slowly(u32 id, struct timeline_time *tt)
{
	const struct timeline_entry *e = entry_of(id);
	u32 seq;

	do {
		if (!begin_slowly(e, &seq) || !is_readable(e, id))
			return timeline_fallback(id, tt);
		timeline_read(e, rdtsc_ordered(), tt);
	} while (unlikely(timeline_read_retry(e, seq)));
	return 0;
}

/* Goes on where the fast path ends, as far as that has come; in the order of its registers */
static noinline int read_slewing(struct timeline_time *tt, const struct timeline_entry *e,
				 u64 counter, u32 seq, u32 id)
{
	if (unlikely(is_before(e, counter)))
		return read_slowly(id, tt);
	timeline_read_slewing(e, counter, tt);
	return likely(!timeline_read_retry(e, seq)) ? 0 : read_slowly(id, tt);
}

static __always_inline int read_fast(u32 id, const struct timeline_entry *e, u32 seq,
				     struct timeline_time *tt)
{
	u64 counter = rdtsc_ordered();

	if (unlikely(!timeline_settled(e, counter)))
		return read_slewing(tt, e, counter, seq, id);
	timeline_read_settled(e, counter, tt);
	return likely(!timeline_read_retry(e, seq)) ? 0 : read_slowly(id, tt);
}

static noinline int read_self(struct timeline_time *tt)
{
	u32 id = shared_id(), seq;
	const struct timeline_entry *e;

	if (id == TIMELINE_NONE)
		return read_self_here(tt);
	e = entry_of(id);
	return likely(begin_fast(e, id, &seq)) ? read_fast(id, e, seq, tt) : read_self_here(tt);
}

int __vdso_timeline_gettime(unsigned int id, struct timeline_time *tt)
{
	const struct timeline_entry *e = entry_of(id);
	u32 seq;

	if (likely(begin_fast(e, id, &seq)))
		return read_fast(id, e, seq, tt);
	return id == TIMELINE_SELF ? read_self(tt) : read_slowly(id, tt);
}

static noinline int clock_slowly(clockid_t clock, struct __kernel_timespec *ts)
{
	u32 id = clock - CLOCK_TIMELINE_FIRST, seq;
	const struct timeline_entry *e = entry_of(id);
	struct timeline_span t;

	do {
		if (!begin_slowly(e, &seq) || !is_readable(e, id))
			return clock_syscall(__NR_clock_gettime, clock, ts);
		t = timeline_project(e, rdtsc_ordered());
	} while (unlikely(timeline_read_retry(e, seq)));
	to_timespec(t, ts);
	return 0;
}

static noinline int clock_slewing(clockid_t clock, struct __kernel_timespec *ts,
				  const struct timeline_entry *e, u64 counter, u32 seq)
{
	if (unlikely(is_before(e, counter)))
		return clock_slowly(clock, ts);
	to_timespec(timeline_slewing(e, counter - e->counter_value), ts);
	return likely(!timeline_read_retry(e, seq)) ? 0 : clock_slowly(clock, ts);
}

static __always_inline int clock_fast(clockid_t clock, const struct timeline_entry *e, u32 seq,
				      struct __kernel_timespec *ts)
{
	u64 counter = rdtsc_ordered();

	if (unlikely(!timeline_settled(e, counter)))
		return clock_slewing(clock, ts, e, counter, seq);
	to_timespec(timeline_project_settled(e, counter), ts);
	return likely(!timeline_read_retry(e, seq)) ? 0 : clock_slowly(clock, ts);
}

static noinline int clock_self(struct __kernel_timespec *ts)
{
	u32 id = shared_id(), seq;
	const struct timeline_entry *e;

	if (id == TIMELINE_NONE)
		return clock_self_here(ts);
	e = entry_of(id);
	if (unlikely(!begin_fast(e, id, &seq)))
		return clock_self_here(ts);
	return clock_fast(id + CLOCK_TIMELINE_FIRST, e, seq, ts);
}

/* Of any clock id that is not one of the vDSO's */
int __vdso_timeline_clock_gettime(clockid_t clock, struct __kernel_timespec *ts)
{
	u32 id = clock - CLOCK_TIMELINE_FIRST, seq;
	const struct timeline_entry *e = entry_of(id);

	if (likely(begin_fast(e, id, &seq)))
		return clock_fast(clock, e, seq, ts);
	return clock == CLOCK_TIMELINE_SELF ? clock_self(ts) : clock_slowly(clock, ts);
}

/* Of any clock id that is not one of the vDSO's; the kernel knows SELF's */
int __vdso_timeline_clock_getres(clockid_t clock, struct __kernel_timespec *res)
{
	u32 id = clock - CLOCK_TIMELINE_FIRST, seq;
	const struct timeline_entry *e = entry_of(id);
	u64 ns;

	do {
		if (!begin_slowly(e, &seq) || !is_readable(e, id))
			return clock_syscall(__NR_clock_getres, clock, res);
		ns = timeline_entry_resolution(e);
	} while (unlikely(timeline_read_retry(e, seq)));
	if (res) {
		res->tv_sec = 0;
		res->tv_nsec = ns;
	}
	return 0;
}

#else

static __always_inline long timeline_fallback(unsigned int id, struct timeline_time *tt)
{
	long ret;

	/* ebx is the PIC register */
	asm volatile("push %%ebx\n\t"
		     "mov %[option], %%ebx\n\t"
		     "call __kernel_vsyscall\n\t"
		     "pop %%ebx"
		     : "=a" (ret)
		     : "0" (__NR_prctl), [option] "i" (PR_TIMELINE_GETTIME), "c" (id), "d" (tt),
		       "S" (0), "D" (0)
		     : "memory");
	return ret;
}

int __vdso_timeline_gettime(unsigned int id, struct timeline_time *tt)
{
	return timeline_fallback(id, tt);
}

#endif /* BUILD_VDSO32 */

int __weak __alias(__vdso_timeline_gettime)
timeline_gettime(unsigned int id, struct timeline_time *tt);
