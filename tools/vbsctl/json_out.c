// SPDX-License-Identifier: GPL-2.0
/* What every command needs to print JSON. */
#include <stdio.h>

#include <linux/sched/vbs.h>

#include "base/format.h"
#include "command.h"
#include "json_out.h"

struct json_object *json_list(const char *name, struct json_object *array)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "format", JSON_FORMAT);
	if (name)
		json_object_object_add(o, name, array);
	return o;
}

void json_num(struct json_object *o, const char *key, int64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

void json_big(struct json_object *o, const char *key, u128 v)
{
	json_object_object_add(o, key, v > INT64_MAX ? NULL : json_object_new_int64(v));
}

void json_str(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, json_object_new_string(s));
}

void json_flag(struct json_object *o, const char *key, int v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

void json_bw(struct json_object *o, const char *key, uint64_t bw)
{
	struct text percent = fmt_percent(bw, VBS_BW_UNIT, 4, ROUND_NEAREST);
	char name[64];

	json_num(o, key, bw);
	snprintf(name, sizeof(name), "%s_percent", key);
	json_object_object_add(o, name, json_object_new_double_s(0, percent.s));
}

static void print_as(struct json_object *o, int flags)
{
	puts(json_object_to_json_string_ext(o, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

void json_print(struct json_object *o)
{
	print_as(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void json_print_line(struct json_object *o)
{
	print_as(o, JSON_C_TO_STRING_SPACED);
	fflush(stdout);
}
