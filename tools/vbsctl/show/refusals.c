// SPDX-License-Identifier: GPL-2.0
/* A tracer with one event. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "show/refusals.h"
#include "vbs/tracer.h"

#define EVENT	"sched_vbs_reject: "

static struct tracer tracer = { .fd = -1 };

bool refusals_begin(void)
{
	int err;

	if (!tracer_begin(&tracer, "watch"))
		return false;
	if (tracer_enable(&tracer, "sched/sched_vbs_reject"))
		return true;
	err = errno;
	tracer_end(&tracer);
	errno = err;
	return false;
}

bool refusal_parse(const char *line, struct refusal_seen *r)
{
	const char *at = strstr(line, EVENT);

	memset(r, 0, sizeof(*r));
	return at && sscanf(at + strlen(EVENT), "pid=%d reason=%31s asked=%" SCNu64 " spare=%" SCNu64 " cpu=%d",
			    &r->pid, r->reason, &r->asked, &r->spare, &r->cpu) == 5;
}

bool refusals_next(struct refusal_seen *r)
{
	char line[512];

	while (tracer.fd >= 0 && tracer_line(&tracer, line, sizeof(line))) {
		if (refusal_parse(line, r))
			return true;
	}
	return false;
}

void refusals_end(void)
{
	tracer_end(&tracer);
}
