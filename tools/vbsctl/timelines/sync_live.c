// SPDX-License-Identifier: GPL-2.0
/*
 * The loop of 'timeline sync': sample, estimate, set.  It never reads the
 * timeline that it sets, so nothing is fed back.
 *
 * It ends when it is told to, when its timeline is gone or it may not set it any
 * more.  Whatever the reference does, an update that cannot be made is skipped: the
 * timeline is FREERUNNING then, with the bound that it has if only the reading
 * failed, and without one if the reference cannot be what it was.
 *
 * A reference without a stated quality is followed and nothing is claimed: its
 * samples count as good to UNSTATED_NS so that its steps are seen.  Where there are
 * samples with a bound in the memory, those without add nothing to it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "timeline/params.h"
#include "timeline/trace.h"
#include "timeline/tracking.h"
#include "timelines/notify.h"
#include "timelines/sync.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

#define UNSTATED_NS	1000000000ULL
#define NO_BOUND_NS	(TE_ERROR_MAX / 2)
#define WORD_NS		1000000000ULL

enum quality { QUALITY_SET, QUALITY_FREERUNNING, QUALITY_UNBOUNDED };

struct loop {
	struct sync_request *req;
	int fd;
	FILE *record;
	struct timeline_get get;	/* as it was found last */
	struct te_estimator estimator;
	bool usable;			/* 'estimator' is for the counter in use */
	bool started;			/* 'disruption' and 'updates' are known */
	uint64_t disruption;
	uint64_t updates;
	uint64_t vouched;		/* counter at the last sample with a bound, 0: none */
	bool warned;			/* that somebody else sets it */
	struct timeline_set last;	/* as it was set last, */
	bool has_last;			/* in this program */
	enum quality quality;		/* and what it has become since */
	const struct keeper_kind *keeper;	/* that was told last */
	pid_t keeper_pid;
	struct tracking tracking;	/* what others are told, */
	uint64_t written;		/* and when: ns of CLOCK_MONOTONIC */
	bool unwritten;			/* it cannot be: that was told */
	struct sync_log log;
};

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

/* NULL, or why there can be none for the counter in use */
static const char *start_estimator(struct loop *l)
{
	struct te_config config = {
		.hz = l->get.counter_hz,
		.memory_ns = l->req->memory,
		.wander_ppb = l->req->wander_ppb,
	};

	l->vouched = 0;
	l->usable = false;
	if (l->get.set.counter_id == TIMELINE_COUNTER_RAW && source_raw_is_shifted())
		return "the counter is CLOCK_MONOTONIC_RAW, and in a time namespace that cannot be told";
	if (!te_init(&l->estimator, &config))
		return "the counter's frequency is out of range";
	l->usable = true;
	return NULL;
}

static void forget(struct loop *l)
{
	te_reset(&l->estimator);
	l->vouched = 0;
}

static int look(struct loop *l)
{
	uint32_t generation = l->get.set.generation;
	int err;

	err = timeline_ioctl(l->fd, TIMELINE_GET, &l->get);
	if (!err && l->get.set.generation != generation)
		err = ESTALE;
	if (err)
		return timeline_failure("sync", l->req->name, err == EINVAL ? ENOENT : err);
	return VC_OK;
}

static void begin_anew(struct loop *l)
{
	const char *why = start_estimator(l);

	if (why)
		log_trouble(&l->log, "%s: '%s' is not updated", why, l->req->name);
}

/*
 * After a sample and before it counts: whether the counter is what it was, and
 * nobody else sets it.  If it is not, the sample may be from before: it is dropped.
 */
static int check_counter(struct loop *l, bool *same)
{
	unsigned int counter_id = l->get.set.counter_id;
	uint64_t hz = l->get.counter_hz;
	int code = look(l);

	*same = true;
	if (code)
		return code;
	if (!l->usable || l->get.set.counter_id != counter_id || l->get.counter_hz != hz) {
		*same = false;
		begin_anew(l);
		return VC_OK;
	}
	if (!l->started)
		return VC_OK;
	if (l->get.updates != l->updates && !l->warned) {
		failure(VC_OK, "warning: somebody else sets '%s' too", l->req->name);
		l->warned = true;
	}
	*same = l->get.updates != l->updates || l->get.disruption == l->disruption;
	if (!*same)
		forget(l);
	l->disruption = l->get.disruption;
	return VC_OK;
}

static int look_after(struct loop *l)
{
	int code = look(l);

	l->started = true;
	l->updates = l->get.updates;
	l->disruption = l->get.disruption;
	return code;
}

