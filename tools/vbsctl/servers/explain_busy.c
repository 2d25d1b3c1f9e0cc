// SPDX-License-Identifier: GPL-2.0
/* EBUSY and EPERM: whose bandwidth is missing where, and whose right. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "servers/explain.h"
#include "vbs/attr.h"
#include "vbs/room.h"

static bool may_run_on(const struct refusal *r, const struct vbs_cpu *cpu)
{
	return room_candidate(r->task ? &r->task->allowed : NULL, cpu);
}

static const struct vbs_cpu *most_spare(const struct refusal *r)
{
	const struct vbs_cpu *best = NULL;
	int i;

	for (i = 0; i < r->vbs->cpus; i++) {
		const struct vbs_cpu *cpu = &r->vbs->cpu[i];

		if (may_run_on(r, cpu) && (!best || cpu->spare > best->spare))
			best = cpu;
	}
	return best;
}

/* "CPUs 0-1 have", "CPU 1 has": those that were candidates */
static void name_candidates(const struct refusal *r, char *buf, size_t size)
{
	struct cpumask mask;
	char list[256];
	int i;

	memset(&mask, 0, sizeof(mask));
	for (i = 0; i < r->vbs->cpus; i++) {
		if (may_run_on(r, &r->vbs->cpu[i]))
			cpumask_set(&mask, r->vbs->cpu[i].id);
	}
	fmt_cpus(&mask, list, sizeof(list));
	if (cpumask_weight(&mask) == 1)
		snprintf(buf, size, "CPU %s has", list);
	else
		snprintf(buf, size, "CPUs %s have", list);
}

/* Two bandwidths as percentages with digits enough to tell them apart */
static void tell_apart(uint32_t want, uint32_t have, struct text *w, struct text *h)
{
	int digits;

	for (digits = 2; digits <= 6; digits += 2) {
		*w = fmt_percent(want, VBS_BW_UNIT, digits, ROUND_NEAREST);
		*h = fmt_percent(have, VBS_BW_UNIT, digits, ROUND_NEAREST);
		if (strcmp(w->s, h->s))
			return;
	}
}

#define HOLDERS_SHOWN	4

