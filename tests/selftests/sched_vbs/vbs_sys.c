// SPDX-License-Identifier: GPL-2.0
/* System calls, small files and /proc/vbs */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "vbs_test.h"

int vbs_setattr(pid_t pid, const struct vbs_sched_attr *attr)
{
	return syscall(SYS_sched_setattr, pid, attr, 0) ? -errno : 0;
}

int vbs_getattr(pid_t pid, struct vbs_sched_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	return syscall(SYS_sched_getattr, pid, attr, sizeof(*attr), 0) ?
		-errno : 0;
}

struct vbs_sched_attr vbs_attr(u64 runtime, u64 period, u32 cap)
{
	return (struct vbs_sched_attr) {
		.size = sizeof(struct vbs_sched_attr),
		.sched_policy = SCHED_VBS,
		.sched_runtime = runtime,
		.sched_period = period,
		.sched_vbs_cap = cap,
	};
}

int vbs_enter(pid_t pid, u64 runtime, u64 period, u32 cap)
{
	struct vbs_sched_attr attr = vbs_attr(runtime, period, cap);

	return vbs_setattr(pid, &attr);
}

void must_enter(pid_t pid, u64 runtime, u64 period, u32 cap)
{
	admit(SCHED_VBS, pid, runtime, period, cap);
}

int vbs_join(pid_t pid, pid_t leader)
{
	struct vbs_sched_attr attr = vbs_attr(0, 0, 0);

	attr.sched_flags = SCHED_FLAG_VBS_JOIN;
	attr.sched_vbs_leader = leader;
	return vbs_setattr(pid, &attr);
}

static int set_policy(pid_t pid, int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return syscall(SYS_sched_setscheduler, pid, policy, &param) ? -errno : 0;
}

int vbs_leave(pid_t pid)
{
	return set_policy(pid, SCHED_OTHER, 0);
}

int set_fifo(pid_t pid, int priority)
{
	return set_policy(pid, SCHED_FIFO, priority);
}

int set_deadline(pid_t pid, u64 runtime, u64 period)
{
	struct vbs_sched_attr attr = {
		.size = 48,
		.sched_policy = SCHED_DEADLINE,
		.sched_runtime = runtime,
		.sched_deadline = period,
		.sched_period = period,
	};

	return vbs_setattr(pid, &attr);
}

int set_resource(int policy, pid_t pid, u64 runtime, u64 period, u32 cap)
{
	return policy == SCHED_VBS ? vbs_enter(pid, runtime, period, cap) :
				     set_deadline(pid, runtime, period);
}

void admit(int policy, pid_t pid, u64 runtime, u64 period, u32 cap)
{
	int err = -EBUSY;

	for (int i = 0; i < 40 && err == -EBUSY; i++) {
		err = set_resource(policy, pid, runtime, period, cap);
		if (err)
			sleep_ns(50 * MS);
	}
	errno = -err;
	if (err)
		t_fatal("admission to %s of %ju ns in %ju ns",
			class_name(policy), (uintmax_t)runtime, (uintmax_t)period);
}

const char *class_name(int policy)
{
	return policy == SCHED_VBS ? "VBS" : "DEADLINE";
}

/* ceil(runtime * 2^20 / period): the cap that entry with cap 0 books */
u32 vbs_bw(u64 runtime, u64 period)
{
	return ((runtime << VBS_BW_SHIFT) + period - 1) / period;
}

int file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, buf + len, size - 1 - len);
		len += n > 0 ? n : 0;
	} while (n > 0);
	n = n < 0 ? -errno : len;
	close(fd);
	buf[len] = '\0';
	return n;
}

s64 file_num(const char *path)
{
	char buf[64];
	int err = file_read(path, buf, sizeof(buf));

	return err < 0 ? err : strtoll(buf, NULL, 0);
}

/* With "policy" it exits with that */
void file_copy_self(const char *path, mode_t mode)
{
	static char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY), out;
	ssize_t n;

	unlink(path);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			t_fatal("copy");
	close(in);
	close(out);
	chmod(path, mode);
}

int file_write(const char *path, const char *fmt, ...)
{
	char buf[256];
	va_list ap;
	int fd, err = 0;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, buf, strlen(buf)) < 0)
		err = -errno;
	close(fd);
	return err;
}

u64 sysctl_vbs(const char *name)
{
	char path[128];
	s64 val;

	snprintf(path, sizeof(path), SYSCTL_VBS "%s", name);
	val = file_num(path);
	if (val < 0)
		t_fatal("read %s", path);
	return val;
}