static void describe(const struct loop *l, const struct te_clock *c,
		     const struct source_state *state, struct timeline_set *set)
{
	memset(set, 0, sizeof(*set));
	set->id = l->get.set.id;
	set->generation = l->get.set.generation;
	set->counter_id = l->get.set.counter_id;
	set->clock_status = state->synchronized && !c->holding ?
			    TIMELINE_STATUS_SYNCHRONIZED : TIMELINE_STATUS_FREERUNNING;
	set->leap_indicator = state->leap_indicator;
	if (state->tai_known) {
		set->tai_offset_sec = state->tai_offset;
		set->vmclock_flags |= TIMELINE_VF_TAI_OFFSET_VALID;
	}
}

static void drop_bounds(struct timeline_set *set)
{
	set->vmclock_flags &= ~(__u64)(TIMELINE_VF_PERIOD_MAXERROR_VALID |
				       TIMELINE_VF_TIME_MAXERROR_VALID);
	set->err_low_ns = TIMELINE_UNBOUNDED;
	set->err_high_ns = TIMELINE_UNBOUNDED;
}

/*
 * An update that is not made: the timeline goes on as it was set last, with less
 * claimed.  Where that cannot be set either, the kernel claims nothing of it.
 */
static int skip(struct loop *l, enum quality quality)
{
	struct timeline_set set = l->last;

	if (!l->has_last || l->quality >= quality)
		return VC_OK;
	set.clock_status = TIMELINE_STATUS_FREERUNNING;
	if (quality == QUALITY_UNBOUNDED)
		drop_bounds(&set);
	timeline_ioctl(l->fd, TIMELINE_SET, &set);
	l->quality = quality;
	return look_after(l);
}

/*
 * Since it was set, a moment ago: the kernel then claims nothing about it.  It
 * also does so while the TSC is not the counter, whatever is set.
 */
static bool disrupted(const struct loop *l)
{
	return l->get.set.clock_status == TIMELINE_STATUS_UNRELIABLE &&
	       l->get.set.counter_id == TIMELINE_COUNTER_X86_TSC;
}

static int refused(struct loop *l, int err)
{
	if (err == EPERM || err == EACCES)
		return timeline_failure("set", l->req->name, err);
	if (err == ERANGE)
		log_trouble(&l->log, "%s is too far from what '%s' shows for a continuous timeline: it is not updated; create one with --step, or destroy it and create it again",
			    l->req->from, l->req->name);
	else
		log_trouble(&l->log, "cannot set '%s' by %s: %s", l->req->name, l->req->from,
			    strerror(err));
	return skip(l, QUALITY_UNBOUNDED);
}

/* For 'timeline show': once a second, and when the reference is believed or no more */
static void leave_word(struct loop *l, const struct source_state *state, uint64_t error_ns)
{
	bool bounded = l->tracking.bounded;
	struct timespec ts;
	uint64_t now;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	tracking_reference(&l->tracking, &l->req->source, state, error_ns);
	l->tracking.contradictions = l->estimator.contradictions;
	l->tracking.steps = l->estimator.steps;
	if (l->written && bounded == l->tracking.bounded && now - l->written < WORD_NS)
		return;
	l->written = now;
	err = tracking_write(l->req->name, &l->tracking);
	if (err && !l->unwritten)
		log_info(&l->log, "cannot write to " TRACKING_DIR ": %s: 'timeline show' will not know who keeps '%s'",
			 strerror(err), l->req->name);
	l->unwritten = err;
}

static int set_clock(struct loop *l, const struct te_clock *c, const struct te_sample *s,
		     const struct source_state *state)
{
	unsigned int counter_id = l->get.set.counter_id;
	uint64_t marker = l->get.disruption;
	struct timeline_set set;
	int err, code;

	describe(l, c, state, &set);
	if (!timeline_params(c, &set)) {
		log_trouble(&l->log, "%s shows a time before 1970: '%s' is not updated",
			    l->req->from, l->req->name);
		return skip(l, QUALITY_UNBOUNDED);
	}
	if (!l->vouched || set.err_low_ns >= NO_BOUND_NS || set.err_high_ns >= NO_BOUND_NS)
		drop_bounds(&set);
	err = timeline_ioctl(l->fd, TIMELINE_SET, &set);
	code = look_after(l);
	if (code)
		return code;
	/* Disrupted between the sample and now: begin anew with the counter of now */
	if (err ? err == ESTALE || l->get.set.counter_id != counter_id ||
		  l->get.disruption != marker : disrupted(l)) {
		begin_anew(l);
		return VC_OK;
	}
	if (err)
		return refused(l, err);
	l->last = set;
	l->has_last = true;
	l->quality = QUALITY_SET;
	if (state->synchronized)
		log_well(&l->log, l->req->name);
	if (l->req->json || l->req->verbose)
		print_update(&(struct sync_update){ l->req, &l->get, &l->estimator, c, &set, s,
						    state });
	return VC_OK;
}

