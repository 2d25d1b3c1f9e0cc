// SPDX-License-Identifier: GPL-2.0
/*
 * A file for each timeline, /run/vbsctl/timeline-NAME, of lines KEY VALUE.  Who reads
 * it sees an old one or a new one, never half of it.  One that was left behind is told
 * by the generation of the timeline and by when its process began.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "timeline/tracking.h"

#define HEAD	"timeline-tracking 1\n"
#define NSEC	1000000000ULL

enum kind { TEXT, BOOL, INT, U32, U64, S64 };

static const struct field {
	const char *key;
	enum kind kind;
	size_t at, size;
} fields[] = {
#define FIELD(name, kind)	{ #name, kind, offsetof(struct tracking, name), \
				  sizeof(((struct tracking *)0)->name) }
	FIELD(pid, INT),
	FIELD(begun, U64),
	FIELD(generation, U32),
	FIELD(from, TEXT),
	FIELD(bounded, BOOL),
	FIELD(reference_ns, U64),
	FIELD(why, TEXT),
	FIELD(keeper, TEXT),
	FIELD(keeper_pid, INT),
	FIELD(has_offset, BOOL),
	FIELD(offset_ns, S64),
	FIELD(contradictions, U64),
	FIELD(steps, U64),
};

#define FIELDS	(sizeof(fields) / sizeof(fields[0]))

static void copy_line(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
	to[strcspn(to, "\n")] = '\0';
}

static void put(FILE *f, const struct field *field, const struct tracking *t)
{
	const void *value = (const char *)t + field->at;

	fprintf(f, "%s ", field->key);
	switch (field->kind) {
	case TEXT:
		fprintf(f, "%s\n", (const char *)value);
		break;
	case BOOL:
		fprintf(f, "%d\n", *(const bool *)value);
		break;
	case INT:
		fprintf(f, "%d\n", *(const pid_t *)value);
		break;
	case U32:
		fprintf(f, "%" PRIu32 "\n", *(const uint32_t *)value);
		break;
	case U64:
		fprintf(f, "%" PRIu64 "\n", *(const uint64_t *)value);
		break;
	case S64:
		fprintf(f, "%" PRId64 "\n", *(const int64_t *)value);
		break;
	}
}

static void take(const struct field *field, const char *text, struct tracking *t)
{
	void *value = (char *)t + field->at;

	switch (field->kind) {
	case TEXT:
		copy_line(value, field->size, text);
		break;
	case BOOL:
		*(bool *)value = *text == '1';
		break;
	case INT:
		*(pid_t *)value = strtol(text, NULL, 10);
		break;
	case U32:
		*(uint32_t *)value = strtoul(text, NULL, 10);
		break;
	case U64:
		*(uint64_t *)value = strtoull(text, NULL, 10);
		break;
	case S64:
		*(int64_t *)value = strtoll(text, NULL, 10);
		break;
	}
}

/* The 22nd field of /proc/PID/stat; the second is a name in parentheses.  0: there is none */
static uint64_t began(pid_t pid)
{
	char path[64], *text, *at;
	uint64_t ticks = 0;
	int i;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	text = sys_read(path);
	at = text ? strrchr(text, ')') : NULL;
	for (i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at, NULL, 10);
	free(text);
	return ticks;
}

bool tracking_runs(const struct tracking *t)
{
	return t->begun && began(t->pid) == t->begun;
}

void tracking_begin(struct tracking *t, const char *from, uint32_t generation)
{
	memset(t, 0, sizeof(*t));
	t->pid = getpid();
	t->begun = began(t->pid);
	t->generation = generation;
	copy_line(t->from, sizeof(t->from), from);
}

void tracking_reference(struct tracking *t, const struct timeline_source *src,
			const struct source_state *state, uint64_t error_ns)
{
	const struct keeper_kind *kind = src->system ? src->belief.keepers.kind : NULL;

	copy_line(t->keeper, sizeof(t->keeper), kind ? kind->name : "");
	t->keeper_pid = kind ? src->belief.keepers.pid : 0;
	t->bounded = state->synchronized;
	t->reference_ns = state->synchronized ? error_ns : 0;
	if (!state->synchronized)
		copy_line(t->why, sizeof(t->why), state->why);
	else if (src->says && !src->stated)
		copy_line(t->why, sizeof(t->why), src->says);
	else if (src->stated || !kind)
		copy_line(t->why, sizeof(t->why), "what its user states");
	else
		copy_line(t->why, sizeof(t->why), keeper_says(kind));
}

void tracking_offset(struct tracking *t, const struct timeline_set *last,
		     const struct te_sample *s)
{
	uint64_t middle = s->before + (s->after - s->before) / 2;
	int64_t ns = last->time_sec * NSEC + __timeline_mulhi(last->time_frac_sec, NSEC);

	t->offset_ns = ns + timeline_diff_ns(last->counter_period_frac_sec,
					     last->counter_period_shift, last->counter_value,
					     middle) - s->ref_ns;
	t->has_offset = true;
}

static const char *path_of(char path[PATH_MAX], const char *name, const char *end)
{
	char plain[256];

	snprintf(plain, sizeof(plain), TRACKING_DIR "/timeline-%s%s", name, end);
	return strcpy(path, sys_path(plain));
}

/* Its blank is in no name of a timeline */
#define UNFINISHED	" "

static int write_file(const char *path, tracking_writer *write, const void *arg)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		return errno;
	write(f, arg);
	return fclose(f) ? errno : 0;
}

int tracking_put(const char *name, const char *what, tracking_writer *write, const void *arg)
{
	char path[PATH_MAX], unfinished[PATH_MAX], end[64];
	int err;

	snprintf(end, sizeof(end), "%s" UNFINISHED, what);
	mkdir(sys_path(TRACKING_DIR), 0755);
	err = write_file(path_of(unfinished, name, end), write, arg);
	if (!err && !rename(unfinished, path_of(path, name, what)))
		return 0;
	err = err ? err : errno;
	unlink(unfinished);
	return err;
}

FILE *tracking_open(const char *name, const char *what)
{
	char path[PATH_MAX];

	return fopen(path_of(path, name, what), "re");
}

void tracking_drop(const char *name, const char *what)
{
	char path[PATH_MAX];

	unlink(path_of(path, name, what));
}

static void write_fields(FILE *f, const void *arg)
{
	size_t i;

	fputs(HEAD, f);
	for (i = 0; i < FIELDS; i++)
		put(f, &fields[i], arg);
}

int tracking_write(const char *name, const struct tracking *t)
{
	return tracking_put(name, "", write_fields, t);
}

static void take_line(const char *line, struct tracking *t)
{
	size_t i, n = strcspn(line, " ");

	for (i = 0; i < FIELDS && line[n]; i++) {
		if (strlen(fields[i].key) == n && !strncmp(fields[i].key, line, n))
			take(&fields[i], line + n + 1, t);
	}
}

int tracking_read(const char *name, struct tracking *t)
{
	FILE *f = tracking_open(name, "");
	char line[256];
	int err = EPROTO;

	memset(t, 0, sizeof(*t));
	if (!f)
		return errno;
	if (fgets(line, sizeof(line), f) && !strcmp(line, HEAD)) {
		while (fgets(line, sizeof(line), f))
			take_line(line, t);
		err = 0;
	}
	fclose(f);
	return err;
}

void tracking_remove(const char *name)
{
	struct tracking t;

	if (!tracking_read(name, &t) && t.pid == getpid())
		tracking_drop(name, "");
}
