// SPDX-License-Identifier: GPL-2.0
/*
 * The tracer stamps with the counter that timelines are read from.  A reading soon after is carried
 * back to the instant of the event.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "timelines/timelines.h"
#include "vbs/task.h"
#include "vm/crossing.h"

#define BUFFER_KB	"64"	/* of each CPU: some hundred events */
#define HALTED		"kvm_vcpu_wakeup"

/*
 * By how much two clocks' rates differ, of those here at most: periods within 500 ppm of nominal, and a
 * slew of 500
 */
#define CHANGING_PPM	(3 * TIMELINE_PPM_MAX)
#define ROUNDED_NS	4

static bool add_threads(struct tracer *t, pid_t process)
{
	char word[16];
	pid_t *tids;
	int i, n = task_threads(process, &tids);
	bool good = n > 0;

	for (i = 0; i < n && good; i++) {
		snprintf(word, sizeof(word), "%d", (int)tids[i]);
		good = tracer_add(t, "set_event_pid", word) || errno == ESRCH;
	}
	free(n < 0 ? NULL : tids);
	return good;
}

/* Twice: what a thread has created before it was followed is there at the second look */
static bool follow(struct tracer *t, pid_t process)
{
	return tracer_set(t, "options/event-fork", "1") && add_threads(t, process) && add_threads(t, process);
}

/* A full buffer keeps what came first, or what came last */
static bool begin(struct crossing *c, pid_t process, bool first)
{
	int err;

	*c = (struct crossing){ .first = first };
	if (!tracer_begin(&c->tracer, "migrate"))
		return false;
	if (tracer_clock(&c->tracer, "x86-tsc") &&
	    tracer_set(&c->tracer, "buffer_size_kb", BUFFER_KB) &&
	    tracer_set(&c->tracer, "options/overwrite", first ? "0" : "1") &&
	    follow(&c->tracer, process) && tracer_enable(&c->tracer, "kvm/" HALTED) &&
	    tracer_enable(&c->tracer, first ? "kvm/kvm_entry" : "kvm/kvm_exit"))
		return true;
	err = errno;
	tracer_end(&c->tracer);
	errno = err;
	return false;
}

bool crossing_last_exit(struct crossing *c, pid_t process)
{
	return begin(c, process, false);
}

bool crossing_first_entry(struct crossing *c, pid_t process)
{
	return begin(c, process, true);
}

void crossing_end(struct crossing *c)
{
	tracer_end(&c->tracer);
}

/* "NAME-TID [CPU] FLAGS COUNTER: EVENT: ..."; the name may have anything in it, so from the end */
static bool parse_head(const char *line, const char *end, struct crossed *e)
{
	const char *p = end, *cpu;

	while (p > line && isdigit((unsigned char)p[-1]))
		p--;
	/* "12.345678" is no counter */
	if (p == end || p == line || p[-1] != ' ')
		return false;
	e->counter = strtoull(p, NULL, 10);
	for (cpu = p; cpu > line && *cpu != '['; cpu--)
		;
	for (p = cpu; p > line && p[-1] == ' '; p--)
		;
	while (p > line && isdigit((unsigned char)p[-1]))
		p--;
	e->tid = atoi(p);
	return e->tid > 0 && p > line && p[-1] == '-';
}

bool crossing_parse(const char *line, bool first, struct crossed *e)
{
	const char *end = strstr(line, first ? ": kvm_entry: " : ": kvm_exit: ");

	*e = (struct crossed){ .halted = !end };
	if (!end) {
		end = strstr(line, ": " HALTED ": ");
		if (!end || sscanf(end, ": " HALTED ": %*s time %" SCNu64, &e->waited) != 1)
			return false;
	}
	return parse_head(line, end, e);
}

