// SPDX-License-Identifier: GPL-2.0
/* From lines of the tracer to the threads of a command and to servers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "show/gantt.h"
#include "vbs/trace_line.h"

/* Room for one more element, zeroed; NULL without memory, which is remembered */
static void *push(struct gantt *g, void **array, int *count, size_t size)
{
	void *more = *array;

	if (!(*count & (*count - 1)))	/* a power of two, or 0: full */
		more = realloc(*array, (*count ? *count * 2 : 1) * size);
	if (!more) {
		g->no_memory = true;
		return NULL;
	}
	*array = more;
	return memset((char *)more + (*count)++ * size, 0, size);
}

static struct gantt_thread *find_thread(struct gantt *g, pid_t tid)
{
	int i;

	for (i = 0; i < g->threads; i++) {
		if (g->thread[i].tid == tid)
			return &g->thread[i];
	}
	return NULL;
}

static void add_thread(struct gantt *g, pid_t tid)
{
	struct gantt_thread *t = push(g, (void **)&g->thread, &g->threads, sizeof(*t));

	if (t)
		t->tid = tid;
}

void gantt_begin(struct gantt *g, pid_t root)
{
	memset(g, 0, sizeof(*g));
	add_thread(g, root);
}

static struct gantt_server *server_of(struct gantt *g, uint32_t id)
{
	struct gantt_server *s;
	int i;

	for (i = 0; i < g->servers; i++) {
		if (g->server[i].id == id)
			return &g->server[i];
	}
	s = push(g, (void **)&g->server, &g->servers, sizeof(*s));
	if (s)
		s->id = id;
	return s;
}

static void mark(struct gantt *g, struct gantt_server *s, enum gantt_mark_kind kind, uint64_t at)
{
	struct gantt_mark *m = s ? push(g, (void **)&s->mark, &s->marks, sizeof(*m)) : NULL;

	if (m)
		*m = (struct gantt_mark){ at, kind };
}

/* "[003] d..2. 5.000001: " of any line */
static bool head_of(const char *line, int *cpu, uint64_t *now)
{
	const char *at = strchr(line, '[');
	unsigned long long sec;
	unsigned int us;
	char flags[32];

	/* The name before it may have a bracket, too */
	for (; at; at = strchr(at + 1, '[')) {
		if (sscanf(at, "[%d] %31s %llu.%6u:", cpu, flags, &sec, &us) == 4) {
			*now = sec * 1000000000ULL + us * 1000ULL;
			return true;
		}
	}
	return false;
}

/* The last one in [from, to): names may hold anything, and stand before the keys */
static const char *last_of(const char *from, const char *to, const char *key)
{
	const char *at, *last = NULL;

	for (at = strstr(from, key); at && at < to; at = strstr(at + 1, key))
		last = at;
	return last;
}

/* "comm=x pid=1 child_comm=y child_pid=2" */
static void take_fork(struct gantt *g, const char *line)
{
	const char *end = line + strlen(line), *at = strstr(line, "sched_process_fork: ");
	const char *child = at ? last_of(at, end, " child_pid=") : NULL;
	const char *comm = child ? last_of(at, child, " child_comm=") : NULL;
	const char *parent = comm ? last_of(at, comm, " pid=") : NULL;

	if (parent && find_thread(g, atoi(parent + strlen(" pid="))))
		add_thread(g, atoi(child + strlen(" child_pid=")));
}

static void take_comm(struct gantt_thread *t, const char *line)
{
	const char *at = strstr(line, " ==> next_comm="), *end;

	end = at ? strstr(at, " next_pid=") : NULL;
	if (!end)
		return;
	at += strlen(" ==> next_comm=");
	snprintf(t->comm, sizeof(t->comm), "%.*s", (int)(end - at), at);
}

static void take_switch(struct gantt *g, const char *line, int cpu)
{
	struct gantt_thread *from, *to;
	struct gantt_run *run;
	struct trace_event e;

	trace_parse(line, &e);
	if (e.kind != TRACE_SWITCH)
		return;
	from = find_thread(g, e.pid);
	to = find_thread(g, e.next);
	if (from && from->running) {
		from->run[from->runs - 1].to = e.now;
		from->running = false;
	}
	if (!to)
		return;
	take_comm(to, line);
	run = push(g, (void **)&to->run, &to->runs, sizeof(*run));
	if (run)
		*run = (struct gantt_run){ e.now, e.now, cpu };
	to->running = run;
}

static void take_server(struct gantt *g, const char *line, uint64_t now)
{
	const char *at = strstr(line, "sched_vbs_");
	uint64_t runtime, period;
	struct gantt_server *s;
	uint32_t id;

	at = at ? strchr(at, ':') : NULL;
	if (!at || sscanf(at, ": server=%" SCNu32, &id) != 1)
		return;
	if (strstr(line, "sched_vbs_release: ")) {
		s = server_of(g, id);
		mark(g, s, MARK_RELEASE, now);
		at = strstr(at, " runtime=");
		if (s && at && sscanf(at, " runtime=%" SCNu64 " period=%" SCNu64, &runtime, &period) == 2) {
			s->runtime = runtime;
			s->period = period;
		}
	} else if (strstr(line, "sched_vbs_exhaust: ")) {
		mark(g, server_of(g, id), MARK_EXHAUST, now);
	} else if (strstr(line, "sched_vbs_switch: ")) {
		mark(g, server_of(g, id), MARK_SWITCH, now);
	}
}

void gantt_line(struct gantt *g, const char *line)
{
	uint64_t now;
	int cpu;

	if (*line == '#' || !head_of(line, &cpu, &now))
		return;
	if (!g->first)
		g->first = now;
	g->last = now;
	take_fork(g, line);
	take_switch(g, line, cpu);
	take_server(g, line, now);
}

void gantt_free(struct gantt *g)
{
	int i;

	for (i = 0; i < g->threads; i++)
		free(g->thread[i].run);
	for (i = 0; i < g->servers; i++)
		free(g->server[i].mark);
	free(g->thread);
	free(g->server);
	memset(g, 0, sizeof(*g));
}
