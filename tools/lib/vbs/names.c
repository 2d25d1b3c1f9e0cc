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
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
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

/* What the file's name says: NAME, or NAME:ANYTHING */
static bool name_of(const char *file, char *name)
{
	size_t n = strcspn(file, ":");

	if (n >= VBS_NAME_LEN)
		return false;
	memcpy(name, file, n);
	name[n] = '\0';
	return !vbs_name_check(name);
}

/* Neither linked here from elsewhere by somebody, nor what anybody may have written */
static bool is_word_of_owner(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1 && !(st->st_mode & S_IWOTH);
}

/* The id in the file and who wrote it; false if it is no file of ours */
static bool read_entry(int dir, const char *file, uint32_t *id, uid_t *writer)
{
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[32], *end;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && is_word_of_owner(&st))
		n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	*id = strtoul(text, &end, 10);
	*writer = st.st_uid;
	return end != text && *end == '\n';
}

static bool is_believed(const struct vbs_server *s, uid_t writer)
{
	return !writer || writer == s->owner;
}

typedef void entry_fn(void *arg, int dir, const char *file, const char *name);

static void for_each_entry(int fd, entry_fn *fn, void *arg)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	char name[VBS_NAME_LEN];
	struct dirent *d;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((d = readdir(dir))) {
		if (name_of(d->d_name, name))
			fn(arg, fd, d->d_name, name);
	}
	closedir(dir);
}

/* It has one: root's before its owner's, then the first in the alphabet: always the same */
static void give_name(void *arg, int dir, const char *file, const char *name)
{
	struct vbs_server *s;
	uid_t writer;
	uint32_t id;

	if (!read_entry(dir, file, &id, &writer))
		return;
	s = (struct vbs_server *)vbs_find_server(arg, id);
	if (!s || !is_believed(s, writer))
		return;
	if (s->name[0] && (!writer == !s->namer ? strcmp(name, s->name) >= 0 : writer != 0))
		return;
	strcpy(s->name, name);
	s->namer = writer;
}

void vbs_names_read(struct vbs_snapshot *snap)
{
	int dir = open_dir();

	if (dir < 0)
		return;
	for_each_entry(dir, give_name, snap);
	close(dir);
}

/* Less is more: root's word, the caller's, anybody's */
static int rank(const struct vbs_server *s)
{
	return !s->namer ? 0 : s->namer == geteuid() ? 1 : 2;
}

const struct vbs_server *vbs_find_name(const struct vbs_snapshot *snap, const char *name)
{
	const struct vbs_server *s, *best = NULL;
	int i;

	for (i = 0; i < snap->servers; i++) {
		s = &snap->server[i];
		if (name[0] && !strcmp(s->name, name) && (!best || rank(s) < rank(best)))
			best = s;
	}
	return best;
}

const struct vbs_server *vbs_name_rival(const struct vbs_snapshot *snap, const struct vbs_server *s)
{
	int i;

	for (i = 0; i < snap->servers; i++) {
		const struct vbs_server *o = &snap->server[i];

		if (o != s && !strcmp(o->name, s->name) && rank(o) <= rank(s))
			return o;
	}
	return NULL;
}

const struct vbs_server *vbs_name_taken(const struct vbs_snapshot *snap, const char *name)
{
	const struct vbs_server *s = vbs_find_name(snap, name);

	return s && rank(s) < 2 ? s : NULL;
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

enum entry {
	GONE,		/* it names nobody, or not any more */
	TAKEN,		/* the name of a server by root's word or the caller's, or perhaps */
	OTHERS,		/* somebody else's, which counts for him */
	UNKNOWN,	/* the caller's, of a server that is gone or not shown to him */
};

static enum entry look_at(const struct vbs_snapshot *snap, int dir, const char *file)
{
	uid_t me = geteuid(), writer;
	const struct vbs_server *s;
	uint32_t id;

	if (!read_entry(dir, file, &id, &writer))
		return GONE;
	s = vbs_find_server(snap, id);
	if (s && is_believed(s, writer))
		return !writer || writer == me ? TAKEN : OTHERS;
	if (s || !vbs_hidden_servers(snap))
		return GONE;
	if (writer != me)
		return OTHERS;
	/* Root's may be anybody's server; a user's next one counts for more than what he cannot see */
	return me ? UNKNOWN : TAKEN;
}

struct claim {
	const struct vbs_snapshot *snap;
	const char *name;
	bool claims;		/* for another server */
	bool taken;
};

/* What is gone and cannot be removed, as it is somebody else's, is not in the way */
static void clear(void *arg, int dir, const char *file, const char *name)
{
	struct claim *c = arg;
	enum entry what;

	if (strcmp(name, c->name))
		return;
	what = look_at(c->snap, dir, file);
	c->taken |= what == TAKEN;
	if (what == GONE || (what == UNKNOWN && c->claims))
		unlinkat(dir, file, 0);
}

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE	1
#endif

/* Over nothing, and never with two links: those count for nothing */
static int rename_new(int dir, const char *from, const char *to)
{
	if (!syscall(SYS_renameat2, dir, from, dir, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	return linkat(dir, from, dir, to, 0) ? errno : 0;
}

/* Names that nobody has made before, as nobody knows them */
static void unknown_file(char *file, size_t size, const char *begin)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = (uint64_t)getpid() << 32 | (uint32_t)clock();
	snprintf(file, size, "%s%016" PRIx64, begin, number);
}

static int put_entry(int dir, const char *from, const char *name, const struct vbs_snapshot *snap)
{
	char begin[VBS_NAME_LEN + 1], file[VBS_NAME_LEN + 20];
	int err = rename_new(dir, from, name);

	if (err != EEXIST)
		return err;
	if (look_at(snap, dir, name) == TAKEN)
		return EEXIST;
	snprintf(begin, sizeof(begin), "%s:", name);
	unknown_file(file, sizeof(file), begin);
	return rename_new(dir, from, file);
}

int vbs_name_set(const char *name, uint32_t id, const struct vbs_snapshot *snap)
{
	struct claim claim = { .snap = snap, .name = name, .claims = true };
	int err, dir = make_dir();
	char file[32];

	if (dir < 0)
		return errno;
	for_each_entry(dir, clear, &claim);
	/* Never a name: it begins with a dot */
	unknown_file(file, sizeof(file), ".new-");
	err = claim.taken ? EEXIST : write_entry(dir, file, id);
	if (!err) {
		err = put_entry(dir, file, name, snap);
		unlinkat(dir, file, 0);
	}
	close(dir);
	return err;
}

void vbs_name_forget(const char *name, const struct vbs_snapshot *snap)
{
	struct claim claim = { .snap = snap, .name = name };
	int dir = open_dir();

	if (dir < 0)
		return;
	for_each_entry(dir, clear, &claim);
	close(dir);
}