bool crossing_take(struct crossing *c, const struct crossed *e)
{
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		if (c->vcpu[i].tid != e->tid)
			continue;
		if (c->first || e->counter <= c->vcpu[i].counter)
			return false;
		c->vcpu[i] = *e;
		return true;
	}
	if (c->n < CROSSING_VCPUS)
		c->vcpu[c->n++] = *e;
	return true;
}

bool crossing_look(struct crossing *c)
{
	struct crossed e;
	char line[512];
	bool changed = false;

	while (tracer_line(&c->tracer, line, sizeof(line)))
		if (crossing_parse(line, c->first, &e))
			changed |= crossing_take(c, &e);
	return changed;
}

static bool usable(const char *timeline, const struct timeline_get *get, const struct timeline_time *tt)
{
	if (get->set.counter_id != TIMELINE_COUNTER_X86_TSC)
		return failure(VC_FAIL, "%s is not read from the time stamp counter here", timeline), false;
	if (tt->status == TIMELINE_STATUS_SYNCHRONIZED && tt->err_low_ns < INT64_MAX / 4 &&
	    tt->err_high_ns < INT64_MAX / 4)
		return true;
	return failure(VC_FAIL, "%s has no bound here at this time", timeline), false;
}

bool moment_read(const char *timeline, struct moment *now)
{
	struct timeline_time tt = { 0 };
	struct timeline_get get;
	int code, err, fd = timeline_open(&code);

	*now = (struct moment){ 0 };
	if (fd < 0)
		return false;
	code = timeline_get_named(fd, timeline, &get);
	close(fd);
	if (code)
		return false;
	err = timeline_gettime(get.set.id, &tt);
	if (err)
		return timeline_failure("read", timeline, err), false;
	if (!usable(timeline, &get, &tt))
		return false;
	*now = (struct moment){
		.period = get.set.counter_period_frac_sec, .shift = get.set.counter_period_shift,
		.counter = tt.counter,
		.at = { true, tt.sec * 1000000000LL + tt.nsec, tt.err_low_ns, tt.err_high_ns },
	};
	return true;
}

static uint64_t parts(uint64_t ns)
{
	return ns / 1000000 * CHANGING_PPM + ns % 1000000 * CHANGING_PPM / 1000000 + ROUNDED_NS;
}

/* The timeline may have been set between the event and the reading, and its rate been another before */
static struct vm_instant instant_of(const struct crossed *e, bool first, const struct moment *now,
				    uint64_t slack)
{
	int64_t carry = timeline_diff_ns(now->period, now->shift, now->counter, e->counter);
	uint64_t changed = parts(carry < 0 ? -carry : carry);
	struct vm_instant at = now->at;

	at.ns += carry;
	at.low += changed;
	at.high += changed;
	if (!e->halted)
		return at;
	/* It is told once the thread has the CPU: then the wait was over for as long as that takes */
	at.low += slack;
	if (first) {
		at.ns -= e->waited;
		at.low += parts(e->waited);
		at.high += parts(e->waited);
	}
	return at;
}

static void join(struct vm_instant *all, const struct vm_instant *one, bool first)
{
	int64_t low = one->ns - (int64_t)one->low, high = one->ns + (int64_t)one->high;

	if (all->known) {
		low = low < all->ns - (int64_t)all->low ? low : all->ns - (int64_t)all->low;
		high = high > all->ns + (int64_t)all->high ? high : all->ns + (int64_t)all->high;
	}
	if (!all->known || (first ? one->ns < all->ns : one->ns > all->ns))
		all->ns = one->ns;
	*all = (struct vm_instant){ true, all->ns, all->ns - low, high - all->ns };
}

void crossing_instant(const struct crossing *c, const struct moment *now, uint64_t slack,
		      struct vm_instant *at)
{
	struct vm_instant one;
	unsigned int i;

	*at = (struct vm_instant){ 0 };
	for (i = 0; i < c->n && now->at.known; i++) {
		one = instant_of(&c->vcpu[i], c->first, now, slack);
		join(at, &one, c->first);
	}
}
