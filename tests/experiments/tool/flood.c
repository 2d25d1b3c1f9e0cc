// SPDX-License-Identifier: GPL-2.0
/*
 * Commands for the main loop of a VMM, which it executes with its big lock: so many at once that it
 * always has one, and so few that it is soon done when nobody sends more.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "tool.h"

#define AHEAD	32
#define COMMAND	"{\"execute\":\"query-status\"}\n"

static int open_end(const char *pipe, const char *end)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s.%s", pipe, end);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fatal("%s: %s", path, strerror(errno));
	return fd;
}

static void send(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		fatal("write a command: %s", strerror(errno));
}

/* Answers are a line each */
static unsigned int answers(int fd)
{
	static char buf[1 << 16];
	ssize_t got = read(fd, buf, sizeof(buf));
	unsigned int n = 0;

	if (got < 0)
		fatal("read answers: %s", strerror(errno));
	for (ssize_t i = 0; i < got; i++)
		n += buf[i] == '\n';
	return n;
}

/* Until it is killed */
int flood(int argc, char **argv)
{
	int in = open_end(argv[0], "in"), out = open_end(argv[0], "out");

	(void)argc;
	send(in, "{\"execute\":\"qmp_capabilities\"}\n");
	for (unsigned int n = AHEAD;; n = answers(out))
		while (n--)
			send(in, COMMAND);
}
