// SPDX-License-Identifier: GPL-2.0
/* vbsctl vm watch: what happens to machines, a line each. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "json_out.h"
#include "show/table.h"
#include "show/utf8.h"
#include "vm/rounds.h"

static const struct vm_rounds *rounds;

static void say(const struct vm_machine *m, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(const struct vm_machine *m, const char *event, const char *fmt, ...)
{
	char words[256], when[32], name[VM_NAME];
	time_t now = time(NULL);
	struct json_object *o;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	snprintf(name, sizeof(name), "%s", table_comm(vm_machine_name(m)).s);
	if (!rounds->json) {
		printf("%s %-8s %d (%s): %s\n", when, event, m->group->pid, name, words);
		return;
	}
	make_utf8(words);
	make_utf8(name);
	o = json_list(NULL, NULL);
	json_str(o, "time", when);
	json_str(o, "event", event);
	json_num(o, "pid", m->group->pid);
	json_str(o, "name", name);
	json_str(o, "words", words);
	json_print_line(o);
}

static bool was_outside(const struct vm_machine *m, pid_t tid)
{
	int i;

	for (i = 0; m && i < m->outsiders; i++) {
		if (m->outsider[i].tid == tid)
			return true;
	}
	return false;
}

static void tell_outside(const struct vm_machine *before, const struct vm_machine *now)
{
	int i;

	for (i = 0; i < now->outsiders; i++) {
		const struct vm_outsider *o = &now->outsider[i];

		if (!was_outside(before, o->tid))
			say(now, "outside", "%s %d (%s) is in no server",
			    o->process == now->group->pid ? "thread" : "process", (int)o->tid,
			    table_comm(o->comm).s);
	}
}

static void tell_new(const struct vm_machine *m)
{
	char words[512];

	say(m, "begin", "%u vCPUs, %u places, %u unplaced", m->group->vcpus, m->group->places,
	    m->group->unplaced);
	if (!m->vcpu || !m->dm || m->lock.one || !vm_lock_is_worse(&m->lock))
		return;
	vm_lock_words(&m->lock, words, sizeof(words));
	say(m, "lock", "%s", words);
}

static void tell_changes(const struct vm_machine *before, const struct vm_machine *now)
{
	const struct vbs_group *a = before->group, *b = now->group;
	struct vm_use use;

	vm_use_of(&use, before, now, 1);
	if (a->vcpus != b->vcpus)
		say(now, "vcpus", "%u vCPUs, and there were %u", b->vcpus, a->vcpus);
	if (a->unplaced != b->unplaced)
		say(now, "unplaced", "%u vCPUs run in the device model's server for want of room, and there were %u",
		    b->unplaced, a->unplaced);
	if (b->pooled > a->pooled)
		say(now, "pooled", "threads have run a second vCPU %" PRIu64 " times more", b->pooled - a->pooled);
	if (b->outside > a->outside)
		say(now, "excluded", "%" PRIu64 " threads more have left their server, as their affinity mask lacks its CPU",
		    b->outside - a->outside);
	if (use.misses)
		say(now, "miss", "%" PRIu64 " missed deadlines", use.misses);
}

static void show(const struct vm_rounds *r, const struct vm_machines *before,
		 const struct vm_machines *now)
{
	const struct vm_machine *m, *then;
	int i;

	rounds = r;
	for (i = 0; i < now->machines; i++) {
		m = &now->machine[i];
		then = before ? vm_machine_find(before, m->group->pid) : NULL;
		if (!then)
			tell_new(m);
		else
			tell_changes(then, m);
		tell_outside(then, m);
	}
	for (i = 0; before && i < before->machines; i++) {
		if (!vm_machine_find(now, before->machine[i].group->pid))
			say(&before->machine[i], "end", "it has no servers any more");
	}
}

static int watch_main(const struct command *cmd, int argc, char **argv)
{
	return vm_rounds_main(cmd, argc, argv, show);
}

const struct command vm_watch = {
	.name = "vm watch",
	.summary = "tell what happens to machines",
	.help =
	"Usage: vbsctl vm watch [OPTION]... [PID|NAME]\n\n"
	VM_ROUNDS_HELP "\n"
	"A line for each that begins or ends, and for vCPUs without a place, threads and\n"
	"processes outside, missed deadlines, and locks without a bound.\n\n"
	"  vbsctl vm watch\n",
	.run = watch_main,
};
