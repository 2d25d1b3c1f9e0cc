/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sched
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE sched_vbs

#if !defined(_TRACE_SCHED_VBS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_SCHED_VBS_H

#include <linux/sched.h>
#include <linux/tracepoint.h>

/* A task enters SCHED_VBS with a server of its own. */
TRACE_EVENT(sched_vbs_admit,

	TP_PROTO(unsigned int server, int cpu, unsigned int cap, u64 runtime,
		 u64 period, struct task_struct *p),

	TP_ARGS(server, cpu, cap, runtime, period, p),

	TP_STRUCT__entry(
		__field(unsigned int,	server)
		__field(int,		cpu)
		__field(unsigned int,	cap)
		__field(u64,		runtime)
		__field(u64,		period)
		__field(pid_t,		pid)
		__array(char,		comm,	TASK_COMM_LEN)
	),

	TP_fast_assign(
		__entry->server		= server;
		__entry->cpu		= cpu;
		__entry->cap		= cap;
		__entry->runtime	= runtime;
		__entry->period		= period;
		__entry->pid		= p ? p->pid : 0;
		memset(__entry->comm, 0, TASK_COMM_LEN);
		if (p)
			memcpy(__entry->comm, p->comm, TASK_COMM_LEN);
	),

	TP_printk("server=%u cpu=%d cap=%u runtime=%llu period=%llu pid=%d comm=%s",
		  __entry->server, __entry->cpu, __entry->cap,
		  __entry->runtime, __entry->period,
		  __entry->pid, __entry->comm)
);

/* An instance becomes every member's; debt is what it has consumed already. */
TRACE_EVENT(sched_vbs_release,

	TP_PROTO(unsigned int server, int cpu, u64 release, u64 deadline,
		 u64 runtime, u64 period, u64 debt),

	TP_ARGS(server, cpu, release, deadline, runtime, period, debt),

	TP_STRUCT__entry(
		__field(unsigned int,	server)
		__field(int,		cpu)
		__field(u64,		release)
		__field(u64,		deadline)
		__field(u64,		runtime)
		__field(u64,		period)
		__field(u64,		debt)
	),

	TP_fast_assign(
		__entry->server		= server;
		__entry->cpu		= cpu;
		__entry->release	= release;
		__entry->deadline	= deadline;
		__entry->runtime	= runtime;
		__entry->period		= period;
		__entry->debt		= debt;
	),

	TP_printk("server=%u cpu=%d release=%llu deadline=%llu runtime=%llu period=%llu debt=%llu",
		  __entry->server, __entry->cpu, __entry->release,
		  __entry->deadline, __entry->runtime, __entry->period,
		  __entry->debt)
);

/* A server stops, or borrows for its members in the kernel. */
TRACE_EVENT(sched_vbs_exhaust,

	TP_PROTO(unsigned int server, int cpu, unsigned int why, u64 consumed,
		 u64 runtime, u64 until),

	TP_ARGS(server, cpu, why, consumed, runtime, until),

	TP_STRUCT__entry(
		__field(unsigned int,	server)
		__field(int,		cpu)
		__field(unsigned int,	why)
		__field(u64,		consumed)
		__field(u64,		runtime)
		__field(u64,		until)
	),

	TP_fast_assign(
		__entry->server		= server;
		__entry->cpu		= cpu;
		__entry->why		= why;
		__entry->consumed	= consumed;
		__entry->runtime	= runtime;
		__entry->until		= until;
	),

	TP_printk("server=%u cpu=%d why=%s consumed=%llu runtime=%llu until=%llu",
		  __entry->server, __entry->cpu,
		  __print_symbolic(__entry->why,
				   { 0, "budget" }, { 1, "yield" },
				   { 2, "borrow" }, { 3, "fair" },
				   { 4, "waiting" }),
		  __entry->consumed, __entry->runtime, __entry->until)
);

/* The resource changes; the next release is at max(now, z). */
TRACE_EVENT(sched_vbs_switch,

	TP_PROTO(unsigned int server, int cpu, u64 old_runtime, u64 runtime,
		 u64 old_period, u64 period, u64 at, u64 release),

	TP_ARGS(server, cpu, old_runtime, runtime, old_period, period, at, release),

	TP_STRUCT__entry(
		__field(unsigned int,	server)
		__field(int,		cpu)
		__field(u64,		old_runtime)
		__field(u64,		runtime)
		__field(u64,		old_period)
		__field(u64,		period)
		__field(u64,		at)
		__field(u64,		release)
	),

	TP_fast_assign(
		__entry->server		= server;
		__entry->cpu		= cpu;
		__entry->old_runtime	= old_runtime;
		__entry->runtime	= runtime;
		__entry->old_period	= old_period;
		__entry->period		= period;
		__entry->at		= at;
		__entry->release	= release;
	),

	TP_printk("server=%u cpu=%d runtime=%llu->%llu period=%llu->%llu at=%llu release=%llu",
		  __entry->server, __entry->cpu,
		  __entry->old_runtime, __entry->runtime,
		  __entry->old_period, __entry->period,
		  __entry->at, __entry->release)
);

