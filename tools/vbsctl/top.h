/* SPDX-License-Identifier: GPL-2.0 */
/* The model of vbsctl top: what each server did between two readings. */
#ifndef VBSCTL_TOP_H
#define VBSCTL_TOP_H

#include "proc.h"

struct top_row {
	struct vbs_server server;	/* as in the later reading */
	uint64_t ran;			/* ns executed in the interval */
	uint64_t used;			/* ran/interval, in units of 1 << 20 */
	uint64_t misses, overruns, switches;	/* new ones */
	bool known;			/* it was in the earlier reading too */
};

struct top_view {
	struct top_row *row;
	int rows;
	uint64_t interval;		/* ns; 0 in the first view */
	const struct vbs_snapshot *snap;
	char sort;			/* one of the keys of top_sort_keys */
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
void top_free(struct top_view *view);

/* Lines of text, for the screen and for batch mode: 0, 1, ... until false */
bool top_line(const struct top_view *view, int n, char *buf, size_t size);
void top_json(const struct top_view *view);

/* The screen: false if this terminal cannot have one */
bool screen_start(void);
void screen_show(const struct top_view *view);

/* Waits for a key, at most that long; 0 if there was none */
int screen_key(uint64_t ms);
void screen_stop(void);

#endif
