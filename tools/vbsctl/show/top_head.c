// SPDX-License-Identifier: GPL-2.0
/* The lines of vbsctl top above the servers: CPUs, sums, titles. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "show/top.h"
#include "show/top_text.h"

#define UNFOLDED	4	/* so many CPUs have a line each */
#define BARS		64	/* CPUs in a line of bars */

bool top_shows_cpu(const struct top_view *view, const struct vbs_cpu *cpu)
{
	return !view->filter || !view->filter->by_cpu ||
	       cpumask_test(&view->filter->cpus, cpu->id);
}

/* The nth CPU that is shown, or NULL */
static const struct vbs_cpu *nth_cpu(const struct top_view *view, int n)
{
	int i;

	for (i = 0; i < view->snap->cpus; i++) {
		if (top_shows_cpu(view, &view->snap->cpu[i]) && !n--)
			return &view->snap->cpu[i];
	}
	return NULL;
}

static int count_cpus(const struct top_view *view)
{
	int i, n = 0;

	for (i = 0; i < view->snap->cpus; i++)
		n += top_shows_cpu(view, &view->snap->cpu[i]);
	return n;
}

static int cpu_lines(const struct top_view *view)
{
	int n = count_cpus(view);

	return n <= UNFOLDED ? n : 1 + (n + BARS - 1) / BARS;
}

static void cpu_line(const struct vbs_cpu *cpu, char *buf, size_t size)
{
	if (!cpu->online)
		snprintf(buf, size, "CPU %d: offline", cpu->id);
	else
		snprintf(buf, size, "CPU %d: booked %s of %s, spare %s, %u server%s", cpu->id,
			 fmt_bw(cpu->booked).s, fmt_bw(cpu->capacity).s, fmt_bw(cpu->spare).s,
			 cpu->servers, cpu->servers == 1 ? "" : "s");
}

/* What all CPUs together have booked, and which of them most and least */
static void sum_line(const struct top_view *view, char *buf, size_t size)
{
	const struct vbs_cpu *cpu, *most = NULL, *least = NULL;
	uint64_t booked = 0, capacity = 0;
	int n, online = 0;

	for (n = 0; (cpu = nth_cpu(view, n)); n++) {
		if (!cpu->online)
			continue;
		online++;
		booked += cpu->booked;
		capacity += cpu->capacity;
		if (!most || cpu->booked > most->booked)
			most = cpu;
		if (!least || cpu->booked < least->booked)
			least = cpu;
	}
	if (!most)
		snprintf(buf, size, "%d CPUs, none online", n);
	else
		snprintf(buf, size, "%d CPUs, %d online, booked %s of %s: most %s on %d, least %s on %d",
			 n, online, fmt_bw(booked).s, fmt_bw(capacity).s, fmt_bw(most->booked).s,
			 most->id, fmt_bw(least->booked).s, least->id);
}

/* One character for each CPU: booked of capacity */
static void bar_line(const struct top_view *view, int line, char *buf, size_t size)
{
	const struct vbs_cpu *cpu = nth_cpu(view, line * BARS);
	int i, used = snprintf(buf, size, "%4d ", cpu->id);

	for (i = 0; i < BARS && cpu; i++) {
		used += snprintf(buf + used, size - used, "%s", !cpu->online ? "x" :
				 level_mark(level_of(cpu->booked, cpu->capacity), view->utf8));
		cpu = nth_cpu(view, line * BARS + i + 1);
	}
}

static void servers_line(const struct top_view *view, char *buf, size_t size)
{
	uint32_t hidden = vbs_hidden_servers(view->snap);
	const struct top_row *worst = NULL;
	uint64_t misses = 0;
	int i, used, beyond = 0;

	for (i = 0; i < view->rows; i++) {
		const struct top_row *row = &view->row[i];

		misses += row->misses;
		beyond += row->server.overrun_worst > view->threshold;
		if (!worst || row->server.overrun_worst > worst->server.overrun_worst)
			worst = row;
	}
	used = snprintf(buf, size, "%d", view->rows);
	if (view->rows != view->snap->servers)
		used += snprintf(buf + used, size - used, " of %d", view->snap->servers);
	used += snprintf(buf + used, size - used, " servers");
	if (hidden)
		used += snprintf(buf + used, size - used, " (%u hidden)", hidden);
	used += snprintf(buf + used, size - used, ", +%" PRIu64 " misses", misses);
	if (beyond)
		snprintf(buf + used, size - used, "; %d overran by more than %s, worst %s: %u",
			 beyond, fmt_time(view->threshold).s,
			 fmt_short(worst->server.overrun_worst).s, worst->server.id);
}

int top_head(const struct top_view *view)
{
	return cpu_lines(view) + 2;
}

void top_head_line(const struct top_view *view, int n, char *buf, size_t size)
{
	int lines = cpu_lines(view);

	if (n == lines)
		servers_line(view, buf, size);
	else if (n > lines)
		row_titles(buf, size);
	else if (count_cpus(view) <= UNFOLDED)
		cpu_line(nth_cpu(view, n), buf, size);
	else if (!n)
		sum_line(view, buf, size);
	else
		bar_line(view, n - 1, buf, size);
}
