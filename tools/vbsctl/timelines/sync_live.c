// SPDX-License-Identifier: GPL-2.0
/*
 * The loop of 'timeline sync': sample, estimate, set.  It never reads the
 * timeline that it sets, so nothing is fed back.
 *
 * It ends when it is told to, when its timeline is gone or it may not set it any
 * more; nothing that the reference does ends it (sync_set.c).
 *
 * Of a leap second that is announced for the end of the day (leap.h): from a minute before it
 * until it is over the clock is covered with it and without, and freerunning; nothing is taken
 * amid it, and what was before it is void after it.
 *
 * A reference without a stated quality is followed and nothing is claimed: its
 * samples count as good to UNSTATED_NS so that its steps are seen.  Where there are
 * samples with a bound in the memory, those without add nothing to it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "timeline/leap.h"
#include "timeline/trace.h"
#include "timelines/sync.h"
#include "timelines/sync_set.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

#define UNSTATED_NS	1000000000ULL

struct loop {
	struct setter t;
	struct sync_request *req;
	FILE *record;
	struct te_estimator estimator;
	bool usable;			/* 'estimator' is for the counter in use */
	unsigned int announced;		/* the leap indicator of the last sample */
	struct leap leap;
	struct te_clock clock;		/* that was made last, without it, */
	bool has_clock;
	uint64_t vouched;		/* counter at the last sample with a bound, 0: none */
	const struct keeper_kind *keeper;	/* that was told last */
	pid_t keeper_pid;
};

/* NULL, or why there can be none for the counter in use */
static const char *start_estimator(struct loop *l)
{
	struct te_config config = {
		.hz = l->t.get.counter_hz,
		.memory_ns = l->req->memory,
		.wander_ppb = l->req->wander_ppb,
	};

	l->vouched = 0;
	l->has_clock = false;
	l->leap = (struct leap){ 0 };
	l->usable = false;
	if (l->t.get.set.counter_id == TIMELINE_COUNTER_RAW && source_raw_is_shifted())
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
	l->has_clock = false;
	l->leap = (struct leap){ 0 };
}

static void begin_anew(struct loop *l)
{
	const char *why = start_estimator(l);

	if (why)
		log_trouble(&l->t.log, "%s: '%s' is not updated", why, l->req->name);
}

/* Whether a sample counts: if the counter is not what it was it may be from before */
static int check_counter(struct loop *l, bool *same)
{
	enum counter_state state;
	int code = setter_look(&l->t, &state);

	*same = !code && l->usable && state == COUNTER_SAME;
	if (code || *same)
		return code;
	if (!l->usable || state == COUNTER_OTHER)
		begin_anew(l);
	else
		forget(l);
	return VC_OK;
}

/* For 'timeline show' */
static void leave_word(struct loop *l, const struct source_state *state, uint64_t error_ns)
{
	tracking_reference(&l->t.tracking, &l->req->source, state, error_ns);
	l->t.tracking.contradictions = l->estimator.contradictions;
	l->t.tracking.steps = l->estimator.steps;
	setter_leave_word(&l->t);
}

static int set_clock(struct loop *l, const struct te_clock *c, const struct te_sample *s,
		     const struct source_state *state)
{
	enum counter_state counter;
	struct timeline_set set;
	bool done;
	int code = setter_set(&l->t, c, state, l->vouched, &set, &done, &counter);

	if (!code && counter == COUNTER_OTHER)
		begin_anew(l);
	if (!code && done && (l->req->json || l->req->verbose))
		print_update(&(struct sync_update){ l->req, &l->t.get, &l->estimator, c, &set, s,
						    state });
	return code;
}

