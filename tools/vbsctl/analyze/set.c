// SPDX-License-Identifier: GPL-2.0
/* vbsctl analyze --set: servers against the capacity of one CPU. */
#include <stdio.h>

#include <linux/sched/vbs.h>

#include "analyze/analysis.h"
#include "base/format.h"
#include "command.h"
#include "json_out.h"

static uint64_t booked_net(const struct analysis *a)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < a->set.servers; i++)
		sum += cap_with_overhead(&a->set.server[i], a->overhead);
	return sum;
}

static void print_servers(const struct analysis *a)
{
	int i;

	printf("  %4s %-19s %8s %12s %20s\n", "NO", "BUDGET/PERIOD", "CAP %", "USER WORK",
	       "CAP % FOR ALL OF IT");
	for (i = 0; i < a->set.servers; i++) {
		const struct server_spec *s = &a->set.server[i];
		uint64_t work = s->res.runtime > a->overhead ? s->res.runtime - a->overhead : 0;

		printf("  %4d %-19s %8s %12s %20s\n", i + 1,
		       fmt_resource(s->res.runtime, s->res.period).s, fmt_column(s->cap).s,
		       fmt_time(work).s, fmt_column(cap_with_overhead(s, a->overhead)).s);
	}
}

/* "80 % of 90 %: fits, 10 % to spare"; more digits where they would look equal */
static void print_fit(const char *what, uint64_t booked, uint32_t capacity)
{
	bool fits = booked <= capacity;
	uint64_t rest = fits ? capacity - booked : booked - capacity;
	int digits = rest && rest < VBS_BW_UNIT / 1000 ? 6 : 2;

	printf("%s: %s %% of %s %%: %s %s %% %s.\n", what,
	       fmt_percent(booked, VBS_BW_UNIT, digits, ROUND_NEAREST).s,
	       fmt_percent(capacity, VBS_BW_UNIT, digits, ROUND_NEAREST).s,
	       fits ? "fits," : "does NOT fit,",
	       fmt_percent(rest, VBS_BW_UNIT, digits, ROUND_NEAREST).s,
	       fits ? "to spare" : "too much");
}

static struct rest rest_of(const struct analysis *a, enum assumption assume)
{
	return (struct rest){ &a->set, &a->machine.limits, a->vcpu, assume };
}

static struct text fmt_bound(bool known, u128 ns)
{
	return known ? fmt_time128(ns) : (struct text){ "unbounded" };
}

static void print_rest(const struct analysis *a, uint32_t capacity)
{
	static const char *const names[] = {
		[USER_MODE] = "these resources, in user mode",
		[KERNEL_MODE] = "borrowing 3 budgets in the kernel",
		[SWITCHING] = "and switching within the caps",
	};
	uint64_t booked = set_booked(&a->set);
	int i;

	printf("Left to SCHED_DEADLINE: %s of a CPU.\n",
	       fmt_bw(booked < capacity ? capacity - booked : 0).s);
	printf("  %-35s %20s %20s\n", "AT MOST, ON THIS CPU ALONE", "LOWER CLASSES WAIT",
	       "DEADLINE IS LATE");
	for (i = 0; i < ASSUMPTIONS; i++) {
		struct rest rest = rest_of(a, i);
		u128 wait, late;
		bool waits = set_blackout(&rest, &wait), ends = set_tardiness(&rest, &late);

		printf("  %-35s %20s %20s\n", names[i], fmt_bound(waits, wait).s,
		       fmt_bound(ends, late).s);
	}
}

/* How many the kernel would refuse by their numbers alone */
static int print_refused(const struct analysis *a)
{
	char why[128];
	int i, refused = 0;

	for (i = 0; i < a->set.servers; i++) {
		if (!analysis_refuses(a, &a->set.server[i].res, why, sizeof(why)))
			continue;
		printf("Server %d is refused: %s.\n", i + 1, why);
		refused++;
	}
	return refused;
}

static int print_set(const struct analysis *a, uint32_t capacity)
{
	uint64_t booked = set_booked(&a->set);
	bool good;

	print_vcpu(a);
	print_servers(a);
	print_fit("Caps as given", booked, capacity);
	if (a->overhead)
		print_fit("Caps for the whole budget as user work", booked_net(a), capacity);
	good = !print_refused(a) && booked <= capacity;
	print_rest(a, capacity);
	printf("Verdict: %s.\n", good ? "schedulable" : "NOT schedulable");
	return good ? VC_OK : VC_FAIL;
}

static struct json_object *json_spec(const struct analysis *a, const struct server_spec *s,
				     bool *good)
{
	struct json_object *o = json_object_new_object();
	char why[128];

	json_num(o, "runtime_ns", s->res.runtime);
	json_num(o, "period_ns", s->res.period);
	json_bw(o, "cap", s->cap);
	json_num(o, "work_ns", s->res.runtime > a->overhead ? s->res.runtime - a->overhead : 0);
	json_bw(o, "cap_for_work", cap_with_overhead(s, a->overhead));
	json_object_object_add(o, "refused", NULL);
	if (analysis_refuses(a, &s->res, why, sizeof(why))) {
		json_str(o, "refused", why);
		*good = false;
	}
	return o;
}

static void json_time(struct json_object *o, const char *key, bool known, u128 ns)
{
	if (known)
		json_big(o, key, ns);
	else
		json_object_object_add(o, key, NULL);
}

static void json_rest(const struct analysis *a, struct json_object *o)
{
	static const char *const blackout[] = {
		"blackout_user_ns", "blackout_kernel_ns", "blackout_ns",
	};
	static const char *const tardiness[] = {
		"deadline_tardiness_user_ns", "deadline_tardiness_kernel_ns",
		"deadline_tardiness_ns",
	};
	bool known;
	u128 ns;
	int i;

	for (i = 0; i < ASSUMPTIONS; i++) {
		struct rest rest = rest_of(a, i);

		known = set_blackout(&rest, &ns);
		json_time(o, blackout[i], known, ns);
		known = set_tardiness(&rest, &ns);
		json_time(o, tardiness[i], known, ns);
	}
}

static int json_set(const struct analysis *a, uint32_t capacity)
{
	struct json_object *servers = json_object_new_array(), *o;
	uint64_t booked = set_booked(&a->set);
	bool good = booked <= capacity;
	int i;

	for (i = 0; i < a->set.servers; i++)
		json_object_array_add(servers, json_spec(a, &a->set.server[i], &good));
	o = json_list("servers", servers);
	json_bw(o, "capacity", capacity);
	json_bw(o, "booked", booked);
	json_bw(o, "booked_for_work", booked_net(a));
	json_bw(o, "deadline_left", booked < capacity ? capacity - booked : 0);
	json_rest(a, o);
	json_flag(o, "schedulable_for_work", booked_net(a) <= capacity);
	json_flag(o, "schedulable", good);
	json_print(o);
	return good ? VC_OK : VC_FAIL;
}

int analyze_set(const struct analysis *a)
{
	uint32_t capacity = analysis_capacity(a);

	return a->json ? json_set(a, capacity) : print_set(a, capacity);
}
