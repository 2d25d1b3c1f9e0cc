// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl advise: watches what the threads of a process ask for, and computes the server
 * with the least bandwidth in which they would have been done in time; or the one for a rate,
 * from a model of what the work costs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyze/analysis.h"
#include "analyze/jobs.h"
#include "analyze/propose.h"
#include "base/format.h"
#include "base/parse.h"
#include "commands.h"
#include "json_out.h"
#include "options.h"
#include "rate/advise_rate.h"
#include "show/table.h"
#include "until_stopped.h"
#include "vbs/task.h"
#include "vbs/trace_line.h"
#include "vbs/tracer.h"

#define STEP_NS		50000000		/* between two looks at the tracer */
#define COST_STEP	10000			/* ns: costs are rounded up to it */

struct advice {
	pid_t process;
	char comm[64];
	uint64_t watch, deadline, period;
	uint32_t margin;		/* added to what was seen, as a share of it */
	bool json, has_deadline;
	struct thread_jobs *thread;
	int threads;
	uint64_t watched;		/* ns */
	struct load load;
	struct demand demand[LOAD_MAX];
	struct machine machine;
	uint64_t overhead;
	const char *model;		/* a file, or NULL */
	const char *of_watching, *of_model;	/* an option that only one of both has, or NULL */
	struct rate_goal goal;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static struct thread_jobs *find(struct advice *a, pid_t tid)
{
	int i;

	for (i = 0; i < a->threads; i++) {
		if (a->thread[i].tid == tid)
			return &a->thread[i];
	}
	return NULL;
}

static bool take_event(struct advice *a, const struct trace_event *e)
{
	struct thread_jobs *from = find(a, e->pid), *to;
	bool good = true;

	if (e->kind == TRACE_WAKE)
		return !from || jobs_wake(from, e->now);
	if (e->kind != TRACE_SWITCH)
		return true;
	to = find(a, e->next);
	if (from)
		jobs_stop(from, e->now, e->sleeps);
	if (to)
		good = jobs_run(to, e->now);
	return good;
}

static int take_events(struct advice *a, struct tracer *t)
{
	struct trace_event e;
	char line[1024];

	while (tracer_line(t, line, sizeof(line))) {
		trace_parse(line, &e);
		if (!take_event(a, &e))
			return failure(VC_FAIL, "out of memory");
	}
	return VC_OK;
}

static int cannot_trace(void)
{
	int err = errno;

	return failure(err == EACCES || err == EPERM ? VC_PERM : VC_FAIL,
		       "cannot use the tracer in /sys/kernel/tracing (root can, where CONFIG_EVENT_TRACING is set): %s",
		       strerror(err));
}

static bool add_thread(struct advice *a, struct tracer *t, pid_t tid)
{
	struct thread_jobs *more = a->thread;
	char word[16];

	if (!(a->threads & (a->threads - 1)))	/* a power of two, or 0: full */
		more = realloc(a->thread, (a->threads ? a->threads * 2 : 1) * sizeof(*more));
	if (!more)
		return false;
	a->thread = more;
	more[a->threads++] = (struct thread_jobs){ .tid = tid };
	snprintf(word, sizeof(word), "%d ", (int)tid);
	return tracer_add(t, "set_event_pid", word);
}

/* Those that are there now; the tracer leaves out what is not theirs */
static bool add_threads(struct advice *a, struct tracer *t)
{
	pid_t *tids;
	int i, n = task_threads(a->process, &tids);
	bool good = n >= 0;

	for (i = 0; i < n && good; i++)
		good = find(a, tids[i]) || add_thread(a, t, tids[i]);
	free(tids);
	return good;
}

static bool set_up(struct advice *a, struct tracer *t)
{
	return tracer_set(t, "trace_clock", "mono") && tracer_set(t, "buffer_size_kb", "4096") &&
	       add_threads(a, t) && tracer_enable(t, "sched/sched_waking") &&
	       tracer_enable(t, "sched/sched_switch");
}

static int watch_threads(struct advice *a)
{
	const struct timespec step = { 0, STEP_NS };
	struct tracer tracer;
	uint64_t begin;
	int code = VC_OK;

	if (!tracer_begin(&tracer, "advise"))
		return cannot_trace();
	begin = now_ns();
	if (!set_up(a, &tracer))
		code = cannot_trace();
	while (!code && !stopped && now_ns() - begin < a->watch) {
		nanosleep(&step, NULL);
		code = add_threads(a, &tracer) ? take_events(a, &tracer) : cannot_trace();
	}
	a->watched = now_ns() - begin;
	tracer_end(&tracer);
	return code;
}

static int find_process(struct advice *a, pid_t pid)
{
	struct task_info task;

	task_read(pid, &task);
	if (!task.exists)
		return failure(VC_NOPROC, "there is no process or thread %d", (int)pid);
	a->process = task.process;
	snprintf(a->comm, sizeof(a->comm), "%s", task.comm);
	return VC_OK;
}

/* Down to two significant digits, so that periods have a common multiple */
static uint64_t round_period(uint64_t ns)
{
	uint64_t unit = 1;

	while (ns / unit >= 100)
		unit *= 10;
	return ns / unit * unit;
}

static uint64_t with_margin(const struct advice *a, uint64_t ns)
{
	u128 more = (u128)ns * a->margin;

	ns += div_up(more, 1 << 20);
	return (ns + COST_STEP - 1) / COST_STEP * COST_STEP;
}

/* The threads that have a rhythm, the busiest first come; the rest is told apart */
static void make_load(struct advice *a)
{
	struct demand d;
	int i;

	for (i = 0; i < a->threads && a->load.tasks < LOAD_MAX; i++) {
		struct load_task *task = &a->load.task[a->load.tasks];

		if (!jobs_demand(&a->thread[i], &d))
			continue;
		task->cost = with_margin(a, d.window_most);
		task->period = round_period(d.period);
		task->deadline = a->has_deadline ? a->deadline : task->period;
		a->demand[a->load.tasks++] = d;
	}
}

/* Of a CPU, all threads together */
static struct text share_of(const struct advice *a)
{
	uint64_t ran = 0;
	int i;

