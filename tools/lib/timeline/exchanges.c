// SPDX-License-Identifier: GPL-2.0
/* Reading and writing exchanges. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "timeline/exchanges.h"
#include "timeline/servers.h"
#include "timeline/trace.h"

#define HEAD	"timeline-exchanges 1 "

bool exchanges_begin(const char *text)
{
	return !strncmp(text, HEAD, strlen(HEAD));
}

static const char *up_to(char **s, uint64_t most, uint64_t *v)
{
	const char *why = trace_unsigned(s, v);

	return why ? why : *v > most ? "a number is too large" : NULL;
}

const char *exchanges_read_head(char *text, struct exchanges_head *head)
{
	char *s = text + strlen(HEAD);
	uint64_t servers = 0, faulty = 0;
	const char *why = trace_unsigned(&s, &head->hz);

	if (!why)
		why = up_to(&s, TS_SERVERS, &servers);
	if (!why)
		why = up_to(&s, TS_SERVERS, &faulty);
	if (!why)
		why = trace_signed(&s, &head->pivot);
	if (!why && llabs(head->pivot) > NTP_PIVOT_MAX)
		why = "the time is too far from 1970";
	head->servers = servers;
	head->faulty = faulty;
	return why;
}

/* The fields that have less than 64 bits; precision may be negative */
static const char *parse_small(char **s, struct ntp_exchange *x)
{
	uint64_t delay = 0, dispersion = 0, leap = 0, stratum = 0;
	int64_t precision = 0;
	const char *why = up_to(s, UINT32_MAX, &delay);

	if (!why)
		why = up_to(s, UINT32_MAX, &dispersion);
	if (!why)
		why = trace_signed(s, &precision);
	if (!why && (precision < INT8_MIN || precision > INT8_MAX))
		why = "a precision is out of range";
	if (!why)
		why = up_to(s, NTP_LEAP_UNKNOWN, &leap);
	if (!why)
		why = up_to(s, UINT8_MAX, &stratum);
	x->root_delay = delay;
	x->root_dispersion = dispersion;
	x->precision = precision;
	x->leap = leap;
	x->stratum = stratum;
	return why;
}

static const char *parse(char *s, const struct exchanges_head *head, struct exchanges_line *line)
{
	struct ntp_exchange *x = &line->x;
	uint64_t *const times[] = { &line->sent, &line->got, &x->before, &x->after, &x->receive,
				    &x->transmit };
	uint64_t server = 0;
	const char *why = up_to(&s, head->servers - 1, &server);
	size_t i;

	for (i = 0; !why && i < sizeof(times) / sizeof(times[0]); i++)
		why = trace_unsigned(&s, times[i]);
	if (!why)
		why = parse_small(&s, x);
	line->server = server;
	x->has_truth = !why && !trace_ends(s);
	if (x->has_truth)
		why = trace_signed(&s, &x->truth_ns);
	return why ? why : trace_ends(s) ? NULL : "there is something after the last number";
}

const char *exchanges_read_line(FILE *f, const struct exchanges_head *head,
				struct exchanges_line *line, unsigned int *number, bool *end)
{
	char text[TRACE_TEXT];
	const char *why = trace_text(f, text, number, end);

	return why || *end ? why : parse(text, head, line);
}

void exchanges_write_head(FILE *f, const struct exchanges_head *head)
{
	fprintf(f, HEAD "%" PRIu64 " %d %d %" PRId64 "\n", head->hz, head->servers, head->faulty,
		head->pivot);
}

void exchanges_write_line(FILE *f, const struct exchanges_line *line)
{
	const struct ntp_exchange *x = &line->x;

	fprintf(f, "%d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
		line->server, line->sent, line->got, x->before, x->after, x->receive, x->transmit);
	fprintf(f, " %" PRIu32 " %" PRIu32 " %d %d %d", x->root_delay, x->root_dispersion,
		x->precision, x->leap, x->stratum);
	if (x->has_truth)
		fprintf(f, " %" PRId64, x->truth_ns);
	fputc('\n', f);
}
