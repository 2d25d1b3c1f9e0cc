// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* Tools read these texts: names, order and punctuation are an interface */
#define TRACEFS	"/sys/kernel/tracing/"

struct text {
	const char *event;
	const char *format;	/* %n: all of it matched */
};

static const struct text texts[] = {
	{ "sched_vbs_admit",
	  "server=%*u cpu=%*d cap=%*u runtime=%*u period=%*u pid=%*d comm=%n" },
	{ "sched_vbs_release",
	  "server=%*u cpu=%*d release=%*u deadline=%*u runtime=%*u period=%*u debt=%*u%n" },
	{ "sched_vbs_exhaust",
	  "server=%*u cpu=%*d why=%*[a-z] consumed=%*u runtime=%*u until=%*u%n" },
	{ "sched_vbs_switch",
	  "server=%*u cpu=%*d runtime=%*u->%*u period=%*u->%*u at=%*u release=%*u%n" },
	{ "sched_vbs_leave",
	  "server=%*u cpu=%*d pid=%*d members=%*u z=%*u%n" },
	{ "sched_vbs_reject",
	  "pid=%*d reason=%*[a-z_] asked=%*u spare=%*u cpu=%*d held=%*u until_ns=%*u%n" },
};

static char trace_text[1 << 20];

static void enable(const char *event)
{
	char path[128];

	snprintf(path, sizeof(path), TRACEFS "events/sched/%s/enable", event);
	file_restore(path);
	if (file_write(path, "1"))
		t_fatal("no event %s", event);
}

static void play(struct actor *a)
{
	spin_until(a->t0 + 25 * MS);
	vbs_enter(0, 1 * MS, 5 * MS, 0);
	vbs_enter(0, 1 * MS, 2 * SEC, 0);
	vbs_leave(0);
}

static bool matches(const struct text *t)
{
	char name[64];
	const char *p;
	int n = -1;

	snprintf(name, sizeof(name), "%s: ", t->event);
	p = strstr(trace_text, name);
	if (p)
		sscanf(p + strlen(name), t->format, &n);
	t_diag("%.*s", p ? (int)strcspn(p, "\n") : 4, p ? p : "none");
	return n > 0;
}

VBS_TEST("the events read as tools expect them", 30)
{
	need_vbs();
	if (access(TRACEFS "trace", R_OK))
		t_skip_all("no tracefs");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		enable(texts[i].event);
	file_write(TRACEFS "trace", "\n");
	actor_end(actor_new(play, stage(), 2 * MS, 10 * MS, 0));
	file_read(TRACEFS "trace", trace_text, sizeof(trace_text));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		t_ok(matches(&texts[i]), "text of %s", texts[i].event);
}
