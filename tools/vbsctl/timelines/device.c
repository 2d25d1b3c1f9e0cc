// SPDX-License-Identifier: GPL-2.0
/* The device, with its errors in words. */
#include <errno.h>
#include <string.h>

#include "timelines/timelines.h"

int timeline_open(int *code)
{
	int fd = timeline_dev_open();

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
		*code = failure(VC_NOVBS, "this kernel has no timelines (there is no %s)",
				TIMELINE_DEVICE);
	else
		*code = failure(errno == EACCES ? VC_PERM : VC_FAIL, "cannot open %s: %s",
				TIMELINE_DEVICE, strerror(errno));
	return -1;
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
	case EOPNOTSUPP:
		return "this kernel makes no PTP clocks of timelines (CONFIG_TIMELINE_PHC)";
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
