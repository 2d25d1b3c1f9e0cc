// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * 94.9 of 100 us: the ticks and the releases take more than the 5.1 us that
 * are left, so that d passes with work and budget from time to time.
 */
#define RUNTIME	(94900)
#define PERIOD	(100 * US)
#define LENGTH	(200 * MS)

struct seen {
	volatile u64 misses;
	volatile u64 instances;		/* before it looked for that */
};

static struct seen *seen;

/* Nothing else gets the CPU meanwhile: the member itself looks and leaves */
static void member(void *unused)
{
	(void)unused;
	sleep_ns(20 * MS);
	spin_until(now_ns() + LENGTH);
	seen->instances = server_val(getpid(), "instances");
	seen->misses = server_val(getpid(), "misses");
}

struct tally {
	u64 id;
	pid_t pid;
	u64 lost;		/* VBS clock = trace clock - lost */
	u64 deadline;
	u64 last;		/* end of service of this instance */
	unsigned int instances;
	unsigned int late;	/* clearly after d */
	unsigned int before;	/* of them before the member looked */
	unsigned int close;	/* too close to d to tell */
	unsigned int wrong;	/* released neither at d nor later than d + pi */
};

static void end_instance(struct tally *y, u64 release, u64 eps)
{
	y->instances++;
	if (y->last > y->deadline + eps)
		y->late++;
	else if (y->last + eps > y->deadline)
		y->close++;
	if (release != y->deadline && release < y->deadline + PERIOD)
		y->wrong++;
}

static void read_trace(struct tally *y, const struct trace *t, u64 eps)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct trace_event *e = &t->ev[i];

		if (e->kind == EV_RUNTIME && e->f[RUNTIME_PID] == y->pid) {
			y->last = e->ts - y->lost;
		} else if (e->kind == EV_RELEASE && (u64)e->f[RELEASE_SERVER] == y->id) {
			if (y->deadline)
				end_instance(y, e->f[RELEASE_AT], eps);
			if (y->instances < seen->instances)
				y->before = y->late;
			y->deadline = e->f[RELEASE_DEADLINE];
		}
	}
}

VBS_TEST("d passes with work and budget: a miss is counted, the next release is at d", 60)
{
	const struct eps *eps;
	struct tally y = {};
	struct slices s;
	struct trace t;

	need_vbs();
	file_restore(FAIR_SERVER);
	if (file_write(FAIR_SERVER, "0"))
		t_fatal("set the fair server to 0");
	trace_start(EV_ACCOUNTS, 32);
	eps = eps_measure();
	seen = t_shared(sizeof(*seen));
	y.pid = t_fork(member, NULL);
	must_enter(y.pid, RUNTIME, PERIOD, 0);
	y.id = server_val(y.pid, "id");
	y.lost = server_val(y.pid, "lost");
	t_wait(y.pid);
	t = trace_stop();
	read_trace(&y, &t, eps->irq + eps->unit);
	t_at_least(seen->misses, 1, "misses counted");
	t_diag("%u instances, %u late, %u too close to tell", y.instances, y.late, y.close);
	t_at_least(y.before, 1, "late before the member looked");
	t_at_least(seen->misses, y.before, "misses counted, by what the trace shows");
	t_at_most(seen->misses, y.late + y.close, "misses counted, by what the trace shows");
	t_timely(y.wrong, 0, "next releases other than at d, or late after d + pi");
	s = service_of(&t, &y.pid, 1);
	check_g2(&s, RUNTIME / (double)PERIOD, RUNTIME, eps_budget(), "the server");
}
