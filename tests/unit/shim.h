/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core of SCHED_VBS uses of the kernel, for user space.  Written for
 * the tests: small, and loud where the kernel would only warn.
 */
#ifndef _TESTS_UNIT_SHIM_H
#define _TESTS_UNIT_SHIM_H

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

#define U8_MAX		((u8)~0U)
#define U32_MAX		((u32)~0U)
#define S32_MAX		((s32)(U32_MAX >> 1))
#define U64_MAX		((u64)~0ULL)
#define S64_MAX		((s64)(U64_MAX >> 1))
#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_SEC	1000000000L

/* <assert.h> defines static_assert, which needs no message from C23 on */
#undef static_assert
#define static_assert(expr, ...)	_Static_assert(expr, #expr)
#define BUILD_BUG_ON(cond)		_Static_assert(!(cond), #cond)

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		__asm__ __volatile__("" ::: "memory")
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define fallthrough		__attribute__((__fallthrough__))
#define __maybe_unused		__attribute__((__unused__))
#define noinline		__attribute__((__noinline__))
#define lockdep_assert_held(l)	((void)(l))

/*
 * WARN_ON_ONCE() ends the program, unless the test has said that it provokes
 * the warning; then it is counted.
 */
extern bool shim_warn_expected;
extern unsigned int shim_warnings;

static inline bool shim_warn(bool cond, const char *expr, const char *file,
			     int line)
{
	if (!cond)
		return false;
	shim_warnings++;
	if (!shim_warn_expected) {
		fprintf(stderr, "%s:%d: WARN_ON(%s)\n", file, line, expr);
		abort();
	}
	return true;
}

#define WARN_ON(c)	shim_warn(!!(c), #c, __FILE__, __LINE__)
#define WARN_ON_ONCE(c)	WARN_ON(c)
#define BUG_ON(c)	WARN_ON(c)

/* ---- numbers ---- */

#define min(a, b)						\
({								\
	__typeof__(a) _min_a = (a);				\
	__typeof__(b) _min_b = (b);				\
	(void)(&_min_a == &_min_b);	/* of one type */	\
	_min_a < _min_b ? _min_a : _min_b;			\
})
#define max(a, b)						\
({								\
	__typeof__(a) _max_a = (a);				\
	__typeof__(b) _max_b = (b);				\
	(void)(&_max_a == &_max_b);				\
	_max_a > _max_b ? _max_a : _max_b;			\
})
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define swap(a, b)						\
do {								\
	__typeof__(a) _swap = (a);				\
	(a) = (b);						\
	(b) = _swap;						\
} while (0)

#define BITS_PER_LONG	64
#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))
#define __ffs64(x)	((unsigned int)__builtin_ctzll(x))
#define __fls(x)	((unsigned int)(63 - __builtin_clzl(x)))
#define hweight64(x)	((unsigned int)__builtin_popcountll(x))

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline u64 ror64(u64 word, unsigned int shift)
{
	return (word >> (shift & 63)) | (word << (-shift & 63));
}

static inline u64 rol64(u64 word, unsigned int shift)
{
	return (word << (shift & 63)) | (word >> (-shift & 63));
}

static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

static inline u64 div_u64_rem(u64 a, u32 b, u32 *rem)
{
	*rem = a % b;
	return a / b;
}

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

static inline u64 div64_u64_rem(u64 a, u64 b, u64 *rem)
{
	*rem = a % b;
	return a / b;
}

static inline u64 mul_u32_u32(u32 a, u32 b)
{
	return (u64)a * b;
}

/* As in the kernel the quotient must fit; here that is checked. */
static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c)
{
	unsigned __int128 q = (unsigned __int128)a * b / c;

	WARN_ON(q >> 64);
	return (u64)q;
}

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d)	DIV_ROUND_UP((u64)(n), (u64)(d))
#define DIV64_U64_ROUND_UP(n, d)				\
({								\
	u64 _div = (d);						\
	div64_u64((n) + _div - 1, _div);			\
})

/* ---- lists ---- */

#define container_of(ptr, type, member)				\
	((type *)((char *)(ptr) - offsetof(type, member)))

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list_head *item, struct list_head *head)
{
	struct list_head *last = head->prev;

	item->next = head;
	item->prev = last;
	last->next = item;
	head->prev = item;
}

static inline void list_del_init(struct list_head *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	INIT_LIST_HEAD(item);
}

#define list_entry(ptr, type, member)	container_of(ptr, type, member)
#define list_first_entry(head, type, member) \
	list_entry((head)->next, type, member)
#define list_next_entry(pos, member) \
	list_entry((pos)->member.next, __typeof__(*(pos)), member)

/* ---- sets of CPUs ---- */

#ifndef NR_CPUS
#define NR_CPUS		256
#endif
#define nr_cpu_ids	NR_CPUS

struct cpumask {
	u64 bits[NR_CPUS / 64];
};

static inline void cpumask_clear(struct cpumask *m)
{
	memset(m, 0, sizeof(*m));
}

static inline void cpumask_set_cpu(unsigned int cpu, struct cpumask *m)
{
	m->bits[cpu / 64] |= BIT_ULL(cpu % 64);
}

static inline void cpumask_clear_cpu(unsigned int cpu, struct cpumask *m)
{
	m->bits[cpu / 64] &= ~BIT_ULL(cpu % 64);
}

static inline bool cpumask_test_cpu(unsigned int cpu, const struct cpumask *m)
{
	return m->bits[cpu / 64] >> cpu % 64 & 1;
}

/* The lowest CPU from @cpu on that is in both sets, or nr_cpu_ids */
static inline unsigned int cpumask_next_in_both(unsigned int cpu,
						const struct cpumask *a,
						const struct cpumask *b)
{
	u64 both;

	for (; cpu < NR_CPUS; cpu = (cpu / 64 + 1) * 64) {
		both = (a->bits[cpu / 64] & b->bits[cpu / 64]) >> cpu % 64;
		if (both)
			return cpu + __ffs64(both);
	}
	return NR_CPUS;
}

static inline bool cpumask_intersects(const struct cpumask *a,
				      const struct cpumask *b)
{
	return cpumask_next_in_both(0, a, b) < NR_CPUS;
}

static inline bool cpumask_empty(const struct cpumask *m)
{
	return !cpumask_intersects(m, m);
}

#define for_each_cpu_and(cpu, a, b)					\
	for ((cpu) = (int)cpumask_next_in_both(0, a, b);		\
	     (cpu) < NR_CPUS;						\
	     (cpu) = (int)cpumask_next_in_both((unsigned int)(cpu) + 1, a, b))

#endif /* _TESTS_UNIT_SHIM_H */
