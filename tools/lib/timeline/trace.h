/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Traces of (counter, reference) as text, to replay them:
 *
 *	timeline-trace 1 HZ
 *	BEFORE AFTER REF_NS ERR_LOW_NS ERR_HIGH_NS [TRUTH_NS]
 *
 * TRUTH_NS, in generated traces, is the true time at the counter value AFTER.
 * Lines that begin with # are comments.
 */
#ifndef LIB_TIMELINE_TRACE_H
#define LIB_TIMELINE_TRACE_H

#include <stdio.h>

#include "timeline/estimate.h"

struct trace_line {
	struct te_sample sample;
	int64_t truth_ns;
	bool has_truth;
};

#define TRACE_TEXT	256

/* NULL or, in a few words, what is wrong; @text is the first line */
const char *trace_read_header(char *text, uint64_t *hz);

/* The next line that says something; *end is set at the end of the file; *number counts lines */
const char *trace_text(FILE *f, char text[TRACE_TEXT], unsigned int *number, bool *end);

/* Parts of a line, which *s goes on behind */
const char *trace_unsigned(char **s, uint64_t *v);
const char *trace_signed(char **s, int64_t *v);
bool trace_ends(const char *s);

const char *trace_read_line(FILE *f, struct trace_line *line, unsigned int *number,
			    bool *end);

void trace_write_header(FILE *f, uint64_t hz);
void trace_write_line(FILE *f, const struct trace_line *line);

#endif
