// SPDX-License-Identifier: GPL-2.0
/* Why /proc/vbs was not read. */
#include <errno.h>
#include <string.h>

#include "base/sysfile.h"
#include "command.h"
#include "show/snapshot.h"

int vbs_snapshot_error(int err)
{
	if (err == ENOENT)
		return failure(VC_NOVBS, "this kernel has no SCHED_VBS: there is no %s",
			    sys_path("/proc/vbs"));
	if (err == EPROTO)
		return failure(VC_FAIL, "%s has a format that this vbsctl does not know",
			    sys_path("/proc/vbs"));
	return failure(err == EACCES ? VC_PERM : VC_FAIL, "cannot read %s: %s",
		    sys_path("/proc/vbs"), strerror(err));
}
