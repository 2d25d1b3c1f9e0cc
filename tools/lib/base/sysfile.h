/* SPDX-License-Identifier: GPL-2.0 */
/* Small files of /proc and /sys, under another root if VBSCTL_ROOT says so. */
#ifndef LIB_BASE_SYSFILE_H
#define LIB_BASE_SYSFILE_H

#include <stdint.h>

/* The path as opened, in a buffer of the calling thread */
const char *sys_path(const char *path);

/* The whole file, to be freed; NULL with errno set */
char *sys_read(const char *path);

/* A file that holds one number; -1 with errno set */
int sys_number(const char *path, int64_t *value);

#endif
