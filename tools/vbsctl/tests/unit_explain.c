// SPDX-License-Identifier: GPL-2.0
/* One refusal, one sentence, one exit code. */
#include <errno.h>
#include <string.h>

#include "base/tests/unit.h"

#include "command.h"
#include "servers/explain.h"
#include "vbs/attr.h"

static struct vbs_snapshot *snap;
static struct vbs_sched_attr asked, before, leader;
static struct task_info task, leader_task;
static struct refusal r;
static char said[1024];

static int set_up(void **state)
{
	(void)state;
	snap = vbs_snapshot_parse(
		"vbs version=1\n"
		"limits runtime_min=10000 runtime_max=100000000 period_min=100000 period_max=1000000000 slice=1000000\n"
		"cpu id=0 online=1 capacity=943718 booked=838861 spare=104857 servers=1\n"
		"cpu id=1 online=1 capacity=943718 booked=817889 spare=125829 servers=1\n"
		"cpu id=2 online=1 capacity=943718 booked=0 spare=943718 servers=0\n"
		"server id=7 cpu=0 cap=314573 runtime=3000000 period=10000000 owner=1000 leader=212 comm=make\n");
	memset(&task, 0, sizeof(task));
	task.exists = true;
	parse_cpus("0-1", &task.allowed);
	strcpy(task.comm, "work");
	leader_task = task;
	strcpy(leader_task.comm, "boss");
	memset(&asked, 0, sizeof(asked));
	asked.sched_policy = SCHED_VBS;
	asked.sched_runtime = 3 * MS;
	asked.sched_period = 10 * MS;
	memset(&before, 0, sizeof(before));
	memset(&leader, 0, sizeof(leader));
	r = (struct refusal){
		.op = OP_ADMIT, .pid = 4242, .asked = &asked, .before = &before,
		.task = &task, .vbs = snap, .policy_known = true, .euid = 1001,
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vbs_snapshot_free(snap);
	return 0;
}

static void in_a_server(void)
{
	before.sched_policy = SCHED_VBS;
	before.sched_vbs_cap = 314573;
	before.sched_vbs_leader = 212;
	r.op = OP_SWITCH;
	r.server = &snap->server[0];
}

static void joining(void)
{
	r.op = OP_JOIN;
	asked.sched_vbs_leader = 212;
	asked.sched_flags = SCHED_FLAG_VBS_JOIN;
	asked.sched_runtime = 0;
	asked.sched_period = 0;
	leader.sched_policy = SCHED_VBS;
	r.leader = &leader;
	r.leader_task = &leader_task;
	r.leader_server = &snap->server[0];
}

static void expect(int err, int code, const char *words)
{
	r.err = err;
	assert_int_equal(explain(&r, said, sizeof(said)), code);
	if (!strstr(said, words))
		fail_msg("'%s' is not in '%s'", words, said);
}

static void no_room(void **state)
{
	(void)state;
	expect(EBUSY, VC_BUSY,
	       "cannot admit 4242: needs 30 % of a CPU; the most that CPUs 0-1 have spare is 12 %, on CPU 1");
	parse_cpus("0", &task.allowed);
	expect(EBUSY, VC_BUSY, "the most that CPU 0 has spare is 10 %, on CPU 0");
	parse_cpus("5", &task.allowed);
	expect(EBUSY, VC_BUSY, "none of the CPUs in its affinity mask");
}

static void offline_cpus_are_no_candidates(void **state)
{
	(void)state;
	snap->cpu[1].online = 0;
	expect(EBUSY, VC_BUSY, "the most that CPU 0 has spare is 10 %");
}

static void room_that_came_meanwhile(void **state)
{
	(void)state;
	parse_cpus("0-2", &task.allowed);
	expect(EBUSY, VC_BUSY, "now CPU 2 has 90 % spare, so try again");
}

/* Equal to two digits: show as many as it takes */
static void near_misses_show_more_digits(void **state)
{
	(void)state;
	snap->cpu[1].spare = 314572;
	expect(EBUSY, VC_BUSY, "needs 30 % of a CPU; the most that CPUs 0-1 have spare is 29.9999 %");
	snap->cpu[1].spare = 125829;
	asked.sched_vbs_cap = 125830;
	expect(EBUSY, VC_BUSY, "needs 12.0001 % of a CPU; the most that CPUs 0-1 have spare is 12 %");
}

static void what_is_held_and_until_when(void **state)
{
	struct vbs_held held[6] = {
		{ .cpu = 1, .amount = 314573, .owner = 1000, .until_ns = 12 * MS },
		{ .cpu = 0, .amount = 1, .owner = 7, .until_ns = 5 },
		{ .cpu = 1, .amount = 314573, .owner = 1001, .until_ns = 0 },
	};
	int i;

	(void)state;
	snap->cpu[1].held = 629146;
	expect(EBUSY, VC_BUSY, "on CPU 1; 60 % of CPU 1 are held by servers without members until their termination points");
	snap->held = held;
	snap->helds = 3;
	expect(EBUSY, VC_BUSY, "points: 30 % of uid 1000 for 12ms more, 30 % of uid 1001 for 0ms more");
	snap->helds = 6;
	for (i = 3; i < 6; i++)
		held[i] = held[0];
	expect(EBUSY, VC_BUSY, "uid 1000 for 12ms more, and others");
	snap->held = NULL;
	snap->helds = 0;
}

static void what_deadline_has(void **state)
{
	(void)state;
	snap->cpu[1].deadline = 104858;
	expect(EBUSY, VC_BUSY, "is 12 %, on CPU 1; SCHED_DEADLINE has 10 % in its root domain");
	in_a_server();
	asked.sched_vbs_cap = 629146;
	snap->cpu[0].deadline = 209715;
	expect(EBUSY, VC_BUSY, "and CPU 0 has 10 % spare; SCHED_DEADLINE has 20 % in its root domain");
}

static void who_has_ended(void **state)
{
	(void)state;
	task.ended = true;
	expect(ESRCH, VC_NOPROC, "4242 (work) has ended, and only waits for its parent");
	task.ended = false;
	joining();
	leader_task.ended = true;
	expect(EINVAL, VC_FAIL, "212 (boss) has ended");
}

static void aligned_entry_needs_its_slack(void **state)
{
	(void)state;
	asked.sched_flags = SCHED_FLAG_VBS_ALIGN;
	expect(EBUSY, VC_BUSY, "needs 30.06 % of a CPU");
}

static void no_room_for_a_larger_cap(void **state)
{
	(void)state;
	in_a_server();
	asked.sched_vbs_cap = 629146;
	expect(EBUSY, VC_BUSY,
	       "cannot switch 4242: a cap of 60 % instead of 30 % needs 30 % more of a CPU, and CPU 0 has 10 % spare");
}

static void a_server_with_a_name(void **state)
{
	struct vbs_server named = { .cpu = 0, .cap = 314573, .name = "arm" };

	(void)state;
	in_a_server();
	asked.sched_vbs_cap = 629146;
	r.server = &named;
	expect(EBUSY, VC_BUSY, "cannot switch 4242 of 'arm': a cap of 60 %");
}

static void above_the_cap(void **state)
{
	(void)state;
	asked.sched_vbs_cap = 262144;
	expect(ERANGE, VC_FAIL, "3ms/10ms is 30 % of a CPU, above the server's cap of 25 %");
	in_a_server();
	asked.sched_vbs_cap = 0;
	asked.sched_runtime = 4 * MS;
	expect(ERANGE, VC_FAIL, "4ms/10ms is 40 % of a CPU, above the server's cap of 30 %");
	r.before = NULL;
	expect(ERANGE, VC_FAIL, "above the server's cap");
}

static void aligned_without_slack(void **state)
{
	(void)state;
	in_a_server();
	asked.sched_flags = SCHED_FLAG_VBS_ALIGN;
	expect(ERANGE, VC_FAIL,
	       "aligned release of 3ms/10ms needs slack of 1/512 of the period: a cap of at least 30.06 %, and it is 30 %");
}

static void numbers_outside_limits(void **state)
{
	(void)state;
	asked.sched_runtime = 5 * US;
	expect(EINVAL, VC_FAIL, "a budget of 5us is below the least, 10us");
	asked.sched_runtime = 200 * MS;
	expect(EINVAL, VC_FAIL, "a budget of 200ms is above kernel.sched_vbs_runtime_max_us, 100ms");
	asked.sched_runtime = 20 * US;
	asked.sched_period = 50 * US;
	expect(EINVAL, VC_FAIL, "a period of 50us is below kernel.sched_vbs_period_min_us, 100us");
	asked.sched_period = 2000 * MS;
	expect(EINVAL, VC_FAIL, "a period of 2s is above kernel.sched_vbs_period_max_us, 1s");
	asked.sched_runtime = 3 * MS;
	asked.sched_period = 2 * MS;
	expect(EINVAL, VC_FAIL, "a budget of 3ms is longer than its period of 2ms");
	asked.sched_period = 10 * MS;
	asked.sched_vbs_cap = VBS_BW_UNIT * 2;
	expect(EINVAL, VC_FAIL, "a cap of 200 % is more than one CPU");
	asked.sched_vbs_cap = 0;
	r.release_cost = 2 * MS;
	expect(EINVAL, VC_FAIL, "below twice the cost of a release, 2ms");
}

static void nothing_is_wrong_any_more(void **state)
{
	(void)state;
	expect(EINVAL, VC_FAIL, "within every limit that /proc/vbs shows now");
}

static void kernel_threads(void **state)
{
	(void)state;
	task.kthread = true;
	expect(EINVAL, VC_FAIL, "4242 (work) is a thread of the kernel");
}

static void joining_what_is_no_server(void **state)
{
	(void)state;
	joining();
	leader.sched_policy = 0;
	expect(EINVAL, VC_FAIL, "cannot join 4242: 212 (boss) is in no server that could be joined");
}

static void joining_across_cpus(void **state)
{
	(void)state;
	joining();
	parse_cpus("1-2", &task.allowed);
	expect(EINVAL, VC_FAIL,
	       "server 7 runs on CPU 0, and the affinity mask of 4242 has only CPU 1-2");
	r.leader_server = NULL;
	expect(EINVAL, VC_FAIL, "the server of 212 cannot be joined");
}

static void who_may(void **state)
{
	(void)state;
	expect(EPERM, VC_PERM, "a new server needs CAP_SYS_NICE (root)");
	in_a_server();
	expect(EPERM, VC_PERM, "server 7 belongs to uid 1000 and you are uid 1001; changing it needs CAP_SYS_NICE (root), or to be its owner");
	r.euid = 1000;
	expect(EPERM, VC_PERM, "server 7 is yours, but process 4242 is not");
	r.server = NULL;
	expect(EPERM, VC_PERM, "its server belongs to another user");
	joining();
	r.euid = 1000;
	expect(EPERM, VC_PERM, "server 7 is yours, but joining it also takes the right to trace process 212");
	r.euid = 1001;
	expect(EPERM, VC_PERM, "server 7 belongs to uid 1000 and you are uid 1001; joining");
}

static void who_may_raise_a_cap(void **state)
{
	(void)state;
	in_a_server();
	r.euid = 1000;
	asked.sched_vbs_cap = 629146;
	expect(EPERM, VC_PERM, "raising the cap from 30 % to 60 % needs CAP_SYS_NICE (root)");
}

static void who_may_clear_reset_on_fork(void **state)
{
	(void)state;
	in_a_server();
	before.sched_flags = SCHED_FLAG_RESET_ON_FORK;
	expect(EPERM, VC_PERM, "reset on fork");
}

static void who_may_take_out(void **state)
{
	(void)state;
	in_a_server();
	r.op = OP_LEAVE;
	task.euid = 33;
	expect(EPERM, VC_PERM, "cannot take out 4242: it is a process of uid 33 and you are uid 1001");
}

static void root_is_refused_by_something_else(void **state)
{
	(void)state;
	r.privileged = true;
	expect(EPERM, VC_PERM, "although CAP_SYS_NICE is in effect");
}

static void gone(void **state)
{
	(void)state;
	expect(ESRCH, VC_NOPROC, "there is no process or thread 4242");
	joining();
	expect(ESRCH, VC_NOPROC, "there is no process or thread 212, whose server 4242 was to join");
	task.exists = false;
	expect(ESRCH, VC_NOPROC, "there is no process or thread 4242");
}

static void kernels_without_it(void **state)
{
	static const int errs[] = { EINVAL, E2BIG, EPERM, ENOSYS };
	size_t i;

	(void)state;
	r.policy_known = false;
	r.vbs = NULL;
	for (i = 0; i < sizeof(errs) / sizeof(errs[0]); i++)
		expect(errs[i], VC_NOVBS, "this kernel has no SCHED_VBS: it does not know scheduling policy 8");
	r.policy_known = true;
	expect(EINVAL, VC_NOVBS, "there is no /proc/vbs");
	expect(EPERM, VC_PERM, "a new server needs CAP_SYS_NICE");
}

static void no_memory(void **state)
{
	(void)state;
	expect(ENOMEM, VC_FAIL, "no memory for one more server");
}

static void what_no_rule_foresees(void **state)
{
	(void)state;
	expect(EIO, VC_FAIL, "in a way that SCHED_VBS does not document: Input/output error (errno 5)");
}

static void never_bare(void **state)
{
	int err;

	(void)state;
	for (err = 1; err < 134; err++) {
		r.err = err;
		explain(&r, said, sizeof(said));
		assert_true(strlen(said) > 30);
		assert_null(strstr(said, "Invalid argument"));
	}
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_room),
		TEST(offline_cpus_are_no_candidates),
		TEST(room_that_came_meanwhile),
		TEST(near_misses_show_more_digits),
		TEST(what_is_held_and_until_when),
		TEST(what_deadline_has),
		TEST(who_has_ended),
		TEST(aligned_entry_needs_its_slack),
		TEST(no_room_for_a_larger_cap),
		TEST(a_server_with_a_name),
		TEST(above_the_cap),
		TEST(aligned_without_slack),
		TEST(numbers_outside_limits),
		TEST(nothing_is_wrong_any_more),
		TEST(kernel_threads),
		TEST(joining_what_is_no_server),
		TEST(joining_across_cpus),
		TEST(who_may),
		TEST(who_may_raise_a_cap),
		TEST(who_may_clear_reset_on_fork),
		TEST(who_may_take_out),
		TEST(root_is_refused_by_something_else),
		TEST(gone),
		TEST(kernels_without_it),
		TEST(no_memory),
		TEST(what_no_rule_foresees),
		TEST(never_bare),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
