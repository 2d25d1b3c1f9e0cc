// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clocks.h"
#include "command.h"
#include "vm/peer.h"

static void become(const char *command, int in, int out)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_IGN);	/* of the terminal: who started it undoes what is to be undone */
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(VC_NOTFOUND);
}

bool peer_start(struct peer *p, const char *command)
{
	int to[2], from[2];

	*p = (struct peer){ .pid = -1, .to = -1, .from = -1 };
	if (pipe2(to, O_CLOEXEC))
		return false;
	if (pipe2(from, O_CLOEXEC)) {
		close(to[0]);
		close(to[1]);
		return false;
	}
	signal(SIGPIPE, SIG_IGN);
	p->pid = fork();
	if (!p->pid)
		become(command, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	p->to = to[1];
	p->from = from[0];
	return p->pid > 0;
}

bool peer_say(struct peer *p, const char *line)
{
	char text[OFFER_LINE + 1];
	int n = snprintf(text, sizeof(text), "%s\n", line);

	return write(p->to, text, n) == n;
}

static bool take_line(char *text, size_t *used, char line[OFFER_LINE])
{
	char *end = memchr(text, '\n', *used);

	if (!end)
		return false;
	snprintf(line, OFFER_LINE, "%.*s", (int)(end - text), text);
	*used -= end + 1 - text;
	memmove(text, end + 1, *used);
	return true;
}

bool line_next(int fd, char *text, size_t *used, char line[OFFER_LINE], uint64_t ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t end = now_ns() + ns, now;
	ssize_t n;

	while (!take_line(text, used, line)) {
		now = now_ns();
		n = poll(&p, 1, now < end ? (end - now) / 1000000 : 0);
		if (n < 0)
			return false;
		if (!n || *used == 2 * OFFER_LINE)
			return errno = ETIMEDOUT, false;
		n = read(fd, text + *used, 2 * OFFER_LINE - *used);
		if (n <= 0)
			return errno = ECONNRESET, false;
		*used += n;
	}
	return true;
}

bool peer_line(struct peer *p, char line[OFFER_LINE], uint64_t ns)
{
	return line_next(p->from, p->text, &p->used, line, ns);
}

bool peer_gone(struct peer *p)
{
	struct pollfd poller = { .fd = p->from };

	return poll(&poller, 1, 0) == 1 && poller.revents & POLLHUP;
}

int peer_end(struct peer *p)
{
	int status = 0;

	if (p->pid <= 0)
		return VC_FAIL;
	close(p->to);
	close(p->from);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->pid = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : VC_FAIL;
}
