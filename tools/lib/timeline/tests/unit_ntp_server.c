// SPDX-License-Identifier: GPL-2.0
/*
 * Serving a clock: what a client makes of the answer has the truth in it, what is no
 * request gets none, a socket answers from where it was asked, and the shared memory has
 * what its readers look for.
 */
#include "base/tests/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "timeline/ntp_client.h"
#include "timeline/ntp_server.h"
#include "timeline/ntp_shm.h"
#include "timeline/source.h"
#include "timeline/tests/random.h"

#define NSEC	1000000000LL
#define PIVOT	1790000000LL

static const struct ntp_reading good = { PIVOT * NSEC, 5000, true, NTP_LEAP_NONE };

static void answers_requests_alone(void **state)
{
	uint8_t request[NTP_SIZE], reply[NTP_SIZE];
	struct ntp_packet p;
	int mode, version;

	(void)state;
	for (mode = 0; mode < 8; mode++) {
		for (version = 0; version < 8; version++) {
			ntp_write(request, &(struct ntp_packet){ .mode = mode, .version = version,
								 .transmit = 77, .poll = 6 });
			assert_int_equal(ntp_reply(request, sizeof(request), &good, &good, reply),
					 mode == NTP_CLIENT && version >= 1 && version <= 4);
		}
	}
	ntp_request(request, 77);
	assert_false(ntp_reply(request, sizeof(request) - 1, &good, &good, reply));
	assert_true(ntp_reply(request, sizeof(request), &good, &good, reply));
	assert_true(ntp_read(reply, sizeof(reply), &p));
	assert_int_equal(p.mode, NTP_SERVER);
	assert_int_equal(p.origin, 77);
	assert_int_equal(p.root_dispersion, 1);
	assert_int_equal(p.root_delay, 0);
}

static void says_when_it_is_not_synchronized(void **state)
{
	uint8_t request[NTP_SIZE], reply[NTP_SIZE];
	struct ntp_reading bad = good;
	struct ntp_exchange x;
	int i;

	(void)state;
	bad.synchronized = false;
	ntp_request(request, 5);
	for (i = 0; i < 2; i++) {
		assert_true(ntp_reply(request, sizeof(request), i ? &good : &bad, i ? &bad : &good,
				      reply));
		assert_int_equal(ntp_answer(reply, sizeof(reply), 5, &x), NTP_UNSYNCHRONIZED);
		assert_int_equal(reply[0] >> 6, NTP_LEAP_UNKNOWN);
		assert_int_equal(reply[1], 16);
	}
}

/* Readings at the edges of their own bounds, through the packets, to a sample */
static void bound_goes_from_end_to_end(void **state)
{
	struct te_config config = { .hz = NSEC, .memory_ns = TE_MEMORY_MAX };
	uint8_t request[NTP_SIZE], reply[NTP_SIZE];
	struct ntp_reading received, answered;
	struct te_estimator e;
	struct ntp_exchange x;
	struct te_sample s;
	int64_t t, error;
	uint64_t r = 3;
	int i;

	(void)state;
	assert_true(te_init(&e, &config));
	for (i = 0; i < 200000; i++) {
		t = PIVOT * NSEC + random_between(&r, 0, NSEC);
		error = random_scaled(&r, 500000000);
		received = (struct ntp_reading){ t - error, error, true, 0 };
		answered = (struct ntp_reading){ t + 700 + error, i & 1 ? error : 0, true, 0 };
		if (!(i & 1))
			answered.ns = t + 700;
		ntp_request(request, i + 1);
		assert_true(ntp_reply(request, sizeof(request), &received, &answered, reply));
		assert_int_equal(ntp_answer(reply, sizeof(reply), i + 1, &x), NTP_TAKEN);
		x.before = 1000000;
		x.after = x.before + 2000000000;
		if (ntp_sample(&e, &x, PIVOT, &s) != NTP_TAKEN)
			continue;
		/* Received and answered at once, as near as they can be */
		assert_true(t + (int64_t)(s.before - x.before) * 0.9994 <=
			    s.ref_ns + (int64_t)s.err_high);
		assert_true(t + 700 >= s.ref_ns - (int64_t)s.err_low);
	}
}

