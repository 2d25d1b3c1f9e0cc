// SPDX-License-Identifier: GPL-2.0
/*
 * 'timeline sync --from ntp:': each server is asked in its own time; each answer is one
 * more sample, after which all servers together make a clock, which is set.
 *
 * Without a name nothing is set, and nothing needs privilege: the exchanges are written
 * by --record or shown by --verbose, with CLOCK_MONOTONIC_RAW as the counter.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "timelines/net_word.h"
#include "timelines/sync.h"
#include "timelines/sync_set.h"
#include "timelines/sync_demand.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

#define POLL_MIN	10000000ULL		/* ns */
#define POLL_MAX	(36 * 3600000000000ULL)
#define NS		1000000000ULL
#define PACKETS_MAX	64	/* at once */

struct net_loop {
	struct setter t;
	struct sync_request *req;
	FILE *record;
	struct ts_pool pool;
	bool usable;
	bool told_servers;		/* others can read what is known of them */
	bool asked_after;		/* the leap second that was near: all servers */
	uint64_t told[TS_SERVERS];	/* ns, when what is no answer of each was printed last */
	bool short_told;	/* that the accuracy is out of reach */
	uint64_t answers;
	struct te_clock clock;		/* what the last answer made, if there was any */
	enum ts_result result;
	struct nc_server *server;
};

const char *net_parse_servers(const char *text, struct net_request *net)
{
	char item[PARSE_ITEM];
	const char *why = NULL;

	for (net->servers = 0; text && !why; net->servers++) {
		if (net->servers == TS_SERVERS)
			return "more than 16 servers";
		text = parse_cut(text, ',', item);
		why = nc_parse(&net->server[net->servers], item, NTP_PORT);
	}
	return why;
}

const char *net_parse_poll(const char *text, struct net_request *net)
{
	const char *dots = strstr(text, ".."), *why;
	char least[PARSE_ITEM];

	snprintf(least, sizeof(least), "%.*s", dots ? (int)(dots - text) : PARSE_ITEM - 1, text);
	why = parse_time(least, &net->least);
	net->most = net->least;
	if (!why && dots)
		why = parse_time(dots + 2, &net->most);
	if (why)
		return why;
	if (net->least < POLL_MIN || net->most > POLL_MAX)
		return "it must be 10ms to 36h";
	return net->most < net->least ? "the second is less than the first" : NULL;
}

int net_faulty(const struct net_request *net)
{
	return net->faulty >= 0 ? net->faulty : (net->servers - 1) / 2;
}

static const char *start(struct net_loop *n)
{
	const struct net_request *net = &n->req->net;
	struct te_config config = {
		.hz = n->t.get.counter_hz, .memory_ns = n->req->memory,
		.wander_ppb = n->req->wander_ppb, .network = true,
		.rounds_up = net->rounds_up,
	};

	n->usable = false;
	if (n->t.get.set.counter_id == TIMELINE_COUNTER_RAW && source_raw_is_shifted())
		return "the counter is CLOCK_MONOTONIC_RAW, and in a time namespace that cannot be told";
	if (!ts_init(&n->pool, &config, net->servers, net_faulty(net), ntp_pivot(time(NULL))))
		return "the counter's frequency is out of range";
	n->usable = true;
	return NULL;
}

/* What was sent before the counter was disrupted tells nothing by the counter of now */
static void drop_requests(struct net_loop *n)
{
	int i;

	for (i = 0; i < n->req->net.servers; i++)
		nc_drop(&n->server[i]);
}

static int begin_anew(struct net_loop *n)
{
	const char *why = start(n);

	drop_requests(n);
	if (why)
		log_trouble(&n->t.log, "%s: '%s' is not updated", why, n->req->name);
	return VC_OK;
}

/* Before an answer counts */
static int check_counter(struct net_loop *n, bool *same)
{
	enum counter_state state = COUNTER_SAME;
	int code = n->req->name ? setter_look(&n->t, &state) : VC_OK;

	*same = !code && n->usable && state == COUNTER_SAME;
	if (code || *same)
		return code;
	if (!n->usable || state == COUNTER_OTHER)
		return begin_anew(n);
	ts_reset(&n->pool);
	drop_requests(n);
	return VC_OK;
}

