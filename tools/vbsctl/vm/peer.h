/* SPDX-License-Identifier: GPL-2.0 */
/* The command that prepares a migration's destination, and speaks for it. */
#ifndef VBSCTL_VM_PEER_H
#define VBSCTL_VM_PEER_H

#include <stdint.h>
#include <stdbool.h>
#include <sys/types.h>

#include "vm/offer.h"

struct peer {
	pid_t pid;
	int to, from;
	char text[2 * OFFER_LINE];
	size_t used;
};

/* By a shell, as in "ssh host vbsctl vm receive web1"; false with errno */
bool peer_start(struct peer *p, const char *command);
bool peer_say(struct peer *p, const char *line);
/* Its next line, at most @ns from now; false with errno: ETIMEDOUT, EINTR, ECONNRESET if it has ended */
bool peer_line(struct peer *p, char line[OFFER_LINE], uint64_t ns);
/* It has ended, or closed its output */
bool peer_gone(struct peer *p);
/* Its exit code, after no more is said to it */
int peer_end(struct peer *p);

/* The same, of one's own standard input */
bool line_next(int fd, char *text, size_t *used, char line[OFFER_LINE], uint64_t ns);

#endif
