// SPDX-License-Identifier: GPL-2.0
/*
 * The n others: threads that are woken all at once. In their class they then
 * either stay ready, because whoever measures has the earlier deadline and never
 * sleeps, or give up their budget at once and wait for their next period.
 */
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"

#define STACK	16384

struct fellow {
	pid_t tid;
	unsigned int index;
};

static struct fellow *fellows;
static unsigned int started, total, size;
static enum class now_class;
static enum crowd_state state;
static unsigned int woken, ran, returned, gone;
/* Gate k holds who comes in with the k-th size */
static uint32_t gate[SIZES];
static const unsigned int *sizes;

static unsigned int gate_of(unsigned int index)
{
	unsigned int k = 0;

	while (index >= sizes[k])
		k++;
	return k;
}

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void gate_wait(uint32_t *word, uint32_t seen)
{
	while (load(word) == seen)
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL);
}

static void *fellow_main(void *arg)
{
	struct fellow *f = arg;
	uint32_t *word = &gate[gate_of(f->index)], seen = 0;

	f->tid = gettid();
	__atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		gate_wait(word, seen++);
		__atomic_add_fetch(&ran, 1, __ATOMIC_SEQ_CST);
		if (state == CROWD_THROTTLED)
			syscall(SYS_sched_yield);
		__atomic_add_fetch(&returned, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void fellow_start(struct fellow *f, char *stack)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, STACK);
	ret = pthread_create(&thread, &attr, fellow_main, f);
	if (ret)
		fatal("thread %u of %u: %s", f->index + 1, total, strerror(ret));
	pthread_attr_destroy(&attr);
}

void crowd_start(const unsigned int *n, unsigned int nr)
{
	unsigned int most = n[nr - 1];
	char *stacks;

	sizes = n;
	total = most;
	stacks = mmap(NULL, (size_t)most * STACK, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(stacks != MAP_FAILED, "stacks");
	fellows = mmap(NULL, most * sizeof(*fellows), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(fellows != MAP_FAILED, "memory");
	for (unsigned int i = 0; i < most; i++) {
		fellows[i].index = i;
		fellow_start(&fellows[i], stacks + (size_t)i * STACK);
	}
	while (load(&started) < most)
		sleep_ns(10 * MS);
}

/* ---- their class ---- */

void crowd_enter(enum class class, unsigned int n)
{
	now_class = class;
	for (; size < n; size++) {
		int ret = class_try(fellows[size].tid, class, &CROWD_RANK);

		if (ret)
			fatal("SCHED_%s takes %u of %u: %s", class_name[class],
			      size, n, strerror(-ret));
	}
}

void crowd_abandon(void)
{
	while (size)
		class_try(fellows[--size].tid, OTHER, NULL);
}

void crowd_leave(void)
{
	while (size)
		class_set(fellows[--size].tid, OTHER, NULL);
}

/* ---- a round: wake, check, drain ---- */

static void gates_open(void)
{
	for (unsigned int k = 0; k <= gate_of(size - 1); k++) {
		__atomic_add_fetch(&gate[k], 1, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &gate[k], FUTEX_WAKE_PRIVATE, INT_MAX);
	}
}

/*
 * Until nobody has anything to do. Now and then a DEADLINE task is throttled
 * before it could say that it ran.
 */
static void settle(void)
{
	unsigned int before;

	do {
		before = load(&ran);
		sleep_ns(20 * MS);
	} while (before < load(&ran));
	gone = before;
	if (gone < woken - woken / 50)
		fatal("SCHED_%s, n = %u: only %u of them ran",
		      class_name[now_class], woken, gone);
}

void crowd_wake(enum crowd_state how)
{
	state = how;
	ran = 0;
	returned = 0;
	gone = 0;
	woken = size;
	if (!woken)
		return;
	gates_open();
	if (how == CROWD_READY)
		return;
	settle();
}

/* What was measured counts only if all of them were where they belong */
void crowd_check(void)
{
	if (load(&ran) != gone)
		fatal("SCHED_%s, n = %u: %u of them ran during the measurement",
		      class_name[now_class], woken, load(&ran) - gone);
	if (load(&returned))
		fatal("SCHED_%s, n = %u: %u were no longer throttled",
		      class_name[now_class], woken, load(&returned));
}

/*
 * A DEADLINE task is charged for an interrupt that has not ended, such as the one
 * in which the timers of all others expire: some ms, hundreds of its budgets, and
 * then silent for as many periods. So this is patient.
 */
void crowd_drain(void)
{
	sleep_ns(CROWD_REST);
	for (int i = 0; i < 12000 && load(&returned) < woken; i++)
		sleep_ns(100 * MS);
	if (load(&returned) < woken)
		fatal("SCHED_%s, n = %u: only %u of them came to rest",
		      class_name[now_class], woken, load(&returned));
	sleep_ns(CROWD_REST);
}
