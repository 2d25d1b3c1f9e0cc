// SPDX-License-Identifier: GPL-2.0
/* A task into a new server: for real, or only in words. */
#include <errno.h>
#include <stdio.h>

#include "base/format.h"
#include "json_out.h"
#include "servers/enter.h"
#include "servers/explain.h"
#include "servers/name.h"
#include "servers/one.h"
#include "vbs/limits.h"
#include "vbs/machine.h"
#include "vbs/room.h"

static int in_one_already(pid_t pid, const struct request *req)
{
	if (req->command)
		return failure(VC_FAIL, "cannot run '%s': it is in a server already",
			       req->command);
	return failure(VC_FAIL, "cannot admit %d: it is in a server already; use switch, or leave first",
		       (int)pid);
}

/* A server without its name is not what was asked for */
static int give_name(pid_t pid, const struct request *req, const struct vbs_sched_attr *before)
{
	int code = req->name ? name_server(pid, req->name) : VC_OK;

	if (code)
		vbs_setattr(pid, (struct vbs_sched_attr *)before);
	return code;
}

int admit_task(pid_t pid, const struct request *req)
{
	struct vbs_sched_attr attr, before = { 0 };
	int err, known = !vbs_getattr(pid, &before);

	request_attr(req, &attr);
	if (known && before.sched_policy == SCHED_VBS)
		return in_one_already(pid, req);
	if (req->name && name_check_free(req->name))
		return VC_FAIL;
	if (known)
		attr.sched_nice = before.sched_nice;
	err = room_admit(pid, &attr);
	if (err)
		return report_refusal(OP_ADMIT, err, pid, req->command, &attr,
				      known ? &before : NULL);
	return give_name(pid, req, &before);
}

static const struct vbs_cpu *best_cpu(const struct vbs_snapshot *snap, const struct cpumask *allowed)
{
	const struct vbs_cpu *best = NULL;
	int i;

	for (i = 0; i < snap->cpus; i++) {
		const struct vbs_cpu *cpu = &snap->cpu[i];

		if (room_candidate(allowed, cpu) && (!best || cpu->spare > best->spare))
			best = cpu;
	}
	return best;
}

static void say_fit(const struct vbs_cpu *cpu, uint32_t needed, bool json)
{
	struct json_object *o;

	if (!json) {
		printf("It would fit now: it needs %s of a CPU, and CPU %d has most to spare, %s of %s.\n",
		       fmt_bw(needed).s, cpu->id, fmt_bw(cpu->spare).s, fmt_bw(cpu->capacity).s);
		return;
	}
	o = json_list(NULL, NULL);
	json_flag(o, "fits", true);
	json_num(o, "cpu", cpu->id);
	json_bw(o, "needed", needed);
	json_bw(o, "spare", cpu->spare);
	json_print(o);
}

/* What the kernel would compare, in its order */
static int would_be(const struct vbs_snapshot *snap, const struct vbs_sched_attr *attr,
		    const struct cpumask *allowed, const struct vbs_cpu **cpu)
{
	const struct resource res = { attr->sched_runtime, attr->sched_period };
	struct machine machine;
	char why[256];

	machine_read(&machine);
	*cpu = best_cpu(snap, allowed);
	if (limits_refuse(&snap->limits, machine.release_cost, &res, why, sizeof(why)))
		return EINVAL;
	if (attr->sched_flags & SCHED_FLAG_VBS_ALIGN &&
	    room_needed(attr) < resource_cap_aligned(&res))
		return ERANGE;
	return *cpu && (*cpu)->spare >= room_needed(attr) ? 0 : EBUSY;
}

int admit_dry_run(pid_t pid, const struct request *req)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_cpu *cpu = NULL;
	struct vbs_sched_attr attr;
	struct task_info task;
	int err, code = VC_OK;

	if (req->name && snap && vbs_name_taken(snap, req->name))
		code = name_check_free(req->name);

	request_attr(req, &attr);
	task_read(pid, &task);
	err = !task.exists ? ESRCH : !snap ? EBUSY : 
		would_be(snap, &attr, req->has_cpus ? &req->cpus : &task.allowed, &cpu);
	if (err)
		code = report_refusal(OP_ADMIT, err, pid, req->command, &attr, NULL);
	else if (!code)
		say_fit(cpu, room_needed(&attr), req->json);
	if (!code && !have_cap_sys_nice())
		failure(VC_OK, "note: a new server needs CAP_SYS_NICE (root), which you have not");
	vbs_snapshot_free(snap);
	return code;
}
