// SPDX-License-Identifier: GPL-2.0
/* Names of servers, in files that nobody needs to trust. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "vbs/names.h"
#include "vbs/proc.h"

static bool is_number(const char *s)
{
	return s[strspn(s, "0123456789")] == '\0';
}

const char *vbs_name_check(const char *name)
{
	size_t i, n = strlen(name);

	if (!n || n >= VBS_NAME_LEN)
		return "a name has 1 to 31 characters";
	if (is_number(name))
		return "a name has something else than digits: numbers are processes";
	if (!isalnum((unsigned char)name[0]))
		return "a name begins with a letter or a digit";
	for (i = 0; i < n; i++) {
		if ((name[i] & 0x80) || !(isalnum((unsigned char)name[i]) || strchr("._-@", name[i])))
			return "a name has letters, digits and . _ - @";
	}
	return NULL;
}

static int open_dir(void)
{
	return open(sys_path(VBS_NAMES_DIR), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The id in the file and who wrote it; false if it is no file of ours */
static bool read_entry(int dir, const char *name, uint32_t *id, uid_t *writer)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[32], *end;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	*id = strtoul(text, &end, 10);
	*writer = st.st_uid;
	return end != text && *end == '\n';
}

static struct vbs_server *server_of_entry(const struct vbs_snapshot *snap, int dir,
					  const char *name)
{
	struct vbs_server *s;
	uid_t writer;
	uint32_t id;

	if (vbs_name_check(name) || !read_entry(dir, name, &id, &writer))
		return NULL;
	s = (struct vbs_server *)vbs_find_server(snap, id);
	return s && (!writer || writer == s->owner) ? s : NULL;
}

/* It is one.  Of several the first in the alphabet, so that it is always the same */
static void give_name(struct vbs_server *s, const char *name)
{
	if (!s->name[0] || strcmp(name, s->name) < 0)
		strcpy(s->name, name);
}

void vbs_names_read(struct vbs_snapshot *snap)
{
	int fd = open_dir();
	struct vbs_server *s;
	struct dirent *d;
	DIR *dir;

	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return;
	}
	while ((d = readdir(dir))) {
		s = server_of_entry(snap, fd, d->d_name);
		if (s)
			give_name(s, d->d_name);
	}
	closedir(dir);
}

const struct vbs_server *vbs_find_name(const struct vbs_snapshot *snap, const char *name)
{
	int i;

	for (i = 0; i < snap->servers; i++) {
		if (name[0] && !strcmp(snap->server[i].name, name))
			return &snap->server[i];
	}
	return NULL;
}

/* Made by systemd-tmpfiles at boot, else by root here */
static int make_dir(void)
{
	char path[PATH_MAX];
	int fd = open_dir();

	if (fd >= 0 || errno != ENOENT)
		return fd;
	snprintf(path, sizeof(path), "%s", sys_path(VBS_NAMES_DIR));
	if (!geteuid() && !mkdir(path, 0755) && chmod(path, 01777))
		return -1;
	return open_dir();
}

static int write_entry(int dir, const char *file, uint32_t id)
{
	int err = 0, fd = openat(dir, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno;
	if (dprintf(fd, "%" PRIu32 "\n", id) < 0)
		err = errno;
	if (close(fd) && !err)
		err = errno;
	return err;
}

/* The name's server is gone, or the file was never a name of it */
static bool is_free(int dir, const char *name, const struct vbs_snapshot *snap)
{
	return !vbs_hidden_servers(snap) && !server_of_entry(snap, dir, name);
}

static int link_entry(int dir, const char *file, const char *name, const struct vbs_snapshot *snap)
{
	if (!linkat(dir, file, dir, name, 0))
		return 0;
	if (errno != EEXIST)
		return errno;
	if (!is_free(dir, name, snap))
		return EEXIST;
	return renameat(dir, file, dir, name) ? errno : 0;
}

int vbs_name_set(const char *name, uint32_t id, const struct vbs_snapshot *snap)
{
	int err, dir = make_dir();
	char file[32];

	if (dir < 0)
		return errno;
	/* Never a name: it begins with a dot */
	snprintf(file, sizeof(file), ".new-%d", (int)getpid());
	unlinkat(dir, file, 0);
	err = write_entry(dir, file, id);
	if (!err)
		err = link_entry(dir, file, name, snap);
	unlinkat(dir, file, 0);
	close(dir);
	return err;
}

void vbs_name_forget(const char *name, const struct vbs_snapshot *snap)
{
	int dir = open_dir();

	if (dir < 0)
		return;
	if (!vbs_name_check(name) && is_free(dir, name, snap))
		unlinkat(dir, name, 0);
	close(dir);
}
