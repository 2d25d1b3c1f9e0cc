/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Each allocation that a call makes fails once, the first, the second and so on, until
 * the call needs no more.  It then succeeds or says ENOMEM, and has changed nothing.
 */
#ifndef VBS_FAIL_H
#define VBS_FAIL_H

#include "vbs_test.h"

/**
 * struct fail_call - a call whose allocations fail
 * @what: its name
 * @call: 0 or -errno
 * @back: undoes what the call has done, if it has succeeded; is all as before?
 * @some: failures at least, or nothing was tested
 */
struct fail_call {
	const char *what;
	int (*call)(void);
	bool (*back)(int err);
	unsigned int some;
};

void need_fail_alloc(void);
void fail_each(const struct fail_call *f);

#endif /* VBS_FAIL_H */
