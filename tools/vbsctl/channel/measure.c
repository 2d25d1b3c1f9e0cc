// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl channel measure: two processes in servers of their own that send messages to each
 * other, first without load, to calibrate, then with it; the worst beside the bound.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "analyze/channel_options.h"
#include "analyze/channel_print.h"
#include "base/format.h"
#include "base/parse.h"
#include "channel/channel.h"
#include "channel/measure.h"
#include "channel/over.h"
#include "options.h"
#include "until_stopped.h"
#include "vbs/attr.h"
#include "vbs/proc.h"

#define OVER_NS		60000000000ULL	/* by then the other end is there */
/* What a member may be in the kernel for when its budget ends, which the next one pays */
#define BORROWED	5000
#define HOP		20000
/* The calibration takes about so long, within these limits */
#define CALIBRATE_NS	5000000000ULL
#define CALIBRATE_MIN	30

struct play {
	const struct measure *m;
	struct field *f;
	struct ends *ends;
};

static void play_sender(void *arg)
{
	const struct play *p = arg;

	sender_play(p->m, p->f, p->ends);
}

static void play_receiver(void *arg)
{
	const struct play *p = arg;

	receiver_play(p->m, p->f, p->ends);
}

/* So far apart that all is idle again before the next one, whatever the load; 0 to poll */
static uint64_t calibrate_every(const struct measure *m)
{
	const struct resource *s = &m->channel.res[SENDER], *r = &m->channel.res[RECEIVER];

	if (m->channel.polls)
		return 0;
	return 4 * (s->period + r->period) + m->channel.process / r->runtime * r->period * 2;
}

static uint64_t calibrate_count(const struct measure *m)
{
	const struct resource *s = &m->channel.res[SENDER], *r = &m->channel.res[RECEIVER];
	uint64_t n = CALIBRATE_NS / (5 * (s->period + r->period));

	return n < CALIBRATE_MIN ? CALIBRATE_MIN : n > CALIBRATE_MAX ? CALIBRATE_MAX : n;
}

static void *shared(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return mem == MAP_FAILED ? NULL : memset(mem, 0, size);
}

/* The field, and in both cases what each message took, which nobody elsewhere sees */
static struct field *field_make(struct measure *m, struct ends *ends)
{
	struct field *f;
	uint64_t n;

	m->calibrate = calibrate_count(m);
	n = m->count > m->calibrate ? m->count : m->calibrate;
	m->took = shared(n * sizeof(*m->took));
	if (!m->took)
		return NULL;
	if (m->over)
		f = over_open(m, ends);
	else
		f = ends_make(m, &ends[SENDER], &ends[RECEIVER]) ? shared(sizeof(*f)) : NULL;
	if (f)
		f->every = calibrate_every(m);
	return f;
}

static enum channel_side sides_here(const struct measure *m)
{
	return m->over ? RECEIVER : SIDES;
}

/* Where the kernel has put them, and where it is said that the other end is */
static int find_cpus(const struct measure *m, const struct child *child, int *cpu)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	enum channel_side side;
	int code = VC_OK;

	for (side = SENDER; side < sides_here(m) && !code; side++) {
		const struct vbs_server *s = snap ? vbs_find_leader(snap, child[side].pid) : NULL;

		if (!s)
			code = failure(VC_FAIL, "the %s has gone", child[side].name);
		else
			cpu[side] = s->cpu;
	}
	vbs_snapshot_free(snap);
	if (m->over)
		cpu[RECEIVER] = m->cpu[RECEIVER] < 0 ? cpu[SENDER] : m->cpu[RECEIVER];
	return code;
}

/* Each exchange with a full budget, with some room for works that turn out longer */
static void choose_every(const struct measure *m, struct field *f)
{
	struct channel c;
	struct channel_bound b;

	measured_channel(m, f, &c);
	channel_bound(&c, &b);
	f->every = m->channel.every ? m->channel.every : m->channel.polls && m->channel.reply ? 0 :
		   clamp64(b.least_every + b.least_every / 8) + 100000;
}

