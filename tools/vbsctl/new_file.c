// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "new_file.h"

static int cannot(const struct new_file *n)
{
	return failure(VC_FAIL, "cannot write %s: %s", n->file, strerror(errno));
}

/* A pipe, a terminal, /dev/null: nothing can take its place */
static bool is_no_file(const char *file)
{
	struct stat st;

	return !stat(file, &st) && !S_ISREG(st.st_mode);
}

/* As open() would have made it */
static int set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

/* Under a name that nobody foresees, so that it is nobody's link */
static int open_beside(struct new_file *n)
{
	int fd = mkostemp(n->temp, O_CLOEXEC);

	if (fd < 0)
		n->temp[0] = '\0';
	return fd;
}

int new_file_begin(struct new_file *n, const char *file)
{
	int fd, err;

	*n = (struct new_file){ .file = file };
	if (is_no_file(file))
		fd = open(file, O_WRONLY | O_CLOEXEC);
	else if (snprintf(n->temp, sizeof(n->temp), "%s.XXXXXX", file) < (int)sizeof(n->temp))
		fd = open_beside(n);
	else
		return failure(VC_FAIL, "'%s': the name is too long", file);
	n->to = fd < 0 || (n->temp[0] && set_mode(fd)) ? NULL : fdopen(fd, "w");
	if (n->to)
		return VC_OK;
	err = errno;
	if (fd >= 0)
		close(fd);
	if (n->temp[0])
		remove(n->temp);
	errno = err;
	return cannot(n);
}

int new_file_end(struct new_file *n)
{
	bool good = !ferror(n->to);
	int code;

	good &= !fclose(n->to);
	if (good && (!n->temp[0] || !rename(n->temp, n->file)))
		return VC_OK;
	code = cannot(n);
	if (n->temp[0])
		remove(n->temp);
	return code;
}