static int record(struct net_loop *n, const struct exchanges_line *line)
{
	if (!n->record)
		return VC_OK;
	exchanges_write_line(n->record, line);
	if (!fflush(n->record))
		return VC_OK;
	return failure(VC_FAIL, "cannot write %s: %s", n->req->record, strerror(errno));
}

static unsigned int leap(const struct net_loop *n)
{
	switch (ts_leap(&n->pool)) {
	case NTP_LEAP_61:
		return LEAP_PRE_POS;
	case NTP_LEAP_59:
		return LEAP_PRE_NEG;
	default:
		return LEAP_NONE;
	}
}

static const char *no_bound(enum ts_result result)
{
	switch (result) {
	case TS_OK:
		return NULL;
	case TS_UNBOUNDED:
		return "all servers that answer may be wrong: fewer than --faulty allows, or more servers, would do";
	default:
		return "more servers contradict each other than --faulty allows";
	}
}

/* Also if it was planned with more when it was asked last; by chance 5 % more, as then */
static void ask_within(struct nc_server *s, uint64_t poll, uint64_t now)
{
	uint64_t due;

	s->poll = poll > s->least ? poll : s->least;
	due = now + s->poll + s->poll / 20;
	if (s->due > due && !s->ended)
		s->due = due;
}

/* The next poll of all, as far as somebody needs an accuracy */
static void adapt(struct net_loop *n, const struct te_clock *c)
{
	const struct net_request *net = &n->req->net;
	uint64_t now = c->err_low > c->err_high ? c->err_low : c->err_high, poll = net->least;
	double growth = (double)c->period_error / c->period * 1e9;
	int i;

	if (net->by_demand && n->t.fd >= 0) {
		sync_demand(n->t.fd, &n->t.get, &n->req->net.accuracy);
		poll = net->most;
	}
	if (net->accuracy)
		poll = nc_poll_for(net->accuracy, now, growth, net->least, net->most);
	if (net->accuracy && now >= net->accuracy && !n->short_told && n->answers > NC_BURST)
		log_info(&n->t.log, "%s is needed, and the bound is %s right after an answer of %s",
			 fmt_time(net->accuracy).s, fmt_short(now).s, n->req->from);
	n->short_told |= n->answers > NC_BURST && now >= net->accuracy;
	for (i = 0; i < net->servers; i++) {
		if (ts_is_false(&n->pool.server[i]))
			n->server[i].poll = n->server[i].most;
		else if (n->server[i].reach & 7)
			ask_within(&n->server[i], poll, sync_now());
	}
}

static void leave_word_of_servers(struct net_loop *n)
{
	n->told_servers = true;
	net_word_write(n->req->name, &(struct net_word_of){ &n->req->net, &n->pool,
							    source_counter(n->t.get.set.counter_id) });
}

static void leave_word(struct net_loop *n)
{
	const struct te_clock *c = &n->clock;
	struct tracking *t = &n->t.tracking;
	const char *why = no_bound(n->result);
	int i;

	t->bounded = n->result == TS_OK;
	t->reference_ns = c->err_low > c->err_high ? c->err_low : c->err_high;
	snprintf(t->why, sizeof(t->why), "%s",
		 why ? why : "what its servers state, and the way to them");
	t->contradictions = 0;
	t->steps = 0;
	for (i = 0; i < n->pool.servers; i++) {
		t->contradictions += n->pool.server[i].estimator.contradictions;
		t->steps += n->pool.server[i].estimator.steps;
	}
	if (setter_leave_word(&n->t))
		leave_word_of_servers(n);
}

