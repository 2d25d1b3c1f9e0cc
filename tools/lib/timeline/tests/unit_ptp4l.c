// SPDX-License-Identifier: GPL-2.0
/*
 * What ptp4l states: its messages, as IEEE 1588 has them, from a socket that answers like
 * it; what makes its bound, and what makes it none.
 */
#include "base/tests/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/timeline.h>

#include "timeline/ptp4l.h"
#include "timeline/source.h"
#include "timeline/tests/random.h"

#define DATA	54

static void put(uint8_t *p, int bytes, uint64_t v)
{
	while (bytes--) {
		p[bytes] = v;
		v >>= 8;
	}
}

/* An answer to a request, its data to be filled in: its size */
static size_t answer(uint8_t reply[256], const uint8_t request[PTP4L_REQUEST], size_t data)
{
	memset(reply, 0, 256);
	memcpy(reply, request, PTP4L_REQUEST);
	put(reply + 2, 2, DATA + data);
	reply[46] = 2;
	put(reply + 50, 2, 2 + data);
	return DATA + data;
}

/* A slave of a grandmaster within 100 ns, 1.5 ns off, 2500.25 ns away */
static size_t respond(uint8_t reply[256], const uint8_t request[PTP4L_REQUEST])
{
	unsigned int id = request[52] << 8 | request[53];
	uint8_t *p = reply + DATA;
	size_t n;

	switch (id) {
	case PTP4L_DEFAULT:
		n = answer(reply, request, 20);
		put(p + 2, 2, 1);
		return n;
	case PTP4L_CURRENT:
		n = answer(reply, request, 18);
		put(p, 2, 1);
		put(p + 2, 8, (3ULL << 16) / 2);
		put(p + 10, 8, (2500ULL << 16) + 16384);
		return n;
	case PTP4L_PARENT:
		n = answer(reply, request, 32);
		p[20] = 0x21;
		return n;
	case PTP4L_TIME_PROPERTIES:
		n = answer(reply, request, 4);
		put(p, 2, 37);
		p[2] = 0x3d;
		return n;
	case PTP4L_TIME_STATUS:
		n = answer(reply, request, 50);
		put(p, 8, -7);
		put(p + 38, 4, 1);
		return n;
	default:
		n = answer(reply, request, 13 + 4);
		p[9] = 1;
		p[10] = 9;
		p[11] = 1;
		p[12] = 4;
		memcpy(p + 13, "eth7", 4);
		return n;
	}
}

static const enum ptp4l_id ids[] = { PTP4L_DEFAULT, PTP4L_CURRENT, PTP4L_PARENT, PTP4L_TIME_PROPERTIES,
				     PTP4L_TIME_STATUS, PTP4L_PORT_PROPERTIES };

#define IDS	(sizeof(ids) / sizeof(ids[0]))

static const struct ptp4l_profile profile;

static struct ptp4l_state slave(void)
{
	uint8_t request[PTP4L_REQUEST], reply[256];
	struct ptp4l_state s = { 0 };
	size_t i, n;

	for (i = 0; i < IDS; i++) {
		ptp4l_fill(request, ids[i], i, &profile);
		n = respond(reply, request);
		assert_int_equal(ptp4l_take(reply, n, ids[i], i, &s), 0);
	}
	return s;
}

static void fields_are_where_they_are(void **state)
{
	struct ptp4l_state s = slave();

	(void)state;
	assert_int_equal(s.number_ports, 1);
	assert_int_equal(s.steps_removed, 1);
	assert_int_equal(s.offset_ns, -7);
	assert_int_equal(s.path_ns, 2501);
	assert_int_equal(s.accuracy, 0x21);
	assert_int_equal(s.utc_offset, 37);
	assert_true(s.utc_offset_valid && s.ptp_scale && s.leap61 && !s.leap59 && s.gm_present);
	assert_int_equal(s.port_state, 9);
	assert_false(s.software);
	assert_string_equal(s.interface, "eth7");
}

/* A name that is longer than what came */
static void too_short_is_none(void **state)
{
	uint8_t request[PTP4L_REQUEST], reply[256];
	struct ptp4l_state s = { 0 };
	size_t i, n;

	(void)state;
	for (i = 0; i < IDS; i++) {
		ptp4l_fill(request, ids[i], i, &profile);
		n = respond(reply, request);
		assert_int_equal(ptp4l_take(reply, n - 1, ids[i], i, &s), EPROTO);
	}
}

