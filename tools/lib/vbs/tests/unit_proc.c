// SPDX-License-Identifier: GPL-2.0
/* The reader of /proc/vbs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/tests/unit.h"

#include <linux/sched/vbs.h>

#include "base/cpumask.h"
#include "vbs/room.h"

#define HEAD \
	"vbs version=1\n" \
	"limits runtime_min=10000 runtime_max=100000000 period_min=100000 period_max=1000000000 slice=1000000\n"
#define CPU(id, n) \
	"cpu id=" #id " online=1 capacity=943718 booked=314573 spare=629145 servers=" #n "\n"
#define SERVER(id, consumed, comm) \
	"server id=" #id " cpu=0 cap=314573 runtime=3000000 period=10000000 flags=0x2000000 members=1 state=ready consumed=" \
	#consumed " instances=41 misses=5 overruns=40 overrun_worst=4100 switches=2 switch_worst=812000 release_worst=9000 skipped=6 kthrottled=7 fair=9 lost=8 owner=1000 leader=212 comm=" \
	comm "\n"

static void every_field(void **state)
{
	struct vbs_snapshot *snap = vbs_snapshot_parse(HEAD CPU(0, 1) SERVER(3, 123456789, "make"));
	const struct vbs_server *s = snap->server;

	(void)state;
	assert_int_equal(snap->limits.runtime_min, 10000);
	assert_int_equal(snap->limits.period_max, 1000000000);
	assert_int_equal(snap->limits.slice, 1000000);
	assert_int_equal(snap->cpus, 1);
	assert_int_equal(snap->cpu[0].capacity, 943718);
	assert_int_equal(snap->cpu[0].spare, 629145);
	assert_int_equal(snap->servers, 1);
	assert_int_equal(s->id, 3);
	assert_int_equal(s->runtime, 3000000);
	assert_int_equal(s->flags, SCHED_FLAG_VBS_ALIGN);
	assert_string_equal(s->state, "ready");
	assert_int_equal(s->consumed, 123456789);
	assert_int_equal(s->misses, 5);
	assert_int_equal(s->skipped, 6);
	assert_int_equal(s->fair, 9);
	assert_int_equal(s->lost, 8);
	assert_int_equal(s->owner, 1000);
	assert_int_equal(s->leader, 212);
	assert_string_equal(s->comm, "make");
	vbs_snapshot_free(snap);
}

static void servers_of_a_virtual_machine(void **state)
{
	struct vbs_snapshot *snap = vbs_snapshot_parse(HEAD CPU(0, 3)
		"server id=4 cpu=0 cap=5 members=0 state=idle lost=8 group=77 role=vcpu owner=0 leader=0 comm=\n"
		"server id=5 cpu=0 cap=5 members=9 state=idle lost=8 group=77 role=dm owner=0 leader=77 comm=q\n"
		"group pid=77 owner=3 vms=1 vcpus=2 places=4 unplaced=5 pooled=6 outside=7 strict=1 poll=0 split=1 guest_may=2 guest_period=300 comm=q pid=1\n"
		"held cpu=0 amount=9 until_ns=1 owner=0 leader=0\n");
	const struct vbs_group *g = vbs_find_group(snap, 77);

	(void)state;
	assert_int_equal(snap->servers, 2);
	assert_int_equal(snap->groups, 1);
	assert_int_equal(snap->helds, 1);
	assert_string_equal(snap->server[0].role, "vcpu");
	assert_string_equal(snap->server[0].comm, "");
	assert_int_equal(snap->server[0].leader, 0);
	assert_int_equal(snap->server[1].group, 77);
	assert_string_equal(snap->server[1].role, "dm");
	assert_null(vbs_find_leader(snap, 0));
	assert_null(vbs_find_group(snap, 1));
	assert_int_equal(g->owner, 3);
	assert_int_equal(g->vms, 1);
	assert_int_equal(g->vcpus, 2);
	assert_int_equal(g->places, 4);
	assert_int_equal(g->unplaced, 5);
	assert_int_equal(g->pooled, 6);
	assert_int_equal(g->outside, 7);
	assert_int_equal(g->strict, 1);
	assert_int_equal(g->poll, 0);
	assert_int_equal(g->split, 1);
	assert_int_equal(g->guest_may, 2);
	assert_int_equal(g->guest_period, 300);
	assert_string_equal(g->comm, "q pid=1");
	vbs_snapshot_free(snap);
}

static void a_name_may_look_like_fields(void **state)
{
	struct vbs_snapshot *snap =
		vbs_snapshot_parse(HEAD CPU(0, 1) SERVER(3, 1, "x owner=0 leader=1"));

	(void)state;
	assert_string_equal(snap->server[0].comm, "x owner=0 leader=1");
	assert_int_equal(snap->server[0].owner, 1000);
	assert_int_equal(snap->server[0].leader, 212);
	vbs_snapshot_free(snap);
}

static void unknown_keys_and_lines_are_passed_over(void **state)
{
	struct vbs_snapshot *snap = vbs_snapshot_parse(
		"vbs version=1 more=2\nlimits slice=5 new=1\nhouse id=1\nword\n"
		"cpu id=4 online=0 heat=3 servers=0\n");

	(void)state;
	assert_int_equal(snap->limits.slice, 5);
	assert_int_equal(snap->cpus, 1);
	assert_int_equal(vbs_find_cpu(snap, 4)->online, 0);
	assert_null(vbs_find_cpu(snap, 0));
	vbs_snapshot_free(snap);
}

static void what_is_not_told(void **state)
{
	struct vbs_snapshot *snap = vbs_snapshot_parse(
		"vbs version=1\ncpu id=0 booked=5\ncpu id=1 held=7 fair=9 domain=1 deadline=5000000000 left=3\nserver id=1 kthrottled=3 comm=x\n"
		"held cpu=1 amount=7 until_ns=123456789012 owner=1000 leader=212\n");

	(void)state;
	assert_int_equal(snap->cpu[0].held, NOT_TOLD);
	assert_int_equal(snap->cpu[0].deadline, NOT_TOLD);
	assert_int_equal(snap->cpu[0].fair, NOT_TOLD);
	assert_int_equal(snap->cpu[1].held, 7);
	assert_int_equal(snap->cpu[1].deadline, 5000000000);
	assert_int_equal(snap->cpu[1].domain, 1);
	assert_int_equal(snap->cpu[1].fair, 9);
	assert_int_equal(snap->server[0].fair, NOT_TOLD);
	assert_int_equal(snap->helds, 1);
	assert_int_equal(snap->held[0].cpu, 1);
	assert_int_equal(snap->held[0].amount, 7);
	assert_int_equal(snap->held[0].until_ns, 123456789012);
	assert_int_equal(snap->held[0].owner, 1000);
	assert_int_equal(snap->held[0].leader, 212);
	vbs_snapshot_free(snap);
}

/* What a server without members holds: told, or what no server that is shown accounts for */
static void held_bookings(void **state)
{
	struct vbs_snapshot *snap = vbs_snapshot_parse(
		"vbs version=1\n"
		"cpu id=0 online=1 capacity=900 booked=600 spare=300 servers=1\n"
		"cpu id=1 online=1 capacity=900 booked=800 spare=100 servers=1 held=50\n"
		"cpu id=2 online=0 capacity=900 booked=900 spare=0 servers=0\n"
		"server id=1 cpu=0 cap=200 comm=x\nserver id=2 cpu=1 cap=700 comm=x\n");
	struct cpumask one;

	(void)state;
	parse_cpus("1", &one);
	assert_int_equal(room_held(snap, &snap->cpu[0]), 400);
	assert_int_equal(room_held(snap, &snap->cpu[1]), 50);
	assert_true(room_will_come(snap, NULL, 700));
	assert_false(room_will_come(snap, NULL, 701));
	assert_true(room_will_come(snap, &one, 150));
	assert_false(room_will_come(snap, &one, 151));
	snap->cpu[0].servers = 2;	/* a server that is not shown: not known to be held */
	assert_int_equal(room_held(snap, &snap->cpu[0]), 0);
	vbs_snapshot_free(snap);
}

