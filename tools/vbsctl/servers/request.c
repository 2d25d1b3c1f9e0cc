// SPDX-License-Identifier: GPL-2.0
/* From --cap, --res and the rest to struct vbs_sched_attr. */
#include <string.h>
#include <unistd.h>

#include "base/format.h"
#include "base/parse.h"
#include "options.h"
#include "servers/request.h"
#include "vbs/names.h"

#define DEFAULT_PERIOD	10000000	/* 10ms, where only --cap is given */

static int bad_value(const struct command *cmd, const char *option, const char *text,
		     const char *why)
{
	return usage_error(cmd, "%s '%s': %s", option, text, why);
}

static int take_cap(const struct command *cmd, struct request *req)
{
	const char *why = parse_bandwidth(optarg, &req->cap);

	return why ? bad_value(cmd, "--cap", optarg, why) : 0;
}

static int take_res(const struct command *cmd, struct request *req)
{
	const char *why = parse_resource(optarg, &req->res);

	req->has_res = true;
	return why ? bad_value(cmd, "--res", optarg, why) : 0;
}

static int take_cpus(const struct command *cmd, struct request *req)
{
	const char *why = parse_cpus(optarg, &req->cpus);

	req->has_cpus = true;
	return why ? bad_value(cmd, "--cpu", optarg, why) : 0;
}

static int take_name(const struct command *cmd, struct request *req)
{
	const char *why = vbs_name_check(optarg);

	req->name = optarg;
	return why ? bad_value(cmd, "--name", optarg, why) : 0;
}

static int take_option(const struct command *cmd, int c, struct request *req)
{
	switch (c) {
	case 'c':
		return take_cap(cmd, req);
	case 'r':
		return take_res(cmd, req);
	case 'C':
		return take_cpus(cmd, req);
	case 'a':
		req->all = true;
		return 0;
	case 'N':
		return take_name(cmd, req);
	case 'D':
		req->dry_run = true;
		return 0;
	case 'l':
	case 'A':
		req->align = c == 'l';
		req->no_align = c == 'A';
		return 0;
	case 'n':
		req->no_inherit = true;
		return 0;
	case 'o':
		req->overrun_signal = true;
		return 0;
	case 'V':
		req->vcpu = optarg;
		return 0;
	case 'L':
		req->leader_text = optarg;
		return 0;
	case 'E':
		req->force = true;
		return 0;
	case 'U':
		req->user = optarg;
		return 0;
	case 'K':
		req->keep_user = true;
		return 0;
	case 'F':
		req->keep_class = true;
		return 0;
	case 'R':
		req->report = true;
		return 0;
	case 'j':
		req->json = true;
		return 0;
	case 'v':
		req->verbose = true;
		return 0;
	case 'h':
		print_help(cmd);
		return REQUEST_HELP;
	default:
		return option_error(cmd);
	}
}

int request_parse(const struct command *cmd, int argc, char **argv, const char *letters,
		  const struct option *options, struct request *req)
{
	int c, ret;

	memset(req, 0, sizeof(*req));
	optind = 1;
	while ((c = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		ret = take_option(cmd, c, req);
		if (ret)
			return ret;
	}
	return 0;
}

/* The cap has been rounded up; whole microseconds give 4ms for 40 % */
static void default_resource(struct request *req)
{
	uint64_t us = ((uint64_t)req->cap * (DEFAULT_PERIOD / 1000)) >> VBS_BW_SHIFT;

	req->res.period = DEFAULT_PERIOD;
	req->res.runtime = us * 1000;
}

int request_complete(const struct command *cmd, struct request *req)
{
	if (!req->has_res && !req->cap)
		return usage_error(cmd, "say how much: --res 3ms/10ms, --cap 30%%, or both");
	if (!req->has_res)
		default_resource(req);
	if (req->cap && req->cap < resource_cap(&req->res))
		return usage_error(cmd, "%s is %s %% of a CPU, above the cap of %s",
				   fmt_resource(req->res.runtime, req->res.period).s,
				   fmt_percent(req->res.runtime, req->res.period, 2, ROUND_UP).s,
				   fmt_bw(req->cap).s);
	return 0;
}

void request_attr(const struct request *req, struct vbs_sched_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->sched_policy = SCHED_VBS;
	attr->sched_runtime = req->res.runtime;
	attr->sched_period = req->res.period;
	attr->sched_vbs_cap = req->cap;
	if (req->align)
		attr->sched_flags |= SCHED_FLAG_VBS_ALIGN;
	if (req->no_inherit)
		attr->sched_flags |= SCHED_FLAG_RESET_ON_FORK;
	if (req->overrun_signal)
		attr->sched_flags |= SCHED_FLAG_DL_OVERRUN;
}
