// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl calibrate: runs a command with several sizes, in servers of several shares, in several
 * states of the system, and finds the line of its CPU time or why there is none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/supply.h"
#include "base/format.h"
#include "base/parse.h"
#include "commands.h"
#include "json_out.h"
#include "options.h"
#include "rate/device_model.h"
#include "rate/model.h"
#include "rate/plan.h"
#include "rate/print.h"
#include "rate/run_once.h"
#include "rate/states.h"
#include "rate/uncharged.h"
#include "until_stopped.h"
#include "vbs/attr.h"
#include "vbs/proc.h"

#define RUNS_MAX	1000
#define STEP		4	/* from one size of a range to the next */

struct calibration {
	struct machine machine;
	struct rate_model model;
	uint64_t size[RATE_SIZES_MAX];
	enum rate_state state[RATE_STATES];
	uint32_t share[RATE_SHARES_MAX];
	int sizes, states, shares;
	uint64_t period, runs;
	int cpu;			/* -1: the one with most to spare */
	struct device_model dm;		/* pid 0: the command itself is measured */
	char **argv;
	const char *file, *vm;
	bool json;
};

static struct resource share_of_period(const struct calibration *c, uint32_t share)
{
	return (struct resource){ ((u128)c->period * share >> 20) / 1000 * 1000, c->period };
}

static uint32_t most_share(const struct calibration *c)
{
	uint32_t most = 0;
	int i;

	for (i = 0; i < c->shares; i++)
		most = c->share[i] > most ? c->share[i] : most;
	return most;
}

/* Of a run, what the supply that it is sure to have does not explain */
static uint64_t waited(const struct calibration *c, const struct resource *res, uint64_t cpu, uint64_t took)
{
	struct supply s;
	u128 explained;

	if (!supply_init(&s, res, rate_overhead(&c->machine), false))
		return 0;
	explained = supply_time(&s, cpu);
	return took > explained ? took - explained : 0;
}

static int sample(struct calibration *c, struct session *s, struct rate_sample *run)
{
	uint64_t other, after;
	int code;

	state_before_run(run->state);
	other = uncharged_ns();
	code = session_run(s, run->size, 1, &run->cpu);
	if (code)
		return code;
	after = uncharged_ns();
	run->other = after > other ? after - other : 0;
	run->took = s->ran[0].end - s->ran[0].begin;
	run->waited = waited(c, &s->res, run->cpu, run->took);
	return model_add(&c->model, run) ? VC_OK : failure(VC_FAIL, "out of memory");
}

/* The first run brings what it needs into the page cache, and does not count */
static int sample_sizes(struct calibration *c, struct session *s, struct rate_sample *run)
{
	uint64_t cpu, i;
	int n, code = session_run(s, c->size[0], 1, &cpu);

	for (n = 0; n < c->sizes && !code; n++) {
		run->size = c->size[n];
		for (i = 0; i < c->runs && !code; i++)
			code = stopped ? failure(VC_FAIL, "stopped") : sample(c, s, run);
	}
	return code;
}

static int begin_session(struct calibration *c, struct session *s, const struct resource *res)
{
	int code;

	if (!c->dm.pid)
		return session_start(s, c->argv, res, c->cpu);
	code = device_model_set(&c->dm, res, most_share(c));
	return code ? code : session_start_beside(s, c->argv, res, c->dm.pid);
}

static int sample_state(struct calibration *c, enum rate_state state)
{
	/* The device model has its cap already */
	struct surroundings at = { &c->machine, c->cpu, c->dm.pid ? 0 : most_share(c) };
	struct rate_sample run = { .state = state };
	struct session s;
	int i, code = state_begin(state, &at);

	for (i = 0; i < c->shares && !code; i++) {
		struct resource res = share_of_period(c, c->share[i]);

		run.share = c->share[i];
		code = begin_session(c, &s, &res);
		if (code)
			break;
		code = sample_sizes(c, &s, &run);
		session_end(&s);
	}
	state_end();
	return code;
}

static int report(const struct calibration *c)
{
	int code = c->file ? model_write(&c->model, c->file) : VC_OK;

	if (code)
		return code;
	if (c->json)
		json_print(model_json(&c->model));
	else
		model_print(&c->model);
	return c->model.fit.verdict == RATE_LINEAR ? VC_OK : VC_FAIL;
}

