/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What operations of the scheduler cost, in instructions, with n others on the
 * CPU. See main.c.
 */
#ifndef _TESTS_BENCH_SCHED_H
#define _TESTS_BENCH_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/sched/vbs.h>

#define US		1000ULL
#define MS		1000000ULL
#define REPS		100
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- class.c: one kind of task at a time is compared with another ---- */

/* ALIGNED: VBS with releases at multiples of the period */
enum class { OTHER, FIFO, DEADLINE, VBS, ALIGNED };

/* What FIFO takes of it is the priority, OTHER nothing */
struct rank {
	uint64_t runtime, period;
	int priority;
};

extern const char *const class_name[];

int class_named(const char *name);
int class_try(pid_t tid, enum class class, const struct rank *rank);
void class_set(pid_t tid, enum class class, const struct rank *rank);
int class_join(pid_t tid, pid_t leader);

/* ---- system.c ---- */

/* Prints one line and ends with status 1 */
void fatal(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void must(bool ok, const char *what);
void write_file(const char *path, const char *text);
bool write_file_try(const char *path, const char *text);
/* The number behind @key in a file of words, or of lines "KEY NUMBER" */
uint64_t file_number(const char *path, const char *key);
/* What the kernel has allocated for itself, in bytes */
uint64_t kernel_bytes(void);
/* The end of a budget of SCHED_DEADLINE in time, or at a tick */
void hrtick_set(bool on);
uint64_t now_ns(void);
void sleep_ns(uint64_t ns);

/* An instruction is a tick where the machine counts them (tests/vm/run --icount) */
static inline uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void spin_ns(uint64_t ns)
{
	uint64_t end = ticks() + ns;

	while (ticks() < end)
		;
}

/* ---- series.c: what was measured of one operation ---- */

struct series {
	const char *name;
	bool few;		/* of less than REPS */
	uint32_t n;
	uint32_t value[4 * REPS];
};

void series_init(void);
unsigned int next_situation(void);
void series_add(struct series *s, uint64_t since, uint64_t until);
/* Prints a line, with what @where says of it, and empties it */
void series_print(struct series *s, const char *where);

/* ---- crowd.c: the n others ---- */

/* They wait in the queue of what is ready, or for their next period */
enum crowd_state { CROWD_READY, CROWD_THROTTLED };

/* About three times what a fellow needs: with 10 us some were out of it too soon */
#define CROWD_RANK	((struct rank) { 20 * US, 1000 * MS, 10 })
/* So long after their wake-up all of them have their budget again */
#define CROWD_REST	(1200 * MS)

#define SIZES		16	/* of the crowd in one run */
void crowd_start(const unsigned int *n, unsigned int nr);
/* Makes the first @n of them tasks of @class */
void crowd_enter(enum class class, unsigned int n);
void crowd_leave(void);
/* Before a failure: the last thread to exit needs more than their budget */
void crowd_abandon(void);
void crowd_wake(enum crowd_state state);
void crowd_check(void);
void crowd_drain(void);

/* ---- actor.c: threads with a part in an operation ---- */

struct actor {
	pid_t tid;
	int event;
	void (*part)(struct actor *a);
	unsigned int count;
	volatile bool waits, stop;
	/* in ticks: when it went to sleep, woke up, ran last and first; and somebody else */
	volatile uint64_t slept, woke, last, first, until;
};

void actor_start(struct actor *a);
/* Runs a part once, at the actor's next wake-up */
void actor_play(struct actor *a, void (*part)(struct actor *a));
void actor_kick(struct actor *a);
void actor_wait(struct actor *a);

/* ---- calls.c, wake.c, expire.c, own.c: the operations ---- */

struct stage {
	enum class class;
	bool hrtick;		/* DEADLINE with HRTICK_DL */
	unsigned int round;
	pid_t driver;
	struct actor *worker, *second;
};

void pool_start(void);
void pool_warm(enum class class);
void calls_blocked_run(const struct stage *s);
void calls_ready_run(const struct stage *s);
void calls_print(const char *where);

void wake_run(const struct stage *s);
void wake_print(const char *where);

void expire_run(const struct stage *s);
unsigned int expire_rounds(const struct stage *s);
void expire_print(const char *where);

void own_run(const struct stage *s);
unsigned int own_rounds(const struct stage *s);
void own_print(const char *where);

/* ---- hooks.c: what all tasks do; @when says in what situation ---- */

int hooks_run(enum class class, const char *when);

/* ---- many.c: tasks of short periods ---- */

int many_run(enum class class, bool hrtick, unsigned int n, bool busy);

/* ---- program.c: whole programs; @when says in what situation ---- */

int pipe_run(enum class class, const char *when);
int program_run(enum class class, const char *when, const struct rank *rank,
		char **argv);

#endif /* _TESTS_BENCH_SCHED_H */
