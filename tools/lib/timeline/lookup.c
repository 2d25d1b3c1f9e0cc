// SPDX-License-Identifier: GPL-2.0
/* A child writes one address into a pipe, or ends without. */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

#include "timeline/lookup.h"

static bool find(const char *host, const char *port, int flags, unsigned int number,
		 struct sockaddr_storage *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = flags }, *list, *a;
	unsigned int n = 0;

	if (getaddrinfo(host, port, &hints, &list))
		return false;
	for (a = list; a; a = a->ai_next)
		n++;
	number %= n;
	for (a = list; number--; a = a->ai_next)
		;
	memset(address, 0, sizeof(*address));
	memcpy(address, a->ai_addr, a->ai_addrlen);
	freeaddrinfo(list);
	return true;
}

bool lookup_numeric(const char *host, const char *port, struct sockaddr_storage *address)
{
	return find(host, port, AI_NUMERICHOST | AI_NUMERICSERV, 0, address);
}

/*
 * Ends with its parent, and keeps nothing of the parent's: who is bound to its timeline is
 * told that it has ended when the last file of it is closed.
 */
static void look_up(int fd, const char *host, const char *port, unsigned int number)
{
	struct sockaddr_storage address;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(fd, STDIN_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0U, 0))
		_exit(1);
	if (!find(host, port, 0, number, &address))
		_exit(1);
	_exit(write(STDIN_FILENO, &address, sizeof(address)) != sizeof(address));
}

void lookup_begin(struct lookup *l, const char *host, const char *port, unsigned int number)
{
	int fds[2];

	l->pid = 0;
	if (pipe2(fds, O_CLOEXEC))
		return;
	l->pid = fork();
	if (!l->pid)
		look_up(fds[1], host, port, number);
	close(fds[1]);
	l->fd = fds[0];
	if (l->pid < 0)
		close(l->fd);
}

bool lookup_end(struct lookup *l, struct sockaddr_storage *address)
{
	ssize_t n;

	if (!lookup_runs(l))
		return false;
	fcntl(l->fd, F_SETFL, O_NONBLOCK);
	n = read(l->fd, address, sizeof(*address));
	close(l->fd);
	kill(l->pid, SIGKILL);
	while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
		;
	l->pid = 0;
	return n == sizeof(*address);
}
