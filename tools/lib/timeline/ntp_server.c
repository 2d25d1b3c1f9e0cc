// SPDX-License-Identifier: GPL-2.0
/*
 * A client concludes T(sent) <= T2 + E and T(received) >= T3 - E.  So T2 may be read at
 * any time after the request came, and T3 before the answer leaves, and E is the larger
 * error of both readings; what the stamps lose on the wire, less than 1 ns, is in the
 * precision.  There is no way to a reference above this clock: the root delay is 0.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "timeline/ntp_server.h"

#define STRATUM		2
#define STRATUM_NONE	16
#define PRECISION	(-29)
#define REFERENCE	0x54494d45	/* "TIME" */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

bool ntp_reply(const uint8_t *request, size_t size, const struct ntp_reading *received,
	       const struct ntp_reading *answered, uint8_t reply[NTP_SIZE])
{
	bool good = received->synchronized && answered->synchronized;
	struct ntp_packet q, p;

	if (!ntp_read(request, size, &q) || q.mode != NTP_CLIENT || !q.version || q.version > 4)
		return false;
	p = (struct ntp_packet){
		.leap = good ? answered->leap : NTP_LEAP_UNKNOWN, .version = q.version,
		.mode = NTP_SERVER, .stratum = good ? STRATUM : STRATUM_NONE, .poll = q.poll,
		.precision = PRECISION, .reference_id = REFERENCE, .origin = q.transmit,
		.root_dispersion = ntp_short(larger(received->error_ns, answered->error_ns)),
		.reference = ntp_from_ns(received->ns), .receive = ntp_from_ns(received->ns),
		.transmit = ntp_from_ns(answered->ns),
	};
	ntp_write(reply, &p);
	return true;
}

static int bind_to(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, off = 0, err;

	if (fd < 0)
		return -1;
	if (a->ai_family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	}
	if (!bind(fd, a->ai_addr, a->ai_addrlen))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static int listen_as(int family, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_DGRAM,
				  .ai_flags = AI_PASSIVE }, *list;
	int fd, err;

	errno = 0;
	if (getaddrinfo(host, port, &hints, &list))
		return -1;
	fd = bind_to(list);
	err = errno;
	freeaddrinfo(list);
	errno = err;
	return fd;
}

/* Everywhere is both IPv6 and IPv4, or IPv4 alone where there is no other */
int ntp_listen(const char *host, const char *port)
{
	int fd = host ? -1 : listen_as(AF_INET6, NULL, port);

	return fd >= 0 ? fd : listen_as(host ? AF_UNSPEC : AF_INET, host, port);
}

int ntp_serve(int fd, void (*read)(void *arg, struct ntp_reading *r), void *arg,
	      const sigset_t *waiting)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	_Alignas(struct cmsghdr) char control[128];
	uint8_t packet[512], reply[NTP_SIZE];
	struct ntp_reading received, answered;
	struct sockaddr_storage from;
	struct iovec iov = { packet, sizeof(packet) };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = ppoll(&p, 1, NULL, waiting);

	if (n >= 0)
		n = recvmsg(fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return errno;
	read(arg, &received);
	read(arg, &answered);
	if (!ntp_reply(packet, n, &received, &answered, reply))
		return 0;
	iov = (struct iovec){ reply, sizeof(reply) };
	m.msg_flags = 0;
	/* A client that cannot be answered is its own business */
	sendmsg(fd, &m, 0);
	return 0;
}