static int set_clock(struct net_loop *n, const struct te_clock *c, enum ts_result result)
{
	struct source_state state = { .synchronized = result == TS_OK, .why = no_bound(result),
				      .leap_indicator = leap(n) };
	enum counter_state counter;
	struct timeline_set set;
	bool done;
	int code;

	if (!n->req->name)
		return VC_OK;
	if (state.why)
		log_trouble(&n->t.log, "%s: %s", n->req->from, state.why);
	n->clock = *c;
	n->result = result;
	leave_word(n);
	code = setter_set(&n->t, c, &state, result != TS_UNBOUNDED, &set, &done, &counter);
	return !code && counter == COUNTER_OTHER ? begin_anew(n) : code;
}

static int take(struct net_loop *n, int i, const struct exchanges_line *line)
{
	enum ntp_refusal refusal;
	enum ts_result result;
	struct te_clock clock;
	int code;

	code = record(n, line);
	if (code)
		return code;
	refusal = ts_take(&n->pool, i, &line->x);
	print_exchange(n->req, &n->server[i], &n->pool.server[i], refusal);
	if (refusal != NTP_TAKEN)
		return VC_OK;
	n->answers++;
	result = ts_clock(&n->pool, line->x.after, &clock);
	adapt(n, &clock);
	print_combined(n->req, &clock, n->t.get.counter_hz, result);
	return set_clock(n, &clock, result);
}

/* Anybody can send what answers no request of ours, as much as he likes: once a second */
static bool is_told(struct net_loop *n, int i, enum ntp_refusal refusal)
{
	uint64_t now;

	if (refusal >= NTP_KISS_RATE || refusal == NTP_NO_ANSWER)
		return true;
	now = sync_now();
	if (n->told[i] && now - n->told[i] < NS)
		return false;
	n->told[i] = now;
	return true;
}

/* What is no exchange; who floods us with that costs no more than a counter */
static void refuse(struct net_loop *n, int i, enum ntp_refusal refusal)
{
	bool ended = n->server[i].ended;

	ts_refuse(&n->pool, i, refusal);
	nc_obey(&n->server[i], refusal, sync_now());
	/* It may be the last that is heard for long */
	if (n->req->name && !ended && n->server[i].ended)
		leave_word_of_servers(n);
	if (is_told(n, i, refusal))
		print_exchange(n->req, &n->server[i], &n->pool.server[i], refusal);
}

/* Names that are one machine are one that may be wrong, and count as several */
static void tell_twins(struct net_loop *n, int i)
{
	struct nc_server *s = &n->server[i];
	int j;

	for (j = 0; j < n->req->net.servers; j++) {
		if (j != i && s->address[0] && !strcmp(n->server[j].address, s->address) &&
		    !strcmp(n->server[j].port, s->port))
			log_info(&n->t.log, "%s and %s are the same server, %s: if it is wrong, so are two",
				 n->server[j].host, s->host, s->address);
	}
}

static void found(struct net_loop *n, int i)
{
	if (nc_found(&n->server[i], sync_now()))
		tell_twins(n, i);
	else
		refuse(n, i, NTP_NO_ANSWER);
}

/* What has come of a server, up to so much that the others have their turn */
static int hear(struct net_loop *n, int i)
{
	struct exchanges_line line = { .server = i };
	enum ntp_refusal refusal;
	int packets, code = VC_OK;
	bool same;

	if (lookup_runs(&n->server[i].lookup)) {
		found(n, i);
		return VC_OK;
	}
	for (packets = 0; !code && packets < PACKETS_MAX; packets++) {
		if (!nc_hear(&n->server[i], n->t.get.set.counter_id, n->t.get.counter_hz, &line,
			     &refusal))
			break;
		if (refusal != NTP_TAKEN) {
			refuse(n, i, refusal);
			continue;
		}
		code = check_counter(n, &same);
		if (!code && same)
			code = take(n, i, &line);
	}
	return code;
}

static bool all_ended(const struct net_loop *n)
{
	int i;

	for (i = 0; i < n->req->net.servers; i++) {
		if (!n->server[i].ended)
			return false;
	}
	return true;
}

/*
 * None for its last eight requests, or they want none for now: the timeline goes on, and
 * its bound grows.  Who keeps none is told that, and need not wait.
 */
