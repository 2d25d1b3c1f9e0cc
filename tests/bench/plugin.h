/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Of the interface of QEMU's translator to plugins, version 1 (QEMU 4.2 to 8.1), what
 * is used here; and the marks of sched/mark.h in what is translated.
 */
#ifndef _TESTS_BENCH_PLUGIN_H
#define _TESTS_BENCH_PLUGIN_H

#include <stdint.h>
#include <string.h>

#include "sched/mark.h"

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum { QEMU_PLUGIN_CB_NO_REGS };
enum { QEMU_PLUGIN_INLINE_ADD_U64 };

typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*insn_exec_cb)(unsigned int cpu, void *data);
typedef void (*atexit_cb)(qemu_plugin_id_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, insn_exec_cb cb,
					    int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
						void *number, uint64_t add);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, atexit_cb cb, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#define EXPORT	__attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
			       char **argv);

/* Return: what is marked, or 0 */
static inline uint32_t mark_of(const struct qemu_plugin_insn *insn)
{
	static const unsigned char nopl[] = { 0x0f, 0x1f, 0x80 };
	const char *code = qemu_plugin_insn_data(insn);
	uint32_t what;

	if (qemu_plugin_insn_size(insn) != sizeof(nopl) + sizeof(what) ||
	    memcmp(code, nopl, sizeof(nopl)))
		return 0;
	memcpy(&what, code + sizeof(nopl), sizeof(what));
	return (what & 0xffff0000) == MARK_MAGIC && MARK_OP(what) < OPS ? what : 0;
}

#endif /* _TESTS_BENCH_PLUGIN_H */
