// SPDX-License-Identifier: GPL-2.0
/*
 * An instance of the tracer with one event.  It is read without waiting, a line at a
 * time; a line that is not complete yet is kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "show/refusals.h"

#define TRACING	"/sys/kernel/tracing"
#define EVENT	"sched_vbs_reject: "

static char dir[PATH_MAX - 64];
static int pipe_fd = -1;
static char text[8192];
static size_t used;

static bool write_to(const char *file, const char *word)
{
	char path[PATH_MAX];
	bool good;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	good = write(fd, word, strlen(word)) >= 0;
	close(fd);
	return good;
}

static int open_pipe(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/trace_pipe", dir);
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

bool refusals_begin(void)
{
	int err;

	snprintf(dir, sizeof(dir), "%.*s/instances/vbsctl-%d", (int)sizeof(dir) - 64,
		 sys_path(TRACING), (int)getpid());
	if (mkdir(dir, 0700))
		return false;
	if (write_to("events/sched/sched_vbs_reject/enable", "1"))
		pipe_fd = open_pipe();
	if (pipe_fd >= 0)
		return true;
	err = errno;
	rmdir(dir);
	errno = err;
	return false;
}

/* A complete line out of what was read; false if there is none */
static bool next_line(char *line, size_t size)
{
	char *end = memchr(text, '\n', used);
	size_t n = end ? (size_t)(end - text) : 0;

	if (!end) {
		used = used == sizeof(text) ? 0 : used;	/* no line is that long */
		return false;
	}
	snprintf(line, size, "%.*s", (int)n, text);
	used -= n + 1;
	memmove(text, end + 1, used);
	return true;
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
	ssize_t n;

	if (pipe_fd < 0)
		return false;
	for (;;) {
		while (next_line(line, sizeof(line))) {
			if (refusal_parse(line, r))
				return true;
		}
		n = read(pipe_fd, text + used, sizeof(text) - used);
		if (n <= 0)
			return false;
		used += n;
	}
}

void refusals_end(void)
{
	if (pipe_fd < 0)
		return;
	close(pipe_fd);
	pipe_fd = -1;
	rmdir(dir);
}
