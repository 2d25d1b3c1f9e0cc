// SPDX-License-Identifier: GPL-2.0
/* What 'vbsctl irq join' leaves behind where it fails. */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/tests/unit.h"

#include "irq/irq.h"
#include "tests/fake_sched.h"

static int join(char *what)
{
	char *argv[] = { "join", "--res", "1ms/10ms", what, NULL };

	optind = 0;
	return irq_join.run(&irq_join, 4, argv);
}

static void set_class(pid_t tid, uint32_t policy, uint32_t priority, int nice)
{
	fake_attr(tid)->sched_policy = policy;
	fake_attr(tid)->sched_priority = priority;
	fake_attr(tid)->sched_nice = nice;
}

static void is_class(pid_t tid, uint32_t policy, uint32_t priority, int nice)
{
	assert_int_equal(fake_server_of(tid), 0);
	assert_int_equal(fake_attr(tid)->sched_policy, policy);
	assert_int_equal(fake_attr(tid)->sched_priority, priority);
	assert_int_equal(fake_attr(tid)->sched_nice, nice);
}

/* What somebody has given them by chrt and renice, and not what the kernel makes them */
static void a_line_is_as_it_was(void **state)
{
	(void)state;
	fake_task(201, 201, 0, "irq/24-eth0", "/", "0-1");
	fake_task(202, 202, 0, "irq/24-s-eth0", "/", "0-1");
	fake_task(203, 203, 0, "irq/24-x-eth0", "/", "0-1");
	set_class(201, SCHED_FIFO, 80, 0);
	set_class(202, SCHED_RR, 7, 0);
	set_class(203, SCHED_FIFO, 50, 0);
	fake_refuses = 203;
	assert_int_equal(join("24"), VC_PERM);
	is_class(201, SCHED_FIFO, 80, 0);
	is_class(202, SCHED_RR, 7, 0);
	is_class(203, SCHED_FIFO, 50, 0);
	fake_refuses = 0;
	assert_int_equal(join("24"), 0);
	assert_int_equal(fake_server_of(203), fake_server_of(201));
}

static void a_device_is_as_it_was(void **state)
{
	(void)state;
	fake_task(301, 301, 0, "napi/eth0-8193", "/", "0-1");
	fake_task(302, 302, 0, "napi/eth0-8194", "/", "0-1");
	set_class(301, SCHED_OTHER, 0, -15);
	fake_refuses = 302;
	assert_int_equal(join("eth0"), VC_PERM);
	is_class(301, SCHED_OTHER, 0, -15);
}

static int set_up(void **state)
{
	(void)state;
	fake_begin();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_as_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_device_is_as_it_was, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("irq", tests, NULL, NULL);
}
