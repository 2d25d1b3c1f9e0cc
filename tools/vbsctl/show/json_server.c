// SPDX-License-Identifier: GPL-2.0
/* JSON objects of servers, CPUs and limits. */
#include <stdio.h>

#include <linux/sched/vbs.h>

#include "json_out.h"
#include "show/json_server.h"
#include "show/utf8.h"

struct json_object *json_task(pid_t pid, const struct vbs_server *s)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "pid", pid);
	json_object_object_add(o, "server", s ? json_server(s) : NULL);
	return o;
}

static void add_share(struct json_object *o, const char *key, uint64_t units)
{
	if (units != NOT_TOLD)
		json_bw(o, key, units);
}

struct json_object *json_cpu(const struct vbs_cpu *cpu)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "id", cpu->id);
	json_flag(o, "online", cpu->online);
	json_bw(o, "capacity", cpu->capacity);
	json_bw(o, "booked", cpu->booked);
	json_bw(o, "spare", cpu->spare);
	json_num(o, "servers", cpu->servers);
	add_share(o, "held", cpu->held);
	add_share(o, "deadline", cpu->deadline);
	add_share(o, "fair", cpu->fair);
	return o;
}

struct json_object *json_held(const struct vbs_held *held)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "cpu", held->cpu);
	json_bw(o, "amount", held->amount);
	json_num(o, "until_ns", held->until_ns);
	json_num(o, "owner", held->owner);
	json_num(o, "leader", held->leader);
	return o;
}

static void add_counters(struct json_object *o, const struct vbs_server *s)
{
	json_num(o, "consumed_ns", s->consumed);
	json_num(o, "instances", s->instances);
	json_num(o, "misses", s->misses);
	json_num(o, "overruns", s->overruns);
	json_num(o, "overrun_worst_ns", s->overrun_worst);
	json_num(o, "switches", s->switches);
	json_num(o, "switch_worst_ns", s->switch_worst);
	json_num(o, "release_worst_ns", s->release_worst);
	json_num(o, "skipped", s->skipped);
	if (s->fair != NOT_TOLD)
		json_num(o, "fair", s->fair);
	json_num(o, "lost_ns", s->lost);
}

void json_comm(struct json_object *o, const char *comm)
{
	char text[sizeof(((struct vbs_server *)0)->comm)];

	snprintf(text, sizeof(text), "%s", comm);
	make_utf8(text);
	json_str(o, "comm", text);
}

struct json_object *json_server(const struct vbs_server *s)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "id", s->id);
	json_object_object_add(o, "name", s->name[0] ? json_object_new_string(s->name) : NULL);
	json_num(o, "cpu", s->cpu);
	json_bw(o, "cap", s->cap);
	json_num(o, "runtime_ns", s->runtime);
	json_num(o, "period_ns", s->period);
	json_flag(o, "aligned", s->flags & SCHED_FLAG_VBS_ALIGN);
	json_num(o, "members", s->members);
	json_str(o, "state", s->state);
	add_counters(o, s);
	json_num(o, "owner", s->owner);
	json_num(o, "leader", s->leader);
	json_comm(o, s->comm);
	if (s->group) {
		json_num(o, "group", s->group);
		json_str(o, "role", s->role);
	}
	return o;
}

struct json_object *json_limits(const struct vbs_limits *limits)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "runtime_min_ns", limits->runtime_min);
	json_num(o, "runtime_max_ns", limits->runtime_max);
	json_num(o, "period_min_ns", limits->period_min);
	json_num(o, "period_max_ns", limits->period_max);
	json_num(o, "slice_ns", limits->slice);
	return o;
}
