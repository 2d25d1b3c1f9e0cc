// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "rate/device_model.h"
#include "vm/act.h"
#include "vm/vm.h"

static int read_machine(const char *name, struct device_model *dm)
{
	struct vm_machines all;
	int code = vm_machines_read(&all, dm->pid);

	if (code)
		return code;
	if (!all.machines || !all.machine[0].dm || all.machine[0].dm == all.machine[0].vcpu) {
		code = failure(VC_FAIL, "%s has no device model in a server of its own; 'vbsctl vm attach' puts it there",
			       name);
	} else {
		dm->cpu = all.machine[0].dm->cpu;
		vm_request_keep(&dm->before, &all.machine[0]);
	}
	vm_machines_free(&all);
	return code;
}

int device_model_find(const struct command *cmd, const char *name, struct device_model *dm)
{
	int code = vm_find(cmd, name, &dm->pid);

	return code ? code : read_machine(name, dm);
}

static int act(const struct device_model *dm, const struct vm_request *req)
{
	const struct vm_deed deed = {
		.verb = "measure", .object = "its device model", .pid = dm->pid, .quiet = true, .passing = true,
	};

	return vm_act(&deed, req);
}

/* What it had stays booked: others would have it when it is to have that again */
int device_model_set(const struct device_model *dm, const struct resource *res, uint32_t cap)
{
	const uint32_t had = dm->before.dm_cap ? dm->before.dm_cap : resource_cap(&dm->before.dm);
	struct vm_request req = dm->before;

	req.dm = *res;
	req.dm_cap = cap ? cap : resource_cap(res);
	if (req.dm_cap < had)
		req.dm_cap = had;
	return act(dm, &req);
}

void device_model_restore(const struct device_model *dm)
{
	if (dm->pid)
		act(dm, &dm->before);
}

bool device_model_consumed(pid_t pid, uint64_t *ns)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	bool found = false;
	int i;

	*ns = 0;
	for (i = 0; snap && i < snap->servers; i++) {
		if (snap->server[i].group != pid || strcmp(snap->server[i].role, "dm"))
			continue;
		*ns += snap->server[i].consumed;
		found = true;
	}
	vbs_snapshot_free(snap);
	return found;
}
