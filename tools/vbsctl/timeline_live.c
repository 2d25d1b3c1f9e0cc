// SPDX-License-Identifier: GPL-2.0
/*
 * The loop of 'timeline sync': sample, estimate, set.  It never reads the
 * timeline that it sets, so nothing is fed back.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "timeline.h"
#include "timeline_params.h"
#include "timeline_sync.h"
#include "timeline_text.h"
#include "timeline_trace.h"

struct loop {
	struct sync_request *req;
	int fd;
	FILE *record;
	struct timeline_get get;	/* as it was found last */
	struct te_estimator estimator;
	bool started;			/* 'disruption' and 'updates' are known */
	uint64_t disruption;
	uint64_t updates;
	bool warned;			/* that somebody else sets it */
	bool warned_unsync;
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

static int start_estimator(struct loop *l)
{
	struct te_config config = {
		.hz = l->get.counter_hz,
		.memory_ns = l->req->memory,
		.wander_ppb = l->req->wander_ppb,
	};

	if (l->get.set.counter_id == TIMELINE_COUNTER_RAW && source_raw_is_shifted())
		return failure(VC_FAIL, "the counter is CLOCK_MONOTONIC_RAW, and in a time namespace that cannot be told");
	if (te_init(&l->estimator, &config))
		return VC_OK;
	return failure(VC_FAIL, "the counter's frequency, %llu Hz, is out of range",
		       l->get.counter_hz);
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
	if (l->get.set.counter_id != counter_id || l->get.counter_hz != hz) {
		*same = false;
		return start_estimator(l);
	}
	if (!l->started)
		return VC_OK;
	if (l->get.updates != l->updates && !l->warned) {
		failure(VC_OK, "warning: somebody else sets '%s' too", l->req->name);
		l->warned = true;
	}
	*same = l->get.updates != l->updates || l->get.disruption == l->disruption;
	if (!*same)
		te_reset(&l->estimator);
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

static void print_update(const struct loop *l, const struct te_clock *c,
			 const struct timeline_set *set, const struct te_sample *s)
{
	double gap = (double)(s->after - s->before) * 1e9 / l->get.counter_hz;
	int64_t sec = set->time_sec;
	struct timeline_get now = { .set = *set, .counter_hz = l->get.counter_hz };
	struct json_object *o;

	if (!l->req->json) {
		printf("%s  %s  %s, %+.4f ppm, growing %.4f ppm, read in %s\n",
		       fmt_instant(sec, c->time_ns % 1000000000, l->get.time_type).s,
		       fmt_bound(set->err_low_ns, set->err_high_ns).s,
		       timeline_status(set->clock_status), timeline_offset_ppm(&now),
		       timeline_growth_ppm(set), fmt_short(gap).s);
		fflush(stdout);
		return;
	}
	o = json_list(NULL, NULL);
	json_str(o, "name", l->req->name);
	json_num(o, "sec", sec);
	json_num(o, "nsec", c->time_ns % 1000000000);
	json_str(o, "status", timeline_status(set->clock_status));
	json_u64(o, "counter", set->counter_value);
	json_bound(o, "err_low_ns", set->err_low_ns);
	json_bound(o, "err_high_ns", set->err_high_ns);
	json_u64(o, "esterror_ns", set->time_esterror_nanosec);
	json_decimal(o, "period_ppm", timeline_offset_ppm(&now), 6);
	json_decimal(o, "growth_ppm", timeline_growth_ppm(set), 6);
	json_decimal(o, "read_gap_ns", gap, 1);
	json_bound(o, "reference_error_ns",
		   s->err_low < TE_ERROR_MAX ? s->err_low : TIMELINE_UNBOUNDED);
	json_num(o, "samples", l->estimator.pool.samples);
	json_u64(o, "contradictions", l->estimator.contradictions);
	json_u64(o, "steps", l->estimator.steps);
	json_print_line(o);
}

static int refused(const struct loop *l, int err, const struct timeline_set *set)
{
	struct timeline_get asked = { .set = *set, .counter_hz = l->get.counter_hz };

	if (err == ERANGE)
		return failure(VC_FAIL, "cannot set '%s': the time is too far from what it shows now for a continuous timeline; create one with --step, or destroy it and create it again",
			       l->req->name);
	if (err == EINVAL && fabs(timeline_offset_ppm(&asked)) > 499.9)
		return failure(VC_FAIL, "cannot set '%s': the counter is %+.1f ppm off nominal against %s, and 500 ppm is the most that the kernel takes",
			       l->req->name, timeline_offset_ppm(&asked), l->req->from);
	return timeline_failure("set", l->req->name, err);
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

/* Nothing is claimed by a reference that nobody keeps */
static void drop_bounds(struct timeline_set *set)
{
	set->vmclock_flags &= ~(__u64)(TIMELINE_VF_PERIOD_MAXERROR_VALID |
				       TIMELINE_VF_TIME_MAXERROR_VALID);
	set->err_low_ns = TIMELINE_UNBOUNDED;
	set->err_high_ns = TIMELINE_UNBOUNDED;
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

static int set_clock(struct loop *l, const struct te_clock *c, const struct te_sample *s,
		     const struct source_state *state)
{
	unsigned int counter_id = l->get.set.counter_id;
	uint64_t marker = l->get.disruption;
	struct timeline_set set;
	int err, code;

	describe(l, c, state, &set);
	if (!timeline_params(c, &set))
		return failure(VC_FAIL, "%s shows a time before 1970", l->req->from);
	if (!state->synchronized)
		drop_bounds(&set);
	err = timeline_ioctl(l->fd, TIMELINE_SET, &set);
	code = look_after(l);
	if (code)
		return code;
	/* Disrupted between the sample and now: begin anew with the counter of now */
	if (err ? err == ESTALE || l->get.set.counter_id != counter_id ||
		  l->get.disruption != marker : disrupted(l))
		return start_estimator(l);
	if (err)
		return refused(l, err, &set);
	if (l->req->json || l->req->verbose)
		print_update(l, c, &set, s);
	return VC_OK;
}

static void warn_unsync(struct loop *l, const struct source_state *state)
{
	if (state->synchronized || l->warned_unsync)
		return;
	failure(VC_OK, "warning: nobody keeps the system's clock, so '%s' gets no bound; --reference-error TIME says what you trust it to",
		l->req->name);
	l->warned_unsync = true;
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

static int update(struct loop *l)
{
	struct source_state state;
	struct te_sample sample;
	struct te_clock clock;
	enum te_result result;
	bool same;
	int err, code;

	err = source_sample(&l->req->source, l->get.set.counter_id, &sample, &state);
	if (err)
		return failure(VC_FAIL, "cannot read %s any more: %s", l->req->from, strerror(err));
	code = check_counter(l, &same);
	if (code || !same)
		return code;
	warn_unsync(l, &state);
	code = record(l, &sample);
	if (code)
		return code;
	result = te_update(&l->estimator, &sample, &clock);
	if (result == TE_RANGE)
		return failure(VC_FAIL, "%s gives a time or a bound out of range", l->req->from);
	if (result == TE_BACKWARDS) {
		/* The counter began anew, or stood still */
		te_reset(&l->estimator);
		return VC_OK;
	}
	return set_clock(l, &clock, &sample, &state);
}

static void next_instant(struct timespec *at, uint64_t interval)
{
	uint64_t nsec = at->tv_nsec + interval % 1000000000;

	at->tv_sec += interval / 1000000000 + nsec / 1000000000;
	at->tv_nsec = nsec % 1000000000;
}

static int run(struct loop *l)
{
	uint64_t n = 0;
	struct timespec at;
	int code = VC_OK;

	clock_gettime(CLOCK_MONOTONIC, &at);
	while (!ended && !code && (!l->req->count || n < l->req->count)) {
		if (n++) {
			next_instant(&at, l->req->interval);
			if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL))
				continue;
		}
		code = update(l);
	}
	return code;
}

/* The reference must mean what the timeline does */
static int check_type(const struct loop *l)
{
	const char *from = l->req->from, *type = timeline_type(l->get.time_type);

	if (l->req->source.system &&
	    strcmp(type, l->req->source.clock == CLOCK_TAI ? "tai" : "utc"))
		return failure(VC_FAIL, "'%s' is a timeline of type %s, and %s is none", l->req->name,
			       type, from);
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

int sync_live(struct sync_request *req)
{
	struct loop l = { .req = req };
	int code = source_open(&req->source, req->from);

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
		code = start_estimator(&l);
	catch_signals();
	if (!code)
		code = run(&l);
	if (l.record && fclose(l.record) && !code)
		code = failure(VC_FAIL, "cannot write %s: %s", req->record, strerror(errno));
	if (l.fd >= 0)
		close(l.fd);
	source_close(&req->source);
	return code;
}