	for (i = 0; i < a->threads; i++)
		ran += a->thread[i].ran;
	return fmt_percent(ran, a->watched ? a->watched : 1, 1, ROUND_NEAREST);
}

static void say_what_was_seen(const struct advice *a)
{
	int i;

	printf("%d (%s): %d thread%s for %s, %s %% of a CPU.\n", (int)a->process, table_comm(a->comm).s, a->threads,
	       a->threads == 1 ? "" : "s", fmt_short(a->watched).s, share_of(a).s);
	printf("  %10s %8s %10s %10s %10s %10s %14s\n", "JOBS", "EVERY", "LEAST GAP", "COST", "AT MOST",
	       "PER PERIOD", "COUNTED WITH");
	for (i = 0; i < a->load.tasks; i++) {
		const struct demand *d = &a->demand[i];

		printf("  %10d %8s %10s %10s %10s %10s %14s\n", d->jobs, fmt_short(d->period).s,
		       fmt_short(d->least_gap).s, fmt_short(d->cost_median).s, fmt_short(d->cost_most).s,
		       fmt_short(d->window_most).s, fmt_time(a->load.task[i].cost).s);
	}
	if (a->threads > a->load.tasks)
		printf("%d thread%s had no rhythm: less than 8 jobs.\n", a->threads - a->load.tasks,
		       a->threads - a->load.tasks == 1 ? "" : "s");
}

static struct json_object *json_demand(const struct advice *a, int i)
{
	struct json_object *o = json_object_new_object();
	const struct demand *d = &a->demand[i];

