// SPDX-License-Identifier: GPL-2.0
/* chronyd asked where its user says it is: at a Unix socket, and at an address with a port. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "timeline/ask.h"
#include "timeline/source.h"

#define BOUND	(500000000 + 250000000)	/* root delay 1 s, dispersion 0.25 s */

struct server {
	int fd;
	int stratum;
	mode_t mode;	/* of the path that it answers to */
};

/* By a path: what is there may be another's by now */
int chmod(const char *path, mode_t mode)
{
	(void)mode;
	fail_msg("chmod of %s", path);
	return -1;
}

/* 1 s is a coefficient of 2^23 with an exponent of 2: 2^23 * 2^(2 - 25) */
static void put_second(uint8_t *p, int halvings)
{
	uint32_t word = htonl((uint32_t)(2 - halvings) << 25 | 1 << 23);

	memcpy(p, &word, sizeof(word));
}

static void *serve_one(void *arg)
{
	uint8_t request[ASK_CHRONY_SIZE], reply[ASK_CHRONY_SIZE] = { 6, 2, 0, 0, 0, 33, 0, 5 };
	struct server *s = arg;
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	struct stat st;

	if (recvfrom(s->fd, request, sizeof(request), 0, (struct sockaddr *)&from, &size) < 0)
		return NULL;
	if (from.ss_family == AF_UNIX && !stat(((struct sockaddr_un *)&from)->sun_path, &st))
		s->mode = st.st_mode & 07777;
	memcpy(reply + 16, request + 8, 4);
	reply[28 + 25] = s->stratum;
	put_second(reply + 28 + 64, 0);
	put_second(reply + 28 + 68, 2);
	sendto(s->fd, reply, sizeof(reply), 0, (struct sockaddr *)&from, size);
	return NULL;
}

static int ask(const char *where, struct server *s, uint64_t *ns)
{
	pthread_t thread;
	int err;

	pthread_create(&thread, NULL, serve_one, s);
	err = ask_chronyd_at(where, ns);
	pthread_join(thread, NULL);
	return err;
}

static void check(const char *where, int fd)
{
	struct server s = { fd, 3, 0 };
	uint64_t ns = 0;

	assert_int_equal(ask(where, &s, &ns), 0);
	assert_in_range(ns, BOUND, BOUND + 1000);
	s.stratum = 0;
	assert_int_equal(ask(where, &s, &ns), EAGAIN);
	/* It is there and says nothing */
	assert_int_equal(ask_chronyd_at(where, &ns), EPROTO);
}

static void at_a_path(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char own[128];
	uint64_t ns;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct server s = { fd, 3, 0 };
	struct stat st;
	mode_t mask;

	(void)state;
	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/unit-ask.%d", getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	/* Whom it asks may answer, whoever that is; and the mask is what it was */
	mask = umask(077);
	assert_int_equal(ask(at.sun_path, &s, &ns), 0);
	assert_int_equal(s.mode, 0666);
	assert_int_equal(umask(mask), 077);
	check(at.sun_path, fd);
	/* Nothing of its own is left beside it */
	snprintf(own, sizeof(own), "%s.%d", at.sun_path, getpid());
	assert_int_equal(stat(own, &st), -1);
	close(fd);
	unlink(at.sun_path);
	assert_int_equal(ask_chronyd_at(at.sun_path, &ns), EPROTO);
	assert_int_equal(ask_chronyd_at("/tmp/no/such/directory/socket", &ns), EPROTO);
}

static void at_an_address(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t size = sizeof(at);
	char where[64];
	uint64_t ns;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	snprintf(where, sizeof(where), "127.0.0.1:%u", ntohs(at.sin_port));
	check(where, fd);
	close(fd);
	assert_int_equal(ask_chronyd_at(where, &ns), EPROTO);
}

static int asked;	/* ports of 127.0.0.1, by who was not told which */

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)to;

	if (to->sa_family == AF_INET && ntohs(in->sin_port) < 1024)
		asked++;
	return syscall(SYS_connect, fd, to, size);
}

static void write_start(const char *root, const char *port)
{
	char path[128], command[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/sys/net/ipv4", root);
	snprintf(command, sizeof(command), "mkdir -p %s", path);
	assert_int_equal(system(command), 0);
	strcat(path, "/ip_unprivileged_port_start");
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s\n", port);
	assert_int_equal(fclose(f), 0);
}

/* Where everybody can be at a port, as in many containers, an answer from there is anybody's */
static void only_who_is_privileged(void **state)
{
	static const struct {
		const char *start;
		int asked;	/* of chronyd and ntpd */
	} cases[] = { { "1024", 2 }, { "324", 2 }, { "323", 1 }, { "124", 1 }, { "123", 0 }, { "0", 0 } };
	char root[] = "/tmp/unit-ask.XXXXXX", command[64];
	uint64_t ns;
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(root));
	setenv("VBSCTL_ROOT", root, 1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_start(root, cases[i].start);
		asked = 0;
		ask_chronyd(&ns);
		ask_ntpd(&ns);
		assert_int_equal(asked, cases[i].asked);
	}
	unsetenv("VBSCTL_ROOT");
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

/* Nobody reads what is sent to it, and there is room for little */
static void one_that_hangs_holds_up_nobody(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), i;
	uint64_t ns;

	(void)state;
	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/unit-ask.%d", getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	alarm(60);
	for (i = 0; i < 20; i++)
		assert_int_equal(ask_chronyd_at(at.sun_path, &ns), EPROTO);
	alarm(0);
	close(fd);
	unlink(at.sun_path);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **list)
{
	int (*real)(const char *n, const char *s, const struct addrinfo *h, struct addrinfo **l);

	if (!(hints->ai_flags & AI_NUMERICHOST))
		fail_msg("%s is looked up", node);
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(node, service, hints, list);
}

/* What another machine's chronyd states is of another clock; and a name is a matter of a resolver */
static void only_on_this_machine(void **state)
{
	static const char *const here[] = {
		"", "/run/chrony/chronyd.sock", "127.0.0.1", "127.0.0.1:323", "127.9.8.7:1323", "::1",
		"[::1]:323",
	}, *const elsewhere[] = {
		"192.0.2.1", "192.0.2.1:323", "0.0.0.0", "::", "128.0.0.1", "126.255.255.255:323", "2001:db8::1",
		"[2001:db8::1]:323", "::ffff:192.0.2.1", "localhost", "ntp.example", "chronyd.sock", "127.0.0.1:0",
		"127.0.0.1:x", ":323",
	};
	struct timeline_source src = { 0 };
	char from[128], why[256];
	uint64_t ns;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		assert_true(ask_may_be_chronyd(here[i]));
	for (i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		assert_false(ask_may_be_chronyd(elsewhere[i]));
		assert_int_equal(ask_chronyd_at(elsewhere[i], &ns), EPROTO);
		snprintf(from, sizeof(from), "chrony:%s", elsewhere[i]);
		assert_int_equal(source_open(&src, from, why, sizeof(why)), EINVAL);
		assert_non_null(strstr(why, "of this machine"));
	}
	assert_int_equal(source_open(&src, "chrony:127.0.0.1:5", why, sizeof(why)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_a_path),
		cmocka_unit_test(at_an_address),
		cmocka_unit_test(only_on_this_machine),
		cmocka_unit_test(only_who_is_privileged),
		cmocka_unit_test(one_that_hangs_holds_up_nobody),
	};

	return cmocka_run_group_tests_name("timeline ask", tests, NULL, NULL);
}
