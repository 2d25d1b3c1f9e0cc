// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * Members of n servers burn and sleep for random times, most of them timed
 * around the points where budget comes and goes.  With a constant resource u
 * is lambda / pi, whatever the cap.
 */
struct dodger {
	volatile u32 gate;
	u64 runtime;
	u64 period;
	unsigned int seed;
};

static u64 around(unsigned int *seed, u64 point, u64 spread)
{
	return point + rand_r(seed) % (2 * spread) - spread;
}

static void dodge(void *arg)
{
	struct dodger *d = arg;
	u64 spread = d->runtime / 8;

	gate_wait(&d->gate);
	for (;;) {
		switch (rand_r(&d->seed) % 4) {
		case 0:		/* block just before or after the budget ends */
			burn(around(&d->seed, d->runtime, spread));
			break;
		case 1:
			burn(around(&d->seed, d->runtime / 2, spread));
			break;
		case 2:		/* over the end of several budgets */
			burn(around(&d->seed, 3 * d->runtime, spread));
			break;
		}
		sleep_ns(around(&d->seed, d->period / (1 + rand_r(&d->seed) % 4), spread));
	}
}

VBS_TEST("G2: no window of any length holds more than u L + 2 lambda (1 - u)", 300)
{
	unsigned int n = t_arg("n", 16);
	u64 period = t_arg("period_us", 5000) * US;
	u64 length = t_arg("instances", 1000) * period, bw;
	struct dodger *d = t_shared(n * sizeof(*d));
	pid_t pid[CROWD_MAX];
	struct slices s;
	struct trace t;

	need_vbs();
	bw = granted() / n;
	trace_start(EV_ACCOUNTS, t_arg("megabytes", 96));
	eps_measure_long();
	for (unsigned int i = 0; i < n; i++) {
		d[i].period = period * (n + i) / (2 * n);
		/* every second one has a cap of twice its resource */
		d[i].runtime = (bw * d[i].period / (1 + i % 2)) >> VBS_BW_SHIFT;
		d[i].seed = i + t_arg("seed", 1);
		pid[i] = t_fork(dodge, &d[i]);
		must_enter(pid[i], d[i].runtime, d[i].period, bw);
	}
	sleep_ns(20 * MS);
	for (unsigned int i = 0; i < n; i++)
		gate_open(&d[i].gate);
	sleep_ns(length);
	t = trace_stop();
	for (unsigned int i = 0; i < n; i++) {
		char who[64];

		snprintf(who, sizeof(who), "server %u", i);
		s = service_of(&t, &pid[i], 1);
		/* asleep most of the time, but it did run */
		t_at_least(service_total(&s), d[i].runtime * (length / d[i].period) / 8,
			   "%s: ns executed", who);
		check_g2(&s, d[i].runtime / (double)d[i].period, d[i].runtime,
			 eps_budget(), who);
		slices_free(&s);
	}
}
