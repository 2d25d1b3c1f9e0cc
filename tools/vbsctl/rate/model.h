/* SPDX-License-Identifier: GPL-2.0 */
/* What a calibration has found, as a file and in words. */
#ifndef VBSCTL_RATE_MODEL_H
#define VBSCTL_RATE_MODEL_H

#include "base/format.h"
#include "vbs/rate.h"

#define UNIT_LEN	24

struct rate_model {
	char *command;		/* its words */
	char unit[UNIT_LEN];	/* "byte" */
	struct rate_samples samples;
	struct rate_fit fit;	/* follows from the samples */
};

/* 0 or an exit code, message printed; a file holds all samples, and reading it fits them again */
int model_write(const struct rate_model *m, const char *file);
int model_read(struct rate_model *m, const char *file);
void model_free(struct rate_model *m);

struct json_object;
struct json_object *model_json(const struct rate_model *m);

/* One more sample; false without memory */
bool model_add(struct rate_model *m, const struct rate_sample *run);

/* Why nothing is promised, in words */
void model_refusal(const struct rate_model *m, char *why, size_t size);

/* NULL, or why that is no unit */
const char *model_unit_check(const char *unit);

/* "16M", "2500": powers of 1024 where it is a multiple of one */
struct text fmt_units(uint64_t units);
/* "5.31ns" */
struct text fmt_fs(uint64_t fs);
/* "12.5 %" of 1 << 20 */
struct text fmt_part(uint32_t part);

#endif