/* Who keeps the reference, and whether that bounds it: told when it changes */
static void tell_keeper(struct loop *l, const struct source_state *state)
{
	const struct timeline_source *src = &l->req->source;
	const struct keepers *k = &src->belief.keepers;

	if (src->stated)
		return;
	if (src->says && state->why)
		log_trouble(&l->t.log, "%s %s: '%s' gets no bound", l->req->from, state->why,
			    l->req->name);
	if (src->says)
		return;
	if (!src->system)
		log_trouble(&l->t.log, "%s states no quality, so '%s' gets no bound; --reference-error TIME says what you trust it to",
			    l->req->from, l->req->name);
	else if (!k->kind && state->why)
		log_trouble(&l->t.log, "%s: %s, so '%s' gets no bound; --reference-error TIME says what you trust it to",
			    l->req->from, state->why, l->req->name);
	else if (k->second && state->why)
		log_trouble(&l->t.log, "%s: %s (%s, pid %d, and %s, pid %d), so '%s' gets no bound; --reference-error TIME says what you trust it to",
			    l->req->from, state->why, k->kind->name, k->pid, k->second->name,
			    k->second_pid, l->req->name);
	else if (state->why)
		log_trouble(&l->t.log, "%s is kept by %s (pid %d), which %s: '%s' gets no bound; --reference-error TIME says what you trust it to",
			    l->req->from, k->kind->name, k->pid, state->why, l->req->name);
	else if (l->keeper != k->kind || l->keeper_pid != k->pid)
		log_info(&l->t.log, "%s is kept by %s (pid %d), and bounded by %s", l->req->from,
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

static bool leap_is_ahead(const struct loop *l)
{
	return l->has_clock && l->t.get.time_type == TIMELINE_TIME_UTC &&
	       (l->announced == LEAP_PRE_POS || l->announced == LEAP_PRE_NEG);
}

/* ns until one is near, or the one that is is over; UINT64_MAX: there is none */
static uint64_t leap_wait(const struct loop *l, uint64_t counter)
{
	if (l->leap.at)
		return leap_until_after(&l->leap, counter);
	return leap_is_ahead(l) ? leap_until(&l->clock, counter, leap_end_of_day(l->clock.time_ns)) :
				  UINT64_MAX;
}

/* Whether a sample is amid it.  What was announced before the sample counts: after it nobody does */
static bool is_amid_leap(struct loop *l, const struct te_sample *s)
{
	enum leap_stage stage;

	if (!l->leap.at && !leap_wait(l, s->after))
		leap_begin(&l->leap, &l->clock, leap_end_of_day(l->clock.time_ns),
			   l->announced == LEAP_PRE_POS, l->announced == LEAP_PRE_NEG);
	if (!l->leap.at)
		return false;
	stage = leap_stage_between(&l->leap, s->before, s->after);
	if (stage == LEAP_AFTER)
		forget(l);
	return stage == LEAP_AMID;
}

/* It is set as what it is; near a leap second that is less */
static int set_near_leap(struct loop *l, struct te_clock *clock, const struct te_sample *s,
			 const struct source_state *state)
{
	l->clock = *clock;
	l->has_clock = true;
	l->announced = state->leap_indicator;
	/* What this sample tells of it counts at once */
	if (!l->leap.at && !leap_wait(l, s->after))
		is_amid_leap(l, s);
	if (l->leap.at)
		leap_cover_clock(&l->leap, clock);
	return set_clock(l, clock, s, state);
}

/* Nobody sees to it any more when it comes */
static int leave_leap(struct loop *l)
{
	struct leap leap;

	if (!leap_is_ahead(l) || l->leap.at)
		return VC_OK;
	leap_begin(&leap, &l->clock, 0, l->announced == LEAP_PRE_POS, l->announced == LEAP_PRE_NEG);
	return setter_cover(&l->t, &leap);
}

static int take_sample(struct loop *l, struct te_sample *s, const struct source_state *state)
{
	enum te_result result;
	struct te_clock clock;
	int code;

	if (is_amid_leap(l, s))
		return VC_OK;
	weigh(l, s, state);
	code = record(l, s);
	if (code)
		return code;
	result = te_update(&l->estimator, s, &clock);
	if (result == TE_OK)
		return set_near_leap(l, &clock, s, state);
	if (result == TE_RANGE) {
		log_trouble(&l->t.log, "%s shows a time out of range: '%s' is not updated",
			    l->req->from, l->req->name);
		return setter_skip(&l->t, QUALITY_UNBOUNDED);
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
	log_trouble(&l->t.log, "cannot read %s: %s: '%s' is not updated", l->req->from,
		    strerror(err), l->req->name);
	return setter_skip(&l->t, QUALITY_FREERUNNING);
}

static int update(struct loop *l)
{
	struct source_state state;
	struct te_sample sample;
	bool same;
	int err, code;

	err = source_sample(&l->req->source, l->t.get.set.counter_id, &sample, &state);
	code = check_counter(l, &same);
	if (code)
		return code;
	if (err)
		return unread(l, err);
	if (!same)
		return VC_OK;
	tell_keeper(l, &state);
	if (l->t.has_last)
		tracking_offset(&l->t.tracking, &l->t.last, &sample);
	leave_word(l, &state, sample.err_low);
	return take_sample(l, &sample, &state);
}

/* The first instant of the grid that has not passed; it may have woken up before the one that is next */
static void next_instant(struct timespec *at, uint64_t interval)
{
	struct timespec now;
	int64_t late, nsec;

	clock_gettime(CLOCK_MONOTONIC, &now);
	late = (now.tv_sec - at->tv_sec) * 1000000000LL + now.tv_nsec - at->tv_nsec;
	if (late < 0)
		return;
	if (late >= (int64_t)interval)
		interval += late / interval * interval;
	nsec = at->tv_nsec + interval % 1000000000;
	at->tv_sec += interval / 1000000000 + nsec / 1000000000;
	at->tv_nsec = nsec % 1000000000;
}

/* The next instant, or sooner: other clocks may be faster or slower than this one by 1 in 8 */
static void sleep_until(struct loop *l, const struct timespec *at)
{
	uint64_t left = leap_wait(l, source_counter(l->t.get.set.counter_id)), end = sync_now();
	struct timespec sooner;

	if (left > LEAP_NS)
		left -= left / 8;
	end = left > LEAP_MINUTE_NS * 60 ? UINT64_MAX : end + left + 1000000;
	sooner = (struct timespec){ end / LEAP_NS, end % LEAP_NS };
	sync_sleep_until(sooner.tv_sec < at->tv_sec ? &sooner : at);
}

static int run(struct loop *l)
{
	struct timespec at;
	uint64_t n = 0;
	int code;

	clock_gettime(CLOCK_MONOTONIC, &at);
	code = update(l);
	if (!code)
		notify_send("READY=1\nSTATUS=%s", l->t.log.trouble[0] ? l->t.log.trouble : "synchronized");
	while (!sync_ended() && !code && ++n != l->req->count) {
		next_instant(&at, l->req->interval);
		sleep_until(l, &at);
		if (!sync_ended())
			code = update(l);
	}
	if (!code)
		code = leave_leap(l);
	notify_send("STOPPING=1");
	return code;
}

/* The reference must mean what the timeline does; of a monotonic one that is its user's */
static int check_type(const struct loop *l)
{
	static const char *const names[] = { NULL, "utc", "tai" };
	const char *scale = names[l->req->source.scale], *type = timeline_type(l->t.get.time_type);

	if (l->t.get.time_type == TIMELINE_TIME_MONOTONIC && !l->req->source.system)
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
	trace_write_header(l->record, l->t.get.counter_hz);
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
	struct loop l = { .req = req, .t.fd = -1 };
	int code = open_reference(req);

	if (code)
		return code;
	code = setter_open(&l.t, req->name, req->from);
	if (!code)
		code = check_type(&l);
	if (!code)
		code = check_tai(&l);
	if (!code)
		code = open_record(&l);
	if (!code)
		code = check_counter_in_use(&l);
	sync_catch_signals();
	if (!code)
		code = run(&l);
	if (l.record && fclose(l.record) && !code)
		code = failure(VC_FAIL, "cannot write %s: %s", req->record, strerror(errno));
	setter_close(&l.t);
	source_close(&req->source);
	return code;
}
