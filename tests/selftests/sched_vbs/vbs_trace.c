// SPDX-License-Identifier: GPL-2.0
/* Reading trace_pipe_raw; formats come from events/.../format */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "vbs_trace.h"

#define TRACEFS		"/sys/kernel/tracing/"
#define PAGE		4096
#define PAGE_HEADER	16		/* time stamp, bytes committed */
#define COMMIT_MASK	0xfffff		/* above: lost-events flags */
#define MAX_CPUS	64

/* ring_buffer_event::type_len above the data lengths */
enum { TYPE_PADDING = 29, TYPE_TIME_EXTEND, TYPE_TIME_STAMP };

struct field {
	int offset;
	int size;
};

static struct event_kind {
	const char *name;
	const char *fields[EV_FIELDS];
	int id;
	struct field at[EV_FIELDS];
} kinds[EV_MAX] = {
	[EV_SWITCH] = { "sched_switch", { "prev_pid", "prev_prio", "prev_state",
					  "next_pid", "next_prio" } },
	[EV_RUNTIME] = { "sched_stat_runtime", { "pid", "runtime" } },
	[EV_FORK] = { "sched_process_fork", { "parent_pid", "child_pid" } },
	[EV_RELEASE] = { "sched_vbs_release", { "server", "release", "deadline",
						"runtime", "period", "debt" } },
	[EV_EXHAUST] = { "sched_vbs_exhaust", { "server", "consumed", "runtime",
						"until", "why" } },
	[EV_VSWITCH] = { "sched_vbs_switch", { "server", "at", "release" } },
	[EV_ADMIT] = { "sched_vbs_admit", { "server", "pid" } },
	[EV_LEAVE] = { "sched_vbs_leave", { "server", "pid", "z" } },
};

static unsigned int started;

/* "field:pid_t prev_pid;	offset:24;	size:4;	signed:1;" */
static bool parse_field(const char *format, const char *name, struct field *at)
{
	size_t len = strlen(name);

	for (const char *p = format; (p = strstr(p, name)); p += len)
		if (p[-1] == ' ' && p[len] == ';' &&
		    sscanf(p + len, "; offset:%d; size:%d;", &at->offset, &at->size) == 2)
			return true;
	return false;
}

static bool load_format(struct event_kind *k)
{
	char path[160], format[4096];
	const char *id;

	snprintf(path, sizeof(path), TRACEFS "events/sched/%s/format", k->name);
	if (file_read(path, format, sizeof(format)) < 0)
		return false;
	id = strstr(format, "\nID: ");
	k->id = id ? atoi(id + 5) : 0;
	for (int i = 0; i < EV_FIELDS && k->fields[i]; i++)
		if (!parse_field(format, k->fields[i], &k->at[i]))
			t_fatal("no field %s in %s", k->fields[i], path);
	return k->id;
}

void trace_need(unsigned int want)
{
	if (access(TRACEFS "trace", F_OK) &&
	    mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL))
		t_skip_all("no tracefs");
	for (int i = 0; i < EV_MAX; i++)
		if (want & EV_BIT(i) && !load_format(&kinds[i]))
			t_skip_all("no trace event %s", kinds[i].name);
}

static void enable(unsigned int want, int on)
{
	char path[160];

	for (int i = 0; i < EV_MAX; i++) {
		if (!(want & EV_BIT(i)))
			continue;
		snprintf(path, sizeof(path), TRACEFS "events/sched/%s/enable",
			 kinds[i].name);
		file_restore(path);
		if (file_write(path, "%d", on))
			t_fatal("write %s", path);
	}
}

void trace_start(unsigned int want, unsigned int megabytes)
{
	trace_need(want);
	file_write(TRACEFS "tracing_on", "0");
	file_write(TRACEFS "events/enable", "0");
	if (file_write(TRACEFS "trace_clock", "perf") ||
	    file_write(TRACEFS "buffer_size_kb", "%u", megabytes << 10))
		t_fatal("set up tracing");
	file_write(TRACEFS "trace", "\n");
	enable(want, 1);
	started = want;
	if (file_write(TRACEFS "tracing_on", "1"))
		t_fatal("switch tracing on");
}

