// SPDX-License-Identifier: GPL-2.0
/* Parameters of servers and of what runs in them, from text. */
#include <stddef.h>

#include <linux/sched/vbs.h>

#include "base/exact.h"
#include "base/parse.h"
#include "vbs/params.h"

static const char *check_resource(const struct resource *res)
{
	if (!res->runtime)
		return "the budget is zero";
	if (res->runtime > res->period)
		return "the budget is longer than the period";
	return NULL;
}

const char *parse_resource(const char *text, struct resource *res)
{
	char head[PARSE_ITEM];
	const char *tail = parse_cut(text, '/', head);
	const char *why;

	if (!tail)
		return "write budget/period, as in 3ms/10ms";
	why = parse_time(head, &res->runtime);
	if (!why)
		why = parse_time(tail, &res->period);
	return why ? why : check_resource(res);
}

static const char *check_load_task(const struct load_task *task)
{
	if (!task->cost || !task->period || !task->deadline)
		return "cost, period and deadline must be more than zero";
	if (task->period > 3600 * 1000000000ULL || task->deadline > 3600 * 1000000000ULL)
		return "periods and deadlines over an hour are not analyzed";
	return NULL;
}

const char *parse_load_task(const char *text, struct load_task *task)
{
	char cost[PARSE_ITEM], period[PARSE_ITEM];
	const char *tail = parse_cut(text, '/', cost), *why;

	if (!tail)
		return "write cost/period or cost/period/deadline, as in 1ms/10ms";
	tail = parse_cut(tail, '/', period);
	why = parse_time(cost, &task->cost);
	if (!why)
		why = parse_time(period, &task->period);
	if (!why)
		why = parse_time(tail ? tail : period, &task->deadline);
	return why ? why : check_load_task(task);
}

uint32_t resource_cap(const struct resource *res)
{
	return div_up((u128)res->runtime << VBS_BW_SHIFT, res->period);
}

uint32_t resource_cap_aligned(const struct resource *res)
{
	return div_up((u128)res->runtime << (VBS_BW_SHIFT + 9), (u128)res->period * 511);
}

const char *parse_server(const char *text, struct server_spec *spec)
{
	char res[PARSE_ITEM];
	const char *cap = parse_cut(text, ':', res), *why = parse_resource(res, &spec->res);

	if (why)
		return why;
	spec->cap = resource_cap(&spec->res);
	if (!cap)
		return NULL;
	why = parse_bandwidth(cap, &spec->cap);
	if (!why && spec->cap < resource_cap(&spec->res))
		why = "the cap is below budget/period";
	return why;
}
