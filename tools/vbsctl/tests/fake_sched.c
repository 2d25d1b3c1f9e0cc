// SPDX-License-Identifier: GPL-2.0
/* A kernel of the test's own. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tests/unit.h"

#include "tests/fake_sched.h"

#define TASKS	32
#define SERVERS	16

struct fake_task {
	pid_t process, tid;
	uint32_t uid, server;
	int entered;		/* who is the oldest member */
	struct vbs_sched_attr attr;
};

struct fake_server {
	uint32_t id, owner, cap;
	uint64_t runtime, period;
};

static struct fake_task tasks[TASKS];
static struct fake_server servers[SERVERS];
static char root[64];
static int entered;

void (*fake_before)(pid_t tid, const struct vbs_sched_attr *attr);
pid_t fake_refuses;
bool fake_self;

static void shell(const char *fmt, const char *arg)
{
	char command[512];

	snprintf(command, sizeof(command), fmt, arg);
	assert_int_equal(system(command), 0);
}

const char *fake_path(const char *path)
{
	static char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return full;
}

static struct fake_task *task_of(pid_t tid)
{
	int i;

	for (i = 0; i < TASKS; i++) {
		if (tid && tasks[i].tid == tid)
			return &tasks[i];
	}
	return NULL;
}

static struct fake_server *server_of(uint32_t id)
{
	int i;

	for (i = 0; i < SERVERS; i++) {
		if (id && servers[i].id == id)
			return &servers[i];
	}
	return NULL;
}

static struct fake_task *oldest(uint32_t id, int *members)
{
	struct fake_task *found = NULL;
	int i;

	for (i = *members = 0; i < TASKS; i++) {
		if (!tasks[i].tid || tasks[i].server != id)
			continue;
		++*members;
		if (!found || tasks[i].entered < found->entered)
			found = &tasks[i];
	}
	return found;
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(fake_path(path), "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* With its last member it goes */
static void forget_server(uint32_t id)
{
	int members;

	if (id && !oldest(id, &members))
		memset(server_of(id), 0, sizeof(struct fake_server));
}

/* As the kernel shows it now */
static void write_proc(void)
{
	FILE *f = fopen(fake_path("/proc/vbs"), "we");
	const struct fake_task *leader;
	int i, members;

	assert_non_null(f);
	fputs("vbs version=1\ncpu id=0 online=1 capacity=943718 booked=0 spare=943718 servers=0\n", f);
	for (i = 0; i < SERVERS; i++) {
		const struct fake_server *s = &servers[i];

		if (!s->id)
			continue;
		leader = oldest(s->id, &members);
		fprintf(f, "server id=%u cpu=0 cap=%u runtime=%lu period=%lu flags=0x0 members=%d owner=%u leader=%d comm=x\n",
			s->id, s->cap, (unsigned long)s->runtime, (unsigned long)s->period, members, s->owner,
			leader ? (int)leader->tid : 0);
	}
	fclose(f);
}

void fake_begin(void)
{
	strcpy(root, "/tmp/vbsctl-sched.XXXXXX");
	assert_non_null(mkdtemp(root));
	setenv("VBSCTL_ROOT", root, 1);
	shell("mkdir -p %s/proc/sys/kernel", root);
	shell("mkdir -p -m 1777 %s/run/vbs", root);
	memset(tasks, 0, sizeof(tasks));
	memset(servers, 0, sizeof(servers));
	fake_before = NULL;
	fake_refuses = 0;
	fake_self = false;
	entered = 0;
	write_proc();
}

void fake_end(void)
{
	shell("rm -rf %s", root);
}

void fake_task(pid_t process, pid_t tid, uint32_t uid, const char *comm, const char *cgroup,
	       const char *cpus)
{
	char path[128], text[256];
	struct fake_task *t = tasks;

	while (t->tid)
		t++;
	*t = (struct fake_task){ .process = process, .tid = tid, .uid = uid };
	snprintf(path, sizeof(path), "%s/proc/%d", root, (int)tid);
	shell("mkdir -p %s", path);
	snprintf(path, sizeof(path), "%s/proc/%d/task/%d", root, (int)process, (int)tid);
	shell("mkdir -p %s", path);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	snprintf(text, sizeof(text), "Name:\t%s\nTgid:\t%d\nUid:\t%u\t%u\t%u\t%u\nCpus_allowed_list:\t%s\n",
		 comm, (int)process, uid, uid, uid, uid, cpus);
	write_text(path, text);
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	/* Threads of devices are the kernel's: PF_KTHREAD */
	snprintf(text, sizeof(text), "%d (%s) S 1 1 1 0 -1 %d 0\n", (int)tid, comm,
		 !strncmp(comm, "irq/", 4) || !strncmp(comm, "napi/", 5) ? 0x200000 : 0);
	write_text(path, text);
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)tid);
	snprintf(text, sizeof(text), "0::%s\n", cgroup);
	write_text(path, text);
}

