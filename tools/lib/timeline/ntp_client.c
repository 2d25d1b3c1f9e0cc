// SPDX-License-Identifier: GPL-2.0
/*
 * One connected UDP socket for each server, so that the kernel drops what comes from
 * elsewhere.  The transmit time of a request is a random number, which who does not see
 * the request does not know; it answers one request only.  That is all: NTP without
 * authentication.  Who is on the way can delay, which widens the bound, but cannot be
 * told from the server if he answers in its place.
 *
 * The kernel stamps both packets by CLOCK_REALTIME; these stamps lie between the counter
 * values around the system calls, which are sound alone, and narrow them.
 */
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#include "timeline/ntp_client.h"
#include "timeline/source.h"

#define LOST_MAX	3	/* in a row, before its address is looked up again */
#define SHARE_OF_TIME	0.8
#define LOOKUP_NS	20000000000ULL	/* then it is given up, and tried again */

static const char *copy(char *to, size_t size, const char *from, size_t n)
{
	if (!n || n >= size)
		return "a name of 1 to 255 characters and a port of at most 5 are needed";
	memcpy(to, from, n);
	to[n] = '\0';
	return NULL;
}

static const char *check_port(const char *port)
{
	char *end;
	unsigned long n = strtoul(port, &end, 10);

	return *end || !n || n > 65535 ? "the port is none of 1 to 65535" : NULL;
}

const char *nc_parse(struct nc_server *s, const char *text, const char *port)
{
	const char *host = text + (text[0] == '['), *colon = strrchr(text, ':'), *why;
	size_t n = strlen(host);

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	snprintf(s->port, sizeof(s->port), "%s", port);
	if (text[0] == '[') {
		n = strcspn(host, "]");
		if (host[n] != ']' || (host[n + 1] && host[n + 1] != ':'))
			return "an address in brackets is not closed";
		colon = host[n + 1] ? host + n + 1 : NULL;
	} else if (colon && strchr(text, ':') == colon) {
		n = colon - host;
	} else {
		colon = NULL;
	}
	why = copy(s->host, sizeof(s->host), host, n);
	if (!why && colon)
		why = copy(s->port, sizeof(s->port), colon + 1, strlen(colon + 1));
	return why ? why : check_port(s->port);
}

