/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looking up a name.  getaddrinfo() waits for as long as a resolver does not answer, and
 * cannot be ended; so a child calls it, and who has others to ask goes on.
 */
#ifndef LIB_TIMELINE_LOOKUP_H
#define LIB_TIMELINE_LOOKUP_H

#include <stdbool.h>
#include <sys/socket.h>

struct lookup {
	pid_t pid;	/* of the child, 0: none */
	int fd;		/* can be read when it has ended, or has an address */
};

/* What needs no lookup, as "192.0.2.1" */
bool lookup_numeric(const char *host, const char *port, struct sockaddr_storage *address);

/* Of several addresses the one of this number, and so on over and over */
void lookup_begin(struct lookup *l, const char *host, const char *port, unsigned int number);

static inline bool lookup_runs(const struct lookup *l)
{
	return l->pid > 0;
}

/* Once it can be read, or to end it before: false if there is no address */
bool lookup_end(struct lookup *l, struct sockaddr_storage *address);

#endif
