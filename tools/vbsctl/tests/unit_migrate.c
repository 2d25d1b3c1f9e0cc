// SPDX-License-Identifier: GPL-2.0
/* What both ends of a migration say to each other, and when it is given up. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "vm/crossing.h"
#include "vm/offer.h"
#include "vm/transfer.h"

static void an_offer_arrives_as_it_was(void **state)
{
	const struct vm_offer sent = {
		.req = { .vcpu = { 400 * US, 1 * MS }, .cap = 524288, .dm = { 200 * US, 2 * MS },
			 .dm_cap = 104858, .vcpus = 4, .guest_period_min = 125 * US, .align = true,
			 .poll = true, .guest_timelines = true },
		.timeline = "plant",
	};
	struct vm_offer got;
	char line[OFFER_LINE];

	(void)state;
	vm_offer_write(&sent, line);
	assert_null(vm_offer_read(line, &got));
	assert_memory_equal(&got.req.vcpu, &sent.req.vcpu, sizeof(got.req.vcpu));
	assert_memory_equal(&got.req.dm, &sent.req.dm, sizeof(got.req.dm));
	assert_int_equal(got.req.cap, sent.req.cap);
	assert_int_equal(got.req.dm_cap, sent.req.dm_cap);
	assert_int_equal(got.req.vcpus, 4);
	assert_int_equal(got.req.guest_period_min, 125 * US);
	assert_true(got.req.align && got.req.poll && got.req.guest_timelines);
	assert_false(got.req.one || got.req.split || got.req.guest_switch || got.req.strict);
	assert_string_equal(got.timeline, "plant");
}

static void an_offer_without_a_timeline(void **state)
{
	struct vm_offer sent = { .req = { .vcpu = { 1, 2 }, .one = true, .split = true } }, got;
	char line[OFFER_LINE];

	(void)state;
	vm_offer_write(&sent, line);
	assert_null(vm_offer_read(line, &got));
	assert_string_equal(got.timeline, "");
	assert_true(got.req.one && got.req.split);
}

static void what_is_no_offer_is_refused(void **state)
{
	struct vm_offer got;

	(void)state;
	assert_non_null(vm_offer_read("", &got));
	assert_non_null(vm_offer_read("done", &got));
	assert_non_null(vm_offer_read("offer version=2 vcpus=2", &got));
	assert_string_equal(vm_offer_read("offer version=1 vcpus=2", &got),
			    "the vbsctl at the other end is of another version");
}

/* A second apart, each instant with 10 us before and 20 us after it */
static void a_standstill_has_both_bounds(void **state)
{
	const struct vm_instant left = { true, 5000 * MS, 10 * US, 20 * US };
	const struct vm_instant entered = { true, 6000 * MS, 1 * US, 2 * US };
	struct vm_instant unknown = { 0 }, got;
	struct vm_standstill s;
	char line[OFFER_LINE];

	(void)state;
	vm_entered_write(&entered, line);
	assert_true(vm_entered_read(line, &got));
	vm_standstill_of(&left, &got, &s);
	assert_true(s.known);
	assert_int_equal(s.ns, 1000 * MS);
	assert_int_equal(s.least, 1000 * MS - 21 * US);
	assert_int_equal(s.most, 1000 * MS + 12 * US);
	vm_standstill_of(&left, &unknown, &s);
	assert_false(s.known);
	assert_false(vm_entered_read("done", &got));
}

static void part_of_an_instance_is_lost_as_a_whole(void **state)
{
	struct vm_standstill s = { .known = true, .most = 10 * MS };

	(void)state;
	assert_int_equal(vm_instances_lost(&s, 1 * MS), 10);
	s.most++;
	assert_int_equal(vm_instances_lost(&s, 1 * MS), 11);
	s.most = 0;
	assert_int_equal(vm_instances_lost(&s, 1 * MS), 0);
	/* It may have stood still for no time, but not for less: then the clocks disagree */
	vm_standstill_of(&(struct vm_instant){ true, 1010, 10, 10 }, &(struct vm_instant){ true, 1000, 10, 10 }, &s);
	assert_true(s.known && !s.contradiction);
	assert_int_equal(s.least, 0);
	assert_int_equal(s.most, 10);
	vm_standstill_of(&(struct vm_instant){ true, 2000, 10, 10 }, &(struct vm_instant){ true, 1000, 10, 10 }, &s);
	assert_true(s.contradiction);
	assert_false(s.known);
}