static uint64_t next_random(struct nc_server *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

void nc_begin(struct nc_server *s, uint64_t least, uint64_t most, uint64_t now)
{
	s->least = least;
	s->most = most;
	s->poll = least;
	s->burst = NC_BURST;
	s->due = now;
	if (getrandom(&s->random, sizeof(s->random), 0) < 0 || !s->random)
		s->random = now | 1;
}

void nc_end(struct nc_server *s)
{
	struct sockaddr_storage address;

	lookup_end(&s->lookup, &address);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->nonce = 0;
}

static void ask_for_stamps(int fd)
{
	int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
		    SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
		    SOF_TIMESTAMPING_OPT_TSONLY;

	/* Without them there are the counter values around the calls */
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
}

static socklen_t size_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static void open_address(struct nc_server *s, const struct sockaddr_storage *a)
{
	s->fd = socket(a->ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return;
	if (connect(s->fd, (const struct sockaddr *)a, size_of(a))) {
		nc_end(s);
		return;
	}
	ask_for_stamps(s->fd);
	getnameinfo((const struct sockaddr *)a, size_of(a), s->address, sizeof(s->address), NULL,
		    0, NI_NUMERICHOST);
}

/* Another one of its addresses at each attempt, and at once where it needs no lookup */
static void find(struct nc_server *s)
{
	struct sockaddr_storage address;

	s->requests = 0;
	s->lost = 0;
	s->attempts++;
	if (lookup_numeric(s->host, s->port, &address))
		open_address(s, &address);
	else
		lookup_begin(&s->lookup, s->host, s->port, s->attempts - 1);
}

bool nc_found(struct nc_server *s, uint64_t now)
{
	struct sockaddr_storage address;

	if (lookup_end(&s->lookup, &address))
		open_address(s, &address);
	if (s->fd < 0)
		nc_schedule(s, now);
	else
		s->due = now;
	return s->fd >= 0;
}

/* Within 5 %, so that clients do not come to ask at the same time */
void nc_schedule(struct nc_server *s, uint64_t now)
{
	uint64_t interval = s->burst > 1 && s->poll > NC_BURST_NS ? NC_BURST_NS : s->poll;

	if (s->burst)
		s->burst--;
	s->due = now + interval - interval / 20 + next_random(s) % (interval / 10 + 1);
}

void nc_hasten(struct nc_server *s, uint64_t now)
{
	uint64_t rest = s->nonce && s->least < NC_BURST_NS ? NC_BURST_NS : s->least, due;

	if (s->ended || lookup_runs(&s->lookup))
		return;
	due = s->asked + rest > now ? s->asked + rest : now;
	if (due < s->due)
		s->due = due;
}

void nc_begin_again(struct nc_server *s, uint64_t now)
{
	uint64_t due = now + next_random(s) % 1000000000;

	nc_hasten(s, now);
	if (s->ended || s->limits || lookup_runs(&s->lookup))
		return;
	s->burst = NC_BURST;
	if (due < s->due)
		s->due = due;
}

void nc_obey(struct nc_server *s, enum ntp_refusal refusal, uint64_t now)
{
	uint64_t rest;

	switch (refusal) {
	case NTP_KISS_RATE:
		s->limits = true;
		s->burst = 0;
		/* Its wish is above its user's */
		s->most = s->most > NC_LIMITED_NS ? s->most : NC_LIMITED_NS;
		s->least = s->least * 2 < s->most ? s->least * 2 : s->most;
		s->poll = s->poll * 2 < s->most ? s->poll * 2 : s->most;
		nc_schedule(s, now);
		break;
	case NTP_KISS_DENY:
		s->ended = true;
		s->burst = 0;
		s->poll = s->most;
		rest = s->most > NC_DENIED_NS ? s->most : NC_DENIED_NS;
		s->due = now + rest + next_random(s) % (rest / 10 + 1);
		break;
	default:
		break;
	}
}

static uint64_t fresh_nonce(struct nc_server *s)
{
	uint64_t nonce = 0;

	/* Blocks only before the machine's random numbers are ready */
	if (getrandom(&nonce, sizeof(nonce), 0) < 0 || !nonce)
		nonce = next_random(s);
	return nonce;
}

static void send_request(struct nc_server *s, unsigned int counter_id)
{
	uint8_t packet[NTP_SIZE];

	s->nonce = fresh_nonce(s);
	s->tx_ns = 0;
	ntp_request(packet, s->nonce);
	source_pair(counter_id, &s->pair);
	s->sent = source_counter(counter_id);
	if (send(s->fd, packet, sizeof(packet), 0) == sizeof(packet))
		s->requests++;
}

enum ntp_refusal nc_ask(struct nc_server *s, unsigned int counter_id, uint64_t now)
{
	bool lost = s->nonce || lookup_runs(&s->lookup);

	s->asked = now;
	s->ended = false;
	s->reach <<= 1;
	s->lost = s->nonce ? s->lost + 1 : 0;
	/* Nobody there: asked less often, and looked for again */
	if (s->lost == LOST_MAX) {
		s->poll = s->poll * 2 < s->most ? s->poll * 2 : s->most;
		nc_end(s);
	}
	if (lookup_runs(&s->lookup))
		nc_end(s);
	if (s->fd < 0)
		find(s);
	if (lookup_runs(&s->lookup)) {
		s->due = now + LOOKUP_NS;
		return lost ? NTP_NO_ANSWER : NTP_TAKEN;
	}
	nc_schedule(s, now);
	if (s->fd >= 0)
		send_request(s, counter_id);
	return lost || s->fd < 0 ? NTP_NO_ANSWER : NTP_TAKEN;
}

static int64_t stamp_of(struct msghdr *m, uint32_t *id, bool *has_id)
{
	struct scm_timestamping *ts;
	struct sock_extended_err *err;
	struct cmsghdr *c;
	int64_t ns = 0;

	*has_id = false;
	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPING) {
			ts = (struct scm_timestamping *)CMSG_DATA(c);
			ns = ts->ts[0].tv_sec * 1000000000LL + ts->ts[0].tv_nsec;
		} else if (c->cmsg_level == IPPROTO_IP || c->cmsg_level == IPPROTO_IPV6) {
			err = (struct sock_extended_err *)CMSG_DATA(c);
			*has_id = err->ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
			*id = err->ee_data;
		}
	}
	return ns;
}

