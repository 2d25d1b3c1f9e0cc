// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline sync: its options. */
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "options.h"
#include "timelines/sync.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

#define INTERVAL_MIN	1000000		/* 1 ms */
#define READINGS_MAX	1000
#define FROM_NTP	"ntp:"
#define SECOND		1000000000ULL

static const char *parse_readings(const char *text, unsigned int *readings)
{
	uint64_t n;
	const char *why = parse_count(text, &n);

	if (why)
		return why;
	if (!n || n > READINGS_MAX)
		return "it must be 1 to 1000";
	*readings = n;
	return NULL;
}

static const char *parse_interval(const char *text, uint64_t *interval)
{
	const char *why = parse_time(text, interval);

	return why ? why : *interval < INTERVAL_MIN ? "less than 1ms" : NULL;
}

static const char *parse_memory(const char *text, uint64_t *memory)
{
	const char *why = parse_time(text, memory);

	if (why)
		return why;
	if (!*memory || *memory > TE_MEMORY_MAX)
		return "it must be more than 0s and at most 3600s";
	return NULL;
}

static const char *parse_error(const char *text, struct timeline_source *src)
{
	src->stated = true;
	return parse_time(text, &src->error_ns);
}

static const char *parse_faulty(const char *text, int *faulty)
{
	uint64_t n;
	const char *why = parse_count(text, &n);

	if (!why && n >= TS_SERVERS)
		return "it must be less than 16";
	*faulty = why ? -1 : (int)n;
	return why;
}

static const char *parse_accuracy(const char *text, struct net_request *net)
{
	net->by_demand = !strcmp(text, "auto");
	return net->by_demand ? NULL : parse_time(text, &net->accuracy);
}

static const char *parse_from(const char *text, struct sync_request *req)
{
	if (strncmp(text, FROM_NTP, strlen(FROM_NTP)))
		return NULL;
	return net_parse_servers(text + strlen(FROM_NTP), &req->net);
}

static const char *take_value(int c, struct sync_request *req)
{
	switch (c) {
	case 'i':
		return parse_interval(optarg, &req->interval);
	case 'm':
		return parse_memory(optarg, &req->memory);
	case 'w':
		return parse_ppb(optarg, &req->wander_ppb);
	case 'e':
		return parse_error(optarg, &req->source);
	case 's':
		return parse_scale(optarg, &req->source.scale);
	case 'r':
		return parse_readings(optarg, &req->source.readings);
	case 'n':
		return parse_count(optarg, &req->count);
	case 'P':
		return net_parse_poll(optarg, &req->net);
	case 'F':
		return parse_faulty(optarg, &req->net.faulty);
	case 'a':
		return parse_accuracy(optarg, &req->net);
	case 'H':
		return parse_time(optarg, &req->source.hop_ns);
	case 'f':
		req->from = optarg;
		return parse_from(optarg, req);
	case 'R':
		req->record = optarg;
		return NULL;
	default:
		req->replay = optarg;
		return NULL;
	}
}