void fake_task_ends(pid_t tid)
{
	struct fake_task *t = task_of(tid);
	uint32_t server = t->server;
	char path[128];

	snprintf(path, sizeof(path), "%s/proc/%d/task/%d", root, (int)t->process, (int)tid);
	shell("rm -rf %s", path);
	snprintf(path, sizeof(path), "%s/proc/%d", root, (int)tid);
	shell("rm -rf %s", path);
	memset(t, 0, sizeof(*t));
	forget_server(server);
	write_proc();
}

struct vbs_sched_attr *fake_attr(pid_t tid)
{
	return &task_of(tid)->attr;
}

static struct fake_server *new_server(uint32_t id, uint32_t owner)
{
	struct fake_server *s = servers;

	while (s->id)
		s++;
	*s = (struct fake_server){ id, owner, 10486, 100000, 10000000 };
	return s;
}

void fake_server(uint32_t id, uint32_t owner)
{
	new_server(id, owner);
	write_proc();
}

static void put(struct fake_task *t, uint32_t id)
{
	uint32_t before = t->server;

	t->server = id;
	t->entered = ++entered;
	t->attr.sched_policy = id ? SCHED_VBS : SCHED_OTHER;
	forget_server(before);
	write_proc();
}

void fake_put(pid_t tid, uint32_t id)
{
	put(task_of(tid), id);
}

uint32_t fake_server_of(pid_t tid)
{
	return task_of(tid) ? task_of(tid)->server : 0;
}

uint32_t fake_owner(uint32_t id)
{
	return server_of(id)->owner;
}

uint32_t fake_cap(uint32_t id)
{
	return server_of(id)->cap;
}

static int join(struct fake_task *t, pid_t leader)
{
	struct fake_task *to = task_of(leader);

	if (!to)
		return ESRCH;
	if (!to->server)
		return EINVAL;
	put(t, to->server);
	return 0;
}

static void enter_or_switch(struct fake_task *t, const struct vbs_sched_attr *attr)
{
	static uint32_t last = 100;
	struct fake_server *s = server_of(t->server);

	if (!s) {
		s = new_server(++last, t->uid);
		put(t, s->id);
	}
	s->runtime = attr->sched_runtime;
	s->period = attr->sched_period;
	s->cap = attr->sched_vbs_cap;
	write_proc();
}

int vbs_setattr(pid_t pid, struct vbs_sched_attr *attr)
{
	struct fake_task *t;

	fake_self |= !pid;
	if (fake_before)
		fake_before(pid, attr);
	t = task_of(pid);
	if (!t)
		return ESRCH;
	if (pid == fake_refuses)
		return EPERM;
	if (attr->sched_policy == SCHED_VBS && attr->sched_flags & SCHED_FLAG_VBS_JOIN)
		return join(t, attr->sched_vbs_leader);
	if (attr->sched_policy == SCHED_VBS) {
		enter_or_switch(t, attr);
		return 0;
	}
	put(t, 0);
	t->attr = *attr;
	return 0;
}

int vbs_getattr(pid_t pid, struct vbs_sched_attr *attr)
{
	struct fake_task *t = task_of(pid);
	int members;

	memset(attr, 0, sizeof(*attr));
	fake_self |= !pid;
	if (!t)
		return ESRCH;
	*attr = t->attr;
	if (t->server)
		attr->sched_vbs_leader = oldest(t->server, &members)->tid;
	return 0;
}

bool vbs_policy_known(void)
{
	return true;
}
