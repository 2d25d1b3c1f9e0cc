/* SPDX-License-Identifier: GPL-2.0 */
/* Timelines of the host, as the guest of a QEMU reads them */
#ifndef QEMU_TIME_H
#define QEMU_TIME_H

#include "qemu_state.h"
#include "tl_test.h"

/* By how much a timeline here is set ahead, at most */
#define QEMU_SLEW	(1 * MS)

struct qemu_reading {
	u64 counter, low, high, step;
	__int128 ns;
	u32 status;
	int ret;
};

struct qemu_reading qemu_reads(struct qemu *q, u32 guest_id);
/* The offset of the first vCPU's counter */
u64 qemu_tsc_offset(struct qemu *q);
/* One check, of a reading */
struct qemu_reading qemu_agrees(struct qemu *q, int fd, u32 guest_id, u32 id, const char *what);
/* Migrates to another QEMU here, which is the result; one check */
struct qemu *qemu_moves(struct qemu *from, const char *name, const char *before);
/* Entry @i of the pages whose first is the timeline @name: as while the host writes it */
void qemu_unfinished(struct qemu *q, unsigned int i, const char *name);

#endif /* QEMU_TIME_H */
