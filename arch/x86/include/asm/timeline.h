/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of timelines that every process sees, and their counter.
 */
#ifndef _ASM_X86_TIMELINE_H
#define _ASM_X86_TIMELINE_H

#ifdef CONFIG_TIMELINE
/* The table, in the vDSO's data area; before that, a word for all CPUs and one for each */
#define TIMELINE_TABLE_PAGES	4
#define TIMELINE_WORD_PAGES	(((CONFIG_NR_CPUS + 1) * 8 + 4095) / 4096)
#else
#define TIMELINE_TABLE_PAGES	0
#define TIMELINE_WORD_PAGES	0
#endif

#ifndef __ASSEMBLER__

#include <linux/types.h>
#include <vdso/timeline.h>
#include <vdso/timeline_clockid.h>

struct __kernel_timespec;
struct vm_special_mapping;

/**
 * struct timeline_table - what is mapped
 * @entry: timelines of this kernel, then those from its host
 */
struct timeline_table {
	struct timeline_entry	entry[TIMELINE_MAX_IDS];
} __aligned(4096);

/*
 * In the vDSO. The pages change under the reader: not const. The words are the process's
 * own. The first is what all its threads are bound to, that is an id plus 1, or 0 if
 * there is none or it is not known that they are bound to the same. Then there is one per
 * CPU: what the thread that runs there is bound to, in the low half, and in the high half
 * how often that has changed.
 */
extern struct timeline_table timeline_page __attribute__((visibility("hidden")));
extern u64 timeline_words[] __attribute__((visibility("hidden")));

int __vdso_timeline_clock_gettime(clockid_t clock, struct __kernel_timespec *ts)
	__attribute__((visibility("hidden")));
int __vdso_timeline_clock_getres(clockid_t clock, struct __kernel_timespec *res)
	__attribute__((visibility("hidden")));

#ifndef BUILD_VDSO

#include <asm/msr.h>
#include <asm/tsc.h>

extern struct timeline_table timeline_table;
extern const struct vm_special_mapping timeline_words_mapping;

static __always_inline u64 arch_timeline_counter(void)
{
	return rdtsc_ordered();
}

static inline u64 arch_timeline_counter_hz(void)
{
	return (u64)tsc_khz * 1000;
}

#endif /* !BUILD_VDSO */
#endif /* !__ASSEMBLER__ */
#endif /* _ASM_X86_TIMELINE_H */
