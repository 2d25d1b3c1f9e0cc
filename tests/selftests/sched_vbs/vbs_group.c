// SPDX-License-Identifier: GPL-2.0
#include <sys/mount.h>
#include <sys/stat.h>
#include "vbs_group.h"

void need_cpusets2(void)
{
	if (file_write(CGROUP2 "/cgroup.subtree_control", "+cpuset"))
		t_skip_all("no cpusets of cgroup v2");
}

void need_cpusets1(void)
{
	mkdir(CGROUP1, 0755);
	if (mount("cgroup", CGROUP1, "cgroup", 0, "cpuset"))
		t_skip_all("no cpusets of cgroup v1");
}

/* Where groups are dying still the hierarchy stays: until v2 has cpusets again */
void done_cpusets1(void)
{
	umount(CGROUP1);
	for (int i = 0; i < 50 && file_write(CGROUP2 "/cgroup.subtree_control", "+cpuset"); i++) {
		sleep_ns(100 * MS);
		mount("cgroup", CGROUP1, "cgroup", 0, "cpuset");
		umount(CGROUP1);
	}
	rmdir(CGROUP1);
}

int group_set(const struct group *g, const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", g->path, file);
	return file_write(path, "%s", value);
}

const char *group_get(const struct group *g, const char *file)
{
	static char text[64];
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", g->path, file);
	if (file_read(path, text, sizeof(text)) < 0)
		t_fatal("read %s", path);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

struct group group_new(const char *root, const char *name, const char *cpus)
{
	struct group g = { .root = root };

	snprintf(g.path, sizeof(g.path), "%s/%s", root, name);
	mkdir(g.path, 0755);
	t_equal(group_set(&g, "cpuset.cpus", cpus), 0, "%s: a cpuset of CPUs %s", name, cpus);
	if (!strcmp(root, CGROUP1))
		group_set(&g, "cpuset.mems", "0");
	return g;
}

void group_end(const struct group *g)
{
	for (int i = 0; rmdir(g->path) && errno == EBUSY && i < 100; i++)
		sleep_ns(10 * MS);
}

int group_take(const struct group *g, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return group_set(g, "cgroup.procs", text);
}

int group_leave(const struct group *g, pid_t pid)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cgroup.procs", g->root);
	return file_write(path, "%d", pid);
}

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

pid_t sleeper_new(void)
{
	pid_t pid = t_fork(sleeper, NULL);

	sleep_ns(10 * MS);
	return pid;
}

u64 mask_of(pid_t pid)
{
	u64 bits = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(pid, sizeof(set), &set);
	for (int cpu = 0; cpu < 64; cpu++)
		if (CPU_ISSET(cpu, &set))
			bits |= 1ULL << cpu;
	return bits;
}

int mask_to(pid_t pid, u64 bits)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int cpu = 0; cpu < 64; cpu++)
		if (bits >> cpu & 1)
			CPU_SET(cpu, &set);
	return sched_setaffinity(pid, sizeof(set), &set) ? -errno : 0;
}

void server_on(pid_t pid, int cpu, u32 cap)
{
	pin_to(pid, cpu);
	must_enter(pid, 1 * MS, 10 * MS, cap);
	mask_to(pid, -1ULL);
}
