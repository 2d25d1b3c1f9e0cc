// SPDX-License-Identifier: GPL-2.0
/* vbsctl analyze: its options, and which question they ask. */
#include <string.h>

#include "analyze/analysis.h"
#include "analyze/channel_options.h"
#include "base/parse.h"
#include "commands.h"
#include "options.h"

/* What a proposal assumes if neither --overhead nor the kernel says more */
#define ASSUMED_OVERHEAD	5000

static const char *load_item(const char *text, void *out)
{
	return parse_load_task(text, out);
}

static const char *set_item(const char *text, void *out)
{
	return parse_server(text, out);
}


static const char *parse_slice(const char *text, struct analysis *a)
{
	const char *why = parse_time(text, &a->slice);

	a->has_slice = true;
	return !why && a->slice > 3600 * 1000000000ULL ? "more than an hour is not looked at" : why;
}

static const char *parse_more_than_zero(const char *text, uint64_t *ns)
{
	const char *why = parse_time(text, ns);

	return !why && !*ns ? "it must be more than zero" : why;
}

static const char *window_item(const char *text, void *out)
{
	return parse_more_than_zero(text, out);
}

static const char *parse_overhead(const char *text, struct analysis *a)
{
	a->has_overhead = true;
	return parse_time(text, &a->overhead);
}

static const char *take_value(int c, const char *text, struct analysis *a)
{
	switch (c) {
	case 'l':
		return parse_list(text, a->load.task, sizeof(a->load.task[0]), LOAD_MAX,
				  load_item, &a->load.tasks);
	case 's':
		return parse_list(text, a->set.server, sizeof(a->set.server[0]), SET_MAX,
				  set_item, &a->set.servers);
	case 'w':
		return parse_list(text, a->window, sizeof(a->window[0]), WINDOWS_MAX,
				  window_item, &a->windows);
	case 'r':
		return parse_resource(text, &a->res);
	case 't':
		return strchr(text, ':') ? channel_take_switch(text, &a->channel) :
					   parse_resource(text, &a->to);
	case 'g':
		a->one_in_guest = strchr(text, ':');
		return a->one_in_guest ? channel_take_side(text, &a->in_guest, &a->vcpu) :
					 parse_resource(text, &a->vcpu);
	case 'c':
		return parse_bandwidth(text, &a->cap);
	case 'C':
		return parse_bandwidth(text, &a->capacity);
	case 'p':
		return parse_more_than_zero(text, &a->period);
	case 'm':
		return parse_more_than_zero(text, &a->least_period);
	case 'S':
		return parse_slice(text, a);
	default:
		return parse_overhead(text, a);
	}
}

static void take_flag(int c, struct analysis *a)
{
	a->aligned |= c == 'a';
	a->load.alone |= c == 'A';
	a->move |= c == 'M';
	a->propose |= c == 'P';
	a->defaults |= c == 'D';
	a->json |= c == 'j';
}

