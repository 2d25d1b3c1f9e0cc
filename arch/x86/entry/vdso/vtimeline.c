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

/*
 * What the calling thread is bound to (timeline_ref_t); see the proof in
 * kernel/time/timeline/bind.c.
 */
static __always_inline u32 self(void)
{
	unsigned int cpu, again;
	u64 word, check;

	do {
		vdso_read_cpunode(&cpu, NULL);
		word = READ_ONCE(timeline_page.word[cpu]);
		/* The asm of both is volatile, and x86 loads in order */
		barrier();
		vdso_read_cpunode(&again, NULL);
		barrier();
		check = READ_ONCE(timeline_page.word[cpu]);
	} while (unlikely(again != cpu || check != word));
	return word;
}

/* 0, or -1 where the system call must tell; generation 0 is any */
static __always_inline int read_time(u32 id, u32 generation, struct timeline_time *tt)
{
	const struct timeline_entry *e = &timeline_page.entry[id];
	u32 seq;

	do {
		seq = timeline_read_begin(e);
		if (unlikely(e->counter_id != TIMELINE_COUNTER_X86_TSC))
			return -1;
		if (generation && unlikely(e->generation != generation))
			return -1;
		timeline_read(e, rdtsc_ordered(), tt);
	} while (unlikely(timeline_read_retry(e, seq)));
	return 0;
}

static __always_inline int read_clock(u32 id, u32 generation, struct __kernel_timespec *ts)
{
	const struct timeline_entry *e = &timeline_page.entry[id];
	struct timeline_span t;
	u32 seq;

	do {
		seq = timeline_read_begin(e);
		if (unlikely(e->counter_id != TIMELINE_COUNTER_X86_TSC))
			return -1;
		if (generation && unlikely(e->generation != generation))
			return -1;
		t = timeline_project(e, rdtsc_ordered());
	} while (unlikely(timeline_read_retry(e, seq)));
	ts->tv_sec = t.sec;
	ts->tv_nsec = __timeline_mulhi(t.frac, TIMELINE_NSEC_PER_SEC);
	return 0;
}

static __always_inline int read_res(u32 id, u32 generation, struct __kernel_timespec *res)
{
	const struct timeline_entry *e = &timeline_page.entry[id];
	u64 ns;
	u32 seq;

	do {
		seq = timeline_read_begin(e);
		if (unlikely(e->counter_id != TIMELINE_COUNTER_X86_TSC))
			return -1;
		if (generation && unlikely(e->generation != generation))
			return -1;
		ns = timeline_entry_resolution(e);
	} while (unlikely(timeline_read_retry(e, seq)));
	if (res) {
		res->tv_sec = 0;
		res->tv_nsec = ns;
	}
	return 0;
}

int __vdso_timeline_gettime(unsigned int id, struct timeline_time *tt)
{
	u32 ref;

	if (likely(id < TIMELINE_MAX_IDS)) {
		if (likely(!read_time(id, 0, tt)))
			return 0;
	} else if (id == TIMELINE_SELF) {
		ref = self();
		if (likely(ref) && likely(!read_time((ref & 0xff) - 1, ref >> 8, tt)))
			return 0;
	}
	return timeline_fallback(id, tt);
}

/* Of the clock ids of timelines only */
int __vdso_timeline_clock_gettime(clockid_t clock, struct __kernel_timespec *ts)
{
	u32 ref;

	if (clock != CLOCK_TIMELINE_SELF) {
		if (likely(!read_clock(clock - CLOCK_TIMELINE_FIRST, 0, ts)))
			return 0;
	} else {
		ref = self();
		if (likely(ref) && likely(!read_clock((ref & 0xff) - 1, ref >> 8, ts)))
			return 0;
	}
	return clock_syscall(__NR_clock_gettime, clock, ts);
}

int __vdso_timeline_clock_getres(clockid_t clock, struct __kernel_timespec *res)
{
	u32 ref;

	if (clock != CLOCK_TIMELINE_SELF) {
		if (likely(!read_res(clock - CLOCK_TIMELINE_FIRST, 0, res)))
			return 0;
	} else {
		ref = self();
		if (likely(ref) && likely(!read_res((ref & 0xff) - 1, ref >> 8, res)))
			return 0;
	}
	return clock_syscall(__NR_clock_getres, clock, res);
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
