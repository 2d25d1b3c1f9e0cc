// SPDX-License-Identifier: GPL-2.0
/* Which server each thread of a QEMU is in */
#include <dirent.h>
#include "qemu_vm.h"

#define KVMS_OWN	"kvm-nx-lpage"

static void comm_of(pid_t pid, pid_t tid, char *comm, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, tid);
	if (file_read(path, comm, size) < 0)
		comm[0] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
}

static bool runs_vcpu(const struct qemu *q, pid_t tid)
{
	for (unsigned int i = 0; i < q->n; i++)
		if (q->vcpu[i] == tid)
			return true;
	return false;
}

static bool key_is(const char *line, const char *key, const char *want)
{
	const char *is = line_key(line, key);
	size_t len = strlen(want);

	return is && !strncmp(is, want, len) && (is[len] == ' ' || is[len] == '\n');
}

/* Does its server have @role, in the group of the process? */
static bool is_in(pid_t pid, pid_t tid, const char *role)
{
	struct vbs_sched_attr attr;
	char group[16];
	const char *line;
	int err = vbs_getattr(tid, &attr);

	if (err == -ESRCH)
		return true;	/* it has ended */
	if (err || attr.sched_policy != SCHED_VBS)
		return false;
	snprintf(group, sizeof(group), "%d", pid);
	line = find_line("server ", "leader", attr.sched_vbs_leader);
	return line && key_is(line, "role", role) && key_is(line, "group", group);
}

static bool is_right(const struct qemu *q, pid_t tid, const char *comm, const char *role)
{
	u64 members;

	if (!strncmp(comm, KVMS_OWN, strlen(KVMS_OWN)))
		return sched_getscheduler(tid) == SCHED_OTHER;
	if (!runs_vcpu(q, tid) || !strcmp(role, "one"))
		return is_in(q->pid, tid, role);
	/* Nobody else is in its place */
	return is_in(q->pid, tid, "vcpu") && server_key(tid, "members", &members) && members == 1;
}

static void tell(pid_t tid, const char *comm)
{
	struct vbs_sched_attr attr = {};
	const char *line, *role = NULL;

	vbs_getattr(tid, &attr);
	line = find_line("server ", "leader", attr.sched_vbs_leader);
	role = line ? line_key(line, "role") : NULL;
	t_diag("thread %d (%s): policy %u, role %.*s", tid, comm, attr.sched_policy,
	       role ? (int)strcspn(role, "\n ") : 4, role ? role : "none");
}

static DIR *threads_of(pid_t pid)
{
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		t_fatal("%s", path);
	return dir;
}

/* The next thread of it, or 0 */
static pid_t next_thread(DIR *dir, pid_t pid, char *comm, size_t size)
{
	struct dirent *d;
	pid_t tid;

	while ((d = readdir(dir))) {
		tid = atoi(d->d_name);
		if (!tid)
			continue;
		comm_of(pid, tid, comm, size);
		if (comm[0])
			return tid;
	}
	return 0;
}

unsigned int qemu_misplaced(struct qemu *q, const char *role)
{
	unsigned int n = 0;
	DIR *dir = threads_of(q->pid);
	char comm[32];
	pid_t tid;

	while ((tid = next_thread(dir, q->pid, comm, sizeof(comm)))) {
		if (is_right(q, tid, comm, role))
			continue;
		tell(tid, comm);
		n++;
	}
	closedir(dir);
	return n;
}

unsigned int qemu_threads(struct qemu *q, const char *name, pid_t *tids, unsigned int max)
{
	unsigned int n = 0;
	DIR *dir = threads_of(q->pid);
	char comm[32];
	pid_t tid;

	while ((tid = next_thread(dir, q->pid, comm, sizeof(comm)))) {
		if (strncmp(comm, name, strlen(name)))
			continue;
		if (n < max)
			tids[n] = tid;
		n++;
	}
	closedir(dir);
	return n;
}

void qemu_all_inside(struct qemu *q, const char *what)
{
	qemu_vcpus(q);
	t_equal(qemu_misplaced(q, "dm"), 0, "%s: misplaced threads, with %u vCPUs", what, q->n);
	t_equal(shell("vbsctl vm list --json %d | tr -d ' \\n' | grep -q '\"outside\":\\[\\]'",
		      q->pid), 0, "%s: vbsctl vm list has nothing outside", what);
}

int vm_attach(struct qemu *q, const char *options)
{
	int status = 4;

	/* 4: no room */
	for (int i = 0; i < 40 && status == 4; i++) {
		status = shell(VM_ATTACH "%s %d >/tmp/attach 2>&1", options, q->pid);
		if (status == 4)
			sleep_ns(5 * MS);
	}
	if (status)
		shell("sed 's/^/# /' /tmp/attach");
	return status;
}

/* ---- full CPUs ------------------------------------------------------------ */

static pid_t filler[64];
static u64 spare[64];

static void sleeper(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

void fill_cpus(u64 left)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (long cpu = 0; cpu < cpus; cpu++) {
		spare[cpu] = cpu_key(cpu, "spare");
		filler[cpu] = t_fork(sleeper, NULL);
		pin_to(filler[cpu], cpu);
		must_enter(filler[cpu], (spare[cpu] * 10 * MS >> VBS_BW_SHIFT) - 10 * left,
			   10 * MS, 0);
	}
}

/* Until their termination points they have booked it. */
void empty_cpus(void)
{
	u64 end = now_ns() + SEC;

	for (size_t cpu = 0; cpu < ARRAY_SIZE(filler); cpu++) {
		if (!filler[cpu])
			continue;
		t_kill(filler[cpu]);
		filler[cpu] = 0;
		while (cpu_key(cpu, "spare") < spare[cpu] && now_ns() < end)
			sleep_ns(MS);
	}
}
