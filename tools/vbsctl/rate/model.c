// SPDX-License-Identifier: GPL-2.0
/* The file of a calibration. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json_out.h"
#include "rate/model.h"
#include "show/utf8.h"

#define SAMPLES_MOST	100000
#define SIZE_MOST	(1ULL << 40)
#define TIME_MOST	(1ULL << 42)	/* ns, more than an hour */
#define WHOLE		(1 << 20)

const char *model_unit_check(const char *unit)
{
	if (!*unit || strspn(unit, "abcdefghijklmnopqrstuvwxyz") != strlen(unit))
		return "it is a word of small letters, as in byte or operation";
	return strlen(unit) < UNIT_LEN ? NULL : "it is too long";
}

bool model_add(struct rate_model *m, const struct rate_sample *run)
{
	struct rate_samples *s = &m->samples;
	struct rate_sample *more = s->sample;

	if (!(s->samples & (s->samples - 1)))	/* a power of two, or 0: full */
		more = realloc(more, (s->samples ? s->samples * 2 : 1) * sizeof(*more));
	if (!more)
		return false;
	s->sample = more;
	more[s->samples++] = *run;
	return true;
}

void model_free(struct rate_model *m)
{
	free(m->command);
	free(m->samples.sample);
	memset(m, 0, sizeof(*m));
}

static struct json_object *json_sample(const struct rate_sample *run)
{
	struct json_object *o = json_object_new_object();

	json_str(o, "state", rate_state_name(run->state));
	json_num(o, "share", run->share);
	json_num(o, "size", run->size);
	json_num(o, "cpu_ns", run->cpu);
	json_num(o, "took_ns", run->took);
	json_num(o, "waited_ns", run->waited);
	json_num(o, "uncharged_ns", run->other);
	return o;
}

static void json_fit(const struct rate_model *m, struct json_object *o)
{
	const struct rate_fit *f = &m->fit;
	char why[320];

	json_flag(o, "linear", f->verdict == RATE_LINEAR);
	json_str(o, "verdict", rate_verdict_name(f->verdict));
	model_refusal(m, why, sizeof(why));
	json_str(o, "why", why);
	json_num(o, "start_ns", f->line.start);
	json_num(o, "per_unit_fs", f->line.per_unit);
	json_num(o, "least_size", f->least);
	json_num(o, "most_size", f->most);
	json_bw(o, "above_mean", f->above);
	json_bw(o, "states_apart", f->by_state.by);
	json_bw(o, "shares_apart", f->by_share.by);
	json_bw(o, "waited", f->waited);
	json_bw(o, "uncharged", f->uncharged);
}

struct json_object *model_json(const struct rate_model *m)
{
	struct json_object *samples = json_object_new_array(), *o = json_list("samples", samples);
	int i;

	json_str(o, "command", m->command);
	json_str(o, "unit", m->unit);
	json_bw(o, "tolerance", m->samples.tolerance);
	json_flag(o, "uncharged_accepted", m->samples.uncharged);
	json_num(o, "background_ns_per_s", m->samples.background);
	json_num(o, "rounding_ns", m->samples.rounding);
	json_fit(m, o);
	for (i = 0; i < m->samples.samples; i++)
		json_object_array_add(samples, json_sample(&m->samples.sample[i]));
	return o;
}

int model_write(const struct rate_model *m, const char *file)
{
	struct json_object *o = model_json(m);
	int failed = json_object_to_file_ext(file, o, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_PRETTY |
					     JSON_C_TO_STRING_NOSLASHESCAPE);

	json_object_put(o);
	return failed ? failure(VC_FAIL, "cannot write %s: %s", file, strerror(errno)) : VC_OK;
}

/* A number from @least to @most */
static bool take(struct json_object *o, const char *key, uint64_t least, uint64_t most, uint64_t *value)
{
	struct json_object *v;
	int64_t n;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_int))
		return false;
	n = json_object_get_int64(v);
	*value = n;
	return n >= 0 && *value >= least && *value <= most;
}

/* 0 where there is none */
static bool take_or_0(struct json_object *o, const char *key, uint64_t *value)
{
	*value = 0;
	return !json_object_object_get_ex(o, key, NULL) || take(o, key, 0, TIME_MOST, value);
}

static const char *word(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string) ?
	       json_object_get_string(v) : "";
}

static bool read_sample(struct rate_model *m, struct json_object *o)
{
	struct rate_sample run;
	uint64_t share = 0;
	bool good = !rate_state_parse(word(o, "state"), &run.state);

	good = good && take(o, "share", 1, WHOLE, &share) && take(o, "size", 1, SIZE_MOST, &run.size);
	good = good && take(o, "cpu_ns", 1, TIME_MOST, &run.cpu) && take(o, "took_ns", 1, TIME_MOST, &run.took);
	good = good && take(o, "waited_ns", 0, TIME_MOST, &run.waited);
	good = good && take(o, "uncharged_ns", 0, TIME_MOST, &run.other);
	run.share = share;
	return good && model_add(m, &run);
}

/* NULL, or what is wrong */
static const char *read_object(struct rate_model *m, struct json_object *o)
{
	struct json_object *samples, *accepted;
	uint64_t format, tolerance;
	size_t i;

	if (!take(o, "format", JSON_FORMAT, JSON_FORMAT, &format))
		return "it has no \"format\" of 1";
	m->command = strdup(word(o, "command"));
	if (m->command)
		make_printable(m->command);
	snprintf(m->unit, sizeof(m->unit), "%s", word(o, "unit"));
	if (!m->command || model_unit_check(m->unit))
		return "it has no \"unit\"";
	if (!take(o, "tolerance", 1, WHOLE, &tolerance))
		return "its \"tolerance\" is not from 1 to 1048576";
	m->samples.tolerance = tolerance;
	m->samples.uncharged = json_object_object_get_ex(o, "uncharged_accepted", &accepted) &&
			       json_object_get_boolean(accepted);
	if (!take_or_0(o, "background_ns_per_s", &m->samples.background) ||
	    !take_or_0(o, "rounding_ns", &m->samples.rounding))
		return "its \"background_ns_per_s\" or \"rounding_ns\" is out of range";
	if (!json_object_object_get_ex(o, "samples", &samples) || !json_object_is_type(samples, json_type_array) ||
	    !json_object_array_length(samples) || json_object_array_length(samples) > SAMPLES_MOST)
		return "it has no \"samples\"";
	for (i = 0; i < json_object_array_length(samples); i++) {
		if (!read_sample(m, json_object_array_get_idx(samples, i)))
			return "one of its \"samples\" has a number that is missing or out of range";
	}
	return NULL;
}

int model_read(struct rate_model *m, const char *file)
{
	struct json_object *o;
	const char *why;

	memset(m, 0, sizeof(*m));
	errno = 0;
	o = json_object_from_file(file);
	if (!o && errno)
		return failure(VC_FAIL, "cannot read %s: %s", file, strerror(errno));
	why = o ? read_object(m, o) : "it is not JSON";
	json_object_put(o);
	if (why) {
		model_free(m);
		return failure(VC_FAIL, "%s is no model of vbsctl calibrate: %s", file, why);
	}
	rate_fit(&m->samples, &m->fit);
	return VC_OK;
}
