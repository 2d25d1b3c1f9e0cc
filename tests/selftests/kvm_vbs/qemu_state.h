/* SPDX-License-Identifier: GPL-2.0 */
/* The state of QEMU's machine, to a disk, to a file and to another QEMU */
#ifndef QEMU_STATE_H
#define QEMU_STATE_H

#include "qemu_vm.h"

/* A disk, of which it has one, for one snapshot: arguments of snapshot-save and -load */
#define QEMU_SNAPSHOT	"'tag': 'one', 'vmstate': 'disk', 'devices': ['disk']"

void qemu_add_disk(struct qemu *q);
void qemu_remove_disk(struct qemu *q);
/* Waits for the job that the command starts; one check */
void qemu_job(struct qemu *q, const char *command, const char *arguments);

/* As qemu_start(); its guest comes from @uri and then runs */
struct qemu *qemu_listens(const char *name, const char *before, const char *more, bool postcopy,
			  const char *uri);
void qemu_postcopy(struct qemu *q, bool may);
void qemu_migrate(struct qemu *q, const char *uri);
/* One check */
void qemu_has_gone(struct qemu *q, const char *what);

#endif /* QEMU_STATE_H */
