/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Room for one more server.  A server that has lost its last member keeps its
 * booking until its termination point: room that comes by itself.
 */
#ifndef LIB_VBS_ROOM_H
#define LIB_VBS_ROOM_H

#include "base/cpumask.h"
#include "vbs/attr.h"
#include "vbs/proc.h"

/* The booking that is asked for: as the kernel computes it on entry */
uint32_t room_needed(const struct vbs_sched_attr *asked);

/* What of a CPU's bookings has no member any more */
uint32_t room_held(const struct vbs_snapshot *snap, const struct vbs_cpu *cpu);

/* What is spare once that has gone */
uint32_t room_later(const struct vbs_snapshot *snap, const struct vbs_cpu *cpu);

/* A task may be put there; without a mask anywhere */
bool room_candidate(const struct cpumask *allowed, const struct vbs_cpu *cpu);

/* One of the CPUs will have that much although none may have it now */
bool room_will_come(const struct vbs_snapshot *snap, const struct cpumask *allowed,
		    uint32_t needed);

/* sched_setattr(2) into a new server, for which it waits as long as room will come */
int room_admit(pid_t pid, struct vbs_sched_attr *attr);

#endif
