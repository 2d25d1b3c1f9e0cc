/* SPDX-License-Identifier: GPL-2.0 */
/* The model of vbsctl top: what each server did between two readings. */
#ifndef VBSCTL_SHOW_TOP_H
#define VBSCTL_SHOW_TOP_H

#include "base/cpumask.h"
#include "vbs/proc.h"

#define SPARK_LENGTH	8
#define SPARK_FULL	8		/* the level of a server that used its cap */

struct top_row {
	struct vbs_server server;	/* as in the later reading */
	uint64_t ran;			/* ns executed in the interval */
	uint64_t used;			/* ran/interval, in units of 1 << 20 */
	uint64_t misses, overruns, switches;	/* new ones */
	uint8_t spark[SPARK_LENGTH];	/* use against cap, the latest last */
	int sparks;
	bool known;			/* it was in the earlier reading too */
};

/* Which servers are shown */
struct top_filter {
	struct cpumask cpus;
	uint32_t owner;
	int leader;
	bool by_cpu, by_owner, by_leader;
};

struct top_view {
	struct top_row *row;
	int rows;
	uint64_t interval;		/* ns; 0 in the first view */
	uint64_t threshold;		/* ns; overruns beyond it are counted */
	const struct vbs_snapshot *snap;
	const struct top_filter *filter;	/* NULL: all */
	char sort;			/* one of the keys of top_sort_keys */
	bool utf8;			/* bars and sparklines in block characters */
	int first;			/* the first row on the screen */
};

struct top_past {
	uint32_t id;
	int sparks;
	uint8_t spark[SPARK_LENGTH];
};

/* Sparklines over the views, sorted by the servers' ids */
struct top_history {
	struct top_past *past;
	int pasts;
};

struct top_key {
	char key;
	const char *name;
	int (*compare)(const void *a, const void *b);
};

extern const struct top_key top_sort_keys[];

/* The key of that name, or 0 */
char top_sort_by_name(const char *name);

/* From two readings, the earlier of which may be NULL; free with top_free() */
bool top_build(struct top_view *view, const struct vbs_snapshot *before,
	       const struct vbs_snapshot *after);
void top_sort(struct top_view *view);
void top_free(struct top_view *view);

/* Gives the rows their sparklines; once for each reading */
void top_remember(struct top_history *history, struct top_view *view);
void top_forget(struct top_history *history);

bool top_shows_cpu(const struct top_view *view, const struct vbs_cpu *cpu);

/*
 * Lines of text, for the screen and for batch mode: 0, 1, ... until false.
 * The first top_head() stay when the rest is paged; the last of them has the
 * titles of the columns.
 */
int top_head(const struct top_view *view);
bool top_line(const struct top_view *view, int n, char *buf, size_t size);
void top_json(const struct top_view *view);

/* The screen: false if this terminal cannot have one */
bool screen_start(bool *utf8);
void screen_show(struct top_view *view);

/* What a key of the terminal means */
enum screen_key {
	SCREEN_NONE, SCREEN_QUIT = 256, SCREEN_NEXT, SCREEN_RESIZE,
	SCREEN_UP, SCREEN_DOWN, SCREEN_PAGE_UP, SCREEN_PAGE_DOWN, SCREEN_HOME, SCREEN_END,
};

/* Waits for a key, at most that long; SCREEN_NONE if there was none, or a letter */
int screen_key(uint64_t ms);

/* Moves the page */
void screen_scroll(struct top_view *view, int key);
void screen_stop(void);

#endif