/* A server moves to another CPU; z is in the clock of the new one. */
TRACE_EVENT(sched_vbs_migrate,

	TP_PROTO(unsigned int server, int from, int to, u64 z),

	TP_ARGS(server, from, to, z),

	TP_STRUCT__entry(
		__field(unsigned int,	server)
		__field(int,		from)
		__field(int,		to)
		__field(u64,		z)
	),

	TP_fast_assign(
		__entry->server		= server;
		__entry->from		= from;
		__entry->to		= to;
		__entry->z		= z;
	),

	TP_printk("server=%u from=%d to=%d z=%llu",
		  __entry->server, __entry->from, __entry->to, __entry->z)
);

/* A member leaves or dies; the last one's cap stays booked until z. */
TRACE_EVENT(sched_vbs_leave,

	TP_PROTO(unsigned int server, int cpu, pid_t pid, unsigned int members,
		 u64 z),

	TP_ARGS(server, cpu, pid, members, z),

	TP_STRUCT__entry(
		__field(unsigned int,	server)
		__field(int,		cpu)
		__field(pid_t,		pid)
		__field(unsigned int,	members)
		__field(u64,		z)
	),

	TP_fast_assign(
		__entry->server		= server;
		__entry->cpu		= cpu;
		__entry->pid		= pid;
		__entry->members	= members;
		__entry->z		= z;
	),

	TP_printk("server=%u cpu=%d pid=%d members=%u z=%llu",
		  __entry->server, __entry->cpu, __entry->pid,
		  __entry->members, __entry->z)
);

/* In a guest: more is booked than its host gives enough for. */
TRACE_EVENT(sched_vbs_supply,

	TP_PROTO(int cpu, u64 runtime, u64 period, u32 capacity, u32 booked),

	TP_ARGS(cpu, runtime, period, capacity, booked),

	TP_STRUCT__entry(
		__field(int,		cpu)
		__field(u64,		runtime)
		__field(u64,		period)
		__field(u32,		capacity)
		__field(u32,		booked)
	),

	TP_fast_assign(
		__entry->cpu		= cpu;
		__entry->runtime	= runtime;
		__entry->period		= period;
		__entry->capacity	= capacity;
		__entry->booked		= booked;
	),

	TP_printk("cpu=%d runtime_ns=%llu period_ns=%llu capacity=%u booked=%u",
		  __entry->cpu, __entry->runtime, __entry->period, __entry->capacity,
		  __entry->booked)
);

/* sched_setattr(), sched_setaffinity() or a sysctl is refused. */
TRACE_EVENT(sched_vbs_reject,

	TP_PROTO(pid_t pid, unsigned int reason, u64 asked, u64 spare, int cpu,
		 u32 held, u64 until),

	TP_ARGS(pid, reason, asked, spare, cpu, held, until),

	TP_STRUCT__entry(
		__field(pid_t,		pid)
		__field(unsigned int,	reason)
		__field(u64,		asked)
		__field(u64,		spare)
		__field(int,		cpu)
		__field(u32,		held)
		__field(u64,		until)
	),

	TP_fast_assign(
		__entry->pid		= pid;
		__entry->reason		= reason;
		__entry->asked		= asked;
		__entry->spare		= spare;
		__entry->cpu		= cpu;
		__entry->held		= held;
		__entry->until		= until;
	),

	TP_printk("pid=%d reason=%s asked=%llu spare=%llu cpu=%d held=%u until_ns=%llu",
		  __entry->pid,
		  __print_symbolic(__entry->reason,
				   { 1, "limits" }, { 2, "leader" },
				   { 3, "affinity" }, { 4, "kthread" },
				   { 5, "privilege" }, { 6, "above_cap" },
				   { 7, "align_slack" }, { 8, "no_room" },
				   { 9, "overbooked" }),
		  __entry->asked, __entry->spare, __entry->cpu,
		  __entry->held, __entry->until)
);

#endif /* _TRACE_SCHED_VBS_H */

#include <trace/define_trace.h>
