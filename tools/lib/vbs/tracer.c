// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "vbs/tracer.h"

#define INSTANCES	"/sys/kernel/tracing/instances"

static int open_file(const struct tracer *t, const char *file, int flags)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", t->dir, file);
	return open(path, flags | O_CLOEXEC);
}

static bool write_word(struct tracer *t, const char *file, int flags, const char *word)
{
	int fd = open_file(t, file, O_WRONLY | flags), err;
	bool good;

	if (fd < 0)
		return false;
	good = write(fd, word, strlen(word)) >= 0;
	err = errno;
	close(fd);
	errno = err;
	return good;
}

bool tracer_set(struct tracer *t, const char *file, const char *word)
{
	return write_word(t, file, O_TRUNC, word);
}

bool tracer_add(struct tracer *t, const char *file, const char *word)
{
	return write_word(t, file, O_APPEND, word);
}

bool tracer_enable(struct tracer *t, const char *event)
{
	char file[128];

	snprintf(file, sizeof(file), "events/%s/enable", event);
	return tracer_set(t, file, "1");
}

/* Whoever opens it is told once and for all whether stamps are ns: those are split into s and us */
static bool open_pipe(struct tracer *t)
{
	t->fd = open_file(t, "trace_pipe", O_RDONLY | O_NONBLOCK);
	return t->fd >= 0;
}

bool tracer_clock(struct tracer *t, const char *clock)
{
	if (!tracer_set(t, "trace_clock", clock))
		return false;
	close(t->fd);
	t->used = 0;
	return open_pipe(t);
}

void tracer_end(struct tracer *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	if (*t->dir)
		rmdir(t->dir);
	*t->dir = '\0';
}

bool tracer_begin(struct tracer *t, const char *what)
{
	int err;

	memset(t, 0, sizeof(*t));
	snprintf(t->name, sizeof(t->name), "vbsctl-%.10s-%d", what, (int)getpid());
	snprintf(t->dir, sizeof(t->dir), "%.400s/%s", sys_path(INSTANCES), t->name);
	t->fd = -1;
	if (mkdir(t->dir, 0700)) {
		*t->dir = '\0';
		return false;
	}
	if (open_pipe(t))
		return true;
	err = errno;
	tracer_end(t);
	errno = err;
	return false;
}

/* A complete line out of what was read; false if there is none */
static bool take_line(struct tracer *t, char *line, size_t size)
{
	char *end = memchr(t->text, '\n', t->used);
	size_t n = end ? (size_t)(end - t->text) : 0;

	if (!end) {
		if (t->used == sizeof(t->text))
			t->used = 0;	/* no line is that long */
		return false;
	}
	snprintf(line, size, "%.*s", (int)n, t->text);
	t->used -= n + 1;
	memmove(t->text, end + 1, t->used);
	return true;
}

bool tracer_line(struct tracer *t, char *line, size_t size)
{
	ssize_t n;

	while (!take_line(t, line, size)) {
		n = read(t->fd, t->text + t->used, sizeof(t->text) - t->used);
		if (n <= 0)
			return false;
		t->used += n;
	}
	return true;
}
