// SPDX-License-Identifier: GPL-2.0
#include "vbs_fail.h"

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define LIMIT		400	/* allocations of one call, more than any makes */

void need_fail_alloc(void)
{
	if (access(FAIL_NTH, W_OK) || file_write(FAILSLAB "ignore-gfp-wait", "N"))
		t_skip_all("this kernel has no CONFIG_FAILSLAB");
	file_write(FAILSLAB "verbose", "0");	/* each would print its stack */
}

/* Return: whether the call made @n allocations; @err: what it returned */
static bool fail_nth(const struct fail_call *f, unsigned int n, int *err)
{
	char text[16] = "";

	file_write(FAIL_NTH, "%u", n);
	*err = f->call();
	file_read(FAIL_NTH, text, sizeof(text));
	file_write(FAIL_NTH, "%u", 0);
	return !atoi(text);
}

void fail_each(const struct fail_call *f)
{
	unsigned int n = 0, failed = 0, odd = 0, left = 0;
	bool more = true;
	int err;

	while (more && ++n < LIMIT) {
		more = fail_nth(f, n, &err);
		failed += err == -ENOMEM;
		odd += err && err != -ENOMEM && err != -EAGAIN;
		left += !f->back(err);
	}
	t_diag("%s: %u allocations, %u failures of the call", f->what, n - 1, failed);
	t_at_least(failed, f->some, "%s: failures of the call", f->what);
	t_equal(odd, 0, "%s: other errors than ENOMEM", f->what);
	t_equal(left, 0, "%s: times that something was left behind", f->what);
	t_ok(n < LIMIT, "%s: all allocations failed once", f->what);
}
