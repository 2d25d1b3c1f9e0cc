// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's translator: how many instructions one CPU executes with interrupts
 * off at a stretch, and how many of them in functions of one range of addresses. For
 * each situation (tests/bench/sched/mark.h) a line of JSON: the longest stretch that has
 * any of the range in it, the most of the range in one stretch, and the longest one
 * with none.
 *
 *	-plugin irqsoff.so,out=FILE,from=ADDRESS,to=ADDRESS,entries=FILE
 *
 * ENTRIES has an address a line, at which the CPU has turned interrupts off. A return
 * from an interrupt turns them on: none comes where they are off, but for NMIs, which
 * are not caused here. POPF does neither: the kernel restores flags by STI.
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

#define ENTRIES	512

struct stretch {
	uint64_t from, to;	/* where it began and ended */
	uint64_t n, own;
};

static struct {
	struct stretch longest, own, other;
} most;

static uint64_t executed, own;	/* counted inline */
static struct stretch now;
static bool off;
static unsigned int situation;
static uint64_t first, last;
static uint64_t entry[ENTRIES];
static size_t entries;
static FILE *out;

static void print(const char *name, const struct stretch *s)
{
	fprintf(out, ",\"%s\":{\"from\":\"%" PRIx64 "\",\"to\":\"%" PRIx64 "\",\"instructions\":%" PRIu64 ",\"own\":%" PRIu64 "}",
		name, s->from, s->to, s->n, s->own);
}

static void next_situation(void)
{
	fprintf(out, "{\"situation\":%u", situation++);
	print("longest", &most.longest);
	print("own", &most.own);
	print("other", &most.other);
	fprintf(out, "}\n");
	memset(&most, 0, sizeof(most));
}

static void turns_off(unsigned int cpu, void *at)
{
	(void)cpu;
	if (off)
		return;
	off = true;
	now = (struct stretch) { .from = (uint64_t)at, .n = executed, .own = own };
}

static void turns_on(unsigned int cpu, void *at)
{
	(void)cpu;
	if (!off)
		return;
	off = false;
	now.to = (uint64_t)at;
	now.n = executed - now.n;
	now.own = own - now.own;
	if (!now.own && now.n > most.other.n)
		most.other = now;
	if (now.own && now.n > most.longest.n)
		most.longest = now;
	if (now.own > most.own.own)
		most.own = now;
}

static void on_mark(unsigned int cpu, void *what)
{
	(void)cpu;
	if ((uintptr_t)what & MARK_NEXT)
		next_situation();
}

static bool is_entry(uint64_t at)
{
	for (size_t i = 0; i < entries; i++)
		if (entry[i] == at)
			return true;
	return false;
}

static bool is(const struct qemu_plugin_insn *insn, const char *code)
{
	size_t n = strlen(code);

	return qemu_plugin_insn_size(insn) == n && !memcmp(qemu_plugin_insn_data(insn), code, n);
}

static void look(struct qemu_plugin_insn *insn)
{
	uint64_t at = qemu_plugin_insn_vaddr(insn);
	insn_exec_cb call = NULL;

	if (is(insn, "\xfa") || is_entry(at))
		call = turns_off;
	else if (is(insn, "\xfb") || is(insn, "\x48\xcf") || is(insn, "\x48\x0f\x07"))
		call = turns_on;	/* sti, iretq, sysretq */
	if (call)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, call, QEMU_PLUGIN_CB_NO_REGS, (void *)at);
	qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
	if (at >= first && at < last)
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &own, 1);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t what = mark_of(insn);

		look(insn);
		if (what)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)what);
	}
}

static void at_exit(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	next_situation();
	fclose(out);
}

static bool read_entries(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		return false;
	while (entries < ENTRIES && fscanf(file, "%" SCNx64, &entry[entries]) == 1)
		entries++;
	fclose(file);
	return entries > 0;
}

static bool option(const char *arg)
{
	const char *value = strchr(arg, '=');

	if (!value++)
		return false;
	if (!strncmp(arg, "out=", 4))
		out = fopen(value, "w");
	else if (!strncmp(arg, "from=", 5))
		first = strtoull(value, NULL, 16);
	else if (!strncmp(arg, "to=", 3))
		last = strtoull(value, NULL, 16);
	else
		return !strncmp(arg, "entries=", 8) && read_entries(value);
	return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!option(argv[i])) {
			fprintf(stderr, "irqsoff: %s?\n", argv[i]);
			return -1;
		}
	if (!out || last <= first) {
		fprintf(stderr, "irqsoff: want out=FILE,from=ADDRESS,to=ADDRESS,entries=FILE\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
