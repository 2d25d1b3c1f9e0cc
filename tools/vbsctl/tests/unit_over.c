// SPDX-License-Identifier: GPL-2.0
/* A measurement over a file, the other end of which writes what it likes. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "channel/over.h"

static char path[] = "/tmp/unit_over.XXXXXX";
static const struct measure honest = {
	.over = path, .count = 10, .calibrate = 30,
	.channel = { .slots = 2, .slot = 64, .message = 100, .reply = 64, .process = 1000, .polls = true },
};

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || ftruncate(fd, 1 << 20) || close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

/* What the other end makes of what this one says: 0 or an errno */
static int attach(const struct measure *said)
{
	struct ends ends[SIDES];
	struct measure heard = { 0 };

	assert_non_null(over_open(said, &ends[SENDER]));
	if (!over_attach(path, 1, &heard, &ends[RECEIVER]))
		return errno;
	assert_int_equal(heard.channel.slot, said->channel.slot);
	assert_int_equal(heard.count, said->count);
	return 0;
}

static void an_honest_end_is_heard(void **state)
{
	(void)state;
	assert_int_equal(attach(&honest), 0);
}

/* There is no place for the times of one way; what is cut to 32 bits is another ring */
static void a_liar_is_not(void **state)
{
	struct measure said;

	(void)state;
	said = honest;
	said.channel.reply = 0;
	assert_int_equal(attach(&said), EPROTO);
	said = honest;
	said.channel.reply = 129;
	assert_int_equal(attach(&said), EPROTO);
	said = honest;
	said.channel.slot += 1ULL << 32;
	assert_int_equal(attach(&said), EPROTO);
	said = honest;
	said.channel.message = 0;
	assert_int_equal(attach(&said), EPROTO);
	said = honest;
	said.channel.message = UINT64_MAX;
	assert_int_equal(attach(&said), EPROTO);
	said = honest;
	said.channel.process = UINT64_MAX;
	assert_int_equal(attach(&said), EPROTO);
	said = honest;
	said.count = UINT64_MAX;
	assert_int_equal(attach(&said), EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_end_is_heard),
		cmocka_unit_test(a_liar_is_not),
	};

	return cmocka_run_group_tests_name("over", tests, set_up, tear_down);
}
