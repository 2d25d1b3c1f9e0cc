/* SPDX-License-Identifier: GPL-2.0 */
/* Answering NTP requests: the packets, and a socket. */
#ifndef LIB_TIMELINE_NTP_SERVER_H
#define LIB_TIMELINE_NTP_SERVER_H

#include <signal.h>

#include "timeline/ntp.h"

/* A reading of the clock that is served; it is within @error of the truth */
struct ntp_reading {
	int64_t ns;
	uint64_t error_ns;
	bool synchronized;
	uint8_t leap;
};

/* What answers @request, received and answered at these readings; false if it is none */
bool ntp_reply(const uint8_t *request, size_t size, const struct ntp_reading *received,
	       const struct ntp_reading *answered, uint8_t reply[NTP_SIZE]);

/* A UDP socket that is bound: -1 with errno set, or with 0 where the name is not found */
int ntp_listen(const char *host, const char *port);

/*
 * Waits for one request and answers it from the address that it came to; read(arg) is
 * called after it came and before the answer leaves.  Signals are masked by @waiting, if that
 * is not NULL, while it waits.  0 or an error number.
 */
int ntp_serve(int fd, void (*read)(void *arg, struct ntp_reading *r), void *arg,
	      const sigset_t *waiting);

#endif
