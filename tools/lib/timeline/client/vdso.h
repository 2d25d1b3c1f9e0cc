/* SPDX-License-Identifier: GPL-2.0 */
/* The vDSO without the dynamic linker, so that static programs have it, too. */
#ifndef CLIENT_VDSO_H
#define CLIENT_VDSO_H

#include <linux/timeline.h>

/* A reading, by the system call where the vDSO has none: 0 or a negative error number */
int vdso_gettime(unsigned int id, struct timeline_time *tt);

/* A function of an ELF image as the kernel maps it, or NULL; for tests */
const void *vdso_find(const void *image, const char *name);

#endif
