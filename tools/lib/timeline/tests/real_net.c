// SPDX-License-Identifier: GPL-2.0
/*
 * What a program sends and hears by UDP, on a simulated machine (real_host.h).  There is one
 * server, 10.0.0.1: an exchange with it is one of net_sim.h.  Just before an answer comes the
 * program is asked for its own bound, as 'vbsctl timeline sync' asks chronyd and ntpd, and
 * then a line is written (exchanges.h), and a comment, "# realtime ERROR BOUND", in ns: how
 * far the clock that it keeps is ahead of the truth, and what it claims; 0: nothing.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "timeline/ask.h"
#include "timeline/exchanges.h"
#include "timeline/tests/real_host.h"

#define SERVER		0x0a000001
#define OWN		0x0a000002
#define FILES		1024
#define SEQUENCE	0x5eed
#define BEHIND		1000000LL	/* ns, the clock at the beginning */

/* Of each file number: a UDP socket that is simulated, and where it is bound */
static struct socket_of {
	bool here;
	struct sockaddr_in local, to;
} sockets[FILES];

/* An answer that is on its way, and what is heard at the socket that answers questions */
static struct {
	bool coming, asked, hears;
	int fd, asked_fd;
	uint8_t answer[NTP_SIZE];
	struct exchanges_line line;
	uint64_t claim;
} way;

static FILE *record;
static int asked_port;

static struct socket_of *socket_at(int fd)
{
	return fd >= 0 && fd < FILES && sockets[fd].here ? &sockets[fd] : NULL;
}

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv(REAL_ENV);
	struct exchanges_head head = { SIM_HZ, 1, 0, SIM_PIVOT };
	char name[32], path[4096];
	unsigned long long seed;
	int i;

	if (!text || sscanf(text, "%31s %llu %d %4095s", name, &seed, &asked_port, path) != 4)
		_exit(97);
	for (i = 0; i < sim_specs_n && strcmp(sim_specs[i].name, name); i++)
		;
	record = i < sim_specs_n ? fopen(path, "we") : NULL;
	if (!record)
		_exit(97);
	exchanges_write_head(record, &head);
	sim_start(&host.sim, &sim_specs[i], seed);
	real_clock_start(&host.clock, SIM_HZ, host.sim.counter,
			 host.sim.truth - BEHIND * REAL_UNIT);
}

int socket(int domain, int type, int protocol)
{
	int (*real)(int, int, int) = next("socket");
	int fd = real(domain, type, protocol);

	if ((domain == AF_INET || domain == AF_INET6) && (type & 0xf) == SOCK_DGRAM && fd >= 0 &&
	    fd < FILES)
		sockets[fd] = (struct socket_of){ .here = true };
	return fd;
}

/* Also of those that make another number of a file */
int fcntl(int fd, int command, ...)
{
	int (*real)(int, int, ...) = next("fcntl");
	va_list list;
	long arg;
	int ret;

	va_start(list, command);
	arg = va_arg(list, long);
	va_end(list);
	ret = real(fd, command, arg);
	if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && socket_at(fd) && ret >= 0 &&
	    ret < FILES)
		sockets[ret] = sockets[fd];
	return ret;
}

int close(int fd)
{
	int (*real)(int) = next("close");

	if (socket_at(fd))
		sockets[fd].here = false;
	if (way.coming && way.fd == fd)
		way.coming = false;
	return real(fd);
}

int bind(int fd, const struct sockaddr *a, socklen_t size)
{
	int (*real)(int, const struct sockaddr *, socklen_t) = next("bind");
	struct socket_of *s = socket_at(fd);

	if (!s)
		return real(fd, a, size);
	memcpy(&s->local, a, sizeof(s->local));
	return 0;
}

int connect(int fd, const struct sockaddr *a, socklen_t size)
{
	int (*real)(int, const struct sockaddr *, socklen_t) = next("connect");
	struct socket_of *s = socket_at(fd);

	if (!s)
		return real(fd, a, size);
	memcpy(&s->to, a, sizeof(s->to));
	return 0;
}

int getsockname(int fd, struct sockaddr *restrict a, socklen_t *restrict size)
{
	int (*real)(int, struct sockaddr *, socklen_t *) = next("getsockname");
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(123),
				  .sin_addr.s_addr = htonl(OWN) };

	if (!socket_at(fd))
		return real(fd, a, size);
	memcpy(a, &in, sizeof(in));
	*size = sizeof(in);
	return 0;
}

static void interface(struct ifaddrs *i, struct sockaddr_in a[2], char *name, uint32_t address,
		      uint32_t mask)
{
	a[0] = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
	a[1] = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(mask) };
	*i = (struct ifaddrs){ .ifa_name = name, .ifa_flags = IFF_UP | IFF_RUNNING,
			       .ifa_addr = (struct sockaddr *)&a[0],
			       .ifa_netmask = (struct sockaddr *)&a[1] };
}

