/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks in the stream of instructions, for tests/bench/profile.c, which counts what
 * is executed between a beginning and its end. A mark is a no-operation whose operand
 * says what it is: nopl MARK(%rax).
 *
 * A beginning forgets the one before it, if that has had no end; an end without a
 * beginning is none.
 */
#ifndef _TESTS_BENCH_SCHED_MARK_H
#define _TESTS_BENCH_SCHED_MARK_H

#define MARK_MAGIC	0x5b500000
#define MARK_OP(mark)	((mark) & 0xff)
#define MARK_BEGIN	0x100
#define MARK_END	0x200
#define MARK_NEXT	0x400	/* what follows is printed as one more situation */

enum mark_op {
	OP_EMPTY,
	OP_ADMIT_BLOCKED,
	OP_SWITCH_BLOCKED_SAME,
	OP_SWITCH_BLOCKED_NEW,
	OP_LEAVE_BLOCKED,
	OP_ADMIT_READY,
	OP_SWITCH_READY_SAME,
	OP_SWITCH_READY_NEW,
	OP_LEAVE_READY,
	OP_WAKE,
	OP_BLOCK,
	OP_TURN,
	OP_YIELD,
	OP_RENEWAL,
	OP_EXHAUSTION,
	OP_REPLENISHMENT,
	OP_SWITCH_OWN_SAME,
	OP_SWITCH_OWN_NEW,
	OP_PIPE,
	OPS
};

#define mark(what) \
	__asm__ __volatile__("nopl %c0(%%rax)" : : "i"(MARK_MAGIC | (what)) : "memory")
#define mark_begin(op)	mark(MARK_BEGIN | (op))
#define mark_end(op)	mark(MARK_END | (op))

#endif /* _TESTS_BENCH_SCHED_MARK_H */
