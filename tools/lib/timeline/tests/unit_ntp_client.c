// SPDX-License-Identifier: GPL-2.0
/* When servers are asked, how their names are written, and exchanges as text. */
#include "base/tests/unit.h"

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timeline/ntp_client.h"
#include "timeline/tests/random.h"

#define SEC	1000000000ULL

static void names(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} good[] = {
		{ "a.example", "a.example", "123" }, { "a.example:1123", "a.example", "1123" },
		{ "192.0.2.1:5", "192.0.2.1", "5" }, { "2001:db8::1", "2001:db8::1", "123" },
		{ "[2001:db8::1]", "2001:db8::1", "123" }, { "[::1]:65535", "::1", "65535" },
	};
	static const char *const bad[] = {
		"", ":5", "a:", "a:0", "a:65536", "a:x", "a:123456", "[::1", "[::1]5", "[]:5",
	};
	struct nc_server s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_null(nc_parse(&s, good[i].text, "123"));
		assert_string_equal(s.host, good[i].host);
		assert_string_equal(s.port, good[i].port);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(nc_parse(&s, bad[i], "123"));
}

/* A burst of four, 2 s apart, then each poll, all within 5 % */
static void schedule(void **state)
{
	struct nc_server s = { 0 };
	uint64_t now = 0, wanted, least = ~0ULL, most = 0;
	int i;

	(void)state;
	nc_begin(&s, 16 * SEC, 64 * SEC, now);
	assert_int_equal(s.due, 0);
	for (i = 0; i < 1000; i++) {
		nc_schedule(&s, now);
		wanted = i < 3 ? 2 * SEC : 16 * SEC;
		assert_in_range(s.due - now, wanted * 0.95, wanted * 1.05);
		if (i >= 3 && s.due - now < least)
			least = s.due - now;
		if (i >= 3 && s.due - now > most)
			most = s.due - now;
		now = s.due;
	}
	assert_true(most - least > SEC);
}

static void kisses_are_obeyed(void **state)
{
	struct nc_server s = { 0 };

	(void)state;
	nc_begin(&s, 16 * SEC, 100 * SEC, 0);
	nc_obey(&s, NTP_TAKEN, 0);
	nc_obey(&s, NTP_UNSYNCHRONIZED, 0);
	assert_int_equal(s.poll, 16 * SEC);
	nc_obey(&s, NTP_KISS_RATE, 5);
	assert_int_equal(s.poll, 32 * SEC);
	assert_int_equal(s.least, 32 * SEC);
	assert_in_range(s.due, 30 * SEC, 34 * SEC);
	nc_obey(&s, NTP_KISS_RATE, 5);
	nc_obey(&s, NTP_KISS_RATE, 5);
	assert_int_equal(s.poll, 128 * SEC);
	assert_int_equal(s.least, 128 * SEC);
	assert_false(s.ended);
	nc_obey(&s, NTP_KISS_DENY, 5);
	assert_true(s.ended);
}

/* Whatever the longest poll is that its user wants, as where that is the least one */
static void kisses_are_obeyed_beyond_the_poll(void **state)
{
	static const uint64_t most[] = { 16 * SEC, 24 * SEC, 36 * 3600 * SEC };
	struct nc_server s = { 0 };
	uint64_t last;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		nc_begin(&s, 16 * SEC, most[i], 0);
		for (n = 0; n < 20; n++) {
			last = s.poll;
			nc_obey(&s, NTP_KISS_RATE, 5);
			assert_int_equal(s.poll, s.least);
			if (n < 6)
				assert_int_equal(s.poll, 2 * last);
			assert_in_range(s.due, s.poll * 0.95, s.poll * 1.05 + 5);
		}
		assert_int_equal(s.poll, i < 2 ? NC_LIMITED_NS : most[i]);
	}
}

/* One that denies service is left alone for an hour, or its longest poll, and then asked again */
static void who_denies_is_asked_again(void **state)
{
	static const uint64_t most[] = { 100 * SEC, 36 * 3600 * SEC };
	struct nc_server s;
	uint64_t rest, due;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		assert_null(nc_parse(&s, "127.0.0.1:1", "123"));
		nc_begin(&s, 16 * SEC, most[i], 0);
		assert_int_equal(nc_ask(&s, 0xff, 0), NTP_TAKEN);
		s.nonce = 0;
		nc_obey(&s, NTP_KISS_DENY, 7);
		rest = most[i] > NC_DENIED_NS ? most[i] : NC_DENIED_NS;
		assert_in_range(s.due, 7 + rest, 7 + rest + rest / 10);
		due = s.due;
		nc_hasten(&s, 1000 * SEC);
		assert_int_equal(s.due, due);
		assert_int_equal(nc_ask(&s, 0xff, due), NTP_TAKEN);
		assert_int_not_equal(s.nonce, 0);
		assert_false(s.ended);
		/* And not soon again if that is lost */
		assert_in_range(s.due - due, most[i] * 0.95, most[i] * 1.05);
		nc_end(&s);
	}
}