int getifaddrs(struct ifaddrs **list)
{
	static struct sockaddr_in address[4];
	static struct ifaddrs one[2];

	interface(&one[0], &address[0], "lo", INADDR_LOOPBACK, 0xff000000);
	one[0].ifa_flags |= IFF_LOOPBACK;
	one[0].ifa_next = &one[1];
	interface(&one[1], &address[2], "net", OWN, 0xffffff00);
	*list = one;
	return 0;
}

void freeifaddrs(struct ifaddrs *list)
{
	(void)list;
}

/* Stamps are what the clock shows when a packet comes: there are no others here */
int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	int (*real)(int, int, int, const void *, socklen_t) = next("setsockopt");

	if (!socket_at(fd))
		return real(fd, level, name, value, size);
	if (level == SOL_SOCKET && name == SO_TIMESTAMPING) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return 0;
}

static void request(int fd, const uint8_t *packet, size_t size)
{
	struct sim ahead;
	struct ntp_packet q, p;
	bool comes;

	if (!ntp_read(packet, size, &q) || q.mode != NTP_CLIENT)
		return;
	host_look();
	ahead = host.sim;
	way.line = (struct exchanges_line){ 0 };
	comes = sim_exchange(&ahead, 0, &way.line.x);
	host.sim.random = ahead.random;
	if (!comes)
		return;
	p = (struct ntp_packet){
		.version = q.version, .mode = NTP_SERVER, .stratum = way.line.x.stratum,
		.poll = q.poll, .precision = way.line.x.precision, .reference_id = 0x47505300,
		.root_dispersion = way.line.x.root_dispersion, .origin = q.transmit,
		.reference = way.line.x.receive - ((uint64_t)1 << 32),
		.receive = way.line.x.receive, .transmit = way.line.x.transmit,
	};
	ntp_write(way.answer, &p);
	way.coming = true;
	way.asked = false;
	way.claim = 0;
	way.fd = fd;
}

static void take_claim(const uint8_t *packet, size_t size)
{
	uint64_t nonce = SEQUENCE;
	int err = asked_port == ASK_CHRONY_PORT ?
		  ask_read_tracking(packet, size, SEQUENCE, &way.claim) :
		  ask_read_ntp(packet, size, nonce, &way.claim);

	if (err)
		way.claim = 0;
}

static ssize_t send_to(int fd, const void *packet, size_t size, const struct sockaddr_in *to)
{
	const struct socket_of *s = socket_at(fd);

	to = to ? to : &s->to;
	if (to->sin_addr.s_addr == htonl(SERVER))
		request(fd, packet, size);
	else if (fd == way.asked_fd)
		take_claim(packet, size);
	return size;
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int) = next("sendmsg");

	if (!socket_at(fd))
		return real(fd, m, flags);
	return send_to(fd, m->msg_iov[0].iov_base, m->msg_iov[0].iov_len, m->msg_name);
}

ssize_t sendto(int fd, const void *packet, size_t size, int flags, const struct sockaddr *to,
	       socklen_t to_size)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *,
			socklen_t) = next("sendto");

	if (!socket_at(fd))
		return real(fd, packet, size, flags, to, to_size);
	return send_to(fd, packet, size, (const struct sockaddr_in *)to);
}

ssize_t send(int fd, const void *packet, size_t size, int flags)
{
	return sendto(fd, packet, size, flags, NULL, 0);
}

static size_t question(uint8_t *packet)
{
	if (asked_port == ASK_CHRONY_PORT) {
		ask_fill_tracking(packet, SEQUENCE);
		return ASK_CHRONY_SIZE;
	}
	ask_fill_ntp(packet, SEQUENCE);
	return ASK_NTP_SIZE;
}

static void write_record(void)
{
	struct exchanges_line *l = &way.line;
	int64_t error = (host.clock.time - host.sim.truth) / REAL_UNIT;

	l->sent = l->x.before;
	l->got = l->x.after;
	exchanges_write_line(record, l);
	fprintf(record, "# realtime %" PRId64 " %" PRIu64 "\n", error, way.claim);
}

/* What a socket hears now; 0: nothing */
static size_t hear(int fd, uint8_t *packet, struct sockaddr_in *from)
{
	*from = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(40123),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (way.hears && fd == way.asked_fd) {
		way.hears = false;
		return question(packet);
	}
	if (!way.coming || fd != way.fd || way.line.x.after > host.sim.counter + 1)
		return 0;
	way.coming = false;
	memcpy(packet, way.answer, NTP_SIZE);
	from->sin_port = htons(123);
	from->sin_addr.s_addr = htonl(SERVER);
	return NTP_SIZE;
}

