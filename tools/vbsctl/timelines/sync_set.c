// SPDX-License-Identifier: GPL-2.0
/*
 * Setting a timeline.  Whatever a reference does, an update that cannot be made is
 * skipped: the timeline is FREERUNNING then, with the bound that it has if only a
 * reading failed, and without one if the reference cannot be what it was.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "timeline/leap.h"
#include "timeline/params.h"
#include "timelines/sync_set.h"
#include "timelines/timelines.h"

#define NO_BOUND_NS	(TE_ERROR_MAX / 2)
#define NS		1000000000ULL
#define WORD_NS		NS

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

/* They come while it waits (sync_waiting()), and not just before */
void sync_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

const sigset_t *sync_waiting(void)
{
	static sigset_t none;

	sigemptyset(&none);
	return &none;
}

bool sync_ended(void)
{
	return ended;
}

uint64_t sync_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int look(struct setter *t)
{
	uint32_t generation = t->get.set.generation;
	int err;

	err = timeline_ioctl(t->fd, TIMELINE_GET, &t->get);
	if (!err && t->get.set.generation != generation)
		err = ESTALE;
	if (err)
		return timeline_failure("sync", t->name, err == EINVAL ? ENOENT : err);
	return VC_OK;
}

static struct counter_mark mark_of(const struct timeline_get *get)
{
	return (struct counter_mark){ get->set.counter_id, get->counter_hz, get->disruption };
}

/* What has become of the counter since this was asked last, whoever has looked in between */
static enum counter_state compare_counter(struct setter *t)
{
	struct counter_mark last = t->counter;

	t->counter = mark_of(&t->get);
	if (t->counter.id != last.id || t->counter.hz != last.hz)
		return COUNTER_OTHER;
	return t->counter.disruption != last.disruption ? COUNTER_DISRUPTED : COUNTER_SAME;
}

int setter_look(struct setter *t, enum counter_state *state)
{
	int code = look(t);

	*state = COUNTER_SAME;
	if (code)
		return code;
	*state = compare_counter(t);
	if (t->started && t->get.updates != t->updates && !t->warned) {
		failure(VC_OK, "warning: somebody else sets '%s' too", t->name);
		t->warned = true;
	}
	return VC_OK;
}

/* It was set, and by whom it was is known up to here; what became of the counter is not asked */
static int look_after(struct setter *t)
{
	int code = look(t);

	t->started = true;
	t->updates = t->get.updates;
	return code;
}