static void lines_of_the_tracer(void **state)
{
	struct crossed e;

	(void)state;
	assert_true(crossing_parse("       CPU 0/KVM-123     [000] d..1. 72034567890123: kvm_entry: vcpu 0, rip 0xfff0",
				   true, &e));
	assert_int_equal(e.counter, 72034567890123);
	assert_int_equal(e.tid, 123);
	assert_false(e.halted);
	assert_true(crossing_parse(" a-7 [1] -8 [2-4194303 [001] ..... 12: kvm_vcpu_wakeup: wait time 1500 ns, polling valid",
				   true, &e));
	assert_int_equal(e.counter, 12);
	assert_int_equal(e.tid, 4194303);
	assert_int_equal(e.waited, 1500);
	assert_true(e.halted);
	assert_false(crossing_parse("       CPU 0/KVM-123     [000] d..1. 72034567890123: kvm_exit: vcpu 0",
				    true, &e));
	assert_false(crossing_parse("CPU:0 [LOST 12 EVENTS]", false, &e));
	assert_false(crossing_parse("", false, &e));
	assert_false(crossing_parse("12: kvm_exit: vcpu 0", false, &e));
}

/* As a reader is told who has opened the pipe before the clock was another: microseconds are no counter */
static void seconds_are_no_counter(void **state)
{
	struct crossed e;

	(void)state;
	assert_false(crossing_parse("       CPU 0/KVM-123     [000] d..1.    46.123456: kvm_exit: vcpu 0 reason hlt",
				    false, &e));
}

static const struct crossed exits[] = {
	{ .tid = 7, .counter = 1000 * MS },
	{ .tid = 8, .counter = 1000 * MS + 50 * US },
	{ .tid = 7, .counter = 1000 * MS + 200 * US },
	{ .tid = 8, .counter = 1000 * MS + 40 * US },
};

/* A counter of 1 GHz, and a timeline that is right to 10 and 20 us 2 ms after the first of them */
static const struct moment after = {
	.period = 18446744073ULL, .counter = 1002 * MS, .at = { true, 9002 * MS, 10 * US, 20 * US },
};

static void of_each_thread_the_last_exit(void **state)
{
	struct crossing *c = calloc(1, sizeof(*c));
	struct vm_instant at;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(crossing_take(c, &exits[i]));
	assert_false(crossing_take(c, &exits[3]));
	assert_int_equal(c->n, 2);
	crossing_instant(c, &after, 0, &at);
	assert_true(at.known);
	/* 3 us and rounding for what its rate may be */
	assert_in_range(at.ns, 9000 * MS + 200 * US - 1, 9000 * MS + 200 * US + 1);
	assert_in_range(at.ns + at.high, 9000 * MS + 220 * US + 2700, 9000 * MS + 220 * US + 2710);
	assert_in_range(at.ns - at.low, 9000 * MS + 40 * US - 2940, 9000 * MS + 40 * US - 2920);
	free(c);
}

static void of_each_thread_the_first_entry(void **state)
{
	struct crossing *c = calloc(1, sizeof(*c));
	struct vm_instant at;

	(void)state;
	c->first = true;
	assert_true(crossing_take(c, &exits[0]));
	assert_true(crossing_take(c, &exits[1]));
	assert_false(crossing_take(c, &exits[2]));
	crossing_instant(c, &after, 1 * MS, &at);
	assert_in_range(at.ns, 9000 * MS - 1, 9000 * MS + 1);
	assert_in_range(at.ns - at.low, 9000 * MS - 10 * US - 3010, 9000 * MS - 10 * US - 2990);
	assert_in_range(at.ns + at.high, 9000 * MS + 70 * US + 2900, 9000 * MS + 70 * US + 2940);
	free(c);
}

