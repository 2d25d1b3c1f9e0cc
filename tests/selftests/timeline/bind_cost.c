// SPDX-License-Identifier: GPL-2.0
/*
 * A context switch costs what it did before the first thread was bound once the
 * last one has been gone for a while, and binding again and again disturbs
 * nobody: in a machine that counts instructions this is exact.
 */
#include <sys/syscall.h>
#include "tl_test.h"

#define SWITCHES	1000
#define NOISE		8		/* instructions, on PREEMPT_RT */
#define REST		(12 * SEC)	/* the kernel takes 10 s */

struct shared {
	u32 go;
};

static struct shared *s;
static u32 id;

static void yield_for_ever(void *unused)
{
	(void)unused;
	set_fifo(0, 10);
	gate_open(&s->go);
	for (;;)
		sched_yield();
}

/* The least of some rounds, per pair of switches: no interrupt is in it */
static u64 switch_cost(void)
{
	u64 best = ~0ULL, begin;
	int round, i;

	for (round = 0; round < 20; round++) {
		begin = now_ns();
		for (i = 0; i < SWITCHES; i++)
			sched_yield();
		begin = now_ns() - begin;
		best = begin < best ? begin : best;
	}
	return best / SWITCHES;
}

static void bind_to(u32 to)
{
	if (prctl(PR_SET_TIMELINE, (unsigned long)to, 0L, 0L, 0L))
		t_fatal("bind to %u", to);
}

/* Binds and unbinds, as one who means no good */
static u64 toggle_cost(void)
{
	u64 begin = now_ns();
	int i;

	for (i = 0; i < SWITCHES; i++) {
		bind_to(id);
		bind_to(TIMELINE_NONE);
	}
	return (now_ns() - begin) / SWITCHES;
}

static void exits_bound(void *unused)
{
	(void)unused;
	bind_to(id);
	if (fork() < 0)
		_exit(1);
	_exit(0);
}

VBS_TEST("bound threads cost the others nothing once they are gone", 60)
{
	u64 before, bound, gone, toggle;
	int fd = tl_open();

	s = t_shared(sizeof(*s));
	id = tl_make(fd, "cost", 0);
	sleep_ns(REST);
	t_fork(yield_for_ever, NULL);
	set_fifo(0, 10);
	gate_wait(&s->go);
	before = switch_cost();
	bind_to(id);
	bound = switch_cost();
	t_diag("two switches take %ju instructions, %ju beside a thread that is bound",
	       (uintmax_t)before, (uintmax_t)bound);
	bind_to(TIMELINE_NONE);
	toggle = toggle_cost();
	t_diag("to bind and unbind takes %ju", (uintmax_t)toggle);
	t_equal(t_wait(t_fork(exits_bound, NULL)), 0, "others end while they are bound");
	sleep_ns(REST);
	gone = switch_cost();
	t_at_least(bound, before + 2, "a binding is seen at a switch");
	/* One thread that is bound costs 17 */
	t_near(gone, before, NOISE, "two switches, when all have been gone for a while");
	t_at_most(toggle, 3000, "to bind and unbind in a loop");
	bind_to(id);
	t_at_least(switch_cost(), before + 2, "and when there is one again");
	tl_destroy(fd, id);
}