/* Who needs more asks for it as often as it likes: the server is asked once in its least poll */
static void haste_has_a_limit(void **state)
{
	struct nc_server s;
	uint64_t now, last = 0;
	int asked = 0;

	(void)state;
	assert_null(nc_parse(&s, "127.0.0.1:1", "123"));
	nc_begin(&s, 16 * SEC, 1024 * SEC, 0);
	s.poll = s.most;
	s.burst = 0;
	for (now = 0; now < 1000 * SEC; now += SEC / 100) {
		nc_hasten(&s, now);
		if (s.due > now)
			continue;
		nc_ask(&s, 0xff, now);
		assert_true(!asked++ || now - last >= 16 * SEC);
		last = now;
		s.nonce = 0;
		s.lost = 0;
	}
	assert_in_range(asked, 62, 63);
	/* Asked for fewer requests it has a longer one */
	nc_obey(&s, NTP_KISS_RATE, now);
	nc_hasten(&s, now);
	assert_int_equal(s.due, last + 32 * SEC);
	/* Which is due before stays so, and who was not asked for long is asked now */
	s.due = now + 1;
	nc_hasten(&s, now);
	assert_int_equal(s.due, now + 1);
	nc_hasten(&s, last + 100 * SEC);
	assert_int_equal(s.due, now + 1);
	s.due = last + 1000 * SEC;
	nc_hasten(&s, last + 100 * SEC);
	assert_int_equal(s.due, last + 100 * SEC);
	nc_end(&s);
}

/* Four requests within the next seconds, of one that lets itself be asked */
static void it_can_begin_again(void **state)
{
	uint64_t now = 1000 * SEC, least = ~0ULL, most = 0;
	struct nc_server s;
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		assert_null(nc_parse(&s, "127.0.0.1:1", "123"));
		nc_begin(&s, 64 * SEC, 1024 * SEC, now);
		s.burst = 0;
		s.asked = now - SEC;
		s.due = now + 50 * SEC;
		nc_begin_again(&s, now);
		assert_in_range(s.due, now, now + SEC);
		least = s.due < least ? s.due : least;
		most = s.due > most ? s.due : most;
		assert_int_equal(s.burst, NC_BURST);
	}
	assert_true(most - least > SEC / 2);
	/* One that has asked for fewer requests has its least poll, and one that wants none its hour */
	nc_obey(&s, NTP_KISS_RATE, now);
	nc_begin_again(&s, now);
	assert_int_equal(s.burst, 0);
	assert_in_range(s.due, now + 128 * SEC - 128 * SEC / 20, s.asked + 128 * SEC);
	nc_obey(&s, NTP_KISS_DENY, now);
	nc_begin_again(&s, now);
	assert_true(s.due >= now + NC_DENIED_NS);
}

/* However short the least poll is: an answer may take longer, and a lookup goes on */
static void haste_waits_for_answers(void **state)
{
	struct nc_server s;

	(void)state;
	assert_null(nc_parse(&s, "127.0.0.1:1", "123"));
	nc_begin(&s, SEC / 100, 1024 * SEC, 7 * SEC);
	s.poll = s.most;
	s.burst = 0;
	assert_int_equal(nc_ask(&s, 0xff, 7 * SEC), NTP_TAKEN);
	assert_int_not_equal(s.nonce, 0);
	nc_hasten(&s, 8 * SEC);
	assert_int_equal(s.due, 9 * SEC);
	nc_end(&s);
	assert_null(nc_parse(&s, "never.example", "123"));
	nc_begin(&s, SEC / 100, 1024 * SEC, 7 * SEC);
	assert_int_equal(nc_ask(&s, 0xff, 7 * SEC), NTP_TAKEN);
	nc_hasten(&s, 8 * SEC);
	assert_in_range(s.due, 9 * SEC, 60 * SEC);
	assert_true(lookup_runs(&s.lookup));
	nc_end(&s);
}