static int tell_silence(struct net_loop *n)
{
	bool denied = all_ended(n);
	int i;

	for (i = 0; i < n->req->net.servers; i++) {
		if (n->server[i].reach && !n->server[i].ended)
			return VC_OK;
	}
	if (denied && !n->req->name)
		return failure(VC_FAIL, "no server of %s wants to be asked now", n->req->from);
	if (!n->req->name || (!denied && !n->answers))
		return VC_OK;
	log_trouble(&n->t.log, "no server of %s %s: '%s' is not updated", n->req->from,
		    denied ? "wants to be asked for an hour or more" : "answers", n->req->name);
	return setter_skip(&n->t, QUALITY_FREERUNNING);
}

static int ask(struct net_loop *n, uint64_t now)
{
	enum ntp_refusal refusal;
	unsigned int attempts;
	bool asked = false;
	int i;

	for (i = 0; i < n->req->net.servers; i++) {
		struct nc_server *s = &n->server[i];

		if (s->due > now)
			continue;
		attempts = s->attempts;
		asked = true;
		refusal = nc_ask(s, n->t.get.set.counter_id, now);
		if (s->attempts != attempts)
			tell_twins(n, i);
		if (refusal != NTP_TAKEN)
			refuse(n, i, refusal);
	}
	/* Also of those that do not answer */
	if (asked && n->req->name && n->answers)
		leave_word(n);
	return tell_silence(n);
}

/* A minute before it, and then as soon as it is over; once each */
static int look_at_leap(struct net_loop *n)
{
	uint64_t counter = source_counter(n->t.get.set.counter_id), now = sync_now();
	enum ts_result result;
	struct te_clock clock;
	int i;

	n->asked_after &= n->pool.leap.at != 0;
	if (n->asked_after || ts_leap_wait(&n->pool, counter))
		return VC_OK;
	if (!n->pool.leap.at) {
		result = ts_clock(&n->pool, counter, &clock);
		return set_clock(n, &clock, result);
	}
	for (i = 0; i < n->req->net.servers; i++)
		nc_begin_again(&n->server[i], now);
	n->asked_after = true;
	return VC_OK;
}

/* Other clocks may be faster or slower than this one by 1 in 8 */
static uint64_t leap_due(const struct net_loop *n, uint64_t now)
{
	uint64_t left = ts_leap_wait(&n->pool, source_counter(n->t.get.set.counter_id));

	if (n->asked_after || left == UINT64_MAX)
		return UINT64_MAX;
	return now + (left > LEAP_NS ? left - left / 8 : left);
}

/* Nobody sees to it any more when the leap second comes */
static int leave_leap(struct net_loop *n)
{
	enum ts_result result;
	struct te_clock clock;

	if (!n->req->name || n->pool.leap.at || !ts_leap_is_ahead(&n->pool))
		return VC_OK;
	result = ts_clock(&n->pool, source_counter(n->t.get.set.counter_id), &clock);
	ts_leap_cover(&n->pool, &clock);
	return result == TS_OK ? set_clock(n, &clock, result) : VC_OK;
}

/* The first instant at which somebody is to be asked, or who watches over this is to hear */
static uint64_t next_due(const struct net_loop *n, uint64_t now)
{
	uint64_t part = notify_watchdog_ns(), due = now + (part ? part : 3600 * NS);
	uint64_t leap = leap_due(n, now);
	int i;

	due = leap < due ? leap : due;
	for (i = 0; i < n->req->net.servers; i++) {
		if (n->server[i].due < due)
			due = n->server[i].due;
	}
	return due;
}

/* A stricter one is worth an exchange as soon as each server lets itself be asked */
static void look_at_demand(struct net_loop *n, uint64_t now)
{
	uint64_t before = n->req->net.accuracy, wanted;
	int i;

	n->req->net.by_demand = sync_demand(n->t.fd, &n->t.get, &wanted);
	n->req->net.accuracy = wanted;
	n->short_told = false;
	if (!wanted || (before && wanted >= before))
		return;
	for (i = 0; i < n->req->net.servers; i++)
		nc_hasten(&n->server[i], now);
}