static const struct option options[] = {
	{ "load", required_argument, NULL, 'l' },
	{ "set", required_argument, NULL, 's' },
	{ "window", required_argument, NULL, 'w' },
	{ "res", required_argument, NULL, 'r' },
	{ "switch-to", required_argument, NULL, 't' },
	{ "vcpu", required_argument, NULL, 'g' },
	{ "least-period", required_argument, NULL, 'm' },
	{ "cap", required_argument, NULL, 'c' },
	{ "capacity", required_argument, NULL, 'C' },
	{ "period", required_argument, NULL, 'p' },
	{ "slice", required_argument, NULL, 'S' },
	{ "overhead", required_argument, NULL, 'o' },
	CHANNEL_ASSUMPTIONS,
	CHANNEL_OPTIONS,
	{ "align", no_argument, NULL, 'a' },
	{ "alone", no_argument, NULL, 'A' },
	{ "move", no_argument, NULL, 'M' },
	{ "propose", no_argument, NULL, 'P' },
	{ "defaults", no_argument, NULL, 'D' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int take_option(const struct command *cmd, int c, int index, struct analysis *a)
{
	const char *why;

	if (c == '?')
		return option_error(cmd);
	a->of_channel = c >= CHANNEL_SLOT ? options[index].name : a->of_channel;
	if (!optarg && c < CHANNEL_SLOT) {
		take_flag(c, a);
		return 0;
	}
	why = c >= CHANNEL_SLOT ? channel_take(c, optarg, &a->channel) : take_value(c, optarg, a);
	return why ? usage_error(cmd, "--%s '%s': %s", options[index].name, optarg, why) : 0;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return b && b < a ? b : a;
}

/*
 * What a vCPU can promise grows with the guest's least period, which its user
 * raises as far as the servers allow.
 */
static void set_least_period(struct analysis *a)
{
	uint64_t least = UINT64_MAX, *min = &a->machine.limits.period_min;
	int i;

	least = lesser(lesser(lesser(least, a->res.period), a->to.period), a->period);
	for (i = 0; i < SIDES; i++) {
		if (a->one_in_guest && i != (int)a->in_guest)
			continue;
		least = lesser(lesser(least, a->channel.res[i].period), a->channel.to[i].period);
	}
	for (i = 0; i < a->set.servers; i++)
		least = lesser(least, a->set.server[i].res.period);
	if (a->least_period)
		*min = a->least_period;
	else if (a->vcpu.period && least != UINT64_MAX && least > *min)
		*min = least;
}

/* This machine's settings, unless --defaults asks for those of a fresh boot */
static void complete(struct analysis *a)
{
	if (a->defaults)
		machine_defaults(&a->machine);
	else
		machine_read(&a->machine);
	a->host = a->machine;
	set_least_period(a);
	if (!a->has_slice)
		a->slice = a->machine.limits.slice;
	if (!a->has_overhead && a->machine.release_cost) {
		a->overhead = a->machine.release_cost;
		a->has_overhead = true;
	}
	if (!a->has_overhead && a->propose)
		a->overhead = ASSUMED_OVERHEAD;
}

static uint32_t cap_of(const struct analysis *a, const struct resource *res)
{
	if (!res->period)
		return 0;
	return a->aligned ? resource_cap_aligned(res) : resource_cap(res);
}

/* The least cap that holds the resource and the one that it switches to */
static uint32_t least_cap(const struct analysis *a)
{
	uint32_t cap = cap_of(a, &a->res), to = cap_of(a, &a->to);

	return cap > to ? cap : to;
}

static int answer_server(const struct command *cmd, struct analysis *a)
{
	if (a->cap && a->cap < least_cap(a))
		return usage_error(cmd, "--cap: the kernel refuses a resource above the cap");
	if (!a->cap)
		a->cap = least_cap(a);
	return analyze_server(a);
}

/* Options that the question has no use for are mistakes, not to be passed over */
static int useless(const struct command *cmd, const struct analysis *a)
{
	const struct {
		const char *option, *with;
		bool given, used;
	} table[] = {
		{ "--window", "--res", a->windows, a->res.period },
		{ "--switch-to", "--res", a->to.period, a->res.period },
		{ "--cap", "--res", a->cap, a->res.period },
		{ "--move", "--res", a->move, a->res.period },
		{ "--slice", "--load, or --shared", a->has_slice, a->load.tasks || a->channel.fellows },
		{ "--alone", "a --load of one task", a->load.alone, a->load.tasks == 1 },
		{ "--period", "--propose", a->period, a->propose },
		{ "--align", "--res, --propose or --channel", a->aligned,
		  a->res.period || a->propose || a->channel.slot },
		{ "--switch-to SIDE:", "--channel",
		  a->channel.to[SENDER].period || a->channel.to[RECEIVER].period, a->channel.slot },
		{ "--vcpu SIDE:", "--channel", a->one_in_guest, a->channel.slot },
		{ "--least-period", "--vcpu", a->least_period, a->vcpu.period },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].given && !table[i].used)
			return usage_error(cmd, "%s has no meaning here: it goes with %s",
					   table[i].option, table[i].with);
	}
	if (a->of_channel && !a->channel.slot)
		return usage_error(cmd, "--%s has no meaning here: it goes with --channel",
				   a->of_channel);
	return 0;
}

static int answer_channel(const struct command *cmd, struct analysis *a)
{
	struct channel *c = &a->channel;

	if (!c->res[SENDER].period || !c->res[RECEIVER].period)
		return usage_error(cmd, "--channel needs --sender and --receiver");
	if (c->fellows && !a->slice)
		return usage_error(cmd, "--shared: members without a slice run as long as they like, so there is no bound");
	if (!c->message)
		c->message = c->slot;
	c->slice = a->slice;
	return analyze_channel(a);
}