/* Where it is to be: the device model where its server is, with room for the largest share */
static int choose_cpu(struct calibration *c)
{
	struct resource res = share_of_period(c, c->share[0]);

	if (!c->dm.pid)
		return rate_cpu(&c->cpu, most_share(c));
	c->cpu = c->dm.cpu;
	return device_model_set(&c->dm, &res, most_share(c));
}

static int calibrate(struct calibration *c)
{
	int i, code;

	machine_read(&c->machine);
	code = choose_cpu(c);
	stop_on_signals();
	c->model.samples.background = uncharged_background();
	c->model.samples.rounding = uncharged_rounding_ns();
	for (i = 0; i < c->states && !code; i++) {
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "state %s ...\n", rate_state_name(c->state[i]));
		code = sample_state(c, c->state[i]);
	}
	device_model_restore(&c->dm);
	if (!code) {
		rate_fit(&c->model.samples, &c->model.fit);
		code = report(c);
	}
	model_free(&c->model);
	return code;
}

static const char *parse_size(const char *text, void *out)
{
	uint64_t *size = out;
	const char *why = parse_bytes(text, size);

	return !why && (!*size || *size > 1ULL << 40) ? "it must be 1 to 1T" : why;
}

/* From..to in steps of 4, and the end of it */
static const char *take_range(struct calibration *c, const char *text, const char *dots)
{
	char head[PARSE_ITEM];
	const char *why;
	uint64_t size, to;

	snprintf(head, sizeof(head), "%.*s", (int)(dots - text), text);
	why = parse_size(head, &size);
	if (!why)
		why = parse_size(dots + 2, &to);
	if (!why && to < size)
		why = "a range runs upwards";
	if (why)
		return why;
	for (c->sizes = 0; size < to; size *= STEP) {
		if (c->sizes == RATE_SIZES_MAX - 1)
			return "that is more than 16 sizes, each 4 times the one before";
		c->size[c->sizes++] = size;
	}
	c->size[c->sizes++] = to;
	return NULL;
}

static const char *take_sizes(struct calibration *c, const char *text)
{
	const char *dots = strstr(text, "..");

	return dots ? take_range(c, text, dots) :
		      parse_list(text, c->size, sizeof(c->size[0]), RATE_SIZES_MAX, parse_size, &c->sizes);
}

static const char *parse_state(const char *text, void *out)
{
	return rate_state_parse(text, out);
}

static const char *parse_share(const char *text, void *out)
{
	return parse_bandwidth(text, out);
}

static const char *take_count(uint64_t *count, uint64_t most, const char *why_not)
{
	const char *why = parse_count(optarg, count);

	return !why && (!*count || *count > most) ? why_not : why;
}

static const char *take_unit(struct calibration *c)
{
	const char *why = model_unit_check(optarg);

	if (!why)
		snprintf(c->model.unit, sizeof(c->model.unit), "%s", optarg);
	return why;
}

static const char *take_value(int c, struct calibration *cal)
{
	switch (c) {
	case 's':
		return take_sizes(cal, optarg);
	case 'S':
		return parse_list(optarg, cal->state, sizeof(cal->state[0]), RATE_STATES, parse_state, &cal->states);
	case 'H':
		return parse_list(optarg, cal->share, sizeof(cal->share[0]), RATE_SHARES_MAX, parse_share,
				  &cal->shares);
	case 'u':
		return take_unit(cal);
	case 'r':
		return take_count(&cal->runs, RUNS_MAX, "it must be 1 to 1000");
	case 'p':
		return parse_time(optarg, &cal->period);
	case 'c':
		return rate_parse_cpu(optarg, &cal->cpu);
	case 'V':
		cal->vm = optarg;
		return NULL;
	case 't':
		return parse_bandwidth(optarg, &cal->model.samples.tolerance);
	default:
		cal->file = optarg;
		return NULL;
	}
}

