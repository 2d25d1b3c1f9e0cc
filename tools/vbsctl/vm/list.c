// SPDX-License-Identifier: GPL-2.0
/* vbsctl vm list: machines, their servers, and what of them is in none. */
#include <inttypes.h>
#include <stdio.h>

#include "base/format.h"
#include "options.h"
#include "show/table.h"
#include "vm/json_vm.h"
#include "vm/machines.h"

static void print_titles(void)
{
	printf("%7s %-20s %5s %8s %-17s %6s %-17s %6s %7s %s\n", "PID", "NAME", "VCPUS", "UNPLACED",
	       "VCPU", "CAP %", "DEVICE MODEL", "CAP %", "OUTSIDE", "LOCK");
}

static struct text resource_cell(const struct vbs_server *s)
{
	struct text none = { "-" };

	return s ? table_resource(s) : none;
}

static struct text cap_cell(const struct vbs_server *s)
{
	struct text none = { "-" };

	return s ? fmt_column(s->cap) : none;
}

/* "1.3ms", "1.3ms..." where it may be so again and again */
static struct text lock_cell(const struct vm_machine *m)
{
	struct text t = { "-" };

	if (m->vcpu && m->dm)
		snprintf(t.s, sizeof(t.s), "%.40s%s", fmt_time(m->lock.wait).s,
			 m->lock.once || m->lock.one ? "" : "...");
	return t;
}

static void print_machine(const struct vm_machine *m)
{
	const struct vbs_server *dm = m->dm != m->vcpu ? m->dm : NULL;

	printf("%7d %-20s %5u %8u %-17s %6s %-17s %6s %7d %s\n", m->group->pid,
	       table_comm(vm_machine_name(m)).s, m->group->vcpus, m->group->unplaced,
	       resource_cell(m->vcpu).s, cap_cell(m->vcpu).s,
	       m->vcpu && m->dm == m->vcpu ? "the same" : resource_cell(dm).s, cap_cell(dm).s,
	       m->outsiders, lock_cell(m).s);
}

static void print_outsiders(const struct vm_machine *m)
{
	int i;

	for (i = 0; i < m->outsiders; i++) {
		const struct vm_outsider *o = &m->outsider[i];

		printf("        outside: %s %d (%s)", o->process == m->group->pid ? "thread" : "process",
		       (int)o->tid, table_comm(o->comm).s);
		if (o->process != m->group->pid)
			printf("; 'vbsctl join -a %d %d' puts it into the device model's server",
			       (int)o->process, m->dm && m->dm->leader > 0 ? m->dm->leader : m->group->pid);
		putchar('\n');
	}
}

static void print_more(const struct vm_machine *m)
{
	const struct vbs_group *g = m->group;
	char words[512];
	int i;

	for (i = 0; i < m->servers; i++) {
		const struct vbs_server *s = m->server[i].s;

		printf("        server %u (%s) on CPU %d: %u member%s, ran %s, ready %s, misses %" PRIu64 "\n",
		       s->id, s->role, s->cpu, s->members, s->members == 1 ? "" : "s",
		       fmt_short(s->consumed).s, fmt_short(m->server[i].ready).s, s->misses);
	}
	if (g->pooled || g->outside)
		printf("        second vCPUs of a thread %" PRIu64 ", threads that their mask kept out %" PRIu64 "\n",
		       g->pooled, g->outside);
	if (!m->vcpu || !m->dm)
		return;
	vm_lock_words(&m->lock, words, sizeof(words));
	printf("        %s\n", words);
}

static void print_all(const struct vm_machines *all, bool wide)
{
	int i;

	if (!all->machines)
		puts("No virtual machine is in servers.");
	else
		print_titles();
	for (i = 0; i < all->machines; i++) {
		print_machine(&all->machine[i]);
		if (wide)
			print_more(&all->machine[i]);
		print_outsiders(&all->machine[i]);
	}
}

static void print_json(const struct vm_machines *all)
{
	struct json_object *array = json_object_new_array();
	int i;

	for (i = 0; i < all->machines; i++)
		json_object_array_add(array, json_vm(&all->machine[i], NULL));
	json_print(json_list("machines", array));
}

static int list(pid_t pid, bool json, bool wide)
{
	struct vm_machines all;
	int code = vm_machines_read(&all, pid);

	if (code)
		return code;
	if (pid && !all.machines)
		code = failure(VC_FAIL, "%d has no virtual machine in servers that is shown to you", (int)pid);
	else if (json)
		print_json(&all);
	else
		print_all(&all, wide);
	vm_machines_free(&all);
	return code;
}

static int list_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "wide", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	bool json = false, wide = false;
	pid_t pid = 0;
	int c, code;

	while ((c = getopt_long(argc, argv, "jwh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		json |= c == 'j';
		wide |= c == 'w';
	}
	if (argc - optind > 1)
		return usage_error(cmd, "'%s': one machine, or none for all", argv[optind + 1]);
	code = optind < argc ? vm_find(cmd, argv[optind], &pid) : 0;
	return code ? code : list(pid, json, wide);
}

const struct command vm_list = {
	.name = "vm list",
	.summary = "show the machines that are in servers, and what of them is not",
	.help =
	"Usage: vbsctl vm list [OPTION]... [PID|NAME]\n\n"
	"  -w, --wide           their servers, and the bound on waits for the VMM's locks\n"
	"  -j, --json           all of it as JSON\n\n"
	"UNPLACED vCPUs run in the device model's server for want of room.  What is OUTSIDE,\n"
	"threads of the VMM and processes that work for it, is in no server: for a lock that\n"
	"it holds there is no bound.  LOCK is how long a vCPU may wait for one, and its hold;\n"
	"'...' if that may be so again and again.\n\n"
	"  vbsctl vm list\n"
	"  vbsctl vm list -w web1\n",
	.run = list_main,
};