static void what_makes_the_bound(void **state)
{
	struct ptp4l_state s = slave();
	uint64_t ns = 0;

	(void)state;
	assert_null(ptp4l_error(&s, 0, PTP4L_NO_HOPS, &ns));
	assert_int_equal(ns, 100 + 7 + 2501);
	assert_null(ptp4l_error(&s, -50, PTP4L_NO_HOPS, &ns));
	assert_int_equal(ns, 100 + 50 + 2501);
	s.steps_removed = 3;
	assert_non_null(ptp4l_error(&s, 0, PTP4L_NO_HOPS, &ns));
	assert_null(ptp4l_error(&s, 0, 40, &ns));
	assert_int_equal(ns, 100 + 7 + 2501 + 120);
	s.accuracy = 0x30;
	assert_null(ptp4l_error(&s, 0, 0, &ns));
	assert_int_equal(ns, 10000000000 + 7 + 2501);
	s.accuracy = 0x17;
	assert_null(ptp4l_error(&s, 0, 0, &ns));
	assert_int_equal(ns, 1 + 7 + 2501);
}

static void what_makes_it_none(void **state)
{
	struct ptp4l_state s;
	unsigned int code;
	uint64_t ns;

	(void)state;
	for (code = 0; code < 256; code++) {
		s = slave();
		s.accuracy = code;
		assert_int_equal(!ptp4l_error(&s, 0, 0, &ns), code >= 0x17 && code <= 0x30);
		s = slave();
		s.port_state = code;
		assert_int_equal(!ptp4l_error(&s, 0, 0, &ns), code == 9);
	}
	s = slave();
	s.gm_present = false;
	assert_non_null(ptp4l_error(&s, 0, 0, &ns));
}

static void anything_is_survived(void **state)
{
	uint8_t request[PTP4L_REQUEST], reply[256];
	struct ptp4l_state s = { 0 };
	uint64_t x = 9;
	size_t n, i, at;
	int taken = 0;

	(void)state;
	for (i = 0; i < 300000; i++) {
		ptp4l_fill(request, ids[i % IDS], 5, &profile);
		n = respond(reply, request);
		for (at = random_between(&x, 0, 3); at; at--)
			reply[random_between(&x, 0, n - 1)] = random_bits(&x);
		if (i & 1)
			n = random_between(&x, 0, n);
		taken += !ptp4l_take(reply, n, ids[i % IDS], 5, &s);
		assert_true(strlen(s.interface) < sizeof(s.interface));
	}
	assert_in_range(taken, 30000, 250000);
}

/* Its ports answer one after the other; the slave is the last but one */
struct server {
	int fd;
	int ports;
	int state;	/* of the slave */
	int flags;	/* of the time */
	bool software;
	char letter;	/* of its interface */
	int silent;	/* ports that do not answer */
	uint8_t transport, domain;	/* all that it answers to */
	uint16_t sequence;	/* of the last request */
	unsigned int pause;	/* us, before the next one does */
};

static void fill_port(const struct server *s, uint8_t *p, int port)
{
	p[9] = port + 1;
	p[10] = port == s->ports - 2 || s->ports == 1 ? s->state : 6;
	p[11] = !s->software;
	p[13 + 2] = s->letter;
	p[13 + 3] = '0' + port;
}

static void answer_all(const struct server *s, const uint8_t *request, const struct sockaddr_un *to,
		       socklen_t size)
{
	uint8_t reply[256];
	size_t n = respond(reply, request);
	unsigned int id = request[52] << 8 | request[53];
	int port, ports = id == PTP4L_PORT_PROPERTIES ? s->ports - s->silent : 1;

	if (id == PTP4L_DEFAULT)
		put(reply + DATA + 2, 2, s->ports);
	if (id == PTP4L_TIME_PROPERTIES)
		reply[DATA + 2] = s->flags;
	for (port = 0; port < ports; port++) {
		if (id == PTP4L_PORT_PROPERTIES)
			fill_port(s, reply + DATA, port);
		sendto(s->fd, reply, n, 0, (const struct sockaddr *)to, size);
		usleep(ports > 1 ? s->pause : 0);
	}
}

static void *serve(void *arg)
{
	struct server *s = arg;
	struct sockaddr_un from;
	uint8_t request[512];
	socklen_t size = sizeof(from);

	while (recvfrom(s->fd, request, sizeof(request), 0, (struct sockaddr *)&from, &size) > 1) {
		s->sequence = request[30] << 8 | request[31];
		if (request[0] >> 4 == s->transport && request[4] == s->domain)
			answer_all(s, request, &from, size);
		size = sizeof(from);
	}
	return NULL;
}

