// SPDX-License-Identifier: GPL-2.0
/*
 * A drawing of a trace: the bound as a band, the error inside of it, and the error of
 * another clock; times in ns over s.  The scale is linear up to LINEAR and
 * logarithmic beyond it, so that bursts fit.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "timeline/tests/plot.h"

#define WIDTH	1000.0
#define HEIGHT	480.0
#define LEFT	80.0
#define RIGHT	20.0
#define TOP	70.0
#define BOTTOM	50.0
#define LINEAR	100.0	/* ns */

struct sheet {
	FILE *f;
	double seconds;
	double top;	/* scale() of the highest value */
};

static double scale(double ns)
{
	double x = fabs(ns) / LINEAR;

	x = x < 1 ? x : 1 + log10(x);
	return ns < 0 ? -x : x;
}

static double x_of(const struct sheet *s, double at)
{
	return LEFT + (WIDTH - LEFT - RIGHT) * at / s->seconds;
}

static double y_of(const struct sheet *s, double ns)
{
	double v = scale(ns) / s->top;

	v = v > 1 ? 1 : v < -1 ? -1 : v;
	return TOP + (HEIGHT - TOP - BOTTOM) * (1 - v) / 2;
}

static void text(const struct sheet *s, double x, double y, const char *anchor, int size,
		 const char *what)
{
	fprintf(s->f, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" text-anchor=\"%s\">%s</text>\n",
		x, y, size, anchor, what);
}

static void grid_line(const struct sheet *s, double ns, const char *label)
{
	double y = y_of(s, ns);

	fprintf(s->f, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" fill=\"none\"/>\n", LEFT, y,
		WIDTH - RIGHT, ns ? "#e4e4e4" : "#909090");
	text(s, LEFT - 6, y + 4, "end", 11, label);
}

static void label_of(double ns, char *label, size_t size)
{
	const char *sign = ns < 0 ? "\342\210\222" : ns > 0 ? "+" : "";

	ns = fabs(ns);
	if (ns >= 1e9)
		snprintf(label, size, "%s%g s", sign, ns / 1e9);
	else if (ns >= 1e6)
		snprintf(label, size, "%s%g ms", sign, ns / 1e6);
	else if (ns >= 1e3)
		snprintf(label, size, "%s%g us", sign, ns / 1e3);
	else
		snprintf(label, size, "%s%g ns", sign, ns);
}

static void draw_axes(const struct sheet *s)
{
	double ns, step;
	char label[64];
	int i;

	grid_line(s, 0, "0");
	for (ns = LINEAR; scale(ns) <= s->top; ns *= 10) {
		label_of(ns, label, sizeof(label));
		grid_line(s, ns, label);
		label_of(-ns, label, sizeof(label));
		grid_line(s, -ns, label);
	}
	step = s->seconds / 8;
	for (i = 0; i <= 8; i++) {
		snprintf(label, sizeof(label), "%.0f", i * step);
		text(s, x_of(s, i * step), HEIGHT - BOTTOM + 18, "middle", 11, label);
	}
	text(s, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "middle", 12, "seconds");
}

/* The least of b's low side and the most of its high side, and back */
static void draw_band(const struct sheet *s, const struct score *score)
{
	const struct reading *r = score->reading;
	int i, n = score->readings;

	fputs("<path fill=\"#cfe3f7\" stroke=\"#8fb8de\" stroke-width=\"0.5\" d=\"", s->f);
	/* The truth's bound seen from the truth: error - high ... error + low is where 0 lies */
	for (i = 0; i < n; i++)
		fprintf(s->f, "%c%.1f %.1f", i ? 'L' : 'M', x_of(s, r[i].at), y_of(s, r[i].low));
	for (i = n - 1; i >= 0; i--)
		fprintf(s->f, "L%.1f %.1f", x_of(s, r[i].at), y_of(s, -r[i].high));
	fputs("Z\"/>\n", s->f);
}

static void draw_errors(const struct sheet *s, const struct score *score, const char *colour)
{
	const struct reading *r = score->reading;
	int i;

	fprintf(s->f, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"0.8\" d=\"", colour);
	for (i = 0; i < score->readings; i++)
		fprintf(s->f, "%c%.1f %.1f", i ? 'L' : 'M', x_of(s, r[i].at), y_of(s, r[i].error));
	fputs("\"/>\n", s->f);
}

static void draw_key(const struct sheet *s, double x, const char *colour, const char *what)
{
	fprintf(s->f, "<rect x=\"%.1f\" y=\"46\" width=\"14\" height=\"10\" fill=\"%s\"/>\n", x,
		colour);
	text(s, x + 20, 55, "start", 12, what);
}

static void draw(const struct sheet *s, const struct plot *plot)
{
	char title[200], other[80];

	fprintf(s->f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" fill=\"#202020\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	snprintf(title, sizeof(title), "Error against bound: %s (%s)", plot->name, plot->what);
	snprintf(other, sizeof(other), "error of %s", plot->whose);
	text(s, LEFT, 28, "start", 16, title);
	draw_key(s, LEFT, "#cfe3f7", "bound of the feed-forward clock");
	draw_key(s, LEFT + 250, "#d9822b", other);
	draw_key(s, LEFT + 440, "#1f5fa8", "error of the feed-forward clock");
	draw_band(s, plot->ours);
	draw_axes(s);
	draw_errors(s, plot->other, "#d9822b");
	draw_errors(s, plot->ours, "#1f5fa8");
	fputs("</svg>\n", s->f);
}

/* The 99.5th percentile of what is drawn, roughly: a few extremes are cut off */
static double highest(const struct score *score)
{
	double most = LINEAR, limit = 50 * score->median_width;
	int i;

	for (i = 5; i < score->readings; i++) {
		const struct reading *r = &score->reading[i];

		most = fmax(most, fmin(limit, fmax(r->low, r->high)));
	}
	return most;
}

bool plot_scores(const char *directory, const struct plot *plot)
{
	struct sheet s = { .seconds = plot->seconds, .top = scale(highest(plot->ours)) };
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.svg", directory, plot->file);
	s.f = fopen(path, "w");
	if (!s.f) {
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
		return false;
	}
	draw(&s, plot);
	return !fclose(s.f);
}