static char proc_text[1 << 20];

static const char *proc_read(void)
{
	int n = file_read(VBS_PROC, proc_text, sizeof(proc_text));

	errno = -n;
	if (n < 0)
		t_fatal("read " VBS_PROC);
	return proc_text;
}

/* The value of " key=" in the line that starts at @line */
const char *line_key(const char *line, const char *key)
{
	size_t len = strlen(key);
	const char *end = strchrnul(line, '\n');

	for (const char *p = line; (p = strchr(p, ' ')) && p < end;) {
		p++;
		if (!strncmp(p, key, len) && p[len] == '=')
			return p + len + 1;
	}
	return NULL;
}

const char *find_line(const char *kind, const char *key, s64 val)
{
	size_t len = strlen(kind);
	const char *line = proc_read(), *p;

	for (; line && *line; line = strchr(line, '\n'), line += !!line) {
		if (strncmp(line, kind, len))
			continue;
		p = line_key(line, key);
		if (p && strtoll(p, NULL, 0) == val)
			return line;
	}
	return NULL;
}

u64 cpu_key(int cpu, const char *key)
{
	const char *line = find_line("cpu ", "id", cpu);
	const char *p = line ? line_key(line, key) : NULL;

	if (!p)
		t_fatal("no %s of CPU %d in " VBS_PROC, key, cpu);
	return strtoull(p, NULL, 0);
}

u64 head_key(const char *key)
{
	const char *p = line_key(proc_read(), key);

	if (!p)
		t_fatal("no %s in the first line of " VBS_PROC, key);
	return strtoull(p, NULL, 0);
}

/* A debug kernel needs more than the rest of the CPU for itself. */
u64 cpu_room(int cpu)
{
	return cpu_key(cpu, "spare") / (t_arg("debug", 0) ? 3 : 1);
}

static u64 booked_in_all(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	u64 sum = 0;

	for (long cpu = 0; cpu < cpus; cpu++)
		sum += cpu_key(cpu, "booked");
	return sum;
}

u64 books_empty(u64 wait)
{
	u64 end = now_ns() + wait, sum;

	while ((sum = booked_in_all()) && now_ns() < end)
		sleep_ns(5 * MS);
	return sum;
}

u64 booked_becomes(int cpu, u64 want)
{
	u64 end = now_ns() + SEC, booked;

	while ((booked = cpu_key(cpu, "booked")) != want && now_ns() < end)
		sleep_ns(5 * MS);
	return booked;
}

bool server_key(pid_t leader, const char *key, u64 *val)
{
	const char *line = find_line("server ", "leader", leader);
	const char *p = line ? line_key(line, key) : NULL;

	if (!p)
		return false;
	*val = strtoull(p, NULL, 0);
	return true;
}

u64 server_val(pid_t leader, const char *key)
{
	u64 val;

	if (!server_key(leader, key, &val))
		t_fatal("no %s of the server led by %d in " VBS_PROC, key, leader);
	return val;
}

bool server_state(pid_t leader, const char *state)
{
	const char *line = find_line("server ", "leader", leader);
	const char *p = line ? line_key(line, "state") : NULL;
	size_t len = strlen(state);

	return p && !strncmp(p, state, len) && p[len] == ' ';
}

/* But for how long something is held */
static bool proc_same(const char *a, const char *b)
{
	const char *at, *until = " until_ns=";
	size_t n;

	while ((at = strstr(a, until))) {
		n = at - a + strlen(until);
		if (strncmp(a, b, n))
			return false;
		a += n + strspn(a + n, "0123456789");
		b += n + strspn(b + n, "0123456789");
	}
	return !strcmp(a, b);
}

void t_refused(int err, pid_t pid, const struct vbs_sched_attr *attr,
	       const char *fmt, ...)
{
	static char before[sizeof(proc_text)];
	struct vbs_sched_attr was, is;
	char what[256];
	va_list ap;
	int got;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	vbs_getattr(pid, &was);
	strcpy(before, proc_read());
	got = vbs_setattr(pid, attr);
	vbs_getattr(pid, &is);
	proc_read();
	if (got != -err)
		t_ok(false, "%s: %s, expected %s", what,
		     got ? strerrorname_np(-got) : "succeeded", strerrorname_np(err));
	else if (memcmp(&was, &is, sizeof(is)) || !proc_same(before, proc_text))
		t_ok(false, "%s: %s, but something changed", what,
		     strerrorname_np(err));
	else
		t_ok(true, "%s: %s", what, strerrorname_np(err));
}