/* Who keeps the reference, and whether that bounds it: told when it changes */
static void tell_keeper(struct loop *l, const struct source_state *state)
{
	const struct timeline_source *src = &l->req->source;
	const struct keepers *k = &src->belief.keepers;

	if (src->stated)
		return;
	if (!src->system)
		log_trouble(&l->log, "%s states no quality, so '%s' gets no bound; --reference-error TIME says what you trust it to",
			    l->req->from, l->req->name);
	else if (!k->kind && state->why)
		log_trouble(&l->log, "%s: %s, so '%s' gets no bound; --reference-error TIME says what you trust it to",
			    l->req->from, state->why, l->req->name);
	else if (k->second && state->why)
		log_trouble(&l->log, "%s: %s (%s, pid %d, and %s, pid %d), so '%s' gets no bound; --reference-error TIME says what you trust it to",
			    l->req->from, state->why, k->kind->name, k->pid, k->second->name,
			    k->second_pid, l->req->name);
	else if (state->why)
		log_trouble(&l->log, "%s is kept by %s (pid %d), which %s: '%s' gets no bound; --reference-error TIME says what you trust it to",
			    l->req->from, k->kind->name, k->pid, state->why, l->req->name);
	else if (l->keeper != k->kind || l->keeper_pid != k->pid)
		log_info(&l->log, "%s is kept by %s (pid %d), and bounded by %s", l->req->from,
			 k->kind->name, k->pid, keeper_says(k->kind));
	if (state->why)
		return;
	l->keeper = k->kind;
	l->keeper_pid = k->pid;
}

static int record(struct loop *l, const struct te_sample *s)
{
	struct trace_line line = { .sample = *s };

	if (!l->record)
		return VC_OK;
	trace_write_line(l->record, &line);
	if (!fflush(l->record))
		return VC_OK;
	return failure(VC_FAIL, "cannot write %s: %s", l->req->record, strerror(errno));
}

/* See the top of the file */
static void weigh(struct loop *l, struct te_sample *s, const struct source_state *state)
{
	if (state->restart)
		forget(l);
	if (state->synchronized) {
		if (!l->vouched)
			te_reset(&l->estimator);
		l->vouched = s->after;
		return;
	}
	if (l->vouched && s->after - l->vouched > l->estimator.memory)
		forget(l);
	if (!l->vouched)
		s->err_low = s->err_high = UNSTATED_NS;
}

static int take_sample(struct loop *l, struct te_sample *s, const struct source_state *state)
{
	enum te_result result;
	struct te_clock clock;
	int code;

	weigh(l, s, state);
	code = record(l, s);
	if (code)
		return code;
	result = te_update(&l->estimator, s, &clock);
	if (result == TE_OK)
		return set_clock(l, &clock, s, state);
	if (result == TE_RANGE) {
		log_trouble(&l->log, "%s shows a time out of range: '%s' is not updated",
			    l->req->from, l->req->name);
		return skip(l, QUALITY_UNBOUNDED);
	}
	/* The counter began anew, or stood still */
	forget(l);
	return VC_OK;
}

static int unread(struct loop *l, int err)
{
	char why[64];

	snprintf(why, sizeof(why), "cannot be read: %s", strerror(err));
	leave_word(l, &(struct source_state){ .why = why }, 0);
	log_trouble(&l->log, "cannot read %s: %s: '%s' is not updated", l->req->from,
		    strerror(err), l->req->name);
	return skip(l, QUALITY_FREERUNNING);
}

static int update(struct loop *l)
{
	struct source_state state;
	struct te_sample sample;
	bool same;
	int err, code;

	err = source_sample(&l->req->source, l->get.set.counter_id, &sample, &state);
	code = check_counter(l, &same);
	if (code)
		return code;
	if (err)
		return unread(l, err);
	if (!same)
		return VC_OK;
	tell_keeper(l, &state);
	if (l->has_last)
		tracking_offset(&l->tracking, &l->last, &sample);
	leave_word(l, &state, sample.err_low);
	return take_sample(l, &sample, &state);
}

/* The first instant of the grid that has not passed */
static void next_instant(struct timespec *at, uint64_t interval)
{
	struct timespec now;
	int64_t late, nsec;

	clock_gettime(CLOCK_MONOTONIC, &now);
	late = (now.tv_sec - at->tv_sec) * 1000000000LL + now.tv_nsec - at->tv_nsec;
	if (late >= (int64_t)interval)
		interval += late / interval * interval;
	nsec = at->tv_nsec + interval % 1000000000;
	at->tv_sec += interval / 1000000000 + nsec / 1000000000;
	at->tv_nsec = nsec % 1000000000;
}