/* The phase comes, or a child has ended before */
static int await(struct field *f, enum phase phase)
{
	const struct timespec step = { 0, 20000000 };

	while (f->phase < phase && !stopped) {
		nanosleep(&step, NULL);
		if (waitpid(-1, NULL, WNOHANG) > 0 && f->phase < phase)
			return failure(VC_FAIL, "one of the two sides has ended before its time");
	}
	if (stopped)
		return failure(VC_FAIL, "stopped");
	if (f->broken)
		return failure(VC_FAIL, "the channel: %s", strerror(f->broken));
	return VC_OK;
}

/* The side that switches, to the other one of its two resources */
static void switch_side(const struct measure *m, const pid_t *pid, bool *there)
{
	enum channel_side side = m->channel.to[SENDER].period ? SENDER : RECEIVER;
	const struct resource *res = *there ? &m->channel.res[side] : &m->channel.to[side];
	struct vbs_sched_attr attr = {
		.sched_policy = SCHED_VBS, .sched_runtime = res->runtime, .sched_period = res->period,
		.sched_flags = m->aligned ? SCHED_FLAG_VBS_ALIGN : 0,
	};

	*there = !*there;
	vbs_setattr(pid[side], &attr);
}

/* Switches at random, more than a bound apart, and so that the last one is paid by then */
static int await_switching(const struct measure *m, struct field *f, const pid_t *pid)
{
	uint64_t seed = m->seed + 7, apart, step;
	struct channel c;
	struct channel_bound b;
	bool there = false;
	struct timespec ts;

	measured_channel(m, f, &c);
	channel_bound(&c, &b);
	apart = clamp64(b.total) + c.res[SENDER].period + c.res[RECEIVER].period + 1000000;
	while (f->phase < PHASE_DONE && !stopped) {
		step = apart + random_below(&seed, apart);
		ts = at_ns(step);
		nanosleep(&ts, NULL);
		switch_side(m, pid, &there);
	}
	return await(f, PHASE_DONE);
}

static int run_phases(const struct measure *m, struct field *f, const int *cpu, const pid_t *pid)
{
	bool switching = m->channel.to[SENDER].period || m->channel.to[RECEIVER].period;
	int code;

	phase_set(f, PHASE_CALIBRATE);
	code = await(f, PHASE_READY);
	if (!code && m->load != LOAD_NONE)
		code = load_start(m, cpu);
	if (code)
		return code;
	choose_every(m, f);
	phase_set(f, PHASE_RUN);
	return switching ? await_switching(m, f, pid) : await(f, PHASE_DONE);
}

static int measure_with(const struct measure *m, struct field *f, struct ends *ends)
{
	struct play play[SIDES] = { { m, f, &ends[SENDER] }, { m, f, &ends[RECEIVER] } };
	struct child child[SIDES] = {
		{ .name = "sender", .play = play_sender }, { .name = "receiver", .play = play_receiver },
	};
	enum channel_side side;
	int code = VC_OK, cpu[SIDES] = { 0 };

	for (side = SENDER; side < sides_here(m) && !code; side++) {
		child[side].res = m->channel.res[side];
		child[side].align = m->aligned;
		child[side].cap = channel_cap(&m->channel, side, m->aligned);
		child[side].cpu = m->cpu[side];
		child[side].arg = &play[side];
		code = child_start(&child[side]);
	}
	if (!code)
		code = find_cpus(m, child, cpu);
	if (!code)
		code = run_phases(m, f, cpu, (pid_t[]){ child[SENDER].pid, child[RECEIVER].pid });
	children_end();
	return code ? code : measure_report(m, f, cpu);
}

