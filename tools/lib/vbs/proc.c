// SPDX-License-Identifier: GPL-2.0
/*
 * Reader of /proc/vbs.  Lines are key=value words; keys that are not known
 * here are passed over, since new ones may be appended.  Lines of an unknown
 * kind too.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/sysfile.h"
#include "vbs/proc.h"

enum kind { U32, U64, STATE, ROLE };

struct field {
	const char *key;
	enum kind kind;
	size_t offset;
};

#define FIELD(type, name, kind)	{ #name, kind, offsetof(struct type, name) }

static const struct field header_fields[] = {
	FIELD(vbs_snapshot, version, U32),
	FIELD(vbs_snapshot, when, U64),
	{ NULL, U32, 0 }
};

static const struct field limit_fields[] = {
	FIELD(vbs_limits, runtime_min, U64),
	FIELD(vbs_limits, runtime_max, U64),
	FIELD(vbs_limits, period_min, U64),
	FIELD(vbs_limits, period_max, U64),
	FIELD(vbs_limits, slice, U64),
	{ NULL, U32, 0 }
};

static const struct field cpu_fields[] = {
	FIELD(vbs_cpu, id, U32),
	FIELD(vbs_cpu, online, U32),
	FIELD(vbs_cpu, capacity, U32),
	FIELD(vbs_cpu, booked, U32),
	FIELD(vbs_cpu, spare, U32),
	FIELD(vbs_cpu, servers, U32),
	FIELD(vbs_cpu, held, U32),
	FIELD(vbs_cpu, domain, U32),
	FIELD(vbs_cpu, deadline, U64),
	FIELD(vbs_cpu, fair, U32),
	{ NULL, U32, 0 }
};

static const struct field held_fields[] = {
	FIELD(vbs_held, cpu, U32),
	FIELD(vbs_held, amount, U32),
	FIELD(vbs_held, until_ns, U64),
	FIELD(vbs_held, owner, U32),
	FIELD(vbs_held, leader, U32),
	{ NULL, U32, 0 }
};

static const struct field server_fields[] = {
	FIELD(vbs_server, id, U32),
	FIELD(vbs_server, cpu, U32),
	FIELD(vbs_server, cap, U32),
	FIELD(vbs_server, runtime, U64),
	FIELD(vbs_server, period, U64),
	FIELD(vbs_server, flags, U32),
	FIELD(vbs_server, members, U32),
	FIELD(vbs_server, state, STATE),
	FIELD(vbs_server, consumed, U64),
	FIELD(vbs_server, instances, U64),
	FIELD(vbs_server, misses, U64),
	FIELD(vbs_server, overruns, U64),
	FIELD(vbs_server, overrun_worst, U64),
	FIELD(vbs_server, switches, U64),
	FIELD(vbs_server, switch_worst, U64),
	FIELD(vbs_server, release_worst, U64),
	FIELD(vbs_server, skipped, U64),
	FIELD(vbs_server, fair, U64),
	FIELD(vbs_server, lost, U64),
	FIELD(vbs_server, group, U32),
	FIELD(vbs_server, role, ROLE),
	FIELD(vbs_server, owner, U32),
	FIELD(vbs_server, leader, U32),
	{ NULL, U32, 0 }
};

static const struct field group_fields[] = {
	FIELD(vbs_group, pid, U32),
	FIELD(vbs_group, owner, U32),
	FIELD(vbs_group, vms, U32),
	FIELD(vbs_group, vcpus, U32),
	FIELD(vbs_group, places, U32),
	FIELD(vbs_group, unplaced, U32),
	FIELD(vbs_group, pooled, U64),
	FIELD(vbs_group, outside, U64),
	FIELD(vbs_group, strict, U32),
	FIELD(vbs_group, poll, U32),
	FIELD(vbs_group, split, U32),
	FIELD(vbs_group, guest_may, U32),
	FIELD(vbs_group, guest_period, U64),
	{ NULL, U32, 0 }
};

static void store(const struct field *f, const char *value, void *out)
{
	char *to = (char *)out + f->offset;
	uint64_t number;
	uint32_t word;

	if (f->kind == STATE || f->kind == ROLE) {
		snprintf(to, f->kind == STATE ? sizeof(((struct vbs_server *)0)->state) :
			 sizeof(((struct vbs_server *)0)->role), "%s", value);
		return;
	}
	number = *value == '-' ? (uint64_t)strtoll(value, NULL, 0) : strtoull(value, NULL, 0);
	word = number;
	if (f->kind == U64)
		memcpy(to, &number, sizeof(number));
	else
		memcpy(to, &word, sizeof(word));
}

static void parse_word(char *word, const struct field *f, void *out)
{
	char *value = strchr(word, '=');

	if (!value)
		return;
	*value++ = 0;
	for (; f->key; f++) {
		if (!strcmp(f->key, word))
			store(f, value, out);
	}
}

static void parse_words(char *line, const struct field *fields, void *out)
{
	char *save, *word;

	for (word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
		parse_word(word, fields, out);
}

/* Room for one more element, zeroed; NULL without memory */
static void *push(void **array, int *count, size_t size)
{
	void *more = *array;

	if (!(*count & (*count - 1)))	/* a power of two, or 0: full */
		more = realloc(*array, (*count ? *count * 2 : 1) * size);
	if (!more)
		return NULL;
	*array = more;
	return memset((char *)more + (*count)++ * size, 0, size);
}