static int answer(const struct command *cmd, struct analysis *a)
{
	bool other = a->res.period || a->propose || a->set.servers || a->load.tasks;

	if (a->channel.slot && !other)
		return answer_channel(cmd, a);
	if (a->load.tasks && !load_share(&a->load, &a->share))
		return usage_error(cmd, "--load: the periods have no common multiple below 2^128 ns: round them");
	if (a->set.servers && !a->load.tasks && !a->res.period && !a->propose)
		return analyze_set(a);
	if (a->load.tasks && a->propose && !a->res.period && !a->set.servers)
		return analyze_proposal(a);
	if (a->res.period && !a->propose && !a->set.servers)
		return answer_server(cmd, a);
	return usage_error(cmd, "give --res (with --load, --window or --switch-to), or --load with --propose, or --set, or --channel");
}

static int analyze_main(const struct command *cmd, int argc, char **argv)
{
	struct analysis a;
	int c, ret, index = 0;

	memset(&a, 0, sizeof(a));
	channel_defaults(&a.channel);
	while ((c = getopt_long(argc, argv, "h", options, &index)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		ret = take_option(cmd, c, index, &a);
		if (ret)
			return ret;
	}
	if (optind < argc)
		return usage_error(cmd, "'%s': analyze takes no operands", argv[optind]);
	ret = useless(cmd, &a);
	if (ret)
		return ret;
	complete(&a);
	return answer(cmd, &a);
}

const struct command cmd_analyze = {
	.name = "analyze",
	.summary = "response times, admission and overhead by theory",
	.help =
	"Usage: vbsctl analyze --res BUDGET/PERIOD [--load TASKS] [OPTION]...\n"
	"       vbsctl analyze --load TASKS --propose [OPTION]...\n"
	"       vbsctl analyze --set SERVERS [OPTION]...\n"
	"       vbsctl analyze --channel BYTES --sender B/P --receiver B/P [OPTION]...\n\n"
	"  --load C/T[/D],...   tasks: cost C every T or more, due after D (or T)\n"
	"  --alone              the one task is the only member, and blocks between its jobs\n"
	"  --res BUDGET/PERIOD  the server that they are members of\n"
	"  --propose            find the resource with the least bandwidth for the load\n"
	"  --period TIME        propose a budget for this period only\n"
	"  --set B/P[:CAP],...  servers on one CPU\n"
	"  --window TIME,...    least and most execution in windows of these lengths\n"
	"  --switch-to B/P      bound of a switch from --res; sender:B/P or receiver:B/P of a channel\n"
	"  --move               what a move to another CPU takes\n"
	"  --cap BANDWIDTH      cap of that server; without it, what holds both\n"
	"  --align              release at multiples of the period\n"
	"  --slice TIME         slice of members, 0ms for none\n"
	"  --overhead TIME      cost of one instance with its two context switches\n"
	"  --capacity BANDWIDTH what admission may book on a CPU\n"
	"  --vcpu B/P           the CPU is a vCPU with this resource; sender:B/P or receiver:B/P\n"
	"                       of a channel: only this side is in that guest\n"
	"  --least-period TIME  the guest's sched_vbs_period_min_us; without it, the least\n"
	"                       period of the servers\n"
	"  --channel BYTES      a ring with slots of this size between two servers\n"
	"  --sender B/P         their resources\n"
	"  --receiver B/P\n"
	"  --slots N            how many slots it has (1)\n"
	"  --message BYTES      what is sent (a slot)\n"
	"  --reply BYTES        what is sent back (nothing)\n"
	"  --process TIME       work of the receiver on a message (0)\n"
	"  --per-byte TIME[,TIME] work of each side per byte (0)\n"
	"  --pass TIME          work of a side's system calls per slot (2us)\n"
	"  --hop TIME           from one side's last instruction to the other's first (20us)\n"
	"  --every TIME         messages begin at least so far apart\n"
	"  --poll               both sides wait by looking\n"
	"  --shared[=N]         both servers have other members, N at most (1)\n"
	"  --defaults           the kernel's default limits, not those of this machine\n"
	"  --json               the answer as JSON\n\n"
	"Exit status: 0 schedulable, 1 not.  Bounds leave out the kernel's own latency.\n\n"
	"  vbsctl analyze --res 3ms/10ms --load 1ms/20ms,500us/40ms\n"
	"  vbsctl analyze --load 1ms/10ms,2ms/40ms --propose --overhead 5us\n"
	"  vbsctl analyze --set 3ms/10ms:30%,1ms/2ms:50% --overhead 5us\n"
	"  vbsctl analyze --channel 4K --reply 4K --sender 20ms/100ms --receiver 2ms/10ms\n",
	.run = analyze_main,
};
