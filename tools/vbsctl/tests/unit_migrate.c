// SPDX-License-Identifier: GPL-2.0
/* What both ends of a migration say to each other, and when it is given up. */
#include <stdio.h>

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
	assert_non_null(vm_offer_read("offer version=1 vcpus=2", &got));
	assert_string_equal(vm_offer_read("offer version=2 vcpus=2", &got),
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
	struct vm_standstill s = { true, 0, 0, 10 * MS };

	(void)state;
	assert_int_equal(vm_instances_lost(&s, 1 * MS), 10);
	s.most++;
	assert_int_equal(vm_instances_lost(&s, 1 * MS), 11);
	s.most = 0;
	assert_int_equal(vm_instances_lost(&s, 1 * MS), 0);
	/* Clocks that disagree: it has not stood still for less than no time */
	vm_standstill_of(&(struct vm_instant){ true, 2000, 10, 10 }, &(struct vm_instant){ true, 1000, 10, 10 }, &s);
	assert_int_equal(s.least, 0);
	assert_int_equal(s.most, 0);
}

static void lines_of_the_tracer(void **state)
{
	uint64_t counter;

	(void)state;
	assert_true(crossing_parse("       CPU 0/KVM-123     [000] d..1. 72034567890123: kvm_entry: vcpu 0, rip 0xfff0",
				   "kvm_entry", &counter));
	assert_int_equal(counter, 72034567890123);
	assert_false(crossing_parse("       CPU 0/KVM-123     [000] d..1. 72034567890123: kvm_exit: vcpu 0",
				    "kvm_entry", &counter));
	assert_false(crossing_parse("CPU:0 [LOST 12 EVENTS]", "kvm_exit", &counter));
	assert_false(crossing_parse("", "kvm_exit", &counter));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_arrives_as_it_was),
		cmocka_unit_test(an_offer_without_a_timeline),
		cmocka_unit_test(what_is_no_offer_is_refused),
		cmocka_unit_test(a_standstill_has_both_bounds),
		cmocka_unit_test(part_of_an_instance_is_lost_as_a_whole),
		cmocka_unit_test(lines_of_the_tracer),
		cmocka_unit_test(a_strict_one_is_given_up_while_the_guest_runs),
		cmocka_unit_test(nothing_is_given_up_once_it_has_stopped),
		cmocka_unit_test(what_qemu_says),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
