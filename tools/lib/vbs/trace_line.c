// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vbs/trace_line.h"

/* The last one in [from, to): names may hold anything, and stand before the keys */
static const char *last_of(const char *from, const char *to, const char *key)
{
	const char *at, *last = NULL;

	for (at = strstr(from, key); at && at < to; at = strstr(at + 1, key))
		last = at + strlen(key);
	return last;
}

static bool number_of(const char *from, const char *to, const char *key, int *value)
{
	const char *at = last_of(from, to, key);

	if (at)
		*value = atoi(at);
	return at;
}

/* "123.456789: " before the event's name */
static bool time_before(const char *line, const char *event, uint64_t *now)
{
	unsigned long long sec;
	unsigned int us;
	const char *at = event;

	while (at > line && at[-1] == ' ')
		at--;
	while (at > line && at[-1] != ' ')
		at--;
	if (sscanf(at, "%llu.%6u:", &sec, &us) != 2)
		return false;
	*now = sec * 1000000000ULL + us * 1000ULL;
	return true;
}

/* A name has no room for the time and the event */
static const char *find_event(const char *line, const char *event, uint64_t *now)
{
	const char *at;

	for (at = strstr(line, event); at && !time_before(line, at, now); at = strstr(at + 1, event))
		;
	return at;
}

/* Nor for the key of a name and another one: the first arrow that has the pid before it */
static const char *find_arrow(const char *at, int *pid)
{
	const char *arrow;

	for (arrow = strstr(at, " ==> next_comm="); arrow && !number_of(at, arrow, " prev_pid=", pid);
	     arrow = strstr(arrow + 1, " ==> next_comm="))
		;
	return arrow;
}

static bool parse_switch(const char *line, struct trace_event *e)
{
	const char *at = find_event(line, "sched_switch: ", &e->now), *arrow, *state;

	arrow = at ? find_arrow(at, &e->pid) : NULL;
	if (!arrow || !number_of(arrow, line + strlen(line), " next_pid=", &e->next))
		return false;
	state = last_of(at, arrow, " prev_state=");
	e->sleeps = state && *state != 'R';
	e->kind = TRACE_SWITCH;
	return true;
}

static bool parse_wake(const char *line, struct trace_event *e)
{
	const char *at = find_event(line, "sched_waking: ", &e->now);

	if (!at || !number_of(at, line + strlen(line), " pid=", &e->pid))
		return false;
	e->kind = TRACE_WAKE;
	return true;
}

void trace_parse(const char *line, struct trace_event *e)
{
	memset(e, 0, sizeof(*e));
	if (!parse_switch(line, e) && !parse_wake(line, e))
		memset(e, 0, sizeof(*e));
}
