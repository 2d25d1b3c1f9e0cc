/* SPDX-License-Identifier: GPL-2.0 */
/* Timelines and their readings as text and as JSON. */
#ifndef VBSCTL_TIMELINES_TEXT_H
#define VBSCTL_TIMELINES_TEXT_H

#include <linux/timeline.h>

#include "base/format.h"
#include "json_out.h"
#include "timeline/source.h"

const char *timeline_status(unsigned int status);
const char *timeline_type(unsigned int type);
const char *timeline_leap(unsigned int leap);

/* NULL or why it is none */
const char *parse_timeline_type(const char *text, uint32_t *type);
const char *parse_scale(const char *text, enum source_scale *scale);

/* "1ppm", "0.2ppm", "100ppb" */
const char *parse_ppb(const char *text, uint32_t *ppb);

/* 2026-11-21 06:35:01.123456789, or seconds where the type is no calendar's */
struct text fmt_instant(int64_t sec, uint32_t nsec, unsigned int type);

/* "-1.2us +3us", or "no bound" */
struct text fmt_bound(uint64_t low, uint64_t high);

/* How far the period is off nominal, and how fast the bound grows; 0 if never set */
double timeline_offset_ppm(const struct timeline_get *get);
double timeline_growth_ppm(const struct timeline_set *set);

void json_u64(struct json_object *o, const char *key, uint64_t v);
void json_bound(struct json_object *o, const char *key, uint64_t ns);
void json_reading(struct json_object *o, const struct timeline_time *tt);
void json_decimal(struct json_object *o, const char *key, double v, int digits);

#endif
