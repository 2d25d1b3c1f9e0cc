// SPDX-License-Identifier: GPL-2.0
/* The position of a file, as the kernel tells it, at the ends of windows. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysfile.h"
#include "clocks.h"
#include "command.h"
#include "rate/watch_file.h"
#include "until_stopped.h"

/* Before it is read, and after: the position was that at some instant between them */
struct look {
	uint64_t before, after, at;
};

static int look(pid_t pid, uint64_t fd, struct look *now)
{
	char path[64], *text;
	int n;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%" PRIu64, (int)pid, fd);
	now->before = now_ns();
	text = sys_read(path);
	now->after = now_ns();
	if (!text)
		return failure(errno == ENOENT ? VC_NOPROC : VC_PERM, "cannot read %s: %s", path, strerror(errno));
	n = sscanf(text, "pos: %" SCNu64, &now->at);
	free(text);
	return n == 1 ? VC_OK : failure(VC_FAIL, "%s has no position", path);
}

/*
 * How long a piece took there, if all did the same: of a window that was as long as it is sure to
 * have been, and counts as so many times the latency as are in it.
 */
static uint64_t took(const struct look *from, const struct look *to, const struct rate_goal *goal)
{
	u128 sure = (to->before - from->after) / goal->latency * goal->latency;
	u128 done = to->at > from->at ? to->at - from->at : 0;

	return done ? clamp64(sure * goal->op / done) : UINT64_MAX / 2;
}

int watch_file(pid_t pid, uint64_t fd, const struct rate_goal *goal, uint64_t count, struct pieces *p)
{
	struct look first, from, to;
	int code = look(pid, fd, &first);

	from = first;
	for (p->n = 0; p->n < count && !code; p->n++) {
		sleep_until(from.after + goal->latency);
		if (stopped)
			break;
		code = look(pid, fd, &to);
		if (code)
			return code;
		p->took[p->n] = took(&from, &to, goal);
		p->late += p->took[p->n] > goal->latency;
		from = to;
	}
	if (!code && !p->n)
		return failure(VC_FAIL, "stopped");
	p->units = from.at > first.at ? from.at - first.at : 0;
	p->time = from.after - first.before;
	return code;
}
