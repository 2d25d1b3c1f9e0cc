// SPDX-License-Identifier: GPL-2.0
/* Puts together what /proc tells in several places. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/sched/vbs.h>

#include "base/exact.h"
#include "base/sysfile.h"
#include "show/snapshot.h"
#include "vm/machines.h"

/* The second number of schedstat; 0 where it is not to be read */
static uint64_t read_ready(pid_t tid)
{
	uint64_t ready = 0;
	char path[64], *text;

	if (tid <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)tid);
	text = sys_read(path);
	if (text && sscanf(text, "%*u %" SCNu64, &ready) != 1)
		ready = 0;
	free(text);
	return ready;
}

static void take_server(struct vm_machine *m, const struct vbs_server *s)
{
	m->server[m->servers++] = (struct vm_server){ s, read_ready(s->leader) };
}

static bool is_dm(const struct vbs_server *s)
{
	return !strcmp(s->role, "dm");
}

static void take_servers(struct vm_machine *m, const struct vbs_snapshot *snap, bool dm)
{
	int i;

	for (i = 0; i < snap->servers; i++) {
		if (snap->server[i].group == m->group->pid && is_dm(&snap->server[i]) == dm)
			take_server(m, &snap->server[i]);
	}
}

static void read_lock(struct vm_machine *m)
{
	struct resource vcpu, dm = { 0 };

	if (!m->vcpu || !m->dm)
		return;
	vcpu = (struct resource){ m->vcpu->runtime, m->vcpu->period };
	if (m->dm != m->vcpu)
		dm = (struct resource){ m->dm->runtime, m->dm->period };
	vm_lock_of(&m->lock, &vcpu, &dm, m->pi);
}

static int read_machine(struct vm_machine *m, const struct vbs_snapshot *snap,
			const struct vbs_group *g)
{
	m->group = g;
	vm_name(g->pid, m->name, sizeof(m->name));
	m->pi = vm_has_pi(g->pid);
	m->server = calloc(snap->servers + 1, sizeof(*m->server));
	if (!m->server)
		return -1;
	take_servers(m, snap, false);
	m->vcpu_servers = m->servers;
	take_servers(m, snap, true);
	m->vcpu = m->vcpu_servers ? m->server[0].s : NULL;
	m->dm = m->servers > m->vcpu_servers ? m->server[m->vcpu_servers].s : NULL;
	if (m->vcpu && !strcmp(m->vcpu->role, "one"))
		m->dm = m->vcpu;
	read_lock(m);
	m->outsiders = vm_outsiders(g->pid, &m->outsider);
	return m->outsiders < 0 ? -1 : 0;
}

int vm_machines_read(struct vm_machines *all, pid_t pid)
{
	int i, failed = 0;

	*all = (struct vm_machines){ .snap = vbs_snapshot_read() };
	if (!all->snap)
		return vbs_snapshot_error(errno);
	all->machine = calloc(all->snap->groups + 1, sizeof(*all->machine));
	for (i = 0; all->machine && i < all->snap->groups && !failed; i++) {
		if (!pid || all->snap->group[i].pid == pid)
			failed = read_machine(&all->machine[all->machines++], all->snap,
					      &all->snap->group[i]);
	}
	if (all->machine && !failed)
		return VC_OK;
	vm_machines_free(all);
	return failure(VC_FAIL, "out of memory");
}

void vm_machines_free(struct vm_machines *all)
{
	int i;

	for (i = 0; i < all->machines; i++) {
		free(all->machine[i].server);
		free(all->machine[i].outsider);
	}
	free(all->machine);
	vbs_snapshot_free(all->snap);
	*all = (struct vm_machines){ 0 };
}

const struct vm_machine *vm_machine_find(const struct vm_machines *all, pid_t pid)
{
	int i;

	for (i = 0; i < all->machines; i++) {
		if (all->machine[i].group->pid == pid)
			return &all->machine[i];
	}
	return NULL;
}

static const struct vm_server *find_server(const struct vm_machine *m, uint32_t id)
{
	int i;

	for (i = 0; m && i < m->servers; i++) {
		if (m->server[i].s->id == id)
			return &m->server[i];
	}
	return NULL;
}

/* Counters only grow, unless it is another thread by now */
static uint64_t growth(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

static uint64_t share(uint64_t ns, uint64_t interval)
{
	return interval ? ((u128)ns << VBS_BW_SHIFT) / interval : 0;
}

void vm_server_use(const struct vm_machine *before, const struct vm_server *now, uint64_t interval,
		   uint64_t *used, uint64_t *ready)
{
	const struct vm_server *then = find_server(before, now->s->id);

	*used = then ? share(growth(now->s->consumed, then->s->consumed), interval) : 0;
	*ready = then && then->s->leader == now->s->leader ?
		 share(growth(now->ready, then->ready), interval) : 0;
}

void vm_use_of(struct vm_use *use, const struct vm_machine *before,
	       const struct vm_machine *now, uint64_t interval)
{
	const struct vm_server *then;
	uint64_t used, ready;
	int i;

	*use = (struct vm_use){ .interval = before ? interval : 0 };
	for (i = 0; i < now->servers; i++) {
		vm_server_use(before, &now->server[i], interval, &used, &ready);
		then = find_server(before, now->server[i].s->id);
		use->misses += then ? growth(now->server[i].s->misses, then->s->misses) : 0;
		if (i >= now->vcpu_servers) {
			use->dm += used;
			use->dm_cap += now->server[i].s->cap;
			continue;
		}
		use->vcpus += used;
		use->vcpus_cap += now->server[i].s->cap;
		use->ready += ready;
	}
}

const char *vm_machine_name(const struct vm_machine *m)
{
	return m->name[0] ? m->name : m->group->comm;
}
