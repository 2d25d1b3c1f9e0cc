// SPDX-License-Identifier: GPL-2.0
#include "qemu_vm.h"

#define SMP	"-smp 1,sockets=4,cores=1,threads=1,maxcpus=4"
#define CPU	"'driver': 'host-x86_64-cpu', " \
		"'id': 'cpu%u', 'socket-id': %u, 'core-id': 0, 'thread-id': 0"
#define ONLINE	"/sys/devices/system/cpu/cpu%u/online"	/* the guest's */
#define LEFT	(100 * US)	/* of 1 ms: less than a vCPU takes */

static void plug(struct qemu *q, unsigned int i)
{
	qmp_do(q, "device_add", CPU, i, i);
}

/* The guest takes it, and something runs on it. */
static void online(struct qemu *q, unsigned int i, const char *what)
{
	guest_must(q, "until [ -e " ONLINE " ]; do usleep 10000; done", i);
	guest_must(q, "grep -q 1 " ONLINE " || echo 1 >" ONLINE, i, i);
	t_equal(guest_does(q, "taskset %x cat /proc/self/stat | cut -d ' ' -f 39", 1 << i), 0,
		"%s: the guest uses it", what);
	t_equal(atoi(q->said), i, "%s: the processor that a program ran on", what);
}

static void counts(struct qemu *q, const char *what, u64 vcpus, u64 places, u64 unplaced)
{
	t_equal(group_val(q->pid, "vcpus"), vcpus, "%s: vCPUs", what);
	t_equal(group_val(q->pid, "places"), places, "%s: places", what);
	t_equal(group_val(q->pid, "unplaced"), unplaced, "%s: unplaced", what);
}

/* The guest gives it back; its vCPU is parked. */
static void unplug(struct qemu *q, unsigned int i)
{
	u64 end = now_ns() + QEMU_LIMIT;
	unsigned int before = qemu_vcpus(q);

	qmp_do(q, "device_del", "'id': 'cpu%u'", i);
	while (qemu_vcpus(q) == before && now_ns() < end)
		sleep_ns(20 * MS);
	t_equal(q->n, before - 1, "unplugged: vCPUs that QEMU has");
}

static void there_and_back(struct qemu *q)
{
	plug(q, 1);
	counts(q, "plugged", 2, 2, 0);
	online(q, 1, "plugged");
	qemu_all_inside(q, "plugged");
	unplug(q, 1);
	counts(q, "unplugged, its place is held", 2, 2, 0);
	qemu_all_inside(q, "unplugged");
	plug(q, 1);
	counts(q, "plugged again", 2, 2, 0);
	online(q, 1, "plugged again");
	qemu_all_inside(q, "plugged again");
}

static void without_room(struct qemu *q)
{
	fill_cpus(LEFT);
	plug(q, 2);
	counts(q, "without room", 3, 2, 1);
	online(q, 2, "without room");
	qemu_vcpus(q);
	t_ok(in_role(q->vcpu[2], "dm"), "without room: it is in the device model's server");
	t_ok(in_role(q->vcpu[1], "vcpu"), "without room: the others are where they were");
	t_equal(qemu_misplaced(q, "dm"), 1, "without room: misplaced threads");
	t_ok(qemu_lives(q), "without room: QEMU lives");
	empty_cpus();
	t_equal(vm_attach(q, ""), 0, "with room: attached again");
	counts(q, "with room", 3, 3, 0);
	t_equal(guest_does(q, "taskset 4 true"), 0, "with room: the guest uses it");
	qemu_all_inside(q, "with room");
}

/* QEMU ends where it cannot create a vCPU. */
static void is_refused(void)
{
	struct qemu *q = qemu_start("strict", VM_RUN "--strict --", SMP);

	fill_cpus(LEFT);
	counts(q, "strict", 1, 1, 0);
	qmp_say(q, "device_add", CPU, 1, 1);
	t_equal(qemu_wait_end(q), 1, "strict: QEMU's status, which is refused a vCPU");
	t_ok(!shell("grep -q 'Device or resource busy' /tmp/strict.err"), "strict: it says why");
	empty_cpus();
	t_equal(books_empty(SEC), 0, "strict: booked in the end");
	t_equal(qemu_fails("many", VM_RUN "--strict --", "-smp 32"), 1,
		"strict: status of one with more vCPUs than there is room for");
	t_equal(books_empty(SEC), 0, "strict: booked in the end");
}

VBS_TEST("vCPUs come and go; one without room is created, and gets a place when there is", 400)
{
	struct qemu *q;

	need_qemu();
	q = qemu_start("plug", VM_RUN "--", SMP);
	qemu_boots(q, "plug");
	there_and_back(q);
	without_room(q);
	qemu_end(q);
	t_equal(books_empty(SEC), 0, "booked in the end");
	is_refused();
}
