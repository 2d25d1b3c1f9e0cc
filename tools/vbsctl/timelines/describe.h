/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_TIMELINES_DESCRIBE_H
#define VBSCTL_TIMELINES_DESCRIBE_H

#include "json_out.h"
#include "timeline/dev.h"
#include "timeline/tracking.h"

const char *timeline_counter(unsigned int id);

/* A reading; one without a bound if there is none */
void timeline_now(const struct timeline_get *get, struct timeline_time *tt);

/* Since it was set last, as of a reading: ns */
uint64_t timeline_age(const struct timeline_get *get, const struct timeline_time *tt);

/* What is left of its slew as of a reading, in ns of time, without its sign; 0 if none is */
uint64_t timeline_slewing(const struct timeline_get *get, const struct timeline_time *tt);

/* Whether a synchroniser of this timeline has left word */
bool timeline_tracked(const struct timeline_get *get, struct tracking *t);

/* Calls for each timeline there is: 0 or an exit code, message printed */
int each_timeline(int fd, void (*call)(const struct timeline_get *, void *), void *arg);

/* "/dev/ptp0", the PTP clock that a timeline is, too; "" if it is none */
struct text timeline_phc(unsigned int id, unsigned int flags);
void json_phc(struct json_object *o, unsigned int id, unsigned int flags);

struct json_object *json_timeline(const struct timeline_get *get);

#endif
