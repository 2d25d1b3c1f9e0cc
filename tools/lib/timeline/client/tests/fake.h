/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel of the tests' own: a page of timelines, a counter, a file.  Timers run on
 * CLOCK_MONOTONIC, whatever the page says.
 */
#ifndef TIMELINE_FAKE_H
#define TIMELINE_FAKE_H

#include <linux/timeline.h>

extern struct timeline_entry fake_page[TIMELINE_MAX_IDS];
extern char fake_names[TIMELINE_MAX_IDS][TIMELINE_NAME_LEN];
extern __u64 fake_counter;
extern void (*fake_in_gettime)(void);	/* called between a reading and its return, once */
extern __thread unsigned int fake_bound;
extern int fake_bind_error;		/* of TIMELINE_BIND: a negative error number */
extern int fake_opens;			/* files that were opened */

void fake_reset(void);
/* A timeline at 10^9 Hz that shows 'ns', -20 ns +30 ns, good to 1 ppm */
void fake_create(unsigned int id, const char *name);
void fake_set(unsigned int id, __u64 ns);
void fake_destroy(unsigned int id);
/* To the file that was opened last: an event */
void fake_event(__u32 type);

#endif
