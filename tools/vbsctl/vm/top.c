// SPDX-License-Identifier: GPL-2.0
/* vbsctl vm top: what machines use of what they have. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "show/table.h"
#include "vm/json_vm.h"
#include "vm/rounds.h"

static struct text cell(uint64_t units, bool known)
{
	struct text none = { "-" };

	return known ? fmt_column(units) : none;
}

static void print_machine(const struct vm_machine *m, const struct vm_use *use)
{
	bool known = use->interval;

	printf("%7d %-20s %5u %8u %7s %7s %7s %7s %7s %6" PRIu64 " %7d\n", m->group->pid,
	       table_comm(vm_machine_name(m)).s, m->group->vcpus, m->group->unplaced,
	       cell(use->vcpus, known).s, fmt_column(use->vcpus_cap).s, cell(use->ready, known).s,
	       cell(use->dm, known).s, fmt_column(use->dm_cap).s, use->misses, m->outsiders);
}

static void print_vcpus(const struct vm_machine *before, const struct vm_machine *m,
			uint64_t interval)
{
	uint64_t used, ready;
	int i;

	for (i = 0; i < m->servers; i++) {
		const struct vbs_server *s = m->server[i].s;

		vm_server_use(before, &m->server[i], interval, &used, &ready);
		printf("%7s %-20s   CPU %3d %13s %7s %7s\n", "", s->members ? table_comm(s->comm).s : s->role,
		       s->cpu, cell(used, before).s, fmt_column(s->cap).s, cell(ready, before).s);
	}
}

static void print_json(const struct vm_machines *before, const struct vm_machines *now,
		       uint64_t interval)
{
	struct json_object *array = json_object_new_array();
	struct vm_use use;
	int i;

	for (i = 0; i < now->machines; i++) {
		const struct vm_machine *m = &now->machine[i];

		vm_use_of(&use, before ? vm_machine_find(before, m->group->pid) : NULL, m, interval);
		json_object_array_add(array, json_vm(m, &use));
	}
	json_print_line(json_list("machines", array));
}

static void show(const struct vm_rounds *r, const struct vm_machines *before,
		 const struct vm_machines *now)
{
	uint64_t interval = before ? now->snap->when - before->snap->when : 0;
	const struct vm_machine *then;
	struct vm_use use;
	int i;

	if (r->json) {
		print_json(before, now, interval);
		return;
	}
	printf("%7s %-20s %5s %8s %7s %7s %7s %7s %7s %6s %7s\n", "PID", "NAME", "VCPUS", "UNPLACED",
	       "VCPU%", "CAP%", "READY%", "DM%", "CAP%", "MISSES", "OUTSIDE");
	for (i = 0; i < now->machines; i++) {
		then = before ? vm_machine_find(before, now->machine[i].group->pid) : NULL;
		vm_use_of(&use, then, &now->machine[i], interval);
		print_machine(&now->machine[i], &use);
		if (r->pid)
			print_vcpus(then, &now->machine[i], interval);
	}
}

static int top_main(const struct command *cmd, int argc, char **argv)
{
	return vm_rounds_main(cmd, argc, argv, show);
}

const struct command vm_top = {
	.name = "vm top",
	.summary = "show what the machines use",
	.help =
	"Usage: vbsctl vm top [OPTION]... [PID|NAME]\n\n"
	VM_ROUNDS_HELP "\n"
	"VCPU% and DM% are what vCPUs and device model run, of one CPU, against their caps;\n"
	"READY% is the time that vCPUs were runnable and did not run, throttled time with it.\n"
	"With a machine, a line for each of its servers.\n\n"
	"  vbsctl vm top\n"
	"  vbsctl vm top -d 5s web1\n",
	.run = top_main,
};
