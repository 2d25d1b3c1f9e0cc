/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands print as JSON; the keys are documented in vbsctl(1). */
#ifndef VBSCTL_JSON_OUT_H
#define VBSCTL_JSON_OUT_H

#include <stdint.h>

#include <json-c/json.h>

#include "base/exact.h"

/* { "format": 1 }, and with @name and @array a member of them */
struct json_object *json_list(const char *name, struct json_object *array);

void json_num(struct json_object *o, const char *key, int64_t v);

/* null where 63 bits are not enough: a bound that is cut is none */
void json_big(struct json_object *o, const char *key, u128 v);
void json_str(struct json_object *o, const char *key, const char *s);
void json_flag(struct json_object *o, const char *key, int v);

/* KEY in units of 1 << 20, and KEY_percent as a decimal number */
void json_bw(struct json_object *o, const char *key, uint64_t units);

/* Prints and frees */
void json_print(struct json_object *o);
void json_print_line(struct json_object *o);

#endif
