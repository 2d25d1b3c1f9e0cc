// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's translator: what is executed between the marks of
 * tests/bench/sched/mark.h. Of each operation it keeps all samples and writes the
 * one of median length, as a line of JSON: the situation (how many MARK_NEXT there
 * were), the operation, the number of samples, the instructions, and their
 * addresses in order, as runs [ "address of the first", number ].
 *
 *	-plugin profile.so,out=FILE
 *
 * For the plugin interface of version 1 (QEMU 4.2 to 8.1).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"
#include "sched/mark.h"

/* ---- samples ------------------------------------------------------------ */

#define LONGEST	(1 << 16)	/* instructions; what is longer is no sample */
#define SAMPLES	1000

struct sample {
	uint64_t *at;
	uint32_t n;
};

/* One operation: the sample that is being taken, and those that were */
struct window {
	bool open;
	uint32_t n;
	uint64_t at[LONGEST];
	struct sample sample[SAMPLES];
	uint32_t samples;
};

static struct window window[OPS];
static unsigned int nr_open, situation;
static FILE *out;

static void set_open(struct window *w, bool open)
{
	nr_open += open - w->open;
	w->open = open;
	w->n = 0;
}

static void keep(struct window *w)
{
	struct sample *s = &w->sample[w->samples];

	if (!w->open || w->samples == SAMPLES)
		return;
	s->n = w->n;
	s->at = malloc(w->n * sizeof(*s->at) + 1);
	if (!s->at)
		abort();
	memcpy(s->at, w->at, w->n * sizeof(*s->at));
	w->samples++;
}

static int by_length(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->n > y->n) - (x->n < y->n);
}

static void write_runs(const struct sample *s)
{
	uint32_t i, n;

	for (i = 0; i < s->n; i += n) {
		for (n = 1; i + n < s->n && s->at[i + n] - s->at[i + n - 1] - 1 < 15; n++)
			;
		fprintf(out, "%s[\"%" PRIx64 "\",%u]", i ? "," : "", s->at[i], n);
	}
}

static void write_op(int op)
{
	struct window *w = &window[op];
	uint32_t i;

	set_open(w, false);
	if (!w->samples)
		return;
	qsort(w->sample, w->samples, sizeof(w->sample[0]), by_length);
	fprintf(out, "{\"situation\":%u,\"op\":%d,\"samples\":%u,\"instructions\":%u,\"runs\":[",
		situation, op, w->samples, w->sample[w->samples / 2].n);
	write_runs(&w->sample[w->samples / 2]);
	fprintf(out, "]}\n");
	for (i = 0; i < w->samples; i++)
		free(w->sample[i].at);
	w->samples = 0;
}

static void next_situation(void)
{
	for (int op = 0; op < OPS; op++)
		write_op(op);
	situation++;
}

/* ---- execution ---------------------------------------------------------- */

static void on_insn(unsigned int cpu, void *data)
{
	(void)cpu;
	if (!nr_open)
		return;
	for (struct window *w = window; w < window + OPS; w++) {
		if (!w->open)
			continue;
		w->at[w->n++] = (uint64_t)data;
		if (w->n == LONGEST)
			set_open(w, false);
	}
}

static void on_mark(unsigned int cpu, void *data)
{
	uint32_t what = (uintptr_t)data;
	struct window *w = &window[MARK_OP(what)];

	(void)cpu;
	if (what & MARK_NEXT) {
		next_situation();
	} else if (what & MARK_BEGIN) {
		set_open(w, true);
	} else {
		keep(w);
		set_open(w, false);
	}
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t what = mark_of(insn);

		if (what)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)what);
		else
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, QEMU_PLUGIN_CB_NO_REGS,
							       (void *)qemu_plugin_insn_vaddr(insn));
	}
}

static void at_exit(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	next_situation();
	fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "profile: want out=FILE\n");
		return -1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		perror(argv[0] + 4);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
