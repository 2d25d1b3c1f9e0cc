// SPDX-License-Identifier: GPL-2.0
/* /dev/timeline and the vDSO's function, with their errors in words. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "sysfile.h"
#include "timeline.h"

#define DEVICE	"/dev/timeline"

int timeline_open(int *code)
{
	int fd = open(sys_path(DEVICE), O_RDWR | O_CLOEXEC);

	/* 0644: who may not write can still do all that needs no privilege */
	if (fd < 0 && errno == EACCES)
		fd = open(sys_path(DEVICE), O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
		*code = failure(VC_NOVBS, "this kernel has no timelines (there is no %s)", DEVICE);
	else
		*code = failure(errno == EACCES ? VC_PERM : VC_FAIL, "cannot open %s: %s", DEVICE,
				strerror(errno));
	return -1;
}

int timeline_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? errno : 0;
}

static int exit_code(int err)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return VC_PERM;
	case ENOSPC:
		return VC_BUSY;
	case ENOENT:
	case ESTALE:
		return VC_NOPROC;
	default:
		return VC_FAIL;
	}
}

static const char *words(int err)
{
	switch (err) {
	case EPERM:
		return "it takes CAP_SYS_TIME";
	case EEXIST:
		return "there is one of that name";
	case ENOSPC:
		return "all 32 timelines of this kernel are in use";
	case ENOENT:
		return "there is no such timeline";
	case ESTALE:
		return "it has been destroyed, and another one has its id";
	default:
		return strerror(err);
	}
}

int timeline_failure(const char *what, const char *name, int err)
{
	return failure(exit_code(err), "cannot %s '%s': %s", what, name, words(err));
}

int timeline_find(int fd, const char *name, struct timeline_lookup *found)
{
	int err;

	memset(found, 0, sizeof(*found));
	if (strlen(name) >= sizeof(found->name))
		return timeline_failure("find", name, ENOENT);
	strcpy(found->name, name);
	err = timeline_ioctl(fd, TIMELINE_LOOKUP, found);
	return err ? timeline_failure("find", name, err) : VC_OK;
}

int timeline_get_named(int fd, const char *name, struct timeline_get *get)
{
	struct timeline_lookup found;
	int err, code = timeline_find(fd, name, &found);

	if (code)
		return code;
	memset(get, 0, sizeof(*get));
	get->set.id = found.id;
	err = timeline_ioctl(fd, TIMELINE_GET, get);
	if (err)
		return timeline_failure("show", name, err);
	if (get->set.generation != found.generation)
		return timeline_failure("show", name, ESTALE);
	return VC_OK;
}

typedef int gettime_fn(unsigned int id, struct timeline_time *tt);

static int by_prctl(unsigned int id, struct timeline_time *tt)
{
	return prctl(PR_TIMELINE_GETTIME, id, tt, 0, 0) ? -errno : 0;
}

static gettime_fn *find_gettime(void)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	gettime_fn *fn = NULL;

	if (vdso)
		*(void **)&fn = dlsym(vdso, "__vdso_timeline_gettime");
	return fn ? fn : by_prctl;
}

int timeline_gettime(unsigned int id, struct timeline_time *tt)
{
	static gettime_fn *fn;

	if (!fn)
		fn = find_gettime();
	return -fn(id, tt);
}