static s64 get(const char *data, struct field at)
{
	s64 v = 0;

	if (at.size == 4) {
		s32 v32;

		memcpy(&v32, data + at.offset, 4);
		return v32;
	}
	memcpy(&v, data + at.offset, at.size < 8 ? at.size : 8);
	return v;
}

static void add_event(struct trace *t, u64 ts, int cpu, const char *data)
{
	uint16_t id;

	memcpy(&id, data, sizeof(id));
	for (int k = 0; k < EV_MAX; k++) {
		if (!(started & EV_BIT(k)) || kinds[k].id != id)
			continue;
		if (!(t->n & (t->n - 1)))
			t->ev = realloc(t->ev, (t->n ? 2 * t->n : 1) * sizeof(*t->ev));
		if (!t->ev)
			t_fatal("memory for %zu events", t->n);
		t->ev[t->n] = (struct trace_event) { .ts = ts, .kind = k, .cpu = cpu };
		for (int i = 0; i < EV_FIELDS && kinds[k].fields[i]; i++)
			t->ev[t->n].f[i] = get(data, kinds[k].at[i]);
		t->n++;
		return;
	}
}

/* One page: see "Ring buffer" in Documentation/trace/ring-buffer-design.rst */
static void parse_page(struct trace *t, int cpu, const char *page)
{
	const char *p = page + PAGE_HEADER, *end;
	u64 ts, commit;
	u32 head, word, len, type;

	memcpy(&ts, page, 8);
	memcpy(&commit, page + 8, 8);
	end = p + (commit & COMMIT_MASK);
	for (; p < end; p += len) {
		memcpy(&head, p, 4);
		memcpy(&word, p + 4, 4);
		type = head & 31;
		len = type && type < TYPE_PADDING ? 4 + 4 * type : 4 + word;
		if (type == TYPE_TIME_EXTEND || type == TYPE_TIME_STAMP)
			len = 8;
		if (type == TYPE_PADDING && !(head >> 5))
			return;
		if (type == TYPE_TIME_STAMP) {
			ts = (ts & ~((1ULL << 59) - 1)) | (u64)word << 27 | head >> 5;
			continue;
		}
		ts += head >> 5;
		if (type == TYPE_TIME_EXTEND)
			ts += (u64)word << 27;
		else if (type != TYPE_PADDING)
			add_event(t, ts, cpu, p + (type ? 4 : 8));
	}
}

static void check_lost(int cpu)
{
	char path[128], stats[1024];
	const char *p;

	snprintf(path, sizeof(path), TRACEFS "per_cpu/cpu%d/stats", cpu);
	file_read(path, stats, sizeof(stats));
	p = strstr(stats, "overrun: ");
	if (!p || atoi(p + 9))
		t_fatal("ring buffer of CPU %d too small", cpu);
}

static void read_cpu(struct trace *t, int cpu)
{
	char path[128], page[PAGE];
	int fd;

	snprintf(path, sizeof(path), TRACEFS "per_cpu/cpu%d/trace_pipe_raw", cpu);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return;
	check_lost(cpu);
	while (read(fd, page, PAGE) == PAGE)
		parse_page(t, cpu, page);
	close(fd);
}

static int by_time(const void *a, const void *b)
{
	const struct trace_event *x = a, *y = b;

	return (x->ts > y->ts) - (x->ts < y->ts);
}

struct trace trace_stop(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct trace t = {};

	file_write(TRACEFS "tracing_on", "0");
	enable(started, 0);
	for (int cpu = 0; cpu < cpus && cpu < MAX_CPUS; cpu++)
		read_cpu(&t, cpu);
	if (cpus > 1)
		qsort(t.ev, t.n, sizeof(*t.ev), by_time);
	file_write(TRACEFS "buffer_size_kb", "64");
	file_write(TRACEFS "tracing_on", "1");	/* as others find it */
	return t;
}