static void another_version_is_refused(void **state)
{
	(void)state;
	assert_null(vbs_snapshot_parse("vbs version=2\n"));
	assert_int_equal(errno, EPROTO);
	assert_null(vbs_snapshot_parse(""));
	assert_int_equal(errno, EPROTO);
}

static void many_servers(void **state)
{
	static char text[1 << 20];
	struct vbs_snapshot *snap;
	int i, used = sprintf(text, HEAD);

	(void)state;
	for (i = 1; i <= 10000; i++)
		used += sprintf(text + used, "server id=%d leader=%d comm=a b\n", i, i + 5);
	snap = vbs_snapshot_parse(text);
	assert_int_equal(snap->servers, 10000);
	assert_int_equal(vbs_find_leader(snap, 10005)->id, 10000);
	assert_null(vbs_find_leader(snap, 3));
	vbs_snapshot_free(snap);
}

/* Leader 0: in no pid namespace of the reader; it is nobody's leader */
static void leader_zero_is_not_found(void **state)
{
	struct vbs_snapshot *snap = vbs_snapshot_parse(HEAD "server id=1 leader=0 comm=x\n");

	(void)state;
	assert_null(vbs_find_leader(snap, 0));
	vbs_snapshot_free(snap);
}

static void hidden_servers_are_counted(void **state)
{
	struct vbs_snapshot *snap = vbs_snapshot_parse(HEAD CPU(0, 3) CPU(1, 2) SERVER(3, 1, "a"));

	(void)state;
	assert_int_equal(vbs_hidden_servers(snap), 4);
	snap->cpu[0].servers = 0;	/* it came between the two lines */
	snap->cpu[1].servers = 0;
	assert_int_equal(vbs_hidden_servers(snap), 0);
	vbs_snapshot_free(snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field),
		cmocka_unit_test(servers_of_a_virtual_machine),
		cmocka_unit_test(a_name_may_look_like_fields),
		cmocka_unit_test(unknown_keys_and_lines_are_passed_over),
		cmocka_unit_test(what_is_not_told),
		cmocka_unit_test(held_bookings),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(many_servers),
		cmocka_unit_test(leader_zero_is_not_found),
		cmocka_unit_test(hidden_servers_are_counted),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
