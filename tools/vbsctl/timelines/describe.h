/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_TIMELINES_DESCRIBE_H
#define VBSCTL_TIMELINES_DESCRIBE_H

#include "json_out.h"
#include "timeline/dev.h"

const char *timeline_counter(unsigned int id);

/* A reading; one without a bound if there is none */
void timeline_now(const struct timeline_get *get, struct timeline_time *tt);

struct json_object *json_timeline(const struct timeline_get *get);

#endif
