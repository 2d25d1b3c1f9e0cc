// SPDX-License-Identifier: GPL-2.0
/* The loop of vm top and vm watch. */
#include <stdio.h>
#include <time.h>

#include "base/parse.h"
#include "options.h"
#include "until_stopped.h"
#include "vm/rounds.h"

#define DELAY		1000000000	/* ns */
#define DELAY_LEAST	10000000

static int rounds(const struct vm_rounds *r, vm_round_fn *show)
{
	struct timespec step = { r->delay / 1000000000, r->delay % 1000000000 };
	struct vm_machines before = { 0 }, now;
	uint64_t n;
	int code;

	stop_on_signals();
	for (n = 0; !stopped && (!r->count || n < r->count); n++) {
		if (n)
			clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL);
		if (stopped)
			break;
		code = vm_machines_read(&now, r->pid);
		if (code) {
			vm_machines_free(&before);
			return code;
		}
		show(r, n ? &before : NULL, &now);
		fflush(stdout);
		vm_machines_free(&before);
		before = now;
	}
	vm_machines_free(&before);
	return VC_OK;
}

static const char *take(struct vm_rounds *r, int c)
{
	const char *why;

	if (c == 'j') {
		r->json = true;
		return NULL;
	}
	if (c == 'n') {
		why = parse_count(optarg, &r->count);
		return why ? why : r->count ? NULL : "it must be 1 or more";
	}
	why = parse_time(optarg, &r->delay);
	return why ? why : r->delay < DELAY_LEAST ? "less than 10ms" : NULL;
}

int vm_rounds_main(const struct command *cmd, int argc, char **argv, vm_round_fn *show)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "iterations", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct vm_rounds r = { .delay = DELAY };
	const char *why;
	int c, code;

	while ((c = getopt_long(argc, argv, "d:n:jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		why = take(&r, c);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (argc - optind > 1)
		return usage_error(cmd, "'%s': one machine, or none for all", argv[optind + 1]);
	code = optind < argc ? vm_find(cmd, argv[optind], &r.pid) : 0;
	return code ? code : rounds(&r, show);
}
