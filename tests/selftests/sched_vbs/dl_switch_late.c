// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define SHOWN	4

/* (50, 100) ms under a cap of one half, then (1, 2) ms */
struct scenario {
	const char *name;
	u64 burnt;		/* before the switch */
	u64 controller_at;	/* or a controller switches it then */
	u64 release;		/* z = r + burnt / u, or the switch */
};

static const struct scenario scenarios[] = {
	{ "it spends the budget and switches itself", 49500 * US, 0, 99 * MS },
	{ "it switches itself after 10 ms", 10 * MS, 0, 20 * MS },
	{ "a controller switches it at 60 ms", 0, 60 * MS, 100 * MS },
};

struct run {
	struct rec rec;
	const struct scenario *sc;
	int policy;
};

static void member(void *arg)
{
	struct run *run = arg;

	gate_wait(&run->rec.gate);
	sleep_until(run->rec.t0);
	if (run->sc->burnt) {
		burn(run->sc->burnt);
		set_resource(run->policy, 0, 1 * MS, 2 * MS, 0);
	}
	rec_until(&run->rec, run->rec.t0 + 150 * MS);
}

static struct run *play(int policy, const struct scenario *sc)
{
	struct run *run = t_shared(sizeof(*run));
	pid_t pid = t_fork(member, run);

	run->sc = sc;
	run->policy = policy;
	set_fifo(0, 50);
	admit(policy, pid, 50 * MS, 100 * MS, 0);
	run->rec.t0 = now_ns() + 200 * MS;
	gate_open(&run->rec.gate);
	if (sc->controller_at) {
		sleep_until(run->rec.t0 + sc->controller_at);
		set_resource(policy, pid, 1 * MS, 2 * MS, 0);
	}
	t_wait(pid);
	vbs_leave(0);
	t_diag("%s: %s", class_name(policy), sc->name);
	rec_print(&run->rec, run->rec.t0, SHOWN);
	return run;
}

static void check(const struct scenario *sc)
{
	struct run *run = play(SCHED_VBS, sc);
	unsigned int first = sc->controller_at ? 1 : 0;
	/* the wake-up, the call and its looks at clocks count twice in z */
	u64 eps = eps_start(1) + 2 * 3 * eps_budget();

	rec_check(&run->rec, first, run->rec.t0, sc->release,
		  sc->release + 1 * MS, eps, sc->name);
	rec_check(&run->rec, first + 1, run->rec.t0, sc->release + 2 * MS,
		  sc->release + 3 * MS, eps, sc->name);
}

VBS_TEST("a switch takes effect at max(t, z), whoever asks", 60)
{
	eps_measure();
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		play(SCHED_DEADLINE, &scenarios[i]);
	need_vbs();
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		check(&scenarios[i]);
}
