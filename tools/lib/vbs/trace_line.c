// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vbs/trace_line.h"

/* The last " KEY=" in [from, to): names may hold anything, and stand before the keys */
static bool number_of(const char *from, const char *to, const char *key, int *value)
{
	const char *at, *last = NULL;

	for (at = strstr(from, key); at && at < to; at = strstr(at + 1, key))
		last = at;
	if (!last)
		return false;
	*value = atoi(last + strlen(key));
	return true;
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

static bool parse_switch(const char *line, struct trace_event *e)
{
	const char *at = strstr(line, "sched_switch: "), *arrow, *state;

	arrow = at ? strstr(at, " ==> ") : NULL;
	if (!arrow || !time_before(line, at, &e->now) ||
	    !number_of(at, arrow, " prev_pid=", &e->pid) ||
	    !number_of(arrow, line + strlen(line), " next_pid=", &e->next))
		return false;
	state = strstr(at, " prev_state=");
	e->sleeps = state && state < arrow && state[strlen(" prev_state=")] != 'R';
	e->kind = TRACE_SWITCH;
	return true;
}

static bool parse_wake(const char *line, struct trace_event *e)
{
	const char *at = strstr(line, "sched_waking: ");

	if (!at || !time_before(line, at, &e->now) ||
	    !number_of(at, line + strlen(line), " pid=", &e->pid))
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