static void append(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

/* ": 30 % of uid 1000 for 12ms, ...": those of a CPU, where the kernel tells them */
static void name_holders(const struct refusal *r, int cpu, char *buf, size_t size)
{
	int i, n = 0;

	for (i = 0; i < r->vbs->helds; i++) {
		const struct vbs_held *h = &r->vbs->held[i];

		if (h->cpu != cpu)
			continue;
		if (++n > HOLDERS_SHOWN) {
			append(buf, size, ", and others");
			return;
		}
		append(buf, size, "%s %s of uid %u for %s more", n > 1 ? "," : ":",
		       fmt_bw(h->amount).s, h->owner, fmt_short(h->until_ns).s);
	}
}

/* Of the CPU where most would be spare without what is held */
static void tell_held(const struct refusal *r, char *buf, size_t size)
{
	const struct vbs_cpu *best = NULL;
	int i;

	for (i = 0; i < r->vbs->cpus; i++) {
		const struct vbs_cpu *cpu = &r->vbs->cpu[i];

		if (may_run_on(r, cpu) && room_held(r->vbs, cpu) &&
		    (!best || room_later(r->vbs, cpu) > room_later(r->vbs, best)))
			best = cpu;
	}
	if (!best)
		return;
	append(buf, size, "; %s of CPU %d are held by servers without members until their termination points",
	       fmt_bw(room_held(r->vbs, best)).s, best->id);
	name_holders(r, best->id, buf, size);
}

/* Where it takes room from servers: the root domain has one account for all */
static void tell_deadline(const struct vbs_cpu *cpu, char *buf, size_t size)
{
	if (cpu->deadline && cpu->deadline != NOT_TOLD)
		append(buf, size, "; SCHED_DEADLINE has %s in its root domain", fmt_bw(cpu->deadline).s);
}

static void no_room_on_entry(const struct refusal *r, char *buf, size_t size)
{
	const struct vbs_cpu *best = most_spare(r);
	struct text want, have;
	char where[280];

	if (!best) {
		snprintf(buf, size, "none of the CPUs in its affinity mask is online for servers");
		return;
	}
	tell_apart(room_needed(r->asked), best->spare, &want, &have);
	name_candidates(r, where, sizeof(where));
	if (best->spare >= room_needed(r->asked)) {
		snprintf(buf, size, "needed %s %% of a CPU, which was not free; now CPU %d has %s %% spare, so try again",
			 want.s, best->id, have.s);
		return;
	}
	snprintf(buf, size, "needs %s %% of a CPU; the most that %s spare is %s %%, on CPU %d",
		 want.s, where, have.s, best->id);
	tell_deadline(best, buf, size);
	tell_held(r, buf, size);
}

static void no_room_to_raise(const struct refusal *r, char *buf, size_t size)
{
	const struct vbs_cpu *cpu = vbs_find_cpu(r->vbs, r->server->cpu);
	uint32_t more = r->asked->sched_vbs_cap > r->server->cap ?
			r->asked->sched_vbs_cap - r->server->cap : 0;
	struct text want, have;

	tell_apart(more, cpu ? cpu->spare : 0, &want, &have);
	snprintf(buf, size, "a cap of %s instead of %s needs %s %% more of a CPU, and CPU %d has %s %% spare",
		 fmt_bw(r->asked->sched_vbs_cap).s, fmt_bw(r->server->cap).s, want.s,
		 r->server->cpu, have.s);
	if (cpu)
		tell_deadline(cpu, buf, size);
}

void explain_busy(const struct refusal *r, char *buf, size_t size)
{
	if (r->op == OP_ADMIT)
		no_room_on_entry(r, buf, size);
	else if (r->op == OP_SWITCH && r->server)
		no_room_to_raise(r, buf, size);
	else
		snprintf(buf, size, "no CPU of its affinity mask has room for its server's bandwidth");
}

static bool clears_reset_on_fork(const struct refusal *r)
{
	return r->before && (r->before->sched_flags & SCHED_FLAG_RESET_ON_FORK) &&
	       !(r->asked->sched_flags & SCHED_FLAG_RESET_ON_FORK);
}

static bool raises_cap(const struct refusal *r)
{
	return r->before && r->before->sched_policy == SCHED_VBS &&
	       r->asked->sched_vbs_cap > r->before->sched_vbs_cap;
}

static void name_owner(const struct refusal *r, char *buf, size_t size)
{
	const struct vbs_server *s = r->op == OP_JOIN ? r->leader_server : r->server;
	const char *what = r->op == OP_JOIN ? "joining" : "changing";

	if (!s)
		snprintf(buf, size, "its server belongs to another user; %s it needs CAP_SYS_NICE (root), or to be its owner",
			 what);
	else if (s->owner != r->euid)
		snprintf(buf, size, "server %u belongs to uid %u and you are uid %u; %s it needs CAP_SYS_NICE (root), or to be its owner",
			 s->id, s->owner, r->euid, what);
	else if (r->op == OP_JOIN)
		snprintf(buf, size, "server %u is yours, but joining it also takes the right to trace process %d",
			 s->id, r->asked->sched_vbs_leader);
	else
		snprintf(buf, size, "server %u is yours, but process %d is not: you may not change its priority",
			 s->id, (int)r->pid);
}

void explain_perm(const struct refusal *r, char *buf, size_t size)
{
	if (r->privileged)
		snprintf(buf, size, "not permitted although CAP_SYS_NICE is in effect: a seccomp filter or a security module forbids it");
	else if (r->op == OP_ADMIT)
		snprintf(buf, size, "a new server needs CAP_SYS_NICE (root): its bandwidth is taken from everybody else");
	else if (clears_reset_on_fork(r))
		snprintf(buf, size, "it is set to leave its server in children (reset on fork); clearing that needs CAP_SYS_NICE (root)");
	else if (raises_cap(r))
		snprintf(buf, size, "raising the cap from %s to %s needs CAP_SYS_NICE (root); within the cap the owner may switch freely",
			 fmt_bw(r->before->sched_vbs_cap).s, fmt_bw(r->asked->sched_vbs_cap).s);
	else if (r->op == OP_LEAVE)
		snprintf(buf, size, "it is a process of uid %u and you are uid %u",
			 r->task ? r->task->euid : 0, r->euid);
	else
		name_owner(r, buf, size);
}
