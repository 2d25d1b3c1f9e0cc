// SPDX-License-Identifier: GPL-2.0
#include <sys/prctl.h>
#include "vbs_measure.h"

/*
 * What a server has executed in all, against the budgets of the instances that it has had:
 * a move that takes nothing leaves every instance but the present one its whole budget.
 * CPUs take turns of up to 2 ms here, so an instance may have that much more; one that
 * loses what is left of its budget at random has some 5 ms less.  And they share the
 * instructions of one: all budgets together leave a third of them for the rest.
 */
#define RUNTIME	(10 * MS)
#define PERIOD	(50 * MS)
#define MOVES	500
/* Of each neighbour */
#define BESIDE	(12 * MS)

static int move(pid_t pid, int cpu, unsigned long how, u64 within)
{
	return prctl(PR_VBS_MOVE, pid, cpu, how, within) ? -errno : 0;
}

static void mask_both(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CPU_SET(1, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		t_fatal("cannot widen the mask of %d", pid);
}

/* Budgets that are missing, in ns: those of all instances but the present one */
static s64 missing_of(pid_t pid, u64 runtime)
{
	u64 instances = server_val(pid, "instances"), consumed = server_val(pid, "consumed");

	return (s64)(instances - 1) * (s64)runtime - (s64)consumed;
}

static s64 missing(pid_t pid)
{
	return missing_of(pid, RUNTIME);
}

/* Whoever comes and goes beside them */
static void neighbours_have_all(const pid_t there[2], const char *when)
{
	for (int i = 0; i < 2; i++) {
		t_equal(server_val(there[i], "misses"), 0, "%s: deadlines that the neighbour on CPU %d missed",
			when, i);
		t_at_most(missing_of(there[i], BESIDE), 0, "%s: missing of its budgets, ns", when);
	}
}

static pid_t hog_on(int cpu, u64 runtime, u64 period)
{
	pid_t pid = t_fork(spin_forever, NULL);

	pin_to(pid, cpu);
	must_enter(pid, runtime, period, 0);
	return pid;
}

static u32 seed = 1;

static u64 random_below(u64 n)
{
	seed = seed * 1664525 + 1013904223;
	return (u64)(seed >> 8) % n;
}

/* There and back at random instants; how many went, with each answer one of those there are */
static u32 moves(pid_t pid, unsigned long how, u64 within, u32 n)
{
	u32 done = 0, other = 0, i;
	int ret;

	for (i = 0; i < n; i++) {
		sleep_ns(random_below(PERIOD));
		ret = move(pid, 1 - server_val(pid, "cpu"), how, within);
		done += !ret;
		other += ret && ret != -EAGAIN && ret != -ETIME;
	}
	t_equal(other, 0, "answers other than moved, EAGAIN, ETIME");
	return done;
}

static void refusals(pid_t pid)
{
	pid_t plain = t_fork(spin_forever, NULL);

	t_equal(move(pid, 4096, VBS_MOVE_STRICT, 0), -EINVAL, "to a CPU that is not");
	t_equal(move(pid, 1, 2, 0), -EINVAL, "an unknown flag");
	t_equal(move(pid, 1, VBS_MOVE_RELAX, 1), -EINVAL, "RELAX does not wait");
	t_equal(move(pid, 1, VBS_MOVE_STRICT, VBS_MOVE_WITHIN_MAX + 1), -EINVAL, "too long a wait");
	t_equal(move(plain, 1, VBS_MOVE_STRICT, 0), -EINVAL, "no server");
	t_equal(move(4000000, 1, VBS_MOVE_STRICT, 0), -ESRCH, "nobody");
	t_equal(move(pid, 0, VBS_MOVE_STRICT, 0), 0, "where it is");
	pin_to(pid, 0);
	t_equal(move(pid, 1, VBS_MOVE_STRICT, 0), -EINVAL, "outside of its mask");
	mask_both(pid);
	if (vbs_join(plain, pid))
		t_fatal("cannot join");
	t_equal(move(pid, 1, VBS_MOVE_RELAX, 0), -EINVAL, "one of two members");
	t_kill(plain);
	t_equal(server_val(pid, "cpu"), 0, "it has stayed");
}

struct stranger {
	pid_t pid;
	int ret;
};

static void ask_as_user(void *arg)
{
	struct stranger *s = arg;

	t_become(1000);
	s->ret = move(s->pid, 1, VBS_MOVE_RELAX, 0);
	_exit(0);
}

static void a_stranger(pid_t pid)
{
	struct stranger *s = t_shared(sizeof(*s));

	s->pid = pid;
	t_wait(t_fork(ask_as_user, s));
	t_equal(s->ret, -EPERM, "who is neither privileged nor its owner");
}

static void no_room(pid_t pid)
{
	pid_t full = t_fork(spin_forever, NULL);

	booked_becomes(1, 0);	/* what the dead hold there would become room */
	pin_to(full, 1);
	must_enter(full, cpu_room(1) * (100 * MS) >> VBS_BW_SHIFT, 100 * MS, 0);
	t_equal(move(pid, 1, VBS_MOVE_RELAX, 0), -EBUSY, "no room there");
	t_equal(server_val(pid, "cpu"), 0, "and it has stayed");
	t_kill(full);
	booked_becomes(1, 0);
}

/* Of a server that sleeps until t0 and then burns half of its budget */
static void nap(struct actor *a)
{
	burn(50 * MS);
	a->rec.done = 1;
	sleep_until(a->t0 + 3 * SEC);
}

/* y is half of the period after the activation */
static void blocked(void)
{
	u64 t0 = now_ns() + STAGE_DELAY, t;
	struct actor *a;
	int early, late;

	pin_to(0, 1);
	a = actor_new(nap, t0, 100 * MS, 1 * SEC, 0);
	mask_both(a->pid);
	while (!a->rec.done)
		sleep_ns(MS);
	sleep_ns(5 * MS);
	t = now_ns();
	early = move(a->pid, 1 - server_val(a->pid, "cpu"), VBS_MOVE_STRICT, 0);
	if (t < t0 + 400 * MS && now_ns() < t0 + 450 * MS)
		t_equal(early, -EAGAIN, "blocked before y");
	late = move(a->pid, 1 - server_val(a->pid, "cpu"), VBS_MOVE_STRICT, 1 * SEC);
	if (early)
		t_at_least(now_ns(), t0 + 500 * MS, "it waits for y");
	t_equal(late, 0, "blocked after y");
	t_kill(a->pid);
	books_empty(3 * SEC);
	mask_both(0);
}

VBS_TEST("PR_VBS_MOVE: a strict move takes nothing, a relaxed one no more than a budget", 390)
{
	u32 n = t_arg("instances", MOVES), done;
	pid_t pid, there[2];
	s64 before, lost;
	int i;

	need_vbs();
	need_cpus(2);
	eps_measure();	/* the cost of a release is 0 now */
	if (set_fifo(0, 50))
		t_fatal("no SCHED_FIFO");
	pid = hog_on(0, RUNTIME, PERIOD);
	mask_both(pid);
	refusals(pid);
	a_stranger(pid);
	no_room(pid);
	for (i = 0; i < 2; i++)
		there[i] = hog_on(i, BESIDE, PERIOD);

	before = missing(pid);
	t_at_most(before, 0, "missing of all budgets before any move, ns");
	done = moves(pid, VBS_MOVE_STRICT, 3 * PERIOD, n);
	t_diag("%u strict moves", done);
	t_at_least(done, n / 2, "strict moves that found an instant");
	t_at_most(missing(pid), 0, "missing after strict moves, ns");
	neighbours_have_all(there, "strict");

	before = missing(pid);
	done = moves(pid, VBS_MOVE_RELAX, 0, n);
	lost = missing(pid) - before;
	t_diag("%u relaxed moves took %lld us in all", done, (long long)lost / 1000);
	t_at_most(lost, (s64)done * (s64)RUNTIME + (s64)RUNTIME, "taken by relaxed moves, ns");
	t_at_least(lost, 1, "which do take something, ns");
	neighbours_have_all(there, "relaxed");
	for (i = 0; i < 2; i++)
		t_kill(there[i]);
	t_kill(pid);
	t_equal(books_empty(2 * SEC), 0, "booked at last");
	blocked();
}
