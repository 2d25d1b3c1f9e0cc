// SPDX-License-Identifier: GPL-2.0
/* The servers of a timeline, in a line each: numbers, words without blanks, and why. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "show/utf8.h"
#include "timeline/tracking.h"
#include "timelines/net_word.h"

#define WHAT	" servers"
#define HEAD	"timeline-servers 1\n"

static const char *state(const struct nc_server *n, const struct ts_server *s)
{
	if (n->ended)
		return "ended";
	if (!s->has_clock || !n->reach)
		return "silent";
	return ts_is_false(s) ? "false" : s->outside ? "outside" : "true";
}

static const char *most_refused(const struct ts_server *s, uint64_t *sum)
{
	int i, most = NTP_TAKEN;

	*sum = 0;
	for (i = NTP_TAKEN + 1; i < NTP_REFUSALS; i++) {
		*sum += s->refused[i];
		if (s->refused[i] && (most == NTP_TAKEN || s->refused[i] > s->refused[most]))
			most = i;
	}
	return most == NTP_TAKEN ? "" : ntp_refusal(most);
}

static uint64_t way(const struct ts_server *s)
{
	return (s->sample.after - s->sample.before) * 1e9 / s->estimator.config.hz;
}

static void write_server(FILE *f, const struct nc_server *n, const struct ts_server *s,
			 uint64_t counter)
{
	uint64_t low = 0, high = 0, refused;
	const char *why = most_refused(s, &refused);
	int64_t time;

	if (s->has_clock)
		te_read(&s->clock, counter, &time, &low, &high);
	fprintf(f, "%s:%s %s %u %" PRIu64 " %" PRIu64 " %" PRIu64, n->host, n->port,
		n->address[0] ? n->address : "-", n->reach, n->poll, s->refused[NTP_TAKEN], refused);
	fprintf(f, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %s\n",
		s->has_clock ? way(s) : 0, s->has_clock ? s->sample.err_low : 0, low, high,
		state(n, s), why);
}

static void write_servers(FILE *f, const void *arg)
{
	const struct net_word_of *of = arg;
	int i;

	fputs(HEAD, f);
	for (i = 0; i < of->pool->servers; i++)
		write_server(f, &of->net->server[i], &of->pool->server[i], of->counter);
}

/* That it cannot be written was said of the tracking beside it */
void net_word_write(const char *name, const struct net_word_of *of)
{
	tracking_put(name, WHAT, write_servers, of);
}

void net_word_remove(const char *name)
{
	tracking_drop(name, WHAT);
}

static bool take_line(const char *line, struct net_word *w)
{
	int end = 0;

	memset(w, 0, sizeof(*w));
	if (sscanf(line, "%271s %63s %u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64 " %15s %n", w->name, w->address, &w->reach, &w->poll_ns,
		   &w->taken, &w->refused, &w->way_ns, &w->stated_ns, &w->low_ns, &w->high_ns,
		   w->state, &end) < 11)
		return false;
	snprintf(w->why, sizeof(w->why), "%.*s", (int)strcspn(line + end, "\n"), line + end);
	make_printable(w->name);
	make_printable(w->address);
	make_printable(w->state);
	make_printable(w->why);
	return true;
}

int net_word_read(const char *name, struct net_word word[TS_SERVERS])
{
	FILE *f = tracking_open(name, WHAT);
	char line[1024];
	int n = -1;

	if (!f)
		return -1;
	if (fgets(line, sizeof(line), f) && !strcmp(line, HEAD)) {
		for (n = 0; n < TS_SERVERS && fgets(line, sizeof(line), f);)
			n += take_line(line, &word[n]);
	}
	fclose(f);
	return n;
}
