/* SPDX-License-Identifier: GPL-2.0 */
/* A file that is complete at any time, in a directory that others may write to. */
#ifndef VBSCTL_NEW_FILE_H
#define VBSCTL_NEW_FILE_H

#include <stdio.h>

struct new_file {
	FILE *to;
	const char *file;
	char temp[4096];	/* its name until it is complete, or "" */
};

/* 0 or an exit code, message printed */
int new_file_begin(struct new_file *n, const char *file);
/* It takes the place of what bore its name, a link too.  If that cannot be, nothing is left of it */
int new_file_end(struct new_file *n);

#endif
