// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/ptp_master.h"

#define NSEC		1000000000LL
#define GROUP		"224.0.1.129"
#define EVENT_PORT	319
#define GENERAL_PORT	320
#define TAI_UTC		37
#define SYNC_NS		(NSEC / 8)
#define SYNCS		8		/* for one announcement */

enum { SYNC = 0, DELAY_REQ = 1, FOLLOW_UP = 8, DELAY_RESP = 9, ANNOUNCE = 11 };

/* Places in a message */
#define AT_DOMAIN	4
#define AT_FLAGS	6
#define AT_CORRECTION	8
#define AT_PORT		20		/* identity of the clock, and its port */
#define AT_SEQUENCE	30
#define AT_CONTROL	32
#define AT_INTERVAL	33
#define AT_BODY		34
#define HEADER		34
#define STAMPED		44
#define ANSWER		54
#define ANNOUNCEMENT	64

static const uint8_t identity[10] = { 0, 1, 2, 0xff, 0xfe, 3, 4, 5, 0, 1 };
static int event_fd, general_fd;
static const struct ptp_truth *told;

static int64_t now(void)
{
	return told->ns(told->arg);
}

static void put16(uint8_t *to, uint16_t v)
{
	to[0] = v >> 8;
	to[1] = v;
}

static void put_stamp(uint8_t *to, int64_t ns)
{
	uint64_t sec = ns / NSEC + TAI_UTC;
	uint32_t nsec = ns % NSEC;

	put16(to, sec >> 32);
	put16(to + 2, sec >> 16);
	put16(to + 4, sec);
	put16(to + 6, nsec >> 16);
	put16(to + 8, nsec);
}

/* Flags: two steps; TAI - UTC is valid, PTP's scale, time and frequency are traceable */
static void begin(uint8_t *m, unsigned int type, unsigned int size, uint16_t sequence)
{
	memset(m, 0, size);
	m[0] = told->transport << 4 | type;
	m[1] = 2;
	m[AT_DOMAIN] = told->domain;
	put16(m + 2, size);
	m[AT_FLAGS] = type == SYNC ? 2 : 0;
	m[AT_FLAGS + 1] = type == ANNOUNCE ? 0x3c : 0;
	memcpy(m + AT_PORT, identity, sizeof(identity));
	put16(m + AT_SEQUENCE, sequence);
	m[AT_CONTROL] = type == SYNC ? 0 : type == FOLLOW_UP ? 2 : type == DELAY_RESP ? 3 : 5;
	m[AT_INTERVAL] = type == SYNC || type == FOLLOW_UP ? (uint8_t)-3 : 0;
}

static int tell(int fd, uint16_t port, const uint8_t *m, size_t size)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = inet_addr(GROUP) };

	if (sendto(fd, m, size, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)size)
		return 0;
	perror("ptp: send");
	return 1;
}

static int sync_once(uint16_t sequence)
{
	uint8_t m[STAMPED];
	int64_t before;

	begin(m, SYNC, sizeof(m), sequence);
	before = now();
	if (tell(event_fd, EVENT_PORT, m, sizeof(m)))
		return 1;
	begin(m, FOLLOW_UP, sizeof(m), sequence);
	put_stamp(m + AT_BODY, before);
	return tell(general_fd, GENERAL_PORT, m, sizeof(m));
}

/* The best there is: priority 1, locked to a primary reference */
static int announce(uint16_t sequence)
{
	uint8_t m[ANNOUNCEMENT];

	begin(m, ANNOUNCE, sizeof(m), sequence);
	put_stamp(m + AT_BODY, now());
	put16(m + AT_BODY + 10, TAI_UTC);
	m[AT_BODY + 13] = 1;
	m[AT_BODY + 14] = 6;
	m[AT_BODY + 15] = told->accuracy;
	put16(m + AT_BODY + 16, 0x4e5d);
	m[AT_BODY + 18] = 1;
	memcpy(m + AT_BODY + 19, identity, 8);
	put16(m + AT_BODY + 27, told->steps);
	m[AT_BODY + 29] = 0x20;
	return tell(general_fd, GENERAL_PORT, m, sizeof(m));
}

static int answer(void)
{
	uint8_t request[128], m[ANSWER];
	ssize_t n = recv(event_fd, request, sizeof(request), 0);
	int64_t received = now();

	if (n < STAMPED || request[0] != (told->transport << 4 | DELAY_REQ) ||
	    request[AT_DOMAIN] != told->domain)
		return 0;
	begin(m, DELAY_RESP, sizeof(m), request[AT_SEQUENCE] << 8 | request[AT_SEQUENCE + 1]);
	memcpy(m + AT_CORRECTION, request + AT_CORRECTION, 8);
	put_stamp(m + AT_BODY, received);
	memcpy(m + AT_BODY + 10, request + AT_PORT, 10);
	return tell(general_fd, GENERAL_PORT, m, sizeof(m));
}

static int listen_on(uint16_t port, const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct ip_mreqn group = { .imr_multiaddr.s_addr = inet_addr(GROUP),
				  .imr_address.s_addr = inet_addr(address) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1, zero = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!bind(fd, (struct sockaddr *)&to, sizeof(to)) &&
	    !setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) &&
	    !setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)) &&
	    !setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &zero, sizeof(zero)))
		return fd;
	perror("ptp: listen");
	return -1;
}

int ptp_serve(const char *address, const struct ptp_truth *truth)
{
	struct pollfd p = { .events = POLLIN };
	int64_t next = 0, left;
	uint16_t n;
	int err = 0;

	told = truth;
	p.fd = event_fd = listen_on(EVENT_PORT, address);
	general_fd = listen_on(GENERAL_PORT, address);
	if (event_fd < 0 || general_fd < 0)
		return 1;
	for (n = 0; !err; n++) {
		if (n % SYNCS == 0)
			err = announce(n / SYNCS);
		err |= sync_once(n);
		next = now() + SYNC_NS;
		while (!err && (left = next - now()) > 0)
			if (poll(&p, 1, left / 1000000 + 1) > 0)
				err = answer();
	}
	return err;
}
