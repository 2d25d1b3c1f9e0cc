// SPDX-License-Identifier: GPL-2.0
/* /proc/vbs for programs that may be older or newer than this library. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "vbs/attr.h"
#include "vbs/proc.h"

/* Its own type, so that the layout of a snapshot is nobody else's */
static const struct vbs_snapshot *snapshot(const struct vbs_list *list)
{
	return (const struct vbs_snapshot *)list;
}

EXPORT int vbs_list_read(struct vbs_list **list)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();

	*list = (struct vbs_list *)snap;
	if (snap)
		return 0;
	return errno == ENOENT ? ENOSYS : errno;
}

EXPORT void vbs_list_free(struct vbs_list *list)
{
	vbs_snapshot_free((struct vbs_snapshot *)list);
}

EXPORT unsigned int vbs_list_cpus(const struct vbs_list *list)
{
	return snapshot(list)->cpus;
}

EXPORT unsigned int vbs_list_servers(const struct vbs_list *list)
{
	return snapshot(list)->servers;
}

/* What the caller's structure has beyond this one is 0 */
static void copy_out(void *to, size_t size, const void *from, size_t known)
{
	memset(to, 0, size);
	memcpy(to, from, size < known ? size : known);
}

EXPORT int vbs_list_cpu(const struct vbs_list *list, unsigned int n, struct vbs_cpu_info *info,
			size_t size)
{
	const struct vbs_snapshot *snap = snapshot(list);
	struct vbs_cpu_info all;

	if (n >= (unsigned int)snap->cpus)
		return ENOENT;
	all = (struct vbs_cpu_info){
		.id = snap->cpu[n].id, .online = snap->cpu[n].online,
		.capacity = snap->cpu[n].capacity, .booked = snap->cpu[n].booked,
		.spare = snap->cpu[n].spare, .servers = snap->cpu[n].servers,
	};
	copy_out(info, size, &all, sizeof(all));
	return 0;
}

EXPORT int vbs_list_server(const struct vbs_list *list, unsigned int n,
			   struct vbs_server_info *info, size_t size)
{
	const struct vbs_snapshot *snap = snapshot(list);
	const struct vbs_server *s;
	struct vbs_server_info all;

	if (n >= (unsigned int)snap->servers)
		return ENOENT;
	s = &snap->server[n];
	all = (struct vbs_server_info){
		.id = s->id, .owner = s->owner, .cpu = s->cpu, .leader = s->leader, .cap = s->cap,
		.flags = s->flags & SCHED_FLAG_VBS_ALIGN ? VBS_ALIGN : 0, .members = s->members,
		.runtime = s->runtime, .period = s->period, .consumed = s->consumed,
		.instances = s->instances, .misses = s->misses, .overruns = s->overruns,
		.overrun_worst = s->overrun_worst, .switches = s->switches,
		.switch_worst = s->switch_worst, .release_worst = s->release_worst,
		.skipped = s->skipped, .lost = s->lost,
	};
	memcpy(all.state, s->state, sizeof(all.state));
	memcpy(all.name, s->name, sizeof(all.name));
	memcpy(all.comm, s->comm, sizeof(all.comm));
	copy_out(info, size, &all, sizeof(all));
	return 0;
}

static int name_in(const struct vbs_snapshot *snap, pid_t leader, const char *name)
{
	const struct vbs_server *s = vbs_find_leader(snap, leader);

	return s ? vbs_name_set(name, s->id, snap) : EACCES;
}

EXPORT int vbs_name(pid_t member, const char *name)
{
	struct vbs_snapshot *snap;
	struct vbs_params params;
	pid_t leader;
	int err;

	if (vbs_name_check(name))
		return EINVAL;
	err = vbs_get(member, &params, &leader);
	if (err)
		return err;
	snap = vbs_snapshot_read();
	if (!snap)
		return errno;
	err = name_in(snap, leader, name);
	vbs_snapshot_free(snap);
	return err;
}