static char root[] = "/tmp/unit-ptp4l.XXXXXX";
static struct sockaddr_un at = { .sun_family = AF_UNIX };
static pthread_t thread;

static struct server begin_server(void)
{
	struct server s = { .ports = 1, .state = 9, .flags = 0x3d, .letter = 'h' };

	s.fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", root);
	assert_int_equal(bind(s.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return s;
}

/* It goes on to be there, and answers no more */
static void stop_server(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_int_equal(sendto(fd, "", 1, 0, (struct sockaddr *)&at, sizeof(at)), 1);
	pthread_join(thread, NULL);
	close(fd);
}

static void over_a_socket(void **state)
{
	struct ptp4l_state s, other = slave();
	struct server server = begin_server();
	char path[64];

	(void)state;
	pthread_create(&thread, NULL, serve, &server);
	assert_int_equal(ptp4l_ask(at.sun_path, &s), 0);
	assert_int_equal(s.path_ns, other.path_ns);
	assert_int_equal(s.offset_ns, other.offset_ns);
	assert_int_equal(s.accuracy, other.accuracy);
	assert_true(s.gm_present);
	assert_string_equal(s.interface, "eth0");
	stop_server();
	/* It is there and says nothing; then it is gone */
	assert_int_equal(ptp4l_ask(at.sun_path, &s), EPROTO);
	close(server.fd);
	assert_int_equal(ptp4l_ask(at.sun_path, &s), ECONNREFUSED);
	unlink(at.sun_path);
	assert_int_equal(ptp4l_ask(at.sun_path, &s), ENOENT);
	/* Nothing of its own is left */
	snprintf(path, sizeof(path), "%s/run/vbsctl", root);
	assert_int_equal(rmdir(path), 0);
}

/* However late the answer of the one that is a slave comes */
static void all_ports_are_waited_for(void **state)
{
	struct server server = begin_server();
	struct ptp4l_state s;

	(void)state;
	server.ports = 4;
	server.pause = 20000;
	pthread_create(&thread, NULL, serve, &server);
	assert_int_equal(ptp4l_ask(at.sun_path, &s), 0);
	assert_string_equal(s.interface, "eth2");
	assert_int_equal(s.port_state, 9);
	/* Also if it has yet to lock */
	server.state = 8;
	assert_int_equal(ptp4l_ask(at.sun_path, &s), 0);
	assert_string_equal(s.interface, "eth2");
	assert_int_equal(s.port_state, 8);
	/* One that never answers is not waited for longer than for an answer; then others count */
	server.silent = 1;
	assert_int_equal(ptp4l_ask(at.sun_path, &s), 0);
	assert_string_equal(s.interface, "eth2");
	stop_server();
	close(server.fd);
	unlink(at.sun_path);
}

/* 802.1AS has a number of its own, and a profile its domain */
static void in_any_domain(void **state)
{
	struct server server = begin_server();
	struct ptp4l_state s;

	(void)state;
	server.domain = 24;
	pthread_create(&thread, NULL, serve, &server);
	assert_int_equal(ptp4l_ask(at.sun_path, &s), 0);
	assert_int_equal(s.path_ns, slave().path_ns);
	/* It was started anew, with another configuration */
	server.domain = 255;
	server.transport = 1;
	assert_int_equal(ptp4l_ask(at.sun_path, &s), 0);
	assert_string_equal(s.interface, "eth0");
	server.domain = 0;
	server.transport = 0;
	assert_int_equal(ptp4l_ask(at.sun_path, &s), 0);
	stop_server();
	close(server.fd);
	unlink(at.sun_path);
}

/* Nobody reads what is sent to it, and there is room for little */
static void one_that_hangs_holds_up_nobody(void **state)
{
	struct server server = begin_server();
	struct ptp4l_state s;
	int i;

	(void)state;
	alarm(60);
	for (i = 0; i < 20; i++)
		assert_int_equal(ptp4l_ask(at.sun_path, &s), EPROTO);
	alarm(0);
	close(server.fd);
	unlink(at.sun_path);
}

static const struct server *forged_of;

/* As good as it gets, to the socket that is about to be connected */
static void forge(int own)
{
	uint8_t request[PTP4L_REQUEST], reply[256];
	struct sockaddr_un to;
	socklen_t size = sizeof(to);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	size_t i, n;

	assert_int_equal(getsockname(own, (struct sockaddr *)&to, &size), 0);
	for (i = 0; i < IDS; i++) {
		ptp4l_fill(request, ids[i], forged_of->sequence + 1 + i, &profile);
		n = respond(reply, request);
		if (ids[i] == PTP4L_PARENT)
			reply[DATA + 20] = 0x17;
		assert_int_equal(sendto(fd, reply, n, 0, (struct sockaddr *)&to, size), n);
	}
	close(fd);
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
	if (forged_of)
		forge(fd);
	return syscall(SYS_connect, fd, to, size);
}

/* Everybody may write to its path until it is connected */
static void nobody_else_answers(void **state)
{
	struct server server = begin_server();
	struct ptp4l_state s;

	(void)state;
	pthread_create(&thread, NULL, serve, &server);
	assert_int_equal(ptp4l_ask(at.sun_path, &s), 0);
	forged_of = &server;
	assert_int_equal(ptp4l_ask(at.sun_path, &s), 0);
	forged_of = NULL;
	assert_int_equal(s.accuracy, 0x21);
	stop_server();
	close(server.fd);
	unlink(at.sun_path);
}

static void which_clock_it_is(void **state)
{
	struct ptp4l_state a = slave(), b = a;
	int code;

	(void)state;
	assert_true(ptp4l_same_clock(&a, &b));
	b.interface[3]++;
	assert_false(ptp4l_same_clock(&a, &b));
	b = a;
	b.ptp_scale = false;
	assert_false(ptp4l_same_clock(&a, &b));
	b = a;
	b.software = true;
	assert_false(ptp4l_same_clock(&a, &b));
	for (code = 0; code < 256; code++) {
		b.port_state = code;
		assert_int_equal(ptp4l_is_slave(&b), code == 9 || code == 8);
	}
}

/* Read once; why it has no bound, and whether what was before is void */
static const char *look(struct timeline_source *src, bool *restart)
{
	struct source_state state;
	struct te_sample sample;

	assert_int_equal(source_sample(src, TIMELINE_COUNTER_RAW, &sample, &state), 0);
	*restart = state.restart;
	return state.why;
}

/* The bound is of the clock that it kept when it was found, and of no other one */
static void it_may_keep_another_clock(void **state)
{
	struct timeline_source src = { .readings = 1, .hop_ns = PTP4L_NO_HOPS };
	struct server server = begin_server();
	char from[128], why[256];
	bool restart;

	(void)state;
	snprintf(from, sizeof(from), "ptp4l:%s", at.sun_path);
	server.software = true;
	pthread_create(&thread, NULL, serve, &server);
	/* Which it will keep is not known */
	server.state = 4;
	assert_int_not_equal(source_open(&src, from, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "nobody's slave"));
	server.state = 9;
	assert_int_equal(source_open(&src, from, why, sizeof(why)), 0);
	assert_int_equal(src.scale, SCALE_UTC);
	assert_null(look(&src, &restart));
	assert_false(restart);
	/* Another interface, by which CLOCK_REALTIME is kept, too; another scale, another kind of stamps */
	server.letter = 'x';
	assert_null(look(&src, &restart));
	server.flags &= ~8;
	assert_string_equal(look(&src, &restart), "keeps its clock on another scale than it did");
	assert_true(restart);
	server.flags |= 8;
	server.software = false;
	assert_string_equal(look(&src, &restart), "keeps another clock than it did");
	assert_true(restart);
	server.software = true;
	assert_null(look(&src, &restart));
	/* UTC is what its grandmaster says that it is */
	server.flags &= ~4;
	assert_string_equal(look(&src, &restart), "has a grandmaster that does not tell TAI - UTC");
	stop_server();
	close(server.fd);
	unlink(at.sun_path);
}

static int begin(void **state)
{
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(root));
	setenv("VBSCTL_ROOT", root, 1);
	snprintf(path, sizeof(path), "%s/run", root);
	return mkdir(path, 0755);
}

static int end(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_where_they_are),
		cmocka_unit_test(too_short_is_none),
		cmocka_unit_test(what_makes_the_bound),
		cmocka_unit_test(what_makes_it_none),
		cmocka_unit_test(anything_is_survived),
		cmocka_unit_test(over_a_socket),
		cmocka_unit_test(all_ports_are_waited_for),
		cmocka_unit_test(in_any_domain),
		cmocka_unit_test(one_that_hangs_holds_up_nobody),
		cmocka_unit_test(nobody_else_answers),
		cmocka_unit_test(which_clock_it_is),
		cmocka_unit_test(it_may_keep_another_clock),
	};

	return cmocka_run_group_tests_name("timeline ptp4l", tests, begin, end);
}