static ssize_t receive(int fd, uint8_t *packet, size_t size, int flags, int64_t *ns, uint32_t *id,
		       bool *has_id)
{
	_Alignas(struct cmsghdr) char control[512];
	struct iovec iov = { packet, size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, flags);

	if (n >= 0)
		*ns = stamp_of(&m, id, has_id);
	return n;
}

/* The stamp of the newest request, which has come long before its answer */
static void take_tx_stamps(struct nc_server *s)
{
	uint8_t packet[NTP_SIZE];
	bool has_id;
	uint32_t id;
	int64_t ns;

	while (receive(s->fd, packet, sizeof(packet), MSG_ERRQUEUE, &ns, &id, &has_id) >= 0) {
		if (has_id && id == s->requests - 1)
			s->tx_ns = ns;
	}
}

static void narrow(struct nc_server *s, unsigned int counter_id, uint64_t hz, int64_t rx_ns,
		   struct exchanges_line *line)
{
	struct stamp_range tx = { line->sent, line->got }, rx = tx;
	struct stamp_pair pair;

	line->x.before = line->sent;
	line->x.after = line->got;
	s->stamped = false;
	if (!s->tx_ns || !rx_ns)
		return;
	source_pair(counter_id, &pair);
	if (!stamp_convert(&s->pair, &pair, hz, s->tx_ns, &tx) ||
	    !stamp_convert(&s->pair, &pair, hz, rx_ns, &rx) || tx.low > rx.high)
		return;
	line->x.before = tx.low;
	line->x.after = rx.high;
	s->stamped = true;
}

bool nc_hear(struct nc_server *s, unsigned int counter_id, uint64_t hz,
	     struct exchanges_line *line, enum ntp_refusal *refusal)
{
	uint8_t packet[512];
	bool has_id;
	uint32_t id;
	int64_t ns = 0;
	ssize_t n;

	if (s->fd < 0)
		return false;
	n = receive(s->fd, packet, sizeof(packet), 0, &ns, &id, &has_id);
	line->got = source_counter(counter_id) + 1;
	/* A stamp, or the news that nobody listens there: that is no answer, either */
	if (n < 0) {
		take_tx_stamps(s);
		return false;
	}
	line->sent = s->sent;
	*refusal = s->nonce ? ntp_answer(packet, n, s->nonce, &line->x) : NTP_FORGED;
	if (*refusal < NTP_KISS_RATE && *refusal != NTP_TAKEN)
		return true;
	/* It was the answer, whatever it says */
	s->nonce = 0;
	s->reach |= 1;
	take_tx_stamps(s);
	narrow(s, counter_id, hz, ns, line);
	return true;
}

uint64_t nc_poll_for(uint64_t accuracy, uint64_t floor, double growth, uint64_t least,
		     uint64_t most)
{
	double ns;

	if (accuracy <= floor)
		return least;
	ns = SHARE_OF_TIME * (double)(accuracy - floor) / fmax(growth, 1e-3) * 1e9;
	return ns < (double)least ? least : ns > (double)most ? most : (uint64_t)ns;
}
