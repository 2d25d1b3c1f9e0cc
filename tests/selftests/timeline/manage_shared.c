// SPDX-License-Identifier: GPL-2.0
/*
 * Finding a timeline and asking for its parameters waits for nobody: neither for
 * who does so all the time and hardly gets the CPU, nor for a DESTROY that has
 * thousands to tell.
 */
#include <sys/resource.h>
#include <sys/timerfd.h>
#include "tl_test.h"

#define TIMERS		20000
#define LOOKERS		4
#define ALIKE		"a-name-that-begins-as-others-"	/* and differs in the last two characters */
#define LONGEST		(3 * MS)	/* of a call; those that wait take 30 to 100 ms */

struct shared {
	u32 ready;
	u32 begin;
	volatile u32 end;
	u32 id;
};

static struct shared *s;
static int fd;

static int lookup(const char *name)
{
	struct timeline_lookup arg = { 0 };

	snprintf(arg.name, sizeof(arg.name), "%s", name);
	return tl_ioctl(fd, TIMELINE_LOOKUP, &arg) ?: (int)arg.id;
}

static int get(u32 id)
{
	struct timeline_get arg = { .set.id = id };

	return tl_ioctl(fd, TIMELINE_GET, &arg);
}

static void as(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &param))
		t_fatal("sched_setscheduler");
}

static void idle_looker(void *unused)
{
	(void)unused;
	as(SCHED_IDLE, 0);
	gate_open(&s->ready);
	while (!s->end)
		lookup(ALIKE "xx");
}

/* Takes all but a little of the CPU from those that are not of a real-time policy */
static void spinner(void *unused)
{
	(void)unused;
	while (!s->end)
		;
}

static u64 longest_call(u64 ns)
{
	u64 end = now_ns() + ns, start, longest = 0;

	while ((start = now_ns()) < end) {
		if (lookup("shared") != (int)s->id || get(s->id))
			t_fatal("lookup, get");
		longest = now_ns() - start > longest ? now_ns() - start : longest;
		sleep_ns(MS);
	}
	return longest;
}

/* In a machine that counts instructions: so many */
static void tell(const char *beside, u64 longest)
{
	t_diag("LOOKUP and GET, longest, %s: %ju", beside, (uintmax_t)longest);
	t_at_most(longest, LONGEST, "longest call %s", beside);
}

static void beside_idle_ones(void)
{
	pid_t looker[LOOKERS], spin;
	char name[TIMELINE_NAME_LEN];
	int i;

	for (i = 0; i < 28; i++) {
		snprintf(name, sizeof(name), ALIKE "%02d", i);
		tl_make(fd, name, 0);
	}
	for (i = 0; i < LOOKERS; i++) {
		looker[i] = t_fork(idle_looker, NULL);
		gate_wait(&s->ready);
		s->ready = 0;
	}
	spin = t_fork(spinner, NULL);
	as(SCHED_FIFO, 50);
	tell("beside SCHED_IDLE processes in loops", longest_call(5 * SEC));
	as(SCHED_OTHER, 0);
	s->end = 1;
	for (i = 0; i < LOOKERS; i++)
		t_wait(looker[i]);
	t_wait(spin);
}

/* Has so many timers of a timeline, and says when they are there */
static void owner(void *unused)
{
	struct rlimit lim = { TIMERS + 100, TIMERS + 100 };
	int i;

	(void)unused;
	setrlimit(RLIMIT_NOFILE, &lim);
	for (i = 0; i < TIMERS; i++)
		if (timerfd_create(CLOCK_TIMELINE(s->begin), TFD_CLOEXEC) < 0)
			t_fatal("timerfd %d", i);
	gate_open(&s->ready);
	pause();
}

static void destroyer(void *id)
{
	as(SCHED_OTHER, 0);
	_exit(tl_destroy(fd, (intptr_t)id) ? 1 : 0);
}

static void beside_a_destroy(void)
{
	int other = tl_make(fd, "crowded", 0), again;
	u64 start;
	pid_t pid;

	s->begin = other;
	t_fork(owner, NULL);
	gate_wait(&s->ready);
	as(SCHED_FIFO, 50);
	start = now_ns();
	pid = t_fork(destroyer, (void *)(intptr_t)other);
	tell("beside a DESTROY", longest_call(10 * MS));
	t_equal(lookup("crowded"), -ENOENT, "which has begun");
	as(SCHED_OTHER, 0);
	again = tl_create(fd, "crowded", 0);
	t_ok(again >= 0 && again != other, "its id is not used before all have been told");
	t_equal(t_wait(pid), 0, "it succeeds");
	t_diag("DESTROY took %llu us", (unsigned long long)(now_ns() - start) / 1000);
}

VBS_TEST("no reader and no synchroniser waits for another user's call", 60)
{
	fd = tl_open();
	s = t_shared(sizeof(*s));
	s->id = tl_make(fd, "shared", 0);
	as(SCHED_FIFO, 50);
	tell("alone", longest_call(SEC));
	as(SCHED_OTHER, 0);
	beside_idle_ones();
	beside_a_destroy();
	/* The tests after this one in the same machine begin with none */
	tl_destroy_all(fd);
}