/* Port 1 of this machine is nobody's: after three losses it is looked up, and asked less often */
static void who_is_lost_is_looked_for(void **state)
{
	struct nc_server s;
	int i;

	(void)state;
	assert_null(nc_parse(&s, "127.0.0.1:1", "123"));
	nc_begin(&s, 16 * SEC, 40 * SEC, 0);
	assert_int_equal(nc_ask(&s, 0xff, 0), NTP_TAKEN);
	for (i = 1; i <= 6; i++) {
		assert_int_equal(s.attempts, 1 + (i - 1) / 3);
		assert_int_equal(nc_ask(&s, 0xff, 0), NTP_NO_ANSWER);
		assert_int_equal(s.poll, i < 3 ? 16 * SEC : i < 6 ? 32 * SEC : 40 * SEC);
	}
	assert_int_equal(s.attempts, 3);
	assert_int_equal(s.reach, 0);
	nc_end(&s);
}

/* Names are looked up here, as their first letters say, and addresses are read as always */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **list)
{
	int (*real)(const char *n, const char *s, const struct addrinfo *h, struct addrinfo **l);

	if (!(hints->ai_flags & AI_NUMERICHOST)) {
		while (!strncmp(node, "never", 5))
			pause();
		if (strncmp(node, "here", 4))
			return EAI_NONAME;
		node = "127.0.0.1";
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(node, service, hints, list);
}

/* A request by name, of a child whose result is waited for */
static void ask_by_name(struct nc_server *s, const char *name)
{
	struct pollfd fd;

	assert_null(nc_parse(s, name, "1"));
	nc_begin(s, 16 * SEC, 40 * SEC, 7);
	assert_int_equal(nc_ask(s, 0xff, 7), NTP_TAKEN);
	assert_true(lookup_runs(&s->lookup));
	assert_in_range(s->due, 7 + SEC, 7 + 60 * SEC);
	fd = (struct pollfd){ nc_fd(s), POLLIN, 0 };
	assert_int_equal(poll(&fd, 1, 60000), 1);
}

static void names_are_looked_up(void **state)
{
	struct nc_server s;

	(void)state;
	ask_by_name(&s, "here.example");
	assert_true(nc_found(&s, 9));
	assert_string_equal(s.address, "127.0.0.1");
	assert_int_equal(s.due, 9);
	assert_int_equal(s.burst, NC_BURST);
	assert_int_equal(nc_ask(&s, 0xff, 9), NTP_TAKEN);
	assert_int_equal(s.requests, 1);
	nc_end(&s);
	ask_by_name(&s, "nobody.knows.example");
	assert_false(nc_found(&s, 9));
	assert_int_equal(nc_fd(&s), -1);
	assert_in_range(s.due, 9 + SEC, 9 + 20 * SEC);
	assert_int_equal(nc_ask(&s, 0xff, s.due), NTP_TAKEN);
	nc_end(&s);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Nobody waits for it; when it is due again it is given up, and tried anew */
static void a_resolver_may_never_answer(void **state)
{
	struct nc_server s;
	pid_t child;

	(void)state;
	alarm(60);
	assert_null(nc_parse(&s, "never.example", "123"));
	nc_begin(&s, 16 * SEC, 40 * SEC, 0);
	assert_int_equal(nc_ask(&s, 0xff, 0), NTP_TAKEN);
	child = s.lookup.pid;
	assert_int_equal(kill(child, 0), 0);
	assert_int_equal(nc_ask(&s, 0xff, s.due), NTP_NO_ANSWER);
	assert_true(lookup_runs(&s.lookup));
	assert_int_not_equal(s.lookup.pid, child);
	assert_int_equal(kill(child, 0), -1);
	nc_end(&s);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	alarm(0);
}

/* 200 us of room that is used up by 1 ppm in 200 s: 160 s */
static void poll_follows_the_need(void **state)
{
	(void)state;
	assert_int_equal(nc_poll_for(300000, 100000, 1000, 16 * SEC, 1024 * SEC), 160 * SEC);
	assert_int_equal(nc_poll_for(300000, 100000, 1000, 16 * SEC, 64 * SEC), 64 * SEC);
	assert_int_equal(nc_poll_for(110000, 100000, 1000, 16 * SEC, 64 * SEC), 16 * SEC);
	assert_int_equal(nc_poll_for(100000, 100000, 1000, 16 * SEC, 64 * SEC), 16 * SEC);
	assert_int_equal(nc_poll_for(1, 100000, 1000, 16 * SEC, 64 * SEC), 16 * SEC);
	assert_int_equal(nc_poll_for(~0ULL, 0, 0, 16 * SEC, 64 * SEC), 64 * SEC);
}

static const char *read_back(char *text, struct exchanges_head *head, struct exchanges_line *line)
{
	FILE *f = fmemopen(text, strlen(text), "r");
	char first[256] = "";
	unsigned int number = 1;
	bool end = false;
	const char *why;

	assert_non_null(fgets(first, sizeof(first), f));
	why = exchanges_begin(first) ? exchanges_read_head(first, head) : "no head";
	if (!why)
		why = exchanges_read_line(f, head, line, &number, &end);
	fclose(f);
	return end ? "end" : why;
}

static void exchanges_come_back(void **state)
{
	struct exchanges_head head = { 2400000000ULL, 3, 1, -5 }, h;
	struct exchanges_line line = { .server = 2, .sent = 1, .got = ~0ULL }, l;
	uint64_t x = 4;
	char text[1024];
	FILE *f;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		line.x = (struct ntp_exchange){
			.before = random_bits(&x), .after = random_bits(&x),
			.receive = random_bits(&x), .transmit = random_bits(&x),
			.root_delay = random_bits(&x),
			.root_dispersion = random_bits(&x), .precision = random_bits(&x),
			.leap = i % 4, .stratum = random_bits(&x), .has_truth = i & 1,
			.truth_ns = i & 1 ? -i : 0,
		};
		memset(text, 0, sizeof(text));
		f = fmemopen(text, sizeof(text), "w");
		exchanges_write_head(f, &head);
		fputs("# a comment\n\n", f);
		exchanges_write_line(f, &line);
		fclose(f);
		memset(&l, 0, sizeof(l));
		assert_null(read_back(text, &h, &l));
		assert_int_equal(h.hz, head.hz);
		assert_int_equal(h.pivot, -5);
		assert_int_equal(l.server, 2);
		assert_int_equal(l.got, ~0ULL);
		assert_int_equal(l.x.after, line.x.after);
		assert_int_equal(l.x.transmit, line.x.transmit);
		assert_int_equal(l.x.precision, line.x.precision);
		assert_int_equal(l.x.root_dispersion, line.x.root_dispersion);
		assert_int_equal(l.x.stratum, line.x.stratum);
		assert_int_equal(l.x.leap, line.x.leap);
		assert_int_equal(l.x.truth_ns, line.x.truth_ns);
		assert_int_equal(l.x.has_truth, line.x.has_truth);
	}
}

static void bad_text_is_refused(void **state)
{
	static const char *const lines[] = {
		"3 1 2 3 4 5 6 7 8 9 1 1", "0 1 2 3 4 5 6 7 8 9 1", "0 1 2 3 4 5 6 4294967296 8 9 1 1",
		"0 1 2 3 4 5 6 7 8 128 1 1", "0 1 2 3 4 5 6 7 8 9 4 1", "0 1 2 3 4 5 6 7 8 9 1 256",
		"0 1 2 3 4 5 6 7 8 9 1 1 1 1", "0 1 2 x 4 5 6 7 8 9 1 1", "-1 1 2 3 4 5 6 7 8 9 1 1",
	};
	static const char *const pivots[] = { "9223372036854775807", "-9223372036854775807", "4294967297", "-4294967297" };
	struct exchanges_head h;
	struct exchanges_line l;
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "timeline-exchanges 1 1000000000 3 1 5\n%s\n", lines[i]);
		assert_non_null(read_back(text, &h, &l));
	}
	assert_non_null(read_back(strcpy(text, "timeline-exchanges 1 1000000000 17 1 5\n"), &h, &l));
	for (i = 0; i < sizeof(pivots) / sizeof(pivots[0]); i++) {
		snprintf(text, sizeof(text), "timeline-exchanges 1 1 3 1 %s\n", pivots[i]);
		assert_string_not_equal(read_back(text, &h, &l), "end");
	}
	assert_string_equal(read_back(strcpy(text, "timeline-exchanges 1 1 3 1 5\n"), &h, &l), "end");
	assert_string_equal(read_back(strcpy(text, "timeline-trace 1 1\n"), &h, &l), "no head");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(schedule),
		cmocka_unit_test(haste_has_a_limit),
		cmocka_unit_test(haste_waits_for_answers),
		cmocka_unit_test(it_can_begin_again),
		cmocka_unit_test(kisses_are_obeyed),
		cmocka_unit_test(kisses_are_obeyed_beyond_the_poll),
		cmocka_unit_test(who_denies_is_asked_again),
		cmocka_unit_test(who_is_lost_is_looked_for),
		cmocka_unit_test(names_are_looked_up),
		cmocka_unit_test(a_resolver_may_never_answer),
		cmocka_unit_test(poll_follows_the_need),
		cmocka_unit_test(exchanges_come_back),
		cmocka_unit_test(bad_text_is_refused),
	};

	return cmocka_run_group_tests_name("timeline ntp client", tests, NULL, NULL);
}
