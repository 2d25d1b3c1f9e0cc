// SPDX-License-Identifier: GPL-2.0
/* One scene beside a nice-0 task and beside a member of a short-lived budget */
#include <sys/mman.h>
#include <sys/syscall.h>
#include "vbs_beside.h"

#define PERIOD		(1 * SEC)	/* the longest there is */
#define CAP		(VBS_BW_UNIT / 100)
#define PATIENCE	(20 * SEC)

/*
 * What a member may add to twice a nice-0 task's figure: 3 lambda with their
 * ticks, and the slices of fair tasks, which begin anew with the one that it
 * becomes.  Whoever waits for a release waits for a second.
 */
#define EXACT		(4 * MS)
#define REAL_TIME	(200 * MS)	/* two host CPUs that others use as well */

static u64 slack(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) > 1 ? REAL_TIME : EXACT;
}

/* The shortest that is admitted: 10 us, or what a release costs, twice */
static u64 shortest(void)
{
	u64 least = 10 * US, cost = 2 * sysctl_vbs("release_cost_ns");

	return cost > least ? cost : least;
}

static void attack(struct scene *s)
{
	/* what it needs once; a budget of 10 us would not last for that */
	s->b->attack(s);
	s->attacker = syscall(SYS_gettid);
	gate_wait(&s->gate);
	sleep_until(s->t0);
	for (;;)
		s->b->attack(s);
}

static void attack_as_user(void *arg)
{
	t_become(BESIDE_USER);
	attack(arg);
}

static void *attack_as_thread(void *arg)
{
	attack(arg);
	return NULL;
}

static void start_attacker(struct scene *s)
{
	pthread_t thread;

	if (s->b->threads) {
		t_become(BESIDE_USER);
		if (pthread_create(&thread, NULL, attack_as_thread, s))
			_exit(1);
	} else {
		t_fork(attack_as_user, s);
	}
	while (!s->attacker)
		sleep_ns(MS);
}

u64 scene_since(const struct scene *s)
{
	return now_ns() - (s->t0 + s->offset);
}

static void play(void *arg)
{
	struct scene *s = arg;

	pin_to(0, 0);
	start_attacker(s);
	s->victim = syscall(SYS_gettid);
	gate_wait(&s->gate);
	sleep_until(s->t0 + s->offset);
	s->took = s->b->victim(s);
	s->done = 1;
}

static void hog(void *arg)
{
	const struct scene *s = arg;

	sleep_until(s->t0 + s->b->hog_from);
	spin_until(s->t0 + s->b->hog_to);
}

static pid_t start_hog(struct scene *s)
{
	pid_t pid = 0;

	if (s->b->hog_to) {
		pid = t_fork(hog, s);
		set_fifo(pid, 1);
	}
	return pid;
}

static void prepare(struct scene *s)
{
	for (int i = 0; i < 10000 && !s->victim; i++)
		sleep_ns(MS);
	if (!s->victim)
		t_fatal("%s: nobody is there", s->b->what);
	if (s->b->fifo && set_fifo(s->victim, s->b->fifo))
		t_fatal("priority of the victim");
	if (s->b->setup)
		s->b->setup(s);
	if (s->member)
		must_enter(s->attacker, shortest(), PERIOD, CAP);
	s->t0 = now_ns() + STAGE_DELAY;
}

/* How long the victim took, or has taken when we gave up */
static u64 run(const struct beside *b, bool member, unsigned int i)
{
	struct scene *s = t_shared(sizeof(*s));
	pid_t pid, hog_pid;
	u64 took;

	s->b = b;
	s->member = member;
	s->i = i;
	s->offset = b->first + i * b->step;
	pid = t_fork(play, s);
	prepare(s);
	hog_pid = start_hog(s);
	gate_open(&s->gate);
	while (!s->done && now_ns() < s->t0 + s->offset + PATIENCE)
		sleep_ns(10 * MS);
	took = s->done ? s->took : scene_since(s);
	if (hog_pid)
		t_kill(hog_pid);
	kill(s->attacker, SIGKILL);
	t_kill(pid);
	munmap(s, sizeof(*s));
	return took;
}

static u64 worst_of(const struct beside *b, bool member, u64 enough)
{
	unsigned int n = !member && b->n_fair ? b->n_fair : b->n;
	u64 worst = 0, took;

	for (unsigned int i = 0; i < n && worst <= enough; i++) {
		took = run(b, member, i);
		worst = took > worst ? took : worst;
	}
	return worst;
}

void beside_compare(const struct beside *b, u64 least)
{
	u64 fair = worst_of(b, false, UINT64_MAX - 1);
	u64 limit = 2 * fair + slack();

	t_at_least(fair, least, "%s: ns beside a nice-0 task, so there is something to wait for",
		   b->what);
	t_at_most(worst_of(b, true, limit), limit, "%s: ns beside a member of a server", b->what);
	t_equal(books_empty(8 * SEC), 0, "%s: booked at last", b->what);
}
