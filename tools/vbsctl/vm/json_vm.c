// SPDX-License-Identifier: GPL-2.0
/* Machines as JSON; the keys are documented in vbsctl-vm(1). */
#include <stdio.h>

#include "show/json_server.h"
#include "show/utf8.h"
#include "vm/json_vm.h"

struct json_object *json_vm_resource(const struct kvm_vbs_resource *r)
{
	struct resource res = { r->runtime, r->period };
	struct json_object *o = json_object_new_object();

	json_num(o, "runtime_ns", r->runtime);
	json_num(o, "period_ns", r->period);
	json_bw(o, "cap", r->cap ? r->cap : r->flags & KVM_VBS_ALIGN ? resource_cap_aligned(&res) :
					    resource_cap(&res));
	return o;
}

struct json_object *json_vm_lock(const struct vm_lock *lock)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "wait_ns", lock->wait);
	json_num(o, "busy_wait_ns", lock->busy);
	json_flag(o, "once", lock->once);
	json_flag(o, "inherits", lock->pi);
	json_flag(o, "one_server", lock->one);
	json_flag(o, "worse_than_outside", vm_lock_is_worse(lock));
	return o;
}

static void add_name(struct json_object *o, const char *name)
{
	char text[VM_NAME];

	snprintf(text, sizeof(text), "%s", name);
	make_utf8(text);
	json_object_object_add(o, "name", *text ? json_object_new_string(text) : NULL);
}

static struct json_object *json_servers(const struct vm_machine *m)
{
	struct json_object *all = json_object_new_array(), *o;
	int i;

	for (i = 0; i < m->servers; i++) {
		o = json_server(m->server[i].s);
		json_num(o, "ready_ns", m->server[i].ready);
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *json_outside(const struct vm_machine *m)
{
	struct json_object *all = json_object_new_array(), *o;
	int i;

	for (i = 0; i < m->outsiders; i++) {
		o = json_object_new_object();
		json_num(o, "process", m->outsider[i].process);
		json_num(o, "pid", m->outsider[i].tid);
		json_comm(o, m->outsider[i].comm);
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *json_use(const struct vm_use *use)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "interval_ns", use->interval);
	json_bw(o, "vcpus", use->vcpus);
	json_bw(o, "vcpus_cap", use->vcpus_cap);
	json_bw(o, "dm", use->dm);
	json_bw(o, "dm_cap", use->dm_cap);
	json_bw(o, "ready", use->ready);
	json_num(o, "misses", use->misses);
	return o;
}

struct json_object *json_vm(const struct vm_machine *m, const struct vm_use *use)
{
	struct json_object *o = json_object_new_object();
	const struct vbs_group *g = m->group;

	json_num(o, "pid", g->pid);
	add_name(o, m->name);
	json_comm(o, g->comm);
	json_num(o, "owner", g->owner);
	json_num(o, "vms", g->vms);
	json_num(o, "vcpus", g->vcpus);
	json_num(o, "places", g->places);
	json_num(o, "unplaced", g->unplaced);
	json_num(o, "pooled", g->pooled);
	json_num(o, "excluded", g->outside);
	json_flag(o, "strict", g->strict);
	json_flag(o, "poll", g->poll);
	json_flag(o, "split", g->split);
	json_object_object_add(o, "lock", m->vcpu && m->dm ? json_vm_lock(&m->lock) : NULL);
	json_object_object_add(o, "servers", json_servers(m));
	json_object_object_add(o, "outside", json_outside(m));
	if (use)
		json_object_object_add(o, "use", json_use(use));
	return o;
}
