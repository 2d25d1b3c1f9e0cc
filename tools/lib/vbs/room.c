// SPDX-License-Identifier: GPL-2.0
/* Admission that waits for bookings which outlive their servers. */
#include <errno.h>
#include <time.h>

#include "vbs/params.h"
#include "vbs/room.h"
#include "vbs/task.h"

#define LONGEST_WAIT	1000000000	/* ns */
#define STEP		5000000

uint32_t room_needed(const struct vbs_sched_attr *asked)
{
	struct resource res = { asked->sched_runtime, asked->sched_period };

	if (asked->sched_vbs_cap || !res.period)
		return asked->sched_vbs_cap;
	return asked->sched_flags & SCHED_FLAG_VBS_ALIGN ? resource_cap_aligned(&res) :
							   resource_cap(&res);
}

/*
 * A kernel that does not tell it shows it to who sees every server: what is
 * booked and no server's cap.
 */
uint32_t room_held(const struct vbs_snapshot *snap, const struct vbs_cpu *cpu)
{
	uint64_t caps = 0;
	int i;

	if (cpu->held != NOT_TOLD)
		return cpu->held;
	if (vbs_hidden_servers(snap))
		return 0;
	for (i = 0; i < snap->servers; i++) {
		if (snap->server[i].cpu == cpu->id)
			caps += snap->server[i].cap;
	}
	return cpu->booked > caps ? cpu->booked - caps : 0;
}

uint32_t room_later(const struct vbs_snapshot *snap, const struct vbs_cpu *cpu)
{
	return cpu->spare + room_held(snap, cpu);
}

bool room_candidate(const struct cpumask *allowed, const struct vbs_cpu *cpu)
{
	return cpu->online && (!allowed || cpumask_test(allowed, cpu->id));
}

bool room_will_come(const struct vbs_snapshot *snap, const struct cpumask *allowed,
		    uint32_t needed)
{
	int i;

	for (i = 0; i < snap->cpus; i++) {
		if (room_candidate(allowed, &snap->cpu[i]) &&
		    room_later(snap, &snap->cpu[i]) >= needed)
			return true;
	}
	return false;
}

/* Bookings that go by themselves would make room; @when: the time of the reading */
static bool worth_waiting(pid_t pid, const struct vbs_sched_attr *attr, uint64_t *when)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	struct task_info task;
	bool worth;

	if (!snap)
		return false;
	*when = snap->when;
	task_read(pid, &task);
	worth = task.exists && room_will_come(snap, &task.allowed, room_needed(attr));
	vbs_snapshot_free(snap);
	return worth;
}

int room_admit(pid_t pid, struct vbs_sched_attr *attr)
{
	const struct timespec step = { 0, STEP };
	int err = vbs_setattr(pid, attr);
	uint64_t begin = 0, now;

	while (err == EBUSY && worth_waiting(pid, attr, &now)) {
		if (!begin)
			begin = now;
		if (now - begin >= LONGEST_WAIT)
			break;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL);
		err = vbs_setattr(pid, attr);
	}
	return err;
}
