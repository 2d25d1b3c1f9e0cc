// SPDX-License-Identifier: GPL-2.0
/*
 * The tracer stamps with the counter that timelines are read from.  A reading now is carried
 * back to the instant of the event, which was moments ago.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "timeline/compare.h"
#include "timelines/timelines.h"
#include "vbs/task.h"
#include "vm/crossing.h"

#define BUFFER_KB	"64"	/* of each CPU: some hundred events */

static bool follow(struct tracer *t, pid_t process)
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
	return good && tracer_set(t, "options/event-fork", "1");
}

/* @keep_old: a full buffer keeps what came first */
static bool begin(struct crossing *c, pid_t process, const char *event, bool keep_old)
{
	char file[64];
	int err;

	*c = (struct crossing){ .event = event };
	if (!tracer_begin(&c->tracer, "migrate"))
		return false;
	snprintf(file, sizeof(file), "kvm/%s", event);
	if (tracer_set(&c->tracer, "trace_clock", "x86-tsc") &&
	    tracer_set(&c->tracer, "buffer_size_kb", BUFFER_KB) &&
	    tracer_set(&c->tracer, "options/overwrite", keep_old ? "0" : "1") &&
	    follow(&c->tracer, process) && tracer_enable(&c->tracer, file))
		return true;
	err = errno;
	tracer_end(&c->tracer);
	errno = err;
	return false;
}

bool crossing_last_exit(struct crossing *c, pid_t process)
{
	return begin(c, process, "kvm_exit", false);
}

bool crossing_first_entry(struct crossing *c, pid_t process)
{
	return begin(c, process, "kvm_entry", true);
}

void crossing_end(struct crossing *c)
{
	tracer_end(&c->tracer);
}

bool crossing_parse(const char *line, const char *event, uint64_t *counter)
{
	char mark[32];
	const char *end, *p;

	snprintf(mark, sizeof(mark), ": %s:", event);
	end = strstr(line, mark);
	for (p = end; p && p > line && p[-1] >= '0' && p[-1] <= '9'; p--)
		;
	if (!p || p == end)
		return false;
	*counter = strtoull(p, NULL, 10);
	return true;
}

bool crossing_look(struct crossing *c)
{
	bool first = !strcmp(c->event, "kvm_entry");
	uint64_t counter;
	char line[512];

	while (!(first && c->seen) && tracer_line(&c->tracer, line, sizeof(line))) {
		if (!crossing_parse(line, c->event, &counter))
			continue;
		if (!c->seen || counter > c->counter)
			c->counter = counter;
		c->seen = true;
	}
	return c->seen;
}

static int read_around(int fd, const char *timeline, struct timeline_get *first,
		       struct timeline_time *tt, struct timeline_get *last)
{
	int err, code = timeline_get_named(fd, timeline, first);

	if (code)
		return code;
	err = timeline_gettime(first->set.id, tt);
	if (err)
		return timeline_failure("read", timeline, err);
	return timeline_get_named(fd, timeline, last);
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

bool crossing_instant(const struct crossing *c, const char *timeline, struct vm_instant *at)
{
	const struct shown b = { .before = c->counter, .after = c->counter };
	struct timeline_get first, last;
	struct timeline_time tt;
	struct apart apart;
	int code, fd = timeline_open(&code);

	*at = (struct vm_instant){ 0 };
	if (fd < 0)
		return false;
	code = read_around(fd, timeline, &first, &tt, &last);
	close(fd);
	if (code || !usable(timeline, &last, &tt))
		return false;
	compare(&tt, &first, &last, &b, &apart);
	*at = (struct vm_instant){ true, apart.ns, tt.err_low_ns + apart.read, tt.err_high_ns + apart.read };
	return true;
}