static int measure(struct measure *m)
{
	struct ends ends[SIDES];
	struct field *f = field_make(m, ends);

	if (!f)
		return failure(VC_FAIL, "cannot make the rings%s%s: %s", m->over ? " in " : "",
			       m->over ? m->over : "", strerror(errno));
	stop_on_signals();
	if (m->over && !over_await(f, OVER_NS))
		return failure(VC_FAIL, "nobody answers in %s: 'vbsctl channel answer' does, at the other end", m->over);
	return measure_with(m, f, ends);
}

static const char *parse_side(const char *text, void *out)
{
	return parse_resource(text, out);
}

static const char *parse_cpu(const char *text, void *out)
{
	uint64_t n;
	const char *why = parse_count(text, &n);

	if (!why && n >= 1024)
		return "there is no such CPU";
	*(int *)out = n;
	return why;
}

static const char *take_sides(struct measure *m)
{
	int n;
	const char *why = parse_list(optarg, m->channel.res, sizeof(struct resource), SIDES, parse_side, &n);

	return !why && n != SIDES ? "write both, as in 1ms/10ms,2ms/20ms" : why;
}

static const char *take_cpus(struct measure *m)
{
	int n;
	const char *why = parse_list(optarg, m->cpu, sizeof(int), SIDES, parse_cpu, &n);

	if (!why && n == 1)
		m->cpu[RECEIVER] = m->cpu[SENDER];
	return why;
}

static const char *take_load(struct measure *m)
{
	if (!optarg || !strcmp(optarg, "directed"))
		m->load = LOAD_DIRECTED;
	else if (!strcmp(optarg, "random"))
		m->load = LOAD_RANDOM;
	else if (strcmp(optarg, "none"))
		return "it is one of directed, random, none";
	return NULL;
}

static const char *take_count(struct measure *m)
{
	const char *why = parse_count(optarg, &m->count);

	return !why && (!m->count || m->count > MEASURE_COUNT_MAX) ? "it is 1 to 10000000" : why;
}

static const char *take_seed(struct measure *m)
{
	const char *why = parse_count(optarg, &m->seed);

	return !why && !m->seed ? "it must be more than zero" : why;
}

static const char *take_overhead(struct measure *m)
{
	m->has_overhead = true;
	return parse_time(optarg, &m->overhead);
}

static const char *take_value(int c, struct measure *m)
{
	switch (c) {
	case 'r':
		return take_sides(m);
	case 'c':
		return take_cpus(m);
	case 'L':
		return take_load(m);
	case 'n':
		return take_count(m);
	case 's':
		return take_seed(m);
	case 'o':
		return take_overhead(m);
	case 't':
		return channel_take_switch(optarg, &m->channel);
	case 'O':
		m->over = optarg;
		m->channel.polls = true;
		return NULL;
	case 'a':
		m->aligned = true;
		return NULL;
	case 'j':
		m->json = true;
		return NULL;
	default:
		m->has_hop |= c == CHANNEL_HOP;
		return channel_take(c, optarg, &m->channel);
	}
}

/* What one option alone does not show */
static int check(const struct command *cmd, struct measure *m)
{
	struct channel *c = &m->channel;

	if (!c->res[SENDER].period)
		return usage_error(cmd, "--res is missing: the resources of sender and receiver");
	if (!c->message)
		c->message = c->slot ? c->slot : 64;
	if (!c->slot)
		c->slot = c->message > c->reply ? c->message : c->reply;
	if (c->slot > MEASURE_SLOT_MAX || c->slots > MEASURE_SLOTS_MAX)
		return usage_error(cmd, "a ring is measured with up to 4096 slots of up to 16M");
	if (c->to[SENDER].period && c->to[RECEIVER].period)
		return usage_error(cmd, "--switch-to: one side switches, the other does not");
	if (m->over && (!c->reply || c->to[RECEIVER].period))
		return usage_error(cmd, "--over measures round trips, as with --reply 64, to a server that does not switch");
	if (c->reply > c->slot * c->slots)
		return usage_error(cmd, "a reply that is longer than the ring is not measured");
	return VC_OK;
}