static void put_stamp(struct msghdr *m)
{
	int64_t ns = real_clock_ns(&host.clock);
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };
	struct cmsghdr *c = m->msg_controllen >= CMSG_SPACE(sizeof(ts)) ? CMSG_FIRSTHDR(m) : NULL;

	if (!c) {
		m->msg_controllen = 0;
		return;
	}
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SO_TIMESTAMPNS;
	c->cmsg_len = CMSG_LEN(sizeof(ts));
	memcpy(CMSG_DATA(c), &ts, sizeof(ts));
	m->msg_controllen = CMSG_SPACE(sizeof(ts));
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	ssize_t (*real)(int, struct msghdr *, int) = next("recvmsg");
	struct sockaddr_in from;
	uint8_t packet[512];
	size_t n;

	if (!socket_at(fd))
		return real(fd, m, flags);
	n = flags & MSG_ERRQUEUE ? 0 : hear(fd, packet, &from);
	if (!n) {
		errno = EAGAIN;
		return -1;
	}
	if (m->msg_name)
		memcpy(m->msg_name, &from, sizeof(from));
	m->msg_namelen = sizeof(from);
	n = n < m->msg_iov[0].iov_len ? n : m->msg_iov[0].iov_len;
	memcpy(m->msg_iov[0].iov_base, packet, n);
	put_stamp(m);
	m->msg_flags = 0;
	return n;
}

int recvmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags, struct timespec *timeout)
{
	int (*real)(int, struct mmsghdr *, unsigned int, int, struct timespec *) =
		next("recvmmsg");
	ssize_t size;

	if (!socket_at(fd))
		return real(fd, m, n, flags, timeout);
	size = recvmsg(fd, &m[0].msg_hdr, flags);
	if (size < 0)
		return -1;
	m[0].msg_len = size;
	return 1;
}

ssize_t recvfrom(int fd, void *restrict packet, size_t size, int flags,
		 struct sockaddr *restrict from, socklen_t *restrict from_size)
{
	ssize_t (*real)(int, void *, size_t, int, struct sockaddr *, socklen_t *) =
		next("recvfrom");
	struct iovec iov = { packet, size };
	struct msghdr m = { .msg_name = from, .msg_iov = &iov, .msg_iovlen = 1 };

	if (!socket_at(fd))
		return real(fd, packet, size, flags, from, from_size);
	if (from_size)
		*from_size = sizeof(struct sockaddr_in);
	return recvmsg(fd, &m, flags);
}

ssize_t recv(int fd, void *packet, size_t size, int flags)
{
	return recvfrom(fd, packet, size, flags, NULL, NULL);
}

/* Where it answers questions; -1: nowhere */
static int asked_socket(const fd_set *r, int n)
{
	int fd;

	for (fd = 0; fd < n; fd++) {
		if (FD_ISSET(fd, r) && socket_at(fd) &&
		    sockets[fd].local.sin_port == htons(asked_port) &&
		    sockets[fd].local.sin_addr.s_addr == htonl(INADDR_LOOPBACK))
			return fd;
	}
	return -1;
}

static void end_if_over(void)
{
	if (sim_now(&host.sim) < host.sim.spec->hours * 3600)
		return;
	fclose(record);
	_exit(0);
}

/* The next event, and the file that it is for; -1: none, which is the timer, or time is up */
static int wait_for(int n, const fd_set *r, uint64_t until)
{
	bool hears = way.coming && way.fd < n && FD_ISSET(way.fd, r);

	if (host.timer_at && host.timer_at < until)
		until = host.timer_at;
	if (!hears || way.line.x.after - 1 > until) {
		host_wait(until);
		return -1;
	}
	host_wait(way.line.x.after - 1);
	if (!way.asked) {
		way.asked = true;
		way.asked_fd = asked_socket(r, n);
		way.hears = way.asked_fd >= 0;
		if (way.hears)
			return way.asked_fd;
	}
	write_record();
	return way.fd;
}

static int select_one(int n, fd_set *r, fd_set *w, fd_set *x, uint64_t until, const sigset_t *mask)
{
	int fd = wait_for(n, r, until);

	end_if_over();
	FD_ZERO(r);
	if (w)
		FD_ZERO(w);
	if (x)
		FD_ZERO(x);
	if (fd >= 0) {
		FD_SET(fd, r);
		return 1;
	}
	if (!host_timer_rings(mask))
		return 0;
	errno = EINTR;
	return -1;
}

static uint64_t after(const struct timespec *ts)
{
	static const struct timespec longest = { 3600, 0 };

	return host.sim.counter + host_ticks(ts ? ts : &longest);
}

int select(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict x,
	   struct timeval *restrict timeout)
{
	struct timespec ts;
	fd_set none;

	FD_ZERO(&none);
	if (timeout)
		ts = (struct timespec){ timeout->tv_sec, timeout->tv_usec * 1000 };
	return select_one(n, r ? r : &none, w, x, after(timeout ? &ts : NULL), NULL);
}

int pselect(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict x,
	    const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
	fd_set none;

	FD_ZERO(&none);
	return select_one(n, r ? r : &none, w, x, after(timeout), mask);
}
