// SPDX-License-Identifier: GPL-2.0
/* What vbsctl check makes of what it finds. */
#include <errno.h>
#include <string.h>

#include "base/tests/unit.h"

#include "command.h"
#include "show/judge.h"

static struct vbs_snapshot *snap;
static struct facts facts;
static struct finding finding[FINDINGS_MAX];
static int findings;

static int set_up(void **state)
{
	(void)state;
	snap = vbs_snapshot_parse("vbs version=1\n"
		"cpu id=0 online=1 capacity=943718 spare=629145\n"
		"cpu id=1 online=1 capacity=943718 spare=943718\n"
		"cpu id=2 online=0 capacity=943718 spare=943718\n");
	memset(&facts, 0, sizeof(facts));
	strcpy(facts.release, "6.12.0-vbs");
	facts.policy = true;
	facts.vbs = snap;
	machine_defaults(&facts.machine);
	facts.machine.vbs = true;
	facts.machine.release_cost = 1200;
	facts.machine.fair_known = true;
	facts.irq_time = YES;
	facts.hrtimers = YES;
	facts.preempt_rt = YES;
	facts.privileged = true;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vbs_snapshot_free(snap);
	return 0;
}

static enum severity severity_of(const char *topic)
{
	int i;

	for (i = 0; i < findings; i++) {
		if (!strcmp(finding[i].topic, topic))
			return finding[i].severity;
	}
	fail_msg("nothing about %s", topic);
	return GOOD;
}

static void all_is_well(void **state)
{
	int i;

	(void)state;
	assert_int_equal(judge(&facts, finding, &findings), VC_OK);
	for (i = 0; i < findings; i++)
		assert_int_equal(finding[i].severity, GOOD);
	assert_string_equal(finding[findings - 1].words,
			    "180 % on 2 CPUs, of which 150 % are spare");
}

static void an_ordinary_kernel(void **state)
{
	(void)state;
	facts.policy = false;
	facts.vbs = NULL;
	facts.proc_err = ENOENT;
	assert_int_equal(judge(&facts, finding, &findings), VC_NOVBS);
	assert_int_equal(severity_of("policy"), BAD);
	assert_int_equal(severity_of("/proc/vbs"), BAD);
}

static void another_format(void **state)
{
	(void)state;
	facts.vbs = NULL;
	facts.proc_err = EPROTO;
	assert_int_equal(judge(&facts, finding, &findings), VC_FAIL);
}

static void no_timers(void **state)
{
	(void)state;
	facts.hrtimers = NO;
	assert_int_equal(judge(&facts, finding, &findings), VC_FAIL);
	assert_int_equal(severity_of("timers"), BAD);
}

static void no_sysctls(void **state)
{
	(void)state;
	facts.machine.vbs = false;
	assert_int_equal(judge(&facts, finding, &findings), VC_FAIL);
}

static void warnings_do_not_fail(void **state)
{
	(void)state;
	facts.irq_time = NO;
	facts.machine.rt_runtime = -1;
	facts.machine.release_cost = 0;
	facts.machine.fair_known = false;
	facts.preempt_rt = NO;
	facts.privileged = false;
	facts.in_vm = YES;
	assert_int_equal(judge(&facts, finding, &findings), VC_OK);
	assert_int_equal(severity_of("CONFIG_IRQ_TIME_ACCOUNTING"), WARN);
	assert_int_equal(severity_of("CONFIG_PARAVIRT_TIME_ACCOUNTING"), NOTE);
	assert_int_equal(severity_of("rt_runtime"), WARN);
	assert_int_equal(severity_of("fair server"), NOTE);
	assert_int_equal(severity_of("privilege"), NOTE);
}

static void config_lines(void **state)
{
	const char *config = "# comment\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_AB=y\n";

	(void)state;
	assert_int_equal(config_value(config, "CONFIG_A"), YES);
	assert_int_equal(config_value(config, "CONFIG_B"), NO);
	assert_int_equal(config_value(config, "CONFIG_C"), NO);
	assert_int_equal(config_value(NULL, "CONFIG_A"), UNKNOWN);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_is_well),
		TEST(an_ordinary_kernel),
		TEST(another_format),
		TEST(no_timers),
		TEST(no_sysctls),
		TEST(warnings_do_not_fail),
		TEST(config_lines),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