/* It was inside from when it had begun to wait; when that ended is told late */
static void who_halts_is_inside(void **state)
{
	const struct crossed wakeup = { .tid = 7, .counter = 1000 * MS, .waited = 300 * MS, .halted = true };
	struct crossing *c = calloc(1, sizeof(*c));
	struct vm_instant at;

	(void)state;
	c->first = true;
	crossing_take(c, &wakeup);
	crossing_instant(c, &after, 1 * MS, &at);
	assert_in_range(at.ns, 8700 * MS - 1, 8700 * MS + 1);
	/* 1500 ppm of 302 ms, and the slack */
	assert_in_range(at.low, 1 * MS + 10 * US + 453000, 1 * MS + 10 * US + 453010);
	assert_in_range(at.high, 20 * US + 453000, 20 * US + 453010);
	c->first = false;
	crossing_instant(c, &after, 1 * MS, &at);
	assert_in_range(at.ns, 9000 * MS - 1, 9000 * MS + 1);
	assert_in_range(at.low, 1 * MS + 10 * US + 3000, 1 * MS + 10 * US + 3010);
	free(c);
}

static void who_has_not_been_seen_was_nowhere(void **state)
{
	struct crossing *c = calloc(1, sizeof(*c));
	struct vm_instant at;

	(void)state;
	crossing_instant(c, &after, 0, &at);
	assert_false(at.known);
	crossing_take(c, &exits[0]);
	crossing_instant(c, &(struct moment){ 0 }, 0, &at);
	assert_false(at.known);
	free(c);
}

static struct transfer_look looks(const char *status, uint64_t passes)
{
	struct transfer_look l = { .passes = passes };

	snprintf(l.status, sizeof(l.status), "%s", status);
	return l;
}

#define JUDGED(plan, status, passes, elapsed) \
	({ struct transfer_look l_ = looks(status, passes); transfer_judge(&(plan), &l_, elapsed); })

static void a_strict_one_is_given_up_while_the_guest_runs(void **state)
{
	const struct transfer_plan strict = { .passes = 8, .within = 10000 * MS };
	const struct transfer_plan relax = { .relax = true, .passes = 8, .within = 10000 * MS };

	(void)state;
	assert_int_equal(JUDGED(strict, "active", 7, 9000 * MS), TRANSFER_GOES_ON);
	assert_int_equal(JUDGED(strict, "active", 8, 0), TRANSFER_HOPELESS);
	assert_int_equal(JUDGED(strict, "active", 0, 10000 * MS), TRANSFER_HOPELESS);
	assert_int_equal(JUDGED(strict, "setup", 0, 10000 * MS), TRANSFER_HOPELESS);
	assert_int_equal(JUDGED(relax, "active", 100, 100000 * MS), TRANSFER_GOES_ON);
	assert_int_equal(JUDGED(strict, "completed", 8, 10000 * MS), TRANSFER_DONE);
	assert_int_equal(JUDGED(strict, "failed", 0, 0), TRANSFER_FAILED);
	assert_int_equal(JUDGED(relax, "cancelled", 0, 0), TRANSFER_FAILED);
}

/* Once the guest stands still, giving up would cost more than going on */
static void nothing_is_given_up_once_it_has_stopped(void **state)
{
	const struct transfer_plan strict = { .passes = 8, .within = 10000 * MS };
	static const char *const stopped[] = { "device", "pre-switchover", "cancelling" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(stopped) / sizeof(stopped[0]); i++)
		assert_int_equal(JUDGED(strict, stopped[i], 9, 11000 * MS), TRANSFER_GOES_ON);
}