static struct timespec earlier_of(const struct timespec *at, uint64_t part)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += part / 1000000000;
	t.tv_nsec += part % 1000000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t.tv_sec < at->tv_sec || (t.tv_sec == at->tv_sec && t.tv_nsec < at->tv_nsec) ?
	       t : *at;
}

/* Until an instant or a signal; whoever watches over this hears of it in between */
static void sleep_until(const struct timespec *at)
{
	uint64_t part = notify_watchdog_ns();
	struct timespec wake;

	do {
		notify_send("WATCHDOG=1");
		wake = *at;
		if (part)
			wake = earlier_of(at, part);
		if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) && ended)
			return;
	} while (wake.tv_sec != at->tv_sec || wake.tv_nsec != at->tv_nsec);
}

static int run(struct loop *l)
{
	struct timespec at;
	uint64_t n = 0;
	int code;

	clock_gettime(CLOCK_MONOTONIC, &at);
	code = update(l);
	if (!code)
		notify_send("READY=1\nSTATUS=%s", l->log.trouble[0] ? l->log.trouble : "synchronized");
	while (!ended && !code && ++n != l->req->count) {
		next_instant(&at, l->req->interval);
		sleep_until(&at);
		if (!ended)
			code = update(l);
	}
	notify_send("STOPPING=1");
	return code;
}

/* The reference must mean what the timeline does; of a monotonic one that is its user's */
static int check_type(const struct loop *l)
{
	static const char *const names[] = { NULL, "utc", "tai" };
	const char *scale = names[l->req->source.scale], *type = timeline_type(l->get.time_type);

	if (l->get.time_type == TIMELINE_TIME_MONOTONIC && !l->req->source.system)
		return VC_OK;
	if (!scale)
		return failure(VC_USAGE, "%s may show utc or tai, which it does not tell: --scale is missing",
			       l->req->from);
	if (strcmp(type, scale))
		return failure(VC_FAIL, "'%s' is a timeline of type %s, and %s is %s", l->req->name,
			       type, l->req->from, l->req->source.system ? "none" : scale);
	return VC_OK;
}

/* CLOCK_TAI is UTC until somebody tells the kernel the offset */
static int check_tai(const struct loop *l)
{
	struct source_state state;
	struct te_sample sample;

	if (!l->req->source.system || l->req->source.clock != CLOCK_TAI || l->req->source.stated)
		return VC_OK;
	if (source_sample(&l->req->source, TIMELINE_COUNTER_RAW, &sample, &state) || state.tai_known)
		return VC_OK;
	return failure(VC_FAIL, "CLOCK_TAI shows UTC: nobody has told this kernel TAI - UTC (ntpd, chronyd and ptp4l do); --reference-error TIME says that you trust it all the same");
}

static int open_record(struct loop *l)
{
	if (!l->req->record)
		return VC_OK;
	l->record = fopen(l->req->record, "we");
	if (!l->record)
		return failure(VC_FAIL, "cannot write %s: %s", l->req->record, strerror(errno));
	trace_write_header(l->record, l->get.counter_hz);
	return VC_OK;
}

static int check_counter_in_use(struct loop *l)
{
	const char *why = start_estimator(l);

	return why ? failure(VC_FAIL, "%s", why) : VC_OK;
}

static int open_reference(struct sync_request *req)
{
	char why[256];
	int err = source_open(&req->source, req->from, why, sizeof(why));

	switch (err) {
	case 0:
		return VC_OK;
	case EINVAL:
		return failure(VC_USAGE, "--from %s", why);
	default:
		return failure(err == EACCES ? VC_PERM : VC_FAIL, "%s", why);
	}
}

int sync_live(struct sync_request *req)
{
	struct loop l = { .req = req };
	int code = open_reference(req);

	if (code)
		return code;
	l.fd = timeline_open(&code);
	if (l.fd >= 0)
		code = timeline_get_named(l.fd, req->name, &l.get);
	if (!code)
		code = check_type(&l);
	if (!code)
		code = check_tai(&l);
	if (!code)
		code = open_record(&l);
	if (!code)
		code = check_counter_in_use(&l);
	catch_signals();
	tracking_begin(&l.tracking, req->from, l.get.set.generation);
	if (!code)
		code = run(&l);
	tracking_remove(req->name);
	if (l.record && fclose(l.record) && !code)
		code = failure(VC_FAIL, "cannot write %s: %s", req->record, strerror(errno));
	if (l.fd >= 0)
		close(l.fd);
	source_close(&req->source);
	return code;
}