static int wait_and_hear(struct net_loop *n)
{
	struct pollfd fds[TS_SERVERS + 1];
	int servers = n->req->net.servers;
	uint64_t now = sync_now(), due = next_due(n, now), left = due > now ? due - now : 0;
	struct timespec ts = { left / NS, left % NS };
	int i, code = VC_OK;

	for (i = 0; i < servers; i++)
		fds[i] = (struct pollfd){ .fd = nc_fd(&n->server[i]), .events = POLLIN };
	fds[servers] = (struct pollfd){ .fd = n->req->net.by_demand ? n->t.fd : -1, .events = POLLIN };
	notify_send("WATCHDOG=1");
	if (ppoll(fds, servers + 1, &ts, sync_waiting()) <= 0)
		return VC_OK;
	for (i = 0; !code && i < servers; i++) {
		if (fds[i].revents)
			code = hear(n, i);
	}
	if (fds[servers].revents)
		look_at_demand(n, now);
	return code;
}

/* A pool that is named several times: each begins at another one of its addresses */
static unsigned int namesakes_before(const struct net_loop *n, int i)
{
	const struct nc_server *s = n->server;
	unsigned int same = 0;
	int j;

	for (j = 0; j < i; j++)
		same += !strcmp(s[j].host, s[i].host) && !strcmp(s[j].port, s[i].port);
	return same;
}

static int run(struct net_loop *n)
{
	const struct net_request *net = &n->req->net;
	uint64_t now = sync_now();
	int i, code = VC_OK;

	for (i = 0; i < net->servers; i++) {
		nc_begin(&n->server[i], net->least, net->most, now);
		n->server[i].attempts = namesakes_before(n, i);
	}
	notify_send("READY=1\nSTATUS=asking %d servers", net->servers);
	while (!sync_ended() && !code && (!n->req->count || n->answers < n->req->count)) {
		code = look_at_leap(n);
		if (!code)
			code = ask(n, sync_now());
		if (!code)
			code = wait_and_hear(n);
	}
	if (!code)
		code = leave_leap(n);
	notify_send("STOPPING=1");
	return code;
}

static int open_record(struct net_loop *n)
{
	struct exchanges_head head = {
		.hz = n->t.get.counter_hz, .servers = n->pool.servers, .faulty = n->pool.faulty,
		.pivot = n->pool.pivot,
	};

	if (!n->req->record)
		return VC_OK;
	n->record = fopen(n->req->record, "we");
	if (!n->record)
		return failure(VC_FAIL, "cannot write %s: %s", n->req->record, strerror(errno));
	exchanges_write_head(n->record, &head);
	return VC_OK;
}

static int open_timeline(struct net_loop *n)
{
	int code;

	if (!n->req->name) {
		n->t.get.set.counter_id = TIMELINE_COUNTER_RAW;
		n->t.get.counter_hz = NS;
		return VC_OK;
	}
	code = setter_open(&n->t, n->req->name, n->req->from);
	if (code || n->t.get.time_type == TIMELINE_TIME_UTC)
		return code;
	return failure(VC_FAIL, "'%s' is a timeline of type %s, and NTP is utc", n->req->name,
		       timeline_type(n->t.get.time_type));
}

int sync_net(struct sync_request *req)
{
	static struct net_loop n;
	const char *why;
	int i, code;

	n = (struct net_loop){ .t.fd = -1, .req = req, .server = req->net.server };
	code = open_timeline(&n);
	why = code ? NULL : start(&n);
	if (why)
		code = failure(VC_FAIL, "%s", why);
	if (!code)
		code = open_record(&n);
	sync_catch_signals();
	if (!code)
		code = run(&n);
	if (n.record && fclose(n.record) && !code)
		code = failure(VC_FAIL, "cannot write %s: %s", req->record, strerror(errno));
	for (i = 0; i < req->net.servers; i++)
		nc_end(&n.server[i]);
	if (n.told_servers && !setter_is_followed(&n.t))
		net_word_remove(req->name);
	setter_close(&n.t);
	return code;
}