static void read_clock(void *arg, struct ntp_reading *r)
{
	(void)arg;
	*r = good;
}

static void *serve_three(void *arg)
{
	int i;

	for (i = 0; i < 3; i++)
		ntp_serve(*(int *)arg, read_clock, NULL, NULL);
	return NULL;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t size = sizeof(at);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	return ntohs(((struct sockaddr_in *)&at)->sin_port);
}

/* A connected client takes what comes from the address that it asked */
static void ask_at(const char *host, uint16_t port)
{
	struct exchanges_line line = { 0 };
	enum ntp_refusal refusal = NTP_NO_ANSWER;
	struct nc_server s;
	char text[64];
	int i;

	snprintf(text, sizeof(text), host, port);
	assert_null(nc_parse(&s, text, NTP_PORT));
	nc_begin(&s, NSEC, NSEC, 1);
	assert_int_equal(nc_ask(&s, 0xff, 1), NTP_TAKEN);
	for (i = 0; i < 200 && !nc_hear(&s, 0xff, NSEC, &line, &refusal); i++)
		usleep(5000);
	assert_int_equal(refusal, NTP_TAKEN);
	assert_true(line.x.before >= line.sent && line.x.before < line.x.after);
	assert_true(line.x.after <= line.got);
	nc_end(&s);
}

static void a_socket_answers_from_where_it_was_asked(void **state)
{
	int fd = ntp_listen(NULL, "0");
	pthread_t thread;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pthread_create(&thread, NULL, serve_three, &fd), 0);
	ask_at("127.0.0.1:%u", port_of(fd));
	ask_at("127.9.8.7:%u", port_of(fd));
	ask_at("127.0.0.1:%u", port_of(fd));
	pthread_join(thread, NULL);
	close(fd);
	assert_int_equal(ntp_listen("no.such.name.invalid", "123"), -1);
	assert_int_equal(errno, 0);
}

static void memory_has_what_readers_look_for(void **state)
{
	struct ntp_shm shm = { .count = 6 };

	(void)state;
	ntp_shm_put(&shm, 5 * NSEC + 123456789, 6 * NSEC + 987654321, NTP_LEAP_61, 100000);
	assert_int_equal(shm.mode, 1);
	assert_int_equal(shm.count, 8);
	assert_int_equal(shm.valid, 1);
	assert_int_equal(shm.clock_sec, 5);
	assert_int_equal(shm.clock_nsec, 123456789);
	assert_int_equal(shm.clock_usec, 123456);
	assert_int_equal(shm.receive_sec, 6);
	assert_int_equal(shm.receive_nsec, 987654321);
	assert_int_equal(shm.leap, 1);
	assert_int_equal(shm.precision, -13);
	ntp_shm_put(&shm, 0, 0, 0, 0);
	assert_int_equal(shm.precision, -30);
	ntp_shm_put(&shm, 0, 0, 0, ~0ULL);
	assert_int_equal(shm.precision, 4);
}

static void a_segment_is_made(void **state)
{
	struct ntp_shm *a = ntp_shm_open(237), *b = ntp_shm_open(237);

	(void)state;
	assert_non_null(a);
	ntp_shm_put(a, 7 * NSEC, 0, 0, 0);
	assert_int_equal(b->clock_sec, 7);
	shmctl(shmget(NTP_SHM_KEY + 237, 0, 0), IPC_RMID, NULL);
	shmdt(a);
	shmdt(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_requests_alone),
		cmocka_unit_test(says_when_it_is_not_synchronized),
		cmocka_unit_test(bound_goes_from_end_to_end),
		cmocka_unit_test(a_socket_answers_from_where_it_was_asked),
		cmocka_unit_test(memory_has_what_readers_look_for),
		cmocka_unit_test(a_segment_is_made),
	};

	return cmocka_run_group_tests_name("timeline ntp server", tests, NULL, NULL);
}
