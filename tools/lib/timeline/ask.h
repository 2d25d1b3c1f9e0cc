/* SPDX-License-Identifier: GPL-2.0 */
/* What a keeper of CLOCK_REALTIME on this machine states of it, when asked. */
#ifndef LIB_TIMELINE_ASK_H
#define LIB_TIMELINE_ASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#define ASK_CHRONY_PORT		323
#define ASK_CHRONY_SIZE		104	/* of the request and of the report */
#define ASK_NTP_PORT		123
#define ASK_NTP_SIZE		48

/* A bound in ns, rounded up; 0 or an error number: EPROTO no such answer, EAGAIN not synchronized */
int ask_chronyd(uint64_t *ns);

/*
 * Of a chronyd elsewhere on this machine: "/SOCKET", "ADDRESS", "ADDRESS:PORT", of the loopback
 * interface; "": its usual places.  Anything else may be of another machine, and so of another
 * clock.
 */
bool ask_may_be_chronyd(const char *where);
int ask_chronyd_at(const char *where, uint64_t *ns);
int ask_ntpd(uint64_t *ns);

/*
 * Binds a Unix socket to a path to which everybody may answer: 0 or an error number.  The mode is
 * never changed by the path, where who owns the directory may have put something else.
 */
int ask_bind(int fd, const struct sockaddr_un *own);

/*
 * Connects it: from then on only who is there can answer, and what others were quick to send is
 * thrown away. Neither he nor who does not read holds up the caller for long: EAGAIN.
 */
int ask_connect(int fd, const struct sockaddr_un *to);

/* Their parts, for tests */
void ask_fill_tracking(uint8_t request[ASK_CHRONY_SIZE], uint32_t sequence);
int ask_read_tracking(const uint8_t *reply, long size, uint32_t sequence, uint64_t *ns);
void ask_fill_ntp(uint8_t request[ASK_NTP_SIZE], uint64_t nonce);
int ask_read_ntp(const uint8_t *reply, long size, uint64_t nonce, uint64_t *ns);

#endif
