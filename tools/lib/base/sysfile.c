// SPDX-License-Identifier: GPL-2.0
/* Reading of small files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sysfile.h"

const char *sys_path(const char *path)
{
	static _Thread_local char full[PATH_MAX];
	const char *root = secure_getenv("VBSCTL_ROOT");

	snprintf(full, sizeof(full), "%s%s", root ? root : "", path);
	return full;
}

/* One more chunk into *buf; the number of bytes, 0 at the end, or -1 */
static ssize_t read_chunk(int fd, char **buf, size_t used)
{
	const size_t chunk = 16384;
	char *more = realloc(*buf, used + chunk + 1);
	ssize_t n;

	if (!more)
		return -1;
	*buf = more;
	do {
		n = read(fd, more + used, chunk);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		more[used + n] = 0;
	return n;
}

char *sys_read(const char *path)
{
	int fd = open(sys_path(path), O_RDONLY | O_CLOEXEC);
	char *buf = NULL;
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return NULL;
	while ((n = read_chunk(fd, &buf, used)) > 0)
		used += n;
	if (n < 0) {
		free(buf);
		buf = NULL;
	}
	close(fd);
	return buf;
}

int sys_number(const char *path, int64_t *value)
{
	char *text = sys_read(path), *end;

	if (!text)
		return -1;
	errno = 0;
	*value = strtoll(text, &end, 10);
	if (end == text && !errno)
		errno = EINVAL;
	free(text);
	return errno ? -1 : 0;
}
