// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline create. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "timelines/describe.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

static const char *check_name(const char *name)
{
	size_t i, n = strlen(name);

	if (!n || n >= TIMELINE_NAME_LEN)
		return "a name has 1 to 31 characters";
	for (i = 0; i < n; i++) {
		if (!isgraph((unsigned char)name[i]) || (name[i] & 0x80) || name[i] == '/')
			return "a name has printable ASCII characters other than space and '/'";
	}
	return NULL;
}

static void print_created(const struct timeline_create *made, bool json)
{
	struct text phc = timeline_phc(made->id, made->flags);
	struct json_object *o;

	if (!json) {
		printf("%s: timeline %u, clock id %u%s%s\n", made->name, made->id,
		       CLOCK_TIMELINE(made->id), phc.s[0] ? ", " : "", phc.s);
		return;
	}
	o = json_list(NULL, NULL);
	json_str(o, "name", made->name);
	json_num(o, "id", made->id);
	json_num(o, "clock_id", CLOCK_TIMELINE(made->id));
	json_num(o, "generation", made->generation);
	json_phc(o, made->id, made->flags);
	json_print(o);
}

static int create(struct timeline_create *arg, bool json)
{
	int err, code, fd = timeline_open(&code);

	if (fd < 0)
		return code;
	err = timeline_ioctl(fd, TIMELINE_CREATE, arg);
	close(fd);
	if (err)
		return timeline_failure("create", arg->name, err);
	print_created(arg, json);
	return VC_OK;
}

static int create_option(const struct command *cmd, int c, struct timeline_create *arg,
			 bool *json)
{
	const char *why;

	switch (c) {
	case 't':
		why = parse_timeline_type(optarg, &arg->time_type);
		return why ? usage_error(cmd, "--type '%s': %s", optarg, why) : VC_OK;
	case 'l':
		why = parse_ppb(optarg, &arg->slew_ppb);
		if (!why && !arg->slew_ppb)
			why = "it must be more than 0";
		return why ? usage_error(cmd, "--slew '%s': %s", optarg, why) : VC_OK;
	case 's':
		arg->flags |= TIMELINE_STEP;
		return VC_OK;
	case 'g':
		arg->flags |= TIMELINE_GUEST;
		return VC_OK;
	case 'p':
		arg->flags |= TIMELINE_PHC;
		return VC_OK;
	case 'j':
		*json = true;
		return VC_OK;
	default:
		return option_error(cmd);
	}
}

static int create_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "type", required_argument, NULL, 't' },
		{ "step", no_argument, NULL, 's' },
		{ "slew", required_argument, NULL, 'l' },
		{ "guest", no_argument, NULL, 'g' },
		{ "phc", no_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct timeline_create arg = { .time_type = TIMELINE_TIME_UTC };
	bool json = false;
	const char *why;
	int c, code;

	while ((c = getopt_long(argc, argv, "t:sl:gpjh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		code = create_option(cmd, c, &arg, &json);
		if (code)
			return code;
	}
	if (optind != argc - 1)
		return usage_error(cmd, "it takes one name");
	if (arg.flags & TIMELINE_STEP && arg.slew_ppb)
		return usage_error(cmd, "a timeline that steps does not slew: --step and --slew exclude each other");
	why = check_name(argv[optind]);
	if (why)
		return usage_error(cmd, "'%s': %s", argv[optind], why);
	strcpy(arg.name, argv[optind]);
	return create(&arg, json);
}

const struct command timeline_create = {
	.name = "timeline create",
	.summary = "make a timeline",
	.help =
	"Usage: vbsctl timeline create [OPTION]... NAME\n\n"
	"  -t, --type TYPE      utc (default), tai or monotonic: what the time means\n"
	"  -s, --step           updates step it; without, they slew it\n"
	"  -l, --slew PPM       how fast, at most 500ppm, which is the default\n"
	"  -g, --guest          virtual machines may read it\n"
	"  -p, --phc            it is a PTP clock, too, for chronyd, phc2sys and the like\n"
	"  -j, --json           id and clock id as JSON\n\n"
	"It takes CAP_SYS_TIME. The timeline lasts until it is destroyed, or the machine\n"
	"stops, and has no time before 'sync' has set it.\n\n"
	"  vbsctl timeline create lab\n"
	"  vbsctl timeline create --type tai --guest plant\n"
	"  vbsctl timeline create --slew 1ppm studio\n"
	"  vbsctl timeline create --phc bridge\n",
	.run = create_main,
};