	json_num(o, "jobs", d->jobs);
	json_num(o, "period_ns", d->period);
	json_num(o, "least_gap_ns", d->least_gap);
	json_num(o, "cost_ns", d->cost_median);
	json_num(o, "cost_most_ns", d->cost_most);
	json_num(o, "window_most_ns", d->window_most);
	json_num(o, "counted_ns", a->load.task[i].cost);
	json_num(o, "deadline_ns", a->load.task[i].deadline);
	return o;
}

static void print_json(const struct advice *a, const struct resource *res)
{
	struct json_object *threads = json_object_new_array(), *o = json_list("threads", threads), *p;
	int i;

	for (i = 0; i < a->load.tasks; i++)
		json_object_array_add(threads, json_demand(a, i));
	json_num(o, "pid", a->process);
	json_num(o, "watched_ns", a->watched);
	p = res ? json_object_new_object() : NULL;
	if (res) {
		json_num(p, "runtime_ns", res->runtime);
		json_num(p, "period_ns", res->period);
		json_bw(p, "cap", resource_cap(res));
	}
	json_object_object_add(o, "proposal", p);
	json_print(o);
}

static void say_proposal(const struct advice *a, const struct resource *res)
{
	printf("Proposed: vbsctl admit -a --res %s %d\n", fmt_resource(res->runtime, res->period).s,
	       (int)a->process);
	printf("That is %s of a CPU, the least in which each of these jobs is done within %s,\nwith %s %% more than was seen, and %s of each budget for the release.\n",
	       fmt_bw(resource_cap(res)).s, a->has_deadline ? fmt_time(a->deadline).s : "its period",
	       fmt_percent(a->margin, 1 << 20, 1, ROUND_NEAREST).s, fmt_time(a->overhead).s);
}

/* Nothing repeats: it wants to run all the time, or it has done nothing */
static int no_rhythm(const struct advice *a)
{
	if (a->json) {
		print_json(a, NULL);
		return VC_FAIL;
	}
	printf("%d (%s): %s %% of a CPU in %s, and no thread woke as often as 8 times.\n",
	       (int)a->process, table_comm(a->comm).s, share_of(a).s, fmt_short(a->watched).s);
	puts("No proposal: what never waits runs as fast as its bandwidth is; choose the share that you\n"
	     "can spare, with a period as short as its users notice, or watch longer (--time).");
	return VC_FAIL;
}

static int advise_load(struct advice *a)
{
	struct wish wish = { .load = &a->load, .overhead = a->overhead, .slice = a->machine.limits.slice,
			     .period = a->period };
	struct resource res;

	if (!load_share(&a->load, &wish.share))
		return failure(VC_FAIL, "the periods have no common multiple below 2^128 ns");
	if (!propose(&wish, &a->machine, &res)) {
		if (a->json)
			print_json(a, NULL);
		else
			say_what_was_seen(a);
		return failure(VC_FAIL, "no server on one CPU meets these deadlines; give some threads servers of their own, or --deadline");
	}
	if (a->json) {
		print_json(a, &res);
		return VC_OK;
	}
	say_what_was_seen(a);
	say_proposal(a, &res);
	return VC_OK;
}

static int advise(struct advice *a, pid_t pid)
{
	int i, code = find_process(a, pid);

	stop_on_signals();
	if (!code)
		code = watch_threads(a);
	if (!code) {
		machine_read(&a->machine);
		a->overhead = a->machine.release_cost ? a->machine.release_cost : 5000;
		make_load(a);
		code = a->load.tasks ? advise_load(a) : no_rhythm(a);
	}
	for (i = 0; i < a->threads; i++)
		jobs_free(&a->thread[i]);
	free(a->thread);
	return code;
}

static const char *take_watch(struct advice *a)
{
	const char *why = parse_time(optarg, &a->watch);

	return !why && a->watch < 100000000 ? "less than 100ms shows nothing" : why;
}

static const char *take_time(uint64_t *ns)
{
	const char *why = parse_time(optarg, ns);

	return !why && !*ns ? "it must be more than zero" : why;
}

static const char *take_deadline(struct advice *a)
{
	a->has_deadline = true;
	return take_time(&a->deadline);
}

static const char *take_of_watching(int c, struct advice *a)
{
	switch (c) {
	case 't':
		return take_watch(a);
	case 'D':
		return take_deadline(a);
	default:
		return parse_bandwidth(optarg, &a->margin);
	}
}

static const char *take_of_model(int c, struct advice *a)
{
	switch (c) {
	case 'R':
		return rate_parse(optarg, &a->goal.rate);
	case 'O':
		return parse_bytes(optarg, &a->goal.op);
	case 'L':
		return take_time(&a->goal.latency);
	default:
		return parse_resource(optarg, &a->goal.res);
	}
}

static const struct option options[] = {
	{ "time", required_argument, NULL, 't' },
	{ "deadline", required_argument, NULL, 'D' },
	{ "period", required_argument, NULL, 'p' },
	{ "margin", required_argument, NULL, 'm' },
	{ "model", required_argument, NULL, 'M' },
	{ "rate", required_argument, NULL, 'R' },
	{ "op", required_argument, NULL, 'O' },
	{ "latency", required_argument, NULL, 'L' },
	{ "res", required_argument, NULL, 'r' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static const char *name_of(int c)
{
	const struct option *o = options;

	while (o->val != c)
		o++;
	return o->name;
}

static const char *take_value(int c, struct advice *a)
{
	if (c == 'p')
		return take_time(&a->period);
	if (c == 'M') {
		a->model = optarg;
		return NULL;
	}
	if (strchr("tDm", c)) {
		a->of_watching = name_of(c);
		return take_of_watching(c, a);
	}
	a->of_model = name_of(c);
	return take_of_model(c, a);
}

static int advise_by_model(const struct command *cmd, struct advice *a)
{
	if (a->of_watching)
		return usage_error(cmd, "--%s has no meaning here: with --model nothing is watched", a->of_watching);
	if (!a->goal.rate && !a->goal.res.period)
		return usage_error(cmd, "--model goes with --rate, to find a server, or with --res, to see what one is worth");
	if (!a->goal.rate && a->goal.op)
		return usage_error(cmd, "--op has no meaning here: it goes with --rate");
	if (a->period && a->goal.res.period)
		return usage_error(cmd, "--period has no meaning here: --res has one");
	a->goal.period = a->period;
	return advise_rate(a->model, &a->goal, a->json);
}

static int advise_process(const struct command *cmd, struct advice *a, char **operands)
{
	const char *why;
	pid_t pid;

	if (a->of_model)
		return usage_error(cmd, "--%s has no meaning here: it goes with --model", a->of_model);
	if (!operands[0] || operands[1])
		return usage_error(cmd, "which process?");
	why = parse_pid(operands[0], &pid);
	return why ? usage_error(cmd, "'%s': %s", operands[0], why) : advise(a, pid);
}

static int advise_main(const struct command *cmd, int argc, char **argv)
{
	struct advice a = { .watch = 10000000000, .margin = 104858, .goal = { .latency = RATE_LATENCY } };
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "t:m:jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		a.json |= c == 'j';
		why = optarg ? take_value(c, &a) : NULL;
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (!a.model)
		return advise_process(cmd, &a, argv + optind);
	if (optind < argc)
		return usage_error(cmd, "'%s': with --model there are no operands", argv[optind]);
	return advise_by_model(cmd, &a);
}

const struct command cmd_advise = {
	.name = "advise",
	.summary = "watch a process and propose a server for it",
	.help =
	"Usage: vbsctl advise [OPTION]... PID\n"
	"       vbsctl advise --model FILE [OPTION]...\n\n"
	"  -t, --time TIME      how long to watch (10s); an interrupt ends it earlier\n"
	"  -m, --margin SHARE   added to the execution times that are seen (10%)\n"
	"  --deadline TIME      when a job is to be done; without it, when the next one comes\n"
	"  --period TIME        only propose this period\n"
	"  --model FILE         of vbsctl calibrate: the server for a rate\n"
	"  --rate N/s           units per second, as in 200M/s\n"
	"  --op N               they come in pieces of N; without it, as many as in --latency\n"
	"  --latency TIME       within which a piece is done (100ms)\n"
	"  --res BUDGET/PERIOD  what this server is worth; with --rate, if it is enough\n"
	"  -j, --json           the same as JSON\n\n"
	"It needs the tracer (root).  Watch under the load that counts, and outside of a\n"
	"server: a job that was held up was not seen as short as it is.  What is proposed is\n"
	"enough for what was seen, and says nothing about the worst case.\n\n"
	"  sudo vbsctl advise $(pidof mixer)\n"
	"  sudo vbsctl advise -t 60s --deadline 2ms --json 4242\n"
	"  vbsctl advise --model sha.json --rate 200M/s --latency 20ms\n",
	.run = advise_main,
};
