/* SPDX-License-Identifier: GPL-2.0 */
/* The vDSO without the dynamic linker, so that static programs have it, too. */
#ifndef CLIENT_VDSO_H
#define CLIENT_VDSO_H

#include <linux/timeline.h>

typedef int vdso_gettime_fn(unsigned int id, struct timeline_time *tt);

/* __vdso_timeline_gettime(), or NULL */
vdso_gettime_fn *vdso_find_gettime(void);

/* A function of an ELF image as the kernel maps it, or NULL; for tests */
const void *vdso_find(const void *image, const char *name);

#endif