static int check(const struct command *cmd, struct calibration *c)
{
	char limit[256];
	int i;

	if (!c->argv[0])
		return usage_error(cmd, "which command?");
	for (i = 0; c->argv[i] && !strstr(c->argv[i], SIZE_MARK); i++)
		;
	if (!c->argv[i])
		return usage_error(cmd, "none of the command's words has a %s, where the size goes", SIZE_MARK);
	machine_read(&c->machine);
	for (i = 0; i < c->shares; i++) {
		struct resource res = share_of_period(c, c->share[i]);

		if (limits_refuse(&c->machine.limits, rate_overhead(&c->machine), &res, limit, sizeof(limit)))
			return usage_error(cmd, "--shares: %s of every %s: %s", fmt_bw(c->share[i]).s,
					   fmt_time(c->period).s, limit);
	}
	if (c->vm && c->cpu >= 0)
		return usage_error(cmd, "--vm measures a device model where it is: no --cpu");
	if (!vbs_policy_known())
		return failure(VC_NOVBS, "this kernel has no SCHED_VBS");
	return c->vm ? device_model_find(cmd, c->vm, &c->dm) : VC_OK;
}

static const struct calibration defaults = {
	.model = { .unit = "byte", .samples = { .tolerance = 157287 } },
	.size = { 1 << 20, 4 << 20, 16 << 20, 64 << 20, 256 << 20 }, .sizes = 5,
	.state = { RATE_IDLE, RATE_COLD, RATE_NEIGHBOUR, RATE_MEMORY }, .states = RATE_STATES,
	.share = { 209716, 629146 }, .shares = 2,
	.period = 10000000, .runs = 5, .cpu = -1,
};

static int calibrate_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "sizes", required_argument, NULL, 's' },
		{ "unit", required_argument, NULL, 'u' },
		{ "states", required_argument, NULL, 'S' },
		{ "shares", required_argument, NULL, 'H' },
		{ "period", required_argument, NULL, 'p' },
		{ "runs", required_argument, NULL, 'r' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "vm", required_argument, NULL, 'V' },
		{ "tolerance", required_argument, NULL, 't' },
		{ "uncharged", no_argument, NULL, 'U' },
		{ "output", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct calibration cal = defaults;
	const char *why;
	int c, code;

	while ((c = getopt_long(argc, argv, "+o:jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		cal.json |= c == 'j';
		cal.model.samples.uncharged |= c == 'U';
		why = optarg ? take_value(c, &cal) : NULL;
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	cal.argv = argv + optind;
	code = check(cmd, &cal);
	if (code)
		return code;
	cal.model.command = rate_words(cal.argv);
	return cal.model.command ? calibrate(&cal) : failure(VC_FAIL, "out of memory");
}

const struct command cmd_calibrate = {
	.name = "calibrate",
	.summary = "what a command needs per byte or operation, and if that is linear",
	.help =
	"Usage: vbsctl calibrate [OPTION]... [--] COMMAND [ARGUMENT]...\n\n"
	"  --sizes FROM..TO     what {} in the command stands for, in steps of 4; or a list\n"
	"                       (1M..256M)\n"
	"  --unit NAME          what a size counts (byte)\n"
	"  --states LIST        of idle, cold, neighbour, memory (all of them)\n"
	"  --shares LIST        of a CPU, that it has (20%,60%)\n"
	"  --period TIME        of its servers (10ms)\n"
	"  --runs N             of each size in each state with each share (5)\n"
	"  --cpu N              where; without it, on the CPU with most to spare\n"
	"  --vm PID|NAME        measure the device model of that machine, which the command\n"
	"                       makes work; it has the shares, and what it had afterwards\n"
	"  --tolerance SHARE    of the line above a mean, of states and of shares (15%)\n"
	"  --uncharged          accept that others work for it whom nobody is charged for\n"
	"  -o, --output FILE    the model, for advise and check-rate\n"
	"  -j, --json           the model on the standard output\n\n"
	"It needs root: it drops the page cache, and loads CPUs with all they take.\n"
	"Exit status: 0 if it is linear, 1 if not.\n\n"
	"  sudo vbsctl calibrate -o sha.json -- sh -c 'head -c {} /dev/zero | sha256sum'\n"
	"  sudo vbsctl calibrate --unit operation --sizes 1000..64000 -- ./allocate {}\n",
	.run = calibrate_main,
};
