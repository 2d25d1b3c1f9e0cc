// SPDX-License-Identifier: GPL-2.0
/* The chart as SVG: a row for each server and for each thread that runs in the window. */
#include <inttypes.h>

#include "base/format.h"
#include "show/gantt.h"
#include "show/utf8.h"

#define WIDTH	1200
#define LEFT	190
#define RIGHT	20
#define TOP	40
#define ROW	26
#define BAR	16

struct sheet {
	const struct gantt *g;
	uint64_t from, to;
	FILE *out;
	int row;
};

static const char *const colours[] = { "#0072b2", "#009e73", "#d55e00", "#7a4fa3", "#b58900", "#56b4e9" };

#define COLOURS	((int)(sizeof(colours) / sizeof(colours[0])))

static double x_of(const struct sheet *s, uint64_t at)
{
	uint64_t in = at < s->from ? s->from : at > s->to ? s->to : at;

	return LEFT + (double)(in - s->from) * (WIDTH - LEFT - RIGHT) / (double)(s->to - s->from);
}

static void print_text(FILE *out, const char *text)
{
	char copy[64];
	const char *c;

	snprintf(copy, sizeof(copy), "%s", text);
	make_utf8(copy);
	for (c = copy; *c; c++) {
		if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '&')
			fputs("&amp;", out);
		else
			fputc((unsigned char)*c < ' ' ? '?' : *c, out);
	}
}

static void label(struct sheet *s, const char *text, const char *more)
{
	fprintf(s->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 8, TOP + s->row * ROW + 14);
	print_text(s->out, text);
	fputs("</text>", s->out);
	if (*more) {
		fputs("<title>", s->out);
		print_text(s->out, more);
		fputs("</title>", s->out);
	}
	fputc('\n', s->out);
}

static bool meets(const struct sheet *s, uint64_t from, uint64_t to)
{
	return to >= s->from && from < s->to;
}

static void bar(struct sheet *s, uint64_t from, uint64_t to, const char *fill, int height)
{
	double x = x_of(s, from), w = x_of(s, to) - x;

	if (meets(s, from, to))
		fprintf(s->out, "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>\n", x,
			TOP + s->row * ROW + (ROW - height) / 2 - 3, w < 0.4 ? 0.4 : w, height, fill);
}

/* Up at a release; down, in red, where a budget ends; a diamond at a switch */
static void draw_mark(struct sheet *s, const struct gantt_mark *m)
{
	static const char *const shapes[] = {
		[MARK_RELEASE] = "<path class=\"r\" d=\"M%.2f %dv-16m-3 5l3 -5l3 5z\"/>\n",
		[MARK_EXHAUST] = "<path class=\"e\" d=\"M%.2f %dv-10h3\"/>\n",
		[MARK_SWITCH] = "<path class=\"s\" d=\"M%.2f %dl4 -6l-4 -6l-4 6z\"/>\n",
	};

	if (meets(s, m->at, m->at))
		fprintf(s->out, shapes[m->kind], x_of(s, m->at), TOP + s->row * ROW + ROW - 5);
}

/* Without budget from its end to the next release */
static void draw_server(struct sheet *s, const struct gantt_server *server)
{
	char name[64], more[96];
	int i;

	snprintf(name, sizeof(name), "server %u, %s", server->id,
		 fmt_resource(server->runtime, server->period).s);
	snprintf(more, sizeof(more), "server %u", server->id);
	label(s, name, more);
	for (i = 0; i < server->marks; i++) {
		if (server->mark[i].kind == MARK_EXHAUST)
			bar(s, server->mark[i].at, i + 1 < server->marks ? server->mark[i + 1].at : s->to,
			    "#e4e7ea", ROW - 8);
	}
	for (i = 0; i < server->marks; i++)
		draw_mark(s, &server->mark[i]);
	s->row++;
}

static bool runs_in(const struct sheet *s, const struct gantt_thread *t)
{
	int i;

	for (i = 0; i < t->runs; i++) {
		if (meets(s, t->run[i].from, t->run[i].to))
			return true;
	}
	return false;
}

static void draw_thread(struct sheet *s, const struct gantt_thread *t)
{
	char name[64];
	int i;

	snprintf(name, sizeof(name), "%s %d", t->comm, (int)t->tid);
	label(s, name, "");
	for (i = 0; i < t->runs; i++)
		bar(s, t->run[i].from, t->running && i == t->runs - 1 ? s->to : t->run[i].to,
		    colours[t->run[i].cpu % COLOURS], BAR);
	s->row++;
}

/* A line each tenth, with the time since the first event of the trace */
static void draw_axis(struct sheet *s, int rows)
{
	uint64_t at;
	int i;

	for (i = 0; i <= 10; i++) {
		at = s->from + (s->to - s->from) / 10 * i;
		fprintf(s->out, "<path class=\"g\" d=\"M%.2f %dV%d\"/><text x=\"%.2f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			x_of(s, at), TOP - 6, TOP + rows * ROW, x_of(s, at), TOP - 12,
			fmt_short(at - s->g->first).s);
	}
}

static int count_rows(const struct sheet *s)
{
	int i, n = s->g->servers;

	for (i = 0; i < s->g->threads; i++)
		n += runs_in(s, &s->g->thread[i]);
	return n;
}

static void draw_cpus(struct sheet *s, int rows)
{
	int cpu, used = 0, i, j;
	bool seen;

	for (cpu = 0; cpu < 8192 && used < 16; cpu++) {
		seen = false;
		for (i = 0; i < s->g->threads; i++) {
			for (j = 0; j < s->g->thread[i].runs && !seen; j++)
				seen = s->g->thread[i].run[j].cpu == cpu;
		}
		if (seen)
			fprintf(s->out, "<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">CPU %d</text>\n",
				LEFT + used * 66, TOP + rows * ROW + 8, colours[cpu % COLOURS],
				LEFT + used * 66 + 14, TOP + rows * ROW + 17, cpu);
		used += seen;
	}
}

void gantt_draw(const struct gantt *g, uint64_t from, uint64_t length, FILE *to)
{
	struct sheet s = { g, from, from + (length ? length : 1), to, 0 };
	int i, rows = count_rows(&s);

	fprintf(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\">\n",
		WIDTH, TOP + rows * ROW + 30, WIDTH, TOP + rows * ROW + 30);
	fputs("<title>Schedule: arrows are releases, red ends of budgets, grey without budget</title>\n"
	      "<style>.g{stroke:#d0d7de}.r{stroke:#1a7f37;fill:#1a7f37}.e{stroke:#cf222e;fill:none}.s{fill:#8250df}</style>\n"
	      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", to);
	draw_axis(&s, rows);
	for (i = 0; i < g->servers; i++)
		draw_server(&s, &g->server[i]);
	for (i = 0; i < g->threads; i++) {
		if (runs_in(&s, &g->thread[i]))
			draw_thread(&s, &g->thread[i]);
	}
	draw_cpus(&s, rows);
	fputs("</svg>\n", to);
}
