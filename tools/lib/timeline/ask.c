// SPDX-License-Identifier: GPL-2.0
/*
 * Two questions over UDP to 127.0.0.1, from which only what is privileged answers
 * (ports below 1024, or what the machine has instead; where these ports are anybody's
 * nobody is asked):
 *
 *	chronyd's tracking report (protocol version 6, command 33): the clock is off
 *	by what is left to correct, known within half the root delay and the root
 *	dispersion as of now;
 *
 *	an NTP query: ntpd is as much in doubt about its clock as it tells its clients,
 *	half the root delay and the root dispersion.  What it has yet to correct is the
 *	kernel's business: adjtimex() tells.
 *
 * An answer has 24 significant bits: a 2^20th is added, and 1 ns.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "timeline/ask.h"
#include "timeline/ntp_client.h"

#define WAIT_US		300000
#define CHRONY_PORT	"323"	/* ASK_CHRONY_PORT */
#define CHRONY_SOCKET	"/run/chrony/chronyd.sock"
#define BOUND_MAX_S	16.0	/* what the kernel and NTP call unknown */

/* Offsets in chronyd's packets: request header of 20 bytes, reply header of 28 */
#define CHRONY_VERSION		6
#define CHRONY_REQUEST		1
#define CHRONY_REPLY		2
#define CHRONY_TRACKING		33
#define CHRONY_TRACKING_REPLY	5
#define AT_STRATUM		(28 + 24)
#define AT_LEAP			(28 + 26)
#define AT_CORRECTION		(28 + 40)
#define AT_ROOT_DELAY		(28 + 64)
#define AT_ROOT_DISPERSION	(28 + 68)

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, sizeof(v));
}

/* 7 bits of exponent and 25 of a coefficient, both signed */
static double get_float(const uint8_t *p)
{
	uint32_t word = get32(p);
	int32_t exponent = (int32_t)word >> 25;
	int32_t coefficient = (int32_t)(word << 7) >> 7;

	return ldexp(coefficient, exponent - 25);
}

static int take_bound(double seconds, uint64_t *ns)
{
	if (!(seconds >= 0 && seconds < BOUND_MAX_S))
		return EAGAIN;
	*ns = (uint64_t)(seconds * (1 + 0x1p-20) * 1e9) + 1;
	return 0;
}

void ask_fill_tracking(uint8_t request[ASK_CHRONY_SIZE], uint32_t sequence)
{
	memset(request, 0, ASK_CHRONY_SIZE);
	request[0] = CHRONY_VERSION;
	request[1] = CHRONY_REQUEST;
	request[5] = CHRONY_TRACKING;
	put32(request + 8, sequence);
}

int ask_read_tracking(const uint8_t *p, long size, uint32_t sequence, uint64_t *ns)
{
	if (size != ASK_CHRONY_SIZE || p[0] != CHRONY_VERSION || p[1] != CHRONY_REPLY ||
	    get16(p + 4) != CHRONY_TRACKING || get16(p + 6) != CHRONY_TRACKING_REPLY ||
	    get16(p + 8) || get32(p + 16) != sequence)
		return EPROTO;
	/* Stratum 0: never synchronized; leap 3: no more */
	if (!get16(p + AT_STRATUM) || get16(p + AT_STRATUM) > 15 || get16(p + AT_LEAP) > 2)
		return EAGAIN;
	return take_bound(fabs(get_float(p + AT_CORRECTION)) +
			  fabs(get_float(p + AT_ROOT_DELAY)) / 2 +
			  fabs(get_float(p + AT_ROOT_DISPERSION)), ns);
}

void ask_fill_ntp(uint8_t request[ASK_NTP_SIZE], uint64_t nonce)
{
	memset(request, 0, ASK_NTP_SIZE);
	request[0] = 4 << 3 | 3;
	memcpy(request + 40, &nonce, sizeof(nonce));
}

int ask_read_ntp(const uint8_t *p, long size, uint64_t nonce, uint64_t *ns)
{
	if (size < ASK_NTP_SIZE || (p[0] & 7) != 4 || memcmp(p + 24, &nonce, sizeof(nonce)))
		return EPROTO;
	if (p[0] >> 6 == 3 || !p[1] || p[1] > 15)
		return EAGAIN;
	return take_bound(ldexp(get32(p + 4), -17) + ldexp(get32(p + 8), -16), ns);
}

