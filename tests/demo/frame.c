// SPDX-License-Identifier: GPL-2.0
/* What the selftests' monitor of virtual machines expects of the frame around a test */
#include <stdarg.h>
#include <sys/mman.h>
#include "vmm.h"

void t_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %m\n");
	exit(1);
}

void *t_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		t_fatal("memory");
	return p;
}

void t_skip_all(const char *fmt, ...)
{
	t_fatal("%s", fmt);
}
