// SPDX-License-Identifier: GPL-2.0
/*
 * An id in prctl() is 32 bits wide; TIMELINE_NONE and TIMELINE_SELF can also be
 * written as -1 and -2, whatever the width of what they pass through.
 */
#include <sys/syscall.h>
#include "tl_test.h"

static u32 id;

static int set(unsigned long to)
{
	return syscall(SYS_prctl, PR_SET_TIMELINE, to, 0, 0, 0) ? -errno : 0;
}

static int get(void)
{
	long ret = syscall(SYS_prctl, PR_GET_TIMELINE, 0, 0, 0, 0);

	return ret < 0 ? -errno : ret;
}

static int read_by(unsigned long what)
{
	struct timeline_time tt;

	return syscall(SYS_prctl, PR_TIMELINE_GETTIME, what, &tt, 0, 0) ? -errno : 0;
}

static void wide(void)
{
	static const unsigned long high[] = {
		0x100000000UL, 0x7fffffff00000000UL, 0x8000000000000000UL, 0xffffffff00000000UL,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(high); i++) {
		t_equal(read_by(high[i] + id), -EINVAL, "read id + 0x%lx", high[i]);
		t_equal(set(high[i] + id), -EINVAL, "bind to it");
	}
	t_equal(set(0x1ffffffffUL), -EINVAL, "unbind by 0x1ffffffff");
	t_equal(set(0x7fffffffffffffffUL), -EINVAL, "unbind by LONG_MAX");
	t_equal(read_by(0x1fffffffeUL), -EINVAL, "read SELF by 0x1fffffffe");
	t_equal(get(), id, "the binding is what it was");
}

static void constants(void)
{
	t_equal(read_by(TIMELINE_SELF), 0, "read SELF as it is defined");
	t_equal(read_by(-2L), 0, "as -2");
	t_equal(read_by(-1L), -EINVAL, "NONE cannot be read");
	t_equal(set(TIMELINE_SELF), -EINVAL, "nor SELF be bound to");
	t_equal(set(TIMELINE_NONE), 0, "unbind by NONE as it is defined");
	t_equal(get(), -ENODATA, "bound to none");
	t_equal(read_by(TIMELINE_SELF), -EINVAL, "SELF is none");
	t_equal(set(id), 0, "bind again");
	t_equal(set(-1L), 0, "unbind by -1");
	t_equal(get(), -ENODATA, "bound to none");
}

static void unused_arguments(void)
{
	t_equal(prctl(PR_SET_TIMELINE, id, 1L, 0L, 0L) ? errno : 0, EINVAL, "SET, third argument");
	t_equal(prctl(PR_SET_TIMELINE, id, 0L, 1L, 0L) ? errno : 0, EINVAL, "fourth");
	t_equal(prctl(PR_SET_TIMELINE, id, 0L, 0L, 1L) ? errno : 0, EINVAL, "fifth");
	t_equal(prctl(PR_GET_TIMELINE, 1L, 0L, 0L, 0L) < 0 ? errno : 0, EINVAL, "GET, second");
	t_equal(prctl(PR_TIMELINE_GETTIME, id, NULL, 0L, 0L) ? errno : 0, EFAULT, "GETTIME to 0");
	t_equal(get(), -ENODATA, "nothing was bound");
}

VBS_TEST("prctl() takes an id of 32 bits and nothing wider", 60)
{
	int fd = tl_open();

	id = tl_make(fd, "prctl", 0);
	t_equal(set(id), 0, "bind");
	t_equal(get(), id, "bound");
	wide();
	constants();
	unused_arguments();
	tl_destroy(fd, id);
}
