// SPDX-License-Identifier: GPL-2.0
/* Reading and writing traces. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "timeline/trace.h"

#define HEADER	"timeline-trace 1 "

const char *trace_unsigned(char **s, uint64_t *v)
{
	char *end;

	while (*s[0] == ' ' || *s[0] == '\t')
		++*s;
	if (!isdigit((unsigned char)**s))
		return "a number is missing";
	errno = 0;
	*v = strtoull(*s, &end, 10);
	if (errno)
		return "a number is too large";
	if (*end && !isspace((unsigned char)*end))
		return "there is something else than numbers";
	*s = end;
	return NULL;
}

const char *trace_signed(char **s, int64_t *v)
{
	const char *why;
	bool minus;
	uint64_t n;

	while (*s[0] == ' ' || *s[0] == '\t')
		++*s;
	minus = **s == '-';
	*s += minus;
	why = trace_unsigned(s, &n);
	if (!why && n > INT64_MAX)
		return "a time is too large";
	if (!why)
		*v = minus ? -(int64_t)n : (int64_t)n;
	return why;
}

bool trace_ends(const char *s)
{
	return !s[strspn(s, " \t\r\n")];
}

const char *trace_read_header(char *text, uint64_t *hz)
{
	char *s = text + strlen(HEADER);

	if (strncmp(text, HEADER, strlen(HEADER)))
		return "it does not begin with 'timeline-trace 1' and the counter's frequency";
	return trace_unsigned(&s, hz);
}

static const char *parse(char *s, struct trace_line *line)
{
	struct te_sample *sample = &line->sample;
	const char *why = trace_unsigned(&s, &sample->before);

	if (!why)
		why = trace_unsigned(&s, &sample->after);
	if (!why)
		why = trace_signed(&s, &sample->ref_ns);
	if (!why)
		why = trace_unsigned(&s, &sample->err_low);
	if (!why)
		why = trace_unsigned(&s, &sample->err_high);
	line->has_truth = !why && !trace_ends(s);
	if (line->has_truth)
		why = trace_signed(&s, &line->truth_ns);
	return why ? why : trace_ends(s) ? NULL : "there is something after the last number";
}

const char *trace_text(FILE *f, char text[TRACE_TEXT], unsigned int *number, bool *end)
{
	do {
		*end = !fgets(text, TRACE_TEXT, f);
		if (*end)
			return ferror(f) ? "it cannot be read" : NULL;
		++*number;
		if (!strchr(text, '\n') && !feof(f))
			return "the line is too long";
	} while (text[0] == '#' || trace_ends(text));
	return NULL;
}

const char *trace_read_line(FILE *f, struct trace_line *line, unsigned int *number,
			    bool *end)
{
	char text[TRACE_TEXT];
	const char *why = trace_text(f, text, number, end);

	return why || *end ? why : parse(text, line);
}

void trace_write_header(FILE *f, uint64_t hz)
{
	fprintf(f, HEADER "%" PRIu64 "\n", hz);
}

void trace_write_line(FILE *f, const struct trace_line *line)
{
	const struct te_sample *s = &line->sample;

	fprintf(f, "%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRIu64 " %" PRIu64, s->before,
		s->after, s->ref_ns, s->err_low, s->err_high);
	if (line->has_truth)
		fprintf(f, " %" PRId64, line->truth_ns);
	fputc('\n', f);
}
