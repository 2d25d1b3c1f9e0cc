// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <sys/syscall.h>
#include "vbs_measure.h"
#include "vbs_net.h"

/*
 * The thread of a network queue as a member: who may make it one, where it goes with its
 * affinity and with its CPU, and how it ends.
 */
#define CPU1		"/sys/devices/system/cpu/cpu1/online"
#define RUNTIME		(1 * MS)
#define PERIOD		(10 * MS)
#define CAP_NICE	23

static void refused_threads(void)
{
	struct vbs_sched_attr a = vbs_attr(RUNTIME, PERIOD, 0);

	t_refused(EINVAL, kernel_thread("kthreadd"), &a, "kthreadd has no point where it stops");
	t_refused(EINVAL, kernel_thread("ksoftirqd/0"), &a, "nor has ksoftirqd");
}

/* It stays permitted, or others that have it could neither be reniced nor traced */
static void drop_nice(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d))
		_exit(99);
	d[0].effective &= ~(1U << CAP_NICE);
	if (syscall(SYS_capset, &h, d))
		_exit(99);
}

struct joining {
	pid_t task, leader;
	volatile s32 err;
	volatile u32 done;
};

static void join_without_nice(void *arg)
{
	struct joining *j = arg;

	drop_nice();
	j->err = vbs_join(j->task, j->leader);
	gate_open(&j->done);
	pause();
}

static void switch_without_nice(void *arg)
{
	struct joining *j = arg;

	drop_nice();
	j->err = vbs_enter(j->leader, RUNTIME / 2, PERIOD, 0);
	gate_open(&j->done);
	pause();
}

static s32 tried_without_nice(void (*try)(void *arg), pid_t task, pid_t leader)
{
	struct joining *j = t_shared(sizeof(*j));
	pid_t pid;

	j->task = task;
	j->leader = leader;
	pid = t_fork(try, j);
	gate_wait(&j->done);
	t_kill(pid);
	return j->err;
}

/* Root owns the server, and may renice both: of a thread of the kernel that is not enough */
static s32 joined_without_nice(pid_t task, pid_t leader)
{
	return tried_without_nice(join_without_nice, task, leader);
}

/* Its budget and period are those of all who are in it */
static s32 switched_without_nice(pid_t leader)
{
	return tried_without_nice(switch_without_nice, 0, leader);
}

static void privilege(pid_t io)
{
	pid_t leader = t_fork(spin_forever, NULL), other = t_fork(spin_forever, NULL);

	must_enter(leader, RUNTIME, PERIOD, 0);
	t_equal(joined_without_nice(other, leader), 0,
		"the owner puts a task of his into his server");
	t_equal(joined_without_nice(io, leader), -EPERM, "and a thread of the kernel not");
	t_equal(switched_without_nice(leader), 0, "the owner switches his server");
	t_equal(vbs_join(io, leader), 0, "with CAP_SYS_NICE, too");
	t_equal(switched_without_nice(leader), -EPERM, "but none that a thread of the kernel is in");
	t_equal(server_val(leader, "members"), 3, "members of the server");
	t_equal(set_fifo(io, 50), 0, "it leaves");
	t_equal(sched_getscheduler(io), SCHED_FIFO, "its policy then");
	t_equal(switched_without_nice(leader), 0, "the owner switches his server again");
	t_kill(other);
	t_kill(leader);
	t_equal(books_empty(SEC), 0, "booked");
}

static bool receives(void)
{
	u64 before = flood_received(), end = now_ns() + 5 * SEC;

	while (flood_received() == before && now_ns() < end)
		sleep_ns(20 * MS);
	return flood_received() != before;
}

static void moves(pid_t io)
{
	cpu_set_t all;

	pin_to(io, 0);
	must_enter(io, RUNTIME, PERIOD, 0);
	t_equal(server_val(io, "cpu"), 0, "CPU of the server");
	pin_to(io, 1);
	t_equal(server_val(io, "cpu"), 1, "CPU of the server after its mask");
	t_ok(receives(), "packets come there");
	t_equal(file_write(CPU1, "0"), 0, "CPU 1 goes offline");
	t_equal(server_val(io, "cpu"), 0, "CPU of the server then");
	t_ok(receives(), "packets come there, too");
	t_equal(file_write(CPU1, "1"), 0, "CPU 1 comes back");
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(io, sizeof(all), &all);
}

/* Whoever takes the device down waits for its thread, which waits for its server */
static void ends(pid_t sender, pid_t io)
{
	u64 before = now_ns();

	t_kill(sender);
	while (!access("/sys/class/net/" NET_DEV, F_OK) && now_ns() - before < 10 * SEC)
		sleep_ns(20 * MS);
	t_ok(access("/sys/class/net/" NET_DEV, F_OK), "the device has gone");
	t_ok(kill(io, 0), "its thread has ended");
	t_equal(books_empty(SEC), 0, "booked in the end");
}

VBS_TEST("a thread of a network queue enters a server, moves with it and ends in it", 60)
{
	pid_t sender, io;

	need_vbs();
	need_cpus(2);
	sender = flood_new();
	pin_to(sender, 0);
	flood_go();
	sleep_ns(100 * MS);
	napi_threaded(true);
	io = napi_thread();
	refused_threads();
	privilege(io);
	moves(io);
	ends(sender, io);
}