static void describe(const struct setter *t, const struct te_clock *c,
		     const struct source_state *state, struct timeline_set *set)
{
	memset(set, 0, sizeof(*set));
	set->id = t->get.set.id;
	set->generation = t->get.set.generation;
	set->counter_id = t->get.set.counter_id;
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
int setter_skip(struct setter *t, enum quality quality)
{
	struct timeline_set set = t->last;

	if (!t->has_last || t->quality >= quality)
		return VC_OK;
	set.clock_status = TIMELINE_STATUS_FREERUNNING;
	if (quality == QUALITY_UNBOUNDED)
		drop_bounds(&set);
	timeline_ioctl(t->fd, TIMELINE_SET, &set);
	t->quality = quality;
	return look_after(t);
}

int setter_cover(struct setter *t, const struct leap *leap)
{
	struct timeline_set set = t->last;
	struct te_clock bound = { .err_low = set.err_low_ns, .err_high = set.err_high_ns };

	if (!t->has_last)
		return VC_OK;
	leap_cover_clock(leap, &bound);
	set.clock_status = TIMELINE_STATUS_FREERUNNING;
	set.err_low_ns = bound.err_low;
	set.err_high_ns = bound.err_high;
	timeline_ioctl(t->fd, TIMELINE_SET, &set);
	return look_after(t);
}

/*
 * Since it was set, a moment ago: the kernel then claims nothing about it.  It
 * also does so while the TSC is not the counter, whatever is set.
 */
static bool disrupted(const struct setter *t)
{
	return t->get.set.clock_status == TIMELINE_STATUS_UNRELIABLE &&
	       t->get.set.counter_id == TIMELINE_COUNTER_X86_TSC;
}

static int refused(struct setter *t, int err)
{
	if (err == EPERM || err == EACCES)
		return timeline_failure("set", t->name, err);
	if (err == ERANGE)
		log_trouble(&t->log, "%s is too far from what '%s' shows for a continuous timeline: it is not updated; create one with --step, or destroy it and create it again",
			    t->from, t->name);
	else
		log_trouble(&t->log, "cannot set '%s' by %s: %s", t->name, t->from,
			    strerror(err));
	return setter_skip(t, QUALITY_UNBOUNDED);
}

int setter_set(struct setter *t, const struct te_clock *c, const struct source_state *state,
	       bool bounded, struct timeline_set *set, bool *done, enum counter_state *counter)
{
	int err, code;

	*done = false;
	*counter = COUNTER_SAME;
	describe(t, c, state, set);
	if (!timeline_params(c, set)) {
		log_trouble(&t->log, "%s shows a time before 1970: '%s' is not updated", t->from,
			    t->name);
		return setter_skip(t, QUALITY_UNBOUNDED);
	}
	if (!bounded || set->err_low_ns >= NO_BOUND_NS || set->err_high_ns >= NO_BOUND_NS)
		drop_bounds(set);
	err = timeline_ioctl(t->fd, TIMELINE_SET, set);
	code = look_after(t);
	if (code)
		return code;
	/* Disrupted between the sample and now: begin anew with the counter of now */
	if (compare_counter(t) != COUNTER_SAME || (err ? err == ESTALE : disrupted(t))) {
		*counter = COUNTER_OTHER;
		return VC_OK;
	}
	if (err)
		return refused(t, err);
	t->last = *set;
	t->has_last = true;
	t->quality = QUALITY_SET;
	*done = true;
	if (state->synchronized)
		log_well(&t->log, t->name);
	return VC_OK;
}

bool setter_leave_word(struct setter *t)
{
	uint64_t now = sync_now();
	int err;

	if (t->written && t->told_bounded == t->tracking.bounded && now - t->written < WORD_NS)
		return false;
	t->written = now;
	t->told_bounded = t->tracking.bounded;
	err = tracking_write(t->name, &t->tracking);
	if (err && !t->unwritten)
		log_info(&t->log, "cannot write to " TRACKING_DIR ": %s: 'timeline show' will not know who keeps '%s'",
			 strerror(err), t->name);
	t->unwritten = err;
	return !err;
}

bool setter_is_followed(const struct setter *t)
{
	struct tracking last;

	return !tracking_read(t->name, &last) && last.pid != getpid();
}

int setter_open(struct setter *t, const char *name, const char *from)
{
	int code = VC_OK;

	t->name = name;
	t->from = from;
	t->fd = timeline_open(&code);
	if (t->fd < 0)
		return code;
	code = timeline_get_named(t->fd, name, &t->get);
	t->counter = mark_of(&t->get);
	tracking_begin(&t->tracking, from, t->get.set.generation);
	return code;
}

void setter_close(struct setter *t)
{
	if (t->fd < 0)
		return;
	tracking_remove(t->name);
	close(t->fd);
}

void sync_sleep_until(const struct timespec *at)
{
	uint64_t end = at->tv_sec * NS + at->tv_nsec, part = notify_watchdog_ns(), now, left;
	struct timespec ts;

	for (;;) {
		notify_send("WATCHDOG=1");
		now = sync_now();
		if (now >= end || ended)
			return;
		left = part && part < end - now ? part : end - now;
		ts = (struct timespec){ left / NS, left % NS };
		ppoll(NULL, 0, &ts, sync_waiting());
	}
}