static void what_qemu_says(void **state)
{
	struct json_object *o = json_tokener_parse(
		"{\"status\": \"active\", \"expected-downtime\": 300, \"ram\": {\"remaining\": 4096,"
		" \"transferred\": 123, \"dirty-sync-count\": 3}}");
	struct transfer_look l;

	(void)state;
	transfer_read(o, &l);
	json_object_put(o);
	assert_string_equal(l.status, "active");
	assert_int_equal(l.passes, 2);
	assert_int_equal(l.left, 4096);
	assert_int_equal(l.sent, 123);
	assert_int_equal(l.expected, 300);
	/* Before anything is sent */
	o = json_tokener_parse("{\"status\": \"setup\"}");
	transfer_read(o, &l);
	json_object_put(o);
	assert_int_equal(l.passes, 0);
	assert_string_equal(l.why, "");
}

static char root[] = "/tmp/vbsctl-migrate.XXXXXX";

/* A process of a user, in a pid namespace, in a /proc of the test's own */
static void make_process(const char *pid, unsigned int uid, unsigned int euid, const char *namespace)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "mkdir -p %s/proc/%s/ns", root, pid);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/proc/%s/status", root, pid);
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "Name:\tqemu\nTgid:\t%s\nUid:\t%u\t%u\t0\t0\nCpus_allowed_list:\t0\n", pid, uid, euid);
	fclose(f);
	snprintf(path, sizeof(path), "%s/proc/%s/stat", root, pid);
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "%s (qemu) S 1 1 1 0 -1 0 0\n", pid);
	fclose(f);
	snprintf(path, sizeof(path), "%s/proc/%s/ns/pid", root, pid);
	assert_int_equal(symlink(namespace, path), 0);
}

static bool is_of(pid_t listener, uid_t uid, pid_t vmm)
{
	const struct ucred peer = { .pid = listener, .uid = uid };

	return qmp_is_of(&peer, vmm);
}

/* 10 and 11 in a container, 20 and 21 beside this, 30 in another container */
static void a_socket_is_that_of_the_process(void **state)
{
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(root));
	setenv("VBSCTL_ROOT", root, 1);
	make_process("self", 0, 0, "pid:[1]");
	make_process("10", 107, 107, "pid:[2]");
	make_process("11", 107, 107, "pid:[2]");
	make_process("12", 0, 107, "pid:[2]");
	make_process("20", 107, 107, "pid:[1]");
	make_process("21", 107, 107, "pid:[1]");
	make_process("30", 107, 107, "pid:[3]");
	assert_true(is_of(20, 107, 20));
	assert_true(is_of(20, 0, 20));
	assert_false(is_of(21, 107, 20));
	assert_true(is_of(11, 107, 10));
	/* Another user's, another container's, what is in neither, and one that is not seen from here */
	assert_false(is_of(11, 108, 10));
	assert_false(is_of(11, 0, 10));
	assert_false(is_of(11, 107, 12));
	assert_false(is_of(30, 107, 10));
	assert_false(is_of(20, 107, 10));
	assert_false(is_of(10, 107, 20));
	assert_false(is_of(0, 107, 10));
	assert_false(is_of(0, 0, 0));
	unsetenv("VBSCTL_ROOT");
	snprintf(path, sizeof(path), "rm -r %s", root);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_arrives_as_it_was),
		cmocka_unit_test(an_offer_without_a_timeline),
		cmocka_unit_test(what_is_no_offer_is_refused),
		cmocka_unit_test(a_standstill_has_both_bounds),
		cmocka_unit_test(part_of_an_instance_is_lost_as_a_whole),
		cmocka_unit_test(lines_of_the_tracer),
		cmocka_unit_test(seconds_are_no_counter),
		cmocka_unit_test(of_each_thread_the_last_exit),
		cmocka_unit_test(of_each_thread_the_first_entry),
		cmocka_unit_test(who_halts_is_inside),
		cmocka_unit_test(who_has_not_been_seen_was_nowhere),
		cmocka_unit_test(a_strict_one_is_given_up_while_the_guest_runs),
		cmocka_unit_test(nothing_is_given_up_once_it_has_stopped),
		cmocka_unit_test(what_qemu_says),
		cmocka_unit_test(a_socket_is_that_of_the_process),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
