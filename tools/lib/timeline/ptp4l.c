// SPDX-License-Identifier: GPL-2.0
/*
 * PTP management messages (IEEE 1588-2008, 15.5) over the Unix socket of ptp4l, which
 * answers each request with a data set.  From these follows how wrong its clock may be:
 *
 *	the accuracy that its grandmaster states,
 *	plus how far ptp4l saw itself off, now or at the look before,
 *	plus the mean path delay: one way may take anything from nothing to twice that,
 *	plus what each clock on the way adds, which only the user can tell.
 *
 * Nothing overflows: an accuracy is at most 10 s, a time interval below 2^47 ns, steps below
 * 2^16 and what one adds is limited to 2^40 ns.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "timeline/ask.h"
#include "timeline/ptp4l.h"

#define OWN_DIR		"/run/vbsctl"	/* where the service may write */
#define HOP_MAX		(1ULL << 40)
#define TRANSPORTS	2	/* IEEE 1588 and 802.1AS */
#define DOMAINS		256

/* Places in a message */
#define AT_VERSION	1
#define AT_LENGTH	2
#define AT_DOMAIN	4
#define AT_SEQUENCE	30
#define AT_CONTROL	32
#define AT_INTERVAL	33
#define AT_TARGET	34
#define AT_ACTION	46
#define AT_TLV		48
#define AT_ID		52
#define AT_DATA		54