/* The kernel's cost of a release, and what a member may borrow when its budget ends */
static int complete(struct measure *m)
{
	enum channel_side side;

	machine_read(&m->machine);
	if (!m->has_overhead)
		m->overhead = m->machine.release_cost + BORROWED;
	if (!m->has_hop)
		m->channel.hop = HOP;
	if (!channel_init(&m->channel, m->overhead, m->aligned, &side))
		return failure(VC_FAIL, "an overhead of %s leaves nothing of the %s's budget of %s",
			       fmt_time(m->overhead).s, channel_side_name(side),
			       fmt_time(m->channel.res[side].runtime).s);
	if (!vbs_policy_known())
		return failure(VC_NOVBS, "this kernel has no SCHED_VBS");
	return VC_OK;
}

static const struct option options[] = {
	{ "res", required_argument, NULL, 'r' },
	{ "slot", required_argument, NULL, CHANNEL_SLOT },
	CHANNEL_OPTIONS,
	{ "align", no_argument, NULL, 'a' },
	{ "switch-to", required_argument, NULL, 't' },
	{ "cpu", required_argument, NULL, 'c' },
	{ "over", required_argument, NULL, 'O' },
	{ "load", optional_argument, NULL, 'L' },
	{ "count", required_argument, NULL, 'n' },
	{ "seed", required_argument, NULL, 's' },
	{ "overhead", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int measure_main(const struct command *cmd, int argc, char **argv)
{
	struct measure m = { .count = 1000, .seed = 1, .cpu = { -1, -1 } };
	const char *why;
	int c, code;

	channel_defaults(&m.channel);
	while ((c = getopt_long(argc, argv, "n:jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		why = take_value(c, &m);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (optind < argc)
		return usage_error(cmd, "'%s': it takes no operands", argv[optind]);
	code = check(cmd, &m);
	if (!code)
		code = complete(&m);
	return code ? code : measure(&m);
}

const struct command channel_measure = {
	.name = "channel measure",
	.summary = "send messages between two servers, and compare with the bound",
	.help =
	"Usage: vbsctl channel measure --res B/P,B/P [OPTION]...\n\n"
	"  --res B/P,B/P        the servers of sender and receiver\n"
	"  --message BYTES      what is sent (64)\n"
	"  --reply BYTES        what is sent back (nothing: one way)\n"
	"  --slot BYTES         size of a slot (that of the longer of both)\n"
	"  --slots N            slots of the ring (1)\n"
	"  --process TIME       CPU time of the receiver for a message (0)\n"
	"  --every TIME         distance of messages; without it the least that has a bound\n"
	"  --poll               both sides wait by looking\n"
	"  --align              release at multiples of the period\n"
	"  --switch-to SIDE:B/P sender or receiver switches back and forth at random\n"
	"  --load[=KIND]        directed (worst cases), random, or none: all that is booked\n"
	"                       of their CPUs by nobody else\n"
	"  --cpu N[,N]          of the sender and of the receiver\n"
	"  --over FILE          the receiver is elsewhere, as in a guest that has FILE as the\n"
	"                       memory of a device (ivshmem): 'vbsctl channel answer'\n"
	"  -n, --count N        messages (1000)\n"
	"  --seed N             of chance (1)\n"
	"  --hop TIME           the kernel's latency per hop; without it the greater of 20us\n"
	"                       and twice the worst lateness of a timer that is seen\n"
	"  --overhead TIME      taken off each budget; without it the cost of a release, and\n"
	"                       5us that a member may be in the kernel for at its end\n"
	"  -j, --json           the same as JSON\n\n"
	"It needs CAP_SYS_NICE (root). Exit status 1: one was above the bound.\n\n"
	"  sudo vbsctl channel measure --res 1ms/10ms,2ms/10ms --reply 64 --load\n",
	.run = measure_main,
};
