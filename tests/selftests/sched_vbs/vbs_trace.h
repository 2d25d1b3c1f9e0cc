/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own record of a run: scheduler events from the ring buffer in
 * its binary form, because the text form rounds to microseconds.  The clock is
 * `perf` (local_clock()), the one that rq_clock and so the releases are in.
 */
#ifndef VBS_TRACE_H
#define VBS_TRACE_H

#include "vbs_test.h"

enum {
	EV_SWITCH,	/* sched_switch */
	EV_RUNTIME,	/* sched_stat_runtime: what the scheduler charged */
	EV_FORK,	/* sched_process_fork */
	EV_RELEASE,	/* sched_vbs_release */
	EV_EXHAUST,	/* sched_vbs_exhaust */
	EV_VSWITCH,	/* sched_vbs_switch */
	EV_ADMIT,	/* sched_vbs_admit */
	EV_LEAVE,	/* sched_vbs_leave */
	EV_MAX
};

#define EV_BIT(ev)	(1U << (ev))
#define EV_ACCOUNTS	(EV_BIT(EV_SWITCH) | EV_BIT(EV_RUNTIME) | EV_BIT(EV_RELEASE))

#define EV_FIELDS	6

/* Positions in trace_event::f */
enum { SWITCH_PREV, SWITCH_PREV_PRIO, SWITCH_PREV_STATE, SWITCH_NEXT, SWITCH_NEXT_PRIO };
enum { RUNTIME_PID, RUNTIME_NS };
enum { FORK_PARENT, FORK_CHILD };
enum { RELEASE_SERVER, RELEASE_AT, RELEASE_DEADLINE, RELEASE_BUDGET, RELEASE_PERIOD, RELEASE_DEBT };
enum { EXHAUST_SERVER, EXHAUST_CONSUMED, EXHAUST_BUDGET, EXHAUST_UNTIL, EXHAUST_WHY };
enum { VSWITCH_SERVER, VSWITCH_AT, VSWITCH_RELEASE };
enum { ADMIT_SERVER, ADMIT_PID };
enum { LEAVE_SERVER, LEAVE_PID, LEAVE_Z };

struct trace_event {
	u64 ts;
	u32 kind;
	s32 cpu;
	s64 f[EV_FIELDS];
};

struct trace {
	struct trace_event *ev;
	size_t n;
};

/* Priority value that the scheduler's own events show for the class */
#define VBS_PRIO	(-2)

void trace_need(unsigned int kinds);
void trace_start(unsigned int kinds, unsigned int megabytes);
struct trace trace_stop(void);

#endif /* VBS_TRACE_H */
