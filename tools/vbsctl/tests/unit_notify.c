// SPDX-License-Identifier: GPL-2.0
/* Who is told what by 'timeline sync'. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "timelines/notify.h"

#define SEC	1000000000ULL

static char path[] = "/tmp/vbsctl-notify.XXXXXX";

/* At a path that nobody else has */
static int listen_at(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	unlink(path);
	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void says_what_it_is_told(void **state)
{
	char text[64] = "";
	int fd;

	(void)state;
	fd = listen_at();
	notify_send("READY=%d", 1);
	assert_int_equal(recv(fd, text, sizeof(text), 0), 7);
	assert_memory_equal(text, "READY=1", 7);
	close(fd);
	/* Nobody listens, and nobody wants to */
	notify_send("READY=1");
	unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1");
}

static void the_watchdog_is_fed_twice_as_often(void **state)
{
	char pid[16];

	(void)state;
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ns(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_ns(), 15 * SEC);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog_ns(), 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ns(), 15 * SEC);
}

/* The STATUS= lines go where the lines on standard error do, without their limit */
static int statuses(int fd)
{
	char text[512];
	int n = 0;

	while (recv(fd, text, sizeof(text), 0) > 0)
		n++;
	return n;
}

static void a_trouble_is_told_once(void **state)
{
	struct sync_log log = { 0 };
	int i, fd;

	(void)state;
	fd = listen_at();
	for (i = 0; i < 100; i++) {
		log_trouble(&log, "it is bad");
		log_well(&log, "lab");
	}
	assert_int_equal(statuses(fd), 1);
	assert_int_equal(log.lines, 1);
	for (i = 0; i < 100; i++)
		log_well(&log, "lab");
	assert_int_equal(statuses(fd), 1);
	for (i = 0; i < 100; i++)
		log_trouble(&log, "it is bad for the %dth time", i);
	assert_int_equal(log.lines, 10);
	assert_true(log.cut);
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_it_is_told),
		cmocka_unit_test(the_watchdog_is_fed_twice_as_often),
		cmocka_unit_test(a_trouble_is_told_once),
	};

	int failed, fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests_name("notify", tests, NULL, NULL);
	unlink(path);
	return failed;
}
