/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exchanges with servers as text, to replay them:
 *
 *	timeline-exchanges 1 HZ SERVERS FAULTY PIVOT
 *	SERVER SENT GOT BEFORE AFTER RECEIVE TRANSMIT DELAY DISPERSION PRECISION LEAP STRATUM
 *		[TRUTH_NS]
 *
 * in one line.  SENT and GOT are the counter around the system calls, BEFORE and AFTER what
 * the kernel's stamps narrow them to; the rest is as on the wire.  TRUTH_NS is the true time
 * at AFTER.  Lines that begin with # are comments.
 */
#ifndef LIB_TIMELINE_EXCHANGES_H
#define LIB_TIMELINE_EXCHANGES_H

#include <stdio.h>

#include "timeline/ntp.h"

struct exchanges_head {
	uint64_t hz;
	int servers, faulty;
	int64_t pivot;
};

struct exchanges_line {
	int server;
	uint64_t sent, got;
	struct ntp_exchange x;
};

/* Whether a file that begins with @text is one */
bool exchanges_begin(const char *text);

/* NULL or, in a few words, what is wrong */
const char *exchanges_read_head(char *text, struct exchanges_head *head);
const char *exchanges_read_line(FILE *f, const struct exchanges_head *head,
				struct exchanges_line *line, unsigned int *number, bool *end);

void exchanges_write_head(FILE *f, const struct exchanges_head *head);
void exchanges_write_line(FILE *f, const struct exchanges_line *line);

#endif