static const struct option options[] = {
	{ "from", required_argument, NULL, 'f' },
	{ "interval", required_argument, NULL, 'i' },
	{ "wander", required_argument, NULL, 'w' },
	{ "reference-error", required_argument, NULL, 'e' },
	{ "scale", required_argument, NULL, 's' },
	{ "memory", required_argument, NULL, 'm' },
	{ "hop-error", required_argument, NULL, 'H' },
	{ "poll", required_argument, NULL, 'P' },
	{ "faulty", required_argument, NULL, 'F' },
	{ "rounds-up", no_argument, NULL, 'u' },
	{ "accuracy", required_argument, NULL, 'a' },
	{ "readings", required_argument, NULL, 'r' },
	{ "count", required_argument, NULL, 'n' },
	{ "record", required_argument, NULL, 'R' },
	{ "replay", required_argument, NULL, 'p' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int take_options(const struct command *cmd, int argc, char **argv,
			struct sync_request *req)
{
	const char *why;
	int c, at = 0;

	while ((c = getopt_long(argc, argv, "f:i:w:e:s:m:r:n:vjh", options, &at)) != -1) {
		if (c == 'h')
			return -1;
		if (c == '?')
			return option_error(cmd);
		req->json |= c == 'j';
		req->verbose |= c == 'v';
		req->net.rounds_up |= c == 'u';
		why = optarg ? take_value(c, req) : NULL;
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	return VC_OK;
}

void sync_defaults(struct sync_request *req, bool net)
{
	if (!req->memory)
		req->memory = net ? TE_MEMORY_MAX : 1000 * SECOND;
	if (req->wander_ppb == WANDER_UNSAID)
		req->wander_ppb = net ? 1000 : 5000;
}

/* What the network is, where nothing else was said; and what can be said of it */
static const char *complete(struct sync_request *req)
{
	bool net = req->net.servers;

	if (!req->replay)
		sync_defaults(req, net);
	if (!net && (req->net.least || req->net.accuracy || req->net.by_demand ||
		     ((req->net.faulty >= 0 || req->net.rounds_up) && !req->replay)))
		return "--poll, --faulty, --rounds-up and --accuracy are for --from ntp:";
	if (net && (req->source.stated || req->source.scale != SCALE_UNKNOWN))
		return "a server states its own error, and NTP is utc";
	if (net && net_faulty(&req->net) >= req->net.servers)
		return "--faulty must be less than the number of servers";
	if (!req->net.least) {
		req->net.least = 16 * SECOND;
		req->net.most = 64 * SECOND;
	}
	return NULL;
}

static int sync_main(const struct command *cmd, int argc, char **argv)
{
	static struct sync_request req;
	const char *why;
	int code;

	req = (struct sync_request){ .interval = SECOND, .net.faulty = -1,
				     .wander_ppb = WANDER_UNSAID,
				     .source = { .readings = 8, .fd = -1,
						 .hop_ns = PTP4L_NO_HOPS } };
	code = take_options(cmd, argc, argv, &req);
	if (code)
		return code < 0 ? print_help(cmd) : code;
	why = complete(&req);
	if (why)
		return usage_error(cmd, "%s", why);
	if (req.replay && (optind < argc || req.from || req.record))
		return usage_error(cmd, "--replay needs neither a name nor --from nor --record");
	if (req.replay)
		return sync_replay(&req);
	if (!req.from && optind == argc - 1)
		return usage_error(cmd, "--from is missing: ntp:HOST, chrony, ptp4l, realtime, tai or /dev/ptpN");
	if (optind < argc - 1 || (optind == argc && !req.net.servers))
		return usage_error(cmd, "it takes one name");
	req.name = argv[optind];
	return req.net.servers ? sync_net(&req) : sync_live(&req);
}

const struct command timeline_sync = {
	.name = "timeline sync",
	.summary = "keep a timeline on a reference",
	.help =
	"Usage: vbsctl timeline sync NAME --from REFERENCE [OPTION]...\n"
	"       vbsctl timeline sync --from ntp:HOST[,HOST]... [OPTION]...\n"
	"       vbsctl timeline sync --replay FILE [OPTION]...\n\n"
	"  -f, --from REFERENCE realtime, tai, /dev/ptpN, chrony[:SOCKET], ptp4l[:SOCKET] or\n"
	"                       ntp:HOST[:PORT][,HOST]...\n"
	"  -i, --interval TIME  between updates (1s)\n"
	"  -w, --wander PPM     by how much the counter's rate may move away from its mean\n"
	"                       (5ppm; 1ppm with ntp:)\n"
	"  -e, --reference-error TIME\n"
	"                       what you trust the reference to; without it realtime and tai\n"
	"                       have the bound that their keeper states (chronyd, ntpd), if\n"
	"                       any, and a PTP clock has none\n"
	"  -s, --scale SCALE    what a PTP clock shows: utc or tai\n"
	"  -m, --memory TIME    how far back samples count (1000s; 3600s with ntp:)\n"
	"      --hop-error TIME what each clock between ptp4l and its grandmaster adds\n"
	"      --poll MIN[..MAX]\n"
	"                       how often each server is asked (16s..64s)\n"
	"      --faulty F       how many of the servers may be wrong (less than half of them)\n"
	"      --rounds-up      the servers round up what they state, as chronyd does and\n"
	"                       'timeline serve': nothing is added for what others lose\n"
	"      --accuracy TIME|auto  ask as seldom as the bound still stays below that;\n"
	"                       auto: below what the timeline's users need, guests too\n"
	"  -r, --readings N     per update, of which the fastest is taken (8)\n"
	"  -n, --count N        end after so many updates\n"
	"      --record FILE    write the samples, to be replayed\n"
	"      --replay FILE    run the estimator on such a file and change nothing\n"
	"  -v, --verbose        a line for each update\n"
	"  -j, --json           the same as JSON\n\n"
	"It takes CAP_SYS_TIME. When it ends the timeline goes on, and its bound grows.\n"
	"Without a bound of the reference the timeline has none and is not synchronized.\n"
	"Without a name servers are asked and nothing is set, which takes no privilege.\n"
	"NTP is not authenticated here: who needs that uses NTS in chronyd, and --from chrony.\n\n"
	"  vbsctl timeline sync lab --from realtime --interval 250ms\n"
	"  vbsctl timeline sync lab --from ntp:a.example,b.example,c.example --faulty 1\n"
	"  vbsctl timeline sync plant --from /dev/ptp0 --scale tai --reference-error 100ns\n"
	"  vbsctl timeline sync --replay samples.txt --json\n",
	.run = sync_main,
};
