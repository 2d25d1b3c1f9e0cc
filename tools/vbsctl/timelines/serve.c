// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline serve: an NTP server of a timeline, with its bound as root dispersion. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "timeline/ntp_client.h"
#include "timeline/ntp_server.h"
#include "timelines/sync_set.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

#define PAUSE_NS	100000000	/* after a failure, */
#define FAILURES_MAX	100		/* of which so many in a row are one that lasts */

struct serve {
	const char *name;
	const char *host;	/* NULL: everywhere */
	const char *port;
	int dev;
	struct timeline_get get;
	int gone;		/* an error number: it cannot be read any more */
};

static uint8_t leap_of(unsigned int indicator)
{
	return indicator == LEAP_PRE_POS ? NTP_LEAP_61 :
	       indicator == LEAP_PRE_NEG ? NTP_LEAP_59 : NTP_LEAP_NONE;
}

/* The leap indicator is not in the reading; the kernel's answer needs no lock */
static void read_clock(void *arg, struct ntp_reading *r)
{
	struct timeline_time tt = { 0 };
	struct serve *s = arg;

	s->gone = timeline_gettime(s->get.set.id, &tt);
	if (!s->gone)
		s->gone = timeline_ioctl(s->dev, TIMELINE_GET, &s->get);
	r->ns = tt.sec * 1000000000LL + tt.nsec;
	r->error_ns = tt.err_low_ns > tt.err_high_ns ? tt.err_low_ns : tt.err_high_ns;
	r->synchronized = !s->gone && tt.status == TIMELINE_STATUS_SYNCHRONIZED &&
			  r->error_ns <= NTP_ERROR_MAX;
	r->leap = leap_of(s->get.set.leap_indicator);
}

/* The kernel may be short of something for a while */
static void wait_for_better_times(void)
{
	struct timespec ts = { .tv_nsec = PAUSE_NS };

	ppoll(NULL, 0, &ts, sync_waiting());
}

static int serve_all(struct serve *s, int fd)
{
	int err = 0, failures = 0;

	sync_catch_signals();
	while (!sync_ended() && !s->gone && failures < FAILURES_MAX) {
		err = ntp_serve(fd, read_clock, s, sync_waiting());
		if (!err || err == EINTR || err == EAGAIN) {
			failures = 0;
			continue;
		}
		failures++;
		wait_for_better_times();
	}
	if (s->gone)
		return timeline_failure("serve", s->name, s->gone == EINVAL ? ENOENT : s->gone);
	if (sync_ended())
		return VC_OK;
	return failure(VC_FAIL, "cannot serve '%s': %s", s->name, strerror(err));
}

static int serve(struct serve *s)
{
	int fd, code = VC_OK;

	s->dev = timeline_open(&code);
	if (s->dev >= 0)
		code = timeline_get_named(s->dev, s->name, &s->get);
	if (code)
		return code;
	if (s->get.time_type != TIMELINE_TIME_UTC)
		return failure(VC_FAIL, "'%s' is a timeline of type %s, and NTP is utc", s->name,
			       timeline_type(s->get.time_type));
	fd = ntp_listen(s->host, s->port);
	if (fd < 0)
		return failure(errno == EACCES ? VC_PERM : VC_FAIL, "cannot listen at %s, port %s: %s",
			       s->host ? s->host : "any address", s->port,
			       errno ? strerror(errno) : "there is no such address");
	code = serve_all(s, fd);
	close(fd);
	return code;
}

static const char *take_listen(const char *text, struct serve *s)
{
	static struct nc_server at;
	const char *why = nc_parse(&at, text, NTP_PORT);

	s->host = at.host;
	s->port = at.port;
	return why;
}

static int serve_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct serve s = { .port = NTP_PORT };
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "l:h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		why = take_listen(optarg, &s);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (optind != argc - 1)
		return usage_error(cmd, "it takes one name");
	s.name = argv[optind];
	return serve(&s);
}

const struct command timeline_serve = {
	.name = "timeline serve",
	.summary = "be an NTP server of a timeline",
	.help =
	"Usage: vbsctl timeline serve [OPTION]... NAME\n\n"
	"  -l, --listen ADDRESS[:PORT]\n"
	"                       only there (any address, port 123)\n\n"
	"The answers have the bound as root dispersion, in steps of 15.26us: who keeps a\n"
	"timeline by 'vbsctl timeline sync --from ntp:' of this machine has a guaranteed bound\n"
	"from end to end. Where the timeline is not synchronized, so the answers say.\n\n"
	"  vbsctl timeline serve lab --listen 192.0.2.1\n",
	.run = serve_main,
};