static int parse_cpu(struct vbs_snapshot *snap, char *line)
{
	struct vbs_cpu *cpu = push((void **)&snap->cpu, &snap->cpus, sizeof(*cpu));

	if (!cpu)
		return -1;
	cpu->held = NOT_TOLD;
	cpu->deadline = NOT_TOLD;
	cpu->fair = NOT_TOLD;
	parse_words(line, cpu_fields, cpu);
	return 0;
}

static int parse_held(struct vbs_snapshot *snap, char *line)
{
	struct vbs_held *held = push((void **)&snap->held, &snap->helds, sizeof(*held));

	if (!held)
		return -1;
	parse_words(line, held_fields, held);
	return 0;
}

/* comm stands last since it may contain spaces */
static void cut_comm(char *line, char *to, size_t size)
{
	char *comm = strstr(line, " comm=");

	if (!comm)
		return;
	*comm = 0;
	snprintf(to, size, "%s", comm + strlen(" comm="));
}

static int parse_server_line(struct vbs_snapshot *snap, char *line)
{
	struct vbs_server *s = push((void **)&snap->server, &snap->servers, sizeof(*s));

	if (!s)
		return -1;
	s->fair = NOT_TOLD;
	cut_comm(line, s->comm, sizeof(s->comm));
	parse_words(line, server_fields, s);
	return 0;
}

static int parse_group(struct vbs_snapshot *snap, char *line)
{
	struct vbs_group *g = push((void **)&snap->group, &snap->groups, sizeof(*g));

	if (!g)
		return -1;
	cut_comm(line, g->comm, sizeof(g->comm));
	parse_words(line, group_fields, g);
	return 0;
}

static int parse_line(struct vbs_snapshot *snap, char *line)
{
	char *rest = strchr(line, ' ');

	if (!rest)
		return 0;
	*rest++ = 0;
	if (!strcmp(line, "vbs"))
		parse_words(rest, header_fields, snap);
	else if (!strcmp(line, "limits"))
		parse_words(rest, limit_fields, &snap->limits);
	else if (!strcmp(line, "cpu"))
		return parse_cpu(snap, rest);
	else if (!strcmp(line, "server"))
		return parse_server_line(snap, rest);
	else if (!strcmp(line, "group"))
		return parse_group(snap, rest);
	else if (!strcmp(line, "held"))
		return parse_held(snap, rest);
	return 0;
}

static int parse_text(struct vbs_snapshot *snap, char *text)
{
	char *save, *line;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (parse_line(snap, line))
			return -1;
	}
	if (snap->version == PROC_VBS_VERSION)
		return 0;
	errno = EPROTO;
	return -1;
}

struct vbs_snapshot *vbs_snapshot_parse(const char *text)
{
	struct vbs_snapshot *snap = calloc(1, sizeof(*snap));
	char *copy = strdup(text);

	if (snap && copy && !parse_text(snap, copy)) {
		free(copy);
		return snap;
	}
	vbs_snapshot_free(snap);
	free(copy);
	return NULL;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

struct vbs_snapshot *vbs_snapshot_read(void)
{
	char *text = sys_read("/proc/vbs");
	struct vbs_snapshot *snap;

	if (!text)
		return NULL;
	snap = vbs_snapshot_parse(text);
	if (snap && !snap->when)
		snap->when = now();
	if (snap)
		vbs_names_read(snap);
	free(text);
	return snap;
}

void vbs_snapshot_free(struct vbs_snapshot *snap)
{
	if (!snap)
		return;
	free(snap->cpu);
	free(snap->server);
	free(snap->held);
	free(snap->group);
	free(snap);
}

const struct vbs_cpu *vbs_find_cpu(const struct vbs_snapshot *snap, int id)
{
	int i;

	for (i = 0; i < snap->cpus; i++) {
		if (snap->cpu[i].id == id)
			return &snap->cpu[i];
	}
	return NULL;
}

const struct vbs_server *vbs_find_leader(const struct vbs_snapshot *snap, int tid)
{
	int i;

	for (i = 0; i < snap->servers; i++) {
		if (tid > 0 && snap->server[i].leader == tid)
			return &snap->server[i];
	}
	return NULL;
}

const struct vbs_server *vbs_find_server(const struct vbs_snapshot *snap, uint32_t id)
{
	int i;

	for (i = 0; i < snap->servers; i++) {
		if (snap->server[i].id == id)
			return &snap->server[i];
	}
	return NULL;
}

const struct vbs_group *vbs_find_group(const struct vbs_snapshot *snap, int pid)
{
	int i;

	for (i = 0; i < snap->groups; i++) {
		if (snap->group[i].pid == pid)
			return &snap->group[i];
	}
	return NULL;
}

uint32_t vbs_hidden_servers(const struct vbs_snapshot *snap)
{
	uint32_t all = 0;
	int i;

	for (i = 0; i < snap->cpus; i++)
		all += snap->cpu[i].servers;
	return all > (uint32_t)snap->servers ? all - snap->servers : 0;
}