static int wait_at_most(int fd)
{
	struct timeval wait = { .tv_usec = WAIT_US };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

/* Who may be at that port: elsewhere an answer is anybody's */
static bool is_privileged(uint16_t port)
{
	int64_t first;

	return sys_number("/proc/sys/net/ipv4/ip_unprivileged_port_start", &first) || port < first;
}

static int open_local(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = is_privileged(port) ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	if (fd < 0)
		return -1;
	if (!wait_at_most(fd) && !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	close(fd);
	return -1;
}

/* The size of the answer, or -1 with errno; of a socket that is closed then, if it is one */
static ssize_t ask(int fd, const uint8_t *request, size_t size, uint8_t *reply, size_t room)
{
	ssize_t n;
	int err;

	if (fd < 0)
		return -1;
	n = send(fd, request, size, 0);
	if (n >= 0)
		n = recv(fd, reply, room, 0);
	err = errno;
	close(fd);
	errno = err;
	return n;
}

static int take_tracking(int fd, uint64_t *ns)
{
	uint8_t request[ASK_CHRONY_SIZE], reply[512];
	uint32_t sequence = 0;
	ssize_t n;

	if (getrandom(&sequence, sizeof(sequence), GRND_NONBLOCK) < 0)
		sequence = getpid();
	ask_fill_tracking(request, sequence);
	n = ask(fd, request, sizeof(request), reply, sizeof(reply));
	return n < 0 ? EPROTO : ask_read_tracking(reply, n, sequence, ns);
}

int ask_chronyd(uint64_t *ns)
{
	return take_tracking(open_local(ASK_CHRONY_PORT), ns);
}

int ask_bind(int fd, const struct sockaddr_un *own)
{
	mode_t mask;
	int err;

	/* A socket's file has the mode of the socket, less the mask */
	if (fchmod(fd, 0666))
		return errno;
	mask = umask(0);
	err = bind(fd, (const struct sockaddr *)own, sizeof(*own)) ? errno : 0;
	umask(mask);
	return err;
}

int ask_connect(int fd, const struct sockaddr_un *to)
{
	char c;

	if (wait_at_most(fd) || connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		return errno;
	while (recv(fd, &c, sizeof(c), MSG_DONTWAIT) >= 0)
		;
	return 0;
}

/* chronyd answers to a path, which it must be able to write to: beside its own socket */
static int connect_beside(int fd, const char *path, struct sockaddr_un *own)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	*own = to;
	if (snprintf(to.sun_path, sizeof(to.sun_path), "%s", path) >= (int)sizeof(to.sun_path) ||
	    snprintf(own->sun_path, sizeof(own->sun_path), "%s.%d", path, getpid()) >=
	    (int)sizeof(own->sun_path))
		return -1;
	unlink(own->sun_path);
	return ask_bind(fd, own) || ask_connect(fd, &to) ? -1 : 0;
}

static int ask_beside(const char *path, uint64_t *ns)
{
	int err = EPROTO, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un own;

	if (fd < 0)
		return EPROTO;
	if (connect_beside(fd, path, &own))
		close(fd);
	else
		err = take_tracking(fd, ns);
	unlink(own.sun_path);
	return err;
}

static bool is_loopback(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
	return a->ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

/* No name: who looks one up waits for a resolver, and gets an address of anybody */
static bool find_loopback(const char *where, struct sockaddr_storage *address)
{
	struct nc_server s;

	return !nc_parse(&s, where, CHRONY_PORT) && lookup_numeric(s.host, s.port, address) &&
	       is_loopback(address);
}

bool ask_may_be_chronyd(const char *where)
{
	struct sockaddr_storage address;

	return !where[0] || where[0] == '/' || find_loopback(where, &address);
}

static int open_loopback(const char *where)
{
	struct sockaddr_storage to;
	socklen_t size;
	int fd;

	if (!find_loopback(where, &to))
		return -1;
	size = to.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (wait_at_most(fd) || connect(fd, (struct sockaddr *)&to, size))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* In a service that may not write beside the socket there is still the port */
static int ask_anywhere(uint64_t *ns)
{
	int err = ask_beside(CHRONY_SOCKET, ns);

	return err == EPROTO ? ask_chronyd(ns) : err;
}

int ask_chronyd_at(const char *where, uint64_t *ns)
{
	if (!where[0])
		return ask_anywhere(ns);
	return where[0] == '/' ? ask_beside(where, ns) : take_tracking(open_loopback(where), ns);
}

int ask_ntpd(uint64_t *ns)
{
	uint8_t request[ASK_NTP_SIZE], reply[512];
	uint64_t nonce = 0;
	ssize_t n;

	if (getrandom(&nonce, sizeof(nonce), GRND_NONBLOCK) < 0)
		nonce = getpid();
	ask_fill_ntp(request, nonce);
	n = ask(open_local(ASK_NTP_PORT), request, sizeof(request), reply, sizeof(reply));
	return n < 0 ? EPROTO : ask_read_ntp(reply, n, nonce, ns);
}