#define MANAGEMENT	13
#define GET		0
#define RESPONSE	2
#define TLV_MANAGEMENT	1
#define STATE_SLAVE	9
#define STATE_UNCERTAIN	8

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static int64_t get64(const uint8_t *p)
{
	return (int64_t)((uint64_t)get32(p) << 32 | get32(p + 4));
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

void ptp4l_fill(uint8_t request[PTP4L_REQUEST], enum ptp4l_id id, uint16_t sequence,
		const struct ptp4l_profile *profile)
{
	memset(request, 0, PTP4L_REQUEST);
	request[0] = profile->transport << 4 | MANAGEMENT;
	request[AT_VERSION] = 2;
	request[AT_DOMAIN] = profile->domain;
	put16(request + AT_LENGTH, PTP4L_REQUEST);
	put16(request + AT_SEQUENCE, sequence);
	request[AT_CONTROL] = 4;
	request[AT_INTERVAL] = 0x7f;
	memset(request + AT_TARGET, 0xff, 10);
	request[AT_ACTION] = GET;
	put16(request + AT_TLV, TLV_MANAGEMENT);
	put16(request + AT_TLV + 2, 2);
	put16(request + AT_ID, id);
}

/* A time interval, in 2^-16 ns, as ns away from zero */
static int64_t interval(const uint8_t *p)
{
	int64_t v = get64(p);

	return v < 0 ? v >> 16 : (v >> 16) + !!(v & 0xffff);
}

static void take_default(const uint8_t *p, struct ptp4l_state *s)
{
	s->number_ports = get16(p + 2);
}

static void take_current(const uint8_t *p, struct ptp4l_state *s)
{
	int64_t path = interval(p + 10);

	s->steps_removed = get16(p);
	s->offset_ns = interval(p + 2);
	s->path_ns = path < 0 ? -(uint64_t)path : (uint64_t)path;
}

static void take_parent(const uint8_t *p, struct ptp4l_state *s)
{
	s->accuracy = p[20];
}

static void take_time_properties(const uint8_t *p, struct ptp4l_state *s)
{
	s->utc_offset = get16(p);
	s->leap61 = p[2] & 1;
	s->leap59 = p[2] & 2;
	s->utc_offset_valid = p[2] & 4;
	s->ptp_scale = p[2] & 8;
}

static void take_time_status(const uint8_t *p, struct ptp4l_state *s)
{
	int64_t offset = get64(p);

	s->gm_present = get32(p + 38);
	/* As of the last message: the data set above may be of the one before */
	if (llabs(offset) > llabs(s->offset_ns))
		s->offset_ns = offset;
}

/* Of several ports that which is a slave counts, or is about to be one */
static int rank(uint8_t port_state)
{
	return port_state == STATE_SLAVE ? 2 : port_state == STATE_UNCERTAIN;
}

static void take_port(const uint8_t *p, struct ptp4l_state *s)
{
	if (s->interface[0] && rank(p[10]) <= rank(s->port_state))
		return;
	s->port_state = p[10];
	s->software = !p[11];
	snprintf(s->interface, sizeof(s->interface), "%.*s", p[12], (const char *)p + 13);
}

static const struct data_set {
	enum ptp4l_id id;
	size_t size;
	void (*take)(const uint8_t *p, struct ptp4l_state *s);
} data_sets[] = {
	{ PTP4L_DEFAULT, 20, take_default },
	{ PTP4L_CURRENT, 18, take_current },
	{ PTP4L_PARENT, 32, take_parent },
	{ PTP4L_TIME_PROPERTIES, 4, take_time_properties },
	{ PTP4L_TIME_STATUS, 50, take_time_status },
	{ PTP4L_PORT_PROPERTIES, 13, take_port },
};

#define DATA_SETS	(sizeof(data_sets) / sizeof(data_sets[0]))

static const struct data_set *find(enum ptp4l_id id)
{
	const struct data_set *d = data_sets;

	while (d->id != id)
		d++;
	return d;
}

int ptp4l_take(const uint8_t *m, size_t size, enum ptp4l_id id, uint16_t sequence,
	       struct ptp4l_state *state)
{
	const struct data_set *d = find(id);

	if (size < AT_DATA + d->size || (m[0] & 0xf) != MANAGEMENT || (m[AT_VERSION] & 0xf) != 2 ||
	    get16(m + AT_SEQUENCE) != sequence || (m[AT_ACTION] & 0xf) != RESPONSE ||
	    get16(m + AT_TLV) != TLV_MANAGEMENT || get16(m + AT_ID) != id)
		return EPROTO;
	if (id == PTP4L_PORT_PROPERTIES && size < AT_DATA + d->size + m[AT_DATA + 12])
		return EPROTO;
	d->take(m + AT_DATA, state);
	return 0;
}

static int connect_to(int fd, const char *own, const char *path)
{
	struct sockaddr_un from = { .sun_family = AF_UNIX }, to = from;
	int err;

	if (strlen(own) >= sizeof(from.sun_path) || strlen(path) >= sizeof(to.sun_path))
		return ENAMETOOLONG;
	strcpy(from.sun_path, own);
	strcpy(to.sun_path, path);
	unlink(own);
	err = ask_bind(fd, &from);
	return err ? err : ask_connect(fd, &to);
}

/* What the one that was asked last answers to, and the last number of a request */
static struct ptp4l_profile profile;
static uint16_t sequence;

/* Each port answers for itself, one after the other: all are waited for, and those that come count */
static int ask_one(int fd, enum ptp4l_id id, struct ptp4l_state *state)
{
	unsigned int taken = 0, all = id == PTP4L_PORT_PROPERTIES ? state->number_ports : 1;
	uint8_t request[PTP4L_REQUEST], reply[1500];
	ssize_t n;

	ptp4l_fill(request, id, ++sequence, &profile);
	if (send(fd, request, sizeof(request), 0) < 0)
		return errno;
	do {
		n = recv(fd, reply, sizeof(reply), 0);
		if (n < 0)
			return taken ? 0 : errno;
		taken += !ptp4l_take(reply, n, id, sequence, state);
	} while (taken < all || !taken);
	return 0;
}

static int ask_all(int fd, struct ptp4l_state *state)
{
	size_t i;
	int err = 0;

	memset(state, 0, sizeof(*state));
	for (i = 0; !err && i < DATA_SETS; i++)
		err = ask_one(fd, data_sets[i].id, state);
	return err;
}

/* Whether it has answered the last request by now, or does while that is waited for */
static bool hear_profile(int fd, int flags)
{
	struct ptp4l_state state;
	uint8_t reply[1500];
	ssize_t n;

	do {
		n = recv(fd, reply, sizeof(reply), flags);
		if (n < 0)
			return false;
	} while (ptp4l_take(reply, n, PTP4L_DEFAULT, sequence, &state));
	profile = (struct ptp4l_profile){ reply[0] >> 4, reply[AT_DOMAIN] };
	return true;
}

/* It ignores what is not of its domain and its number: all of them are tried */
static bool find_profile(int fd)
{
	const unsigned int all = TRANSPORTS * DOMAINS;
	uint8_t request[PTP4L_REQUEST];
	unsigned int i;

	sequence++;
	for (i = 0; i < all; i++) {
		ptp4l_fill(request, PTP4L_DEFAULT, sequence,
			   &(struct ptp4l_profile){ i / DOMAINS, i % DOMAINS });
		if (send(fd, request, sizeof(request), 0) < 0)
			return false;
		if (hear_profile(fd, MSG_DONTWAIT))
			return true;
	}
	return hear_profile(fd, 0);
}

int ptp4l_ask(const char *path, struct ptp4l_state *state)
{
	char plain[64], own[PATH_MAX];
	int err, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	snprintf(plain, sizeof(plain), OWN_DIR "/ptp4l.%d", getpid());
	snprintf(own, sizeof(own), "%s", sys_path(plain));
	mkdir(sys_path(OWN_DIR), 0755);
	err = connect_to(fd, own, path);
	if (!err)
		err = ask_all(fd, state);
	if (err == EAGAIN && find_profile(fd))
		err = ask_all(fd, state);
	unlink(own);
	close(fd);
	return err == EAGAIN ? EPROTO : err;
}

/* Of a grandmaster, as IEEE 1588 enumerates it from 1 ps on; ns, up, 0: not known */
static uint64_t accuracy_ns(uint8_t code)
{
	static const uint64_t ns[] = {
		1, 1, 1, 1, 1, 1, 1, 3, 10, 25, 100, 250, 1000, 2500, 10000, 25000, 100000, 250000,
		1000000, 2500000, 10000000, 25000000, 100000000, 250000000, 1000000000,
		10000000000,
	};
	const uint8_t first = 0x17;

	return code < first || code >= first + sizeof(ns) / sizeof(ns[0]) ? 0 : ns[code - first];
}

bool ptp4l_is_slave(const struct ptp4l_state *s)
{
	return rank(s->port_state);
}

bool ptp4l_same_clock(const struct ptp4l_state *a, const struct ptp4l_state *b)
{
	return a->software == b->software && a->ptp_scale == b->ptp_scale &&
	       (a->software || !strcmp(a->interface, b->interface));
}

const char *ptp4l_error(const struct ptp4l_state *s, int64_t before, uint64_t hop_ns,
			uint64_t *ns)
{
	uint64_t now = llabs(s->offset_ns), then = llabs(before), most = now > then ? now : then;

	if (s->port_state == STATE_UNCERTAIN)
		return "is not locked to its master yet";
	if (s->port_state != STATE_SLAVE)
		return "is nobody's slave";
	if (!s->gm_present)
		return "has no grandmaster";
	if (!accuracy_ns(s->accuracy))
		return "has a grandmaster that states no accuracy";
	if (s->steps_removed > 1 && hop_ns == PTP4L_NO_HOPS)
		return "has clocks on the way to its grandmaster, and --hop-error does not say what each adds";
	*ns = accuracy_ns(s->accuracy) + most + s->path_ns;
	if (hop_ns != PTP4L_NO_HOPS)
		*ns += s->steps_removed * (hop_ns < HOP_MAX ? hop_ns : HOP_MAX);
	return NULL;
}
