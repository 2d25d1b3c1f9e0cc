// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once, for as long as it is told: two dozen tasks, half of them a
 * user's, with random attributes, chains of joins, forks, execs, signals, traces
 * and PI locks; above them CPUs that go and come, groups, cpusets, the freezer
 * and kill -9.  One server has nothing to do with it; it must not notice.
 *
 * The machine is emulated in real time: what the host takes away is no fault of
 * the kernel, and is measured first.  A server that always has work consumes
 * lambda in an instance at least (it is charged for a stop that nobody vouches for,
 * and skips instances then); the number of instances and of misses may suffer, but
 * not much more than it did when nothing else happened.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "vbs_measure.h"

#define TASKS		24
#define USER		1000
#define GROUPS		3
#define LOCKS		3
#define ROOT		"/sys/fs/cgroup"
#define RUNTIME		(3 * MS)
#define PERIOD		(10 * MS)	/* of the server that is left alone */

enum { CALLS, KILLS, OFFLINES, MOVES, COUNTS };

struct soak {
	volatile pid_t pid[TASKS];
	volatile u32 lock[LOCKS];
	volatile u64 end;
	volatile u32 count[COUNTS];
	volatile u32 births;
};

static struct soak *soak;
static int cpus;
static unsigned int seed;

static unsigned int any(unsigned int n)
{
	return rand_r(&seed) % n;
}

static void count(int what)
{
	__atomic_add_fetch(&soak->count[what], 1, __ATOMIC_RELAXED);
}

static pid_t somebody(void)
{
	return any(3) ? soak->pid[any(TASKS)] : 0;
}

/* What the tasks do */

static void enter(void)
{
	u64 period = (1 + any(40)) * 250 * US;
	u64 runtime = any(16) ? period / (2 + any(30)) : 10 * US;
	struct vbs_sched_attr attr = vbs_attr(runtime, any(32) ? period : SEC, 0);

	/* z is e/cap away: with a cap of 10 us in 1 s a millisecond holds it for minutes */
	attr.sched_vbs_cap = vbs_bw(runtime, period) * (1 + any(3));
	if (attr.sched_vbs_cap < VBS_BW_UNIT / 64)
		attr.sched_vbs_cap = VBS_BW_UNIT / 64;
	if (!any(6))
		attr.sched_flags |= SCHED_FLAG_VBS_ALIGN;
	if (!any(6))
		attr.sched_flags |= SCHED_FLAG_RESET_ON_FORK;
	if (!any(6))
		attr.sched_flags |= SCHED_FLAG_DL_OVERRUN;
	vbs_setattr(somebody(), &attr);
}

static void join(void)
{
	vbs_join(somebody(), soak->pid[any(TASKS)]);
}

/* Everybody joins the next one's server */
static void chain(void)
{
	for (unsigned int i = any(TASKS), n = 4; n; n--, i++)
		vbs_join(soak->pid[(i + 1) % TASKS], soak->pid[i % TASKS]);
}

static void change_class(void)
{
	static const int policies[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE };
	const struct sched_param none = {};
	pid_t pid = somebody();

	switch (any(4)) {
	case 0:
		set_fifo(pid, 1 + any(20));
		break;
	case 1:
		set_deadline(pid, 100 * US, 10 * MS);
		break;
	default:
		sched_setscheduler(pid, policies[any(3)], &none);
	}
}

static void change_mask(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int cpu = 0; cpu < cpus; cpu++)
		if (any(2))
			CPU_SET(cpu, &set);
	sched_setaffinity(somebody(), sizeof(set), &set);
}

static void fork_and_exec(void)
{
	pid_t pid = fork();

	if (!pid) {
		if (!any(3))
			execl("/proc/self/exe", "soak_everything", "policy", NULL);
		burn(any(200) * US);
		_exit(0);
	}
	if (pid > 0 && !any(2))
		kill(pid, SIGKILL);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void *short_thread(void *unused)
{
	sched_yield();
	return unused;
}

static void threads(void)
{
	pthread_t t[4];
	unsigned int n = 0;

	while (n < ARRAY_SIZE(t) && !pthread_create(&t[n], NULL, short_thread, NULL))
		n++;
	while (n)
		pthread_join(t[--n], NULL);
}

/* Without a list of what is held: who is killed leaves a word that names the dead */
static void hold_a_lock(void)
{
	volatile u32 *lock = &soak->lock[any(LOCKS)];
	struct timespec limit = { time(NULL) + 2, 0 };

	if (syscall(SYS_futex, lock, FUTEX_LOCK_PI, 0, &limit, NULL, 0)) {
		if (errno == ESRCH)
			*lock = 0;
		return;
	}
	burn(any(300) * US);
	syscall(SYS_futex, lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static void signal_somebody(void)
{
	static const int signals[] = { SIGUSR1, SIGSTOP, SIGCONT, SIGCONT, SIGCHLD };
	pid_t pid = soak->pid[any(TASKS)];

	if (pid > 0)
		kill(pid, signals[any(ARRAY_SIZE(signals))]);
}

static void trace_somebody(void)
{
	pid_t pid = soak->pid[any(TASKS)];

	if (pid <= 0 || pid == getpid() || ptrace(PTRACE_SEIZE, pid, 0, 0))
		return;
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	sleep_ns(any(500) * US);
	/* one that is not there yet is let go when we end, or by the next attempt */
	for (int i = 0; i < 20 && ptrace(PTRACE_DETACH, pid, 0, 0); i++)
		sleep_ns(100 * US);
}

static void fill_memory(void)
{
	size_t size = (1 + any(8)) << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p != MAP_FAILED)
		munmap(p, size);
}

static void read_books(void)
{
	static char text[65536];

	file_read(VBS_PROC, text, sizeof(text));
}

static void renice(void)
{
	setpriority(PRIO_PROCESS, somebody(), any(20));
}

static void pause_a_moment(void)
{
	sleep_ns(any(2000) * US);
}

static void work(void)
{
	burn(any(500) * US);
}

static void yield(void)
{
	sched_yield();
}

static void (* const acts[])(void) = {
	enter, enter, enter, join, chain, change_class, change_class, change_mask,
	fork_and_exec, threads, hold_a_lock, signal_somebody, trace_somebody,
	fill_memory, read_books, renice, pause_a_moment, pause_a_moment, work, yield,
};

static void on_signal(int sig)
{
	(void)sig;
}

static void rage(void *arg)
{
	unsigned int me = (intptr_t)arg;

	signal(SIGUSR1, on_signal);
	signal(SIGXCPU, on_signal);
	seed = me + soak->births * 1000 + t_arg("seed", 1) * 100000;
	if (me % 2)
		t_become(USER);
	while (now_ns() < soak->end) {
		acts[any(ARRAY_SIZE(acts))]();
		count(CALLS);
	}
}

/* What is done to them */

static void online(int cpu, bool on)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	if (!file_write(path, on ? "1" : "0") && !on)
		count(OFFLINES);
}

/* CPU 0 stays, and so does the last one */
static void hotplug(void *unused)
{
	(void)unused;
	seed = 7;
	while (now_ns() < soak->end) {
		online(1 + any(cpus - 2), any(2));
		sleep_ns((20 + any(200)) * MS);
	}
	for (int cpu = 1; cpu < cpus - 1; cpu++)
		online(cpu, true);
}

static void group_file(unsigned int group, const char *name, const char *fmt, int val)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "/vbs_soak%u/%s", group, name);
	if (!file_write(path, fmt, val))
		count(MOVES);
}

static void groups(void *unused)
{
	(void)unused;
	seed = 8;
	while (now_ns() < soak->end) {
		unsigned int group = any(GROUPS);

		switch (any(5)) {
		case 0:
			group_file(group, "cpuset.cpus", any(3) ? "%d" : "0-%d", any(cpus));
			break;
		case 1:
			group_file(group, "cgroup.freeze", "%d", 1);
			sleep_ns(any(10) * MS);
			group_file(group, "cgroup.freeze", "%d", 0);
			break;
		case 2:
			file_write(ROOT "/cgroup.procs", "%d", soak->pid[any(TASKS)]);
			break;
		default:
			group_file(group, "cgroup.procs", "%d", soak->pid[any(TASKS)]);
		}
		sleep_ns(any(20) * MS);
	}
	for (unsigned int group = 0; group < GROUPS; group++)
		group_file(group, "cgroup.freeze", "%d", 0);
}

static void make_groups(void)
{
	char path[64];

	file_write(ROOT "/cgroup.subtree_control", "+cpuset +cpu");
	for (unsigned int group = 0; group < GROUPS; group++) {
		snprintf(path, sizeof(path), ROOT "/vbs_soak%u", group);
		mkdir(path, 0755);
	}
}

static void remove_groups(void)
{
	char path[64];

	for (unsigned int group = 0; group < GROUPS; group++) {
		snprintf(path, sizeof(path), ROOT "/vbs_soak%u", group);
		rmdir(path);
	}
}

static void born(unsigned int i)
{
	soak->births++;
	soak->pid[i] = t_fork(rage, (void *)(intptr_t)i);
}

/* The dead are replaced, and nobody stays stopped for long */
static void reign(void)
{
	while (now_ns() < soak->end) {
		unsigned int i = any(TASKS);

		if (!any(4)) {
			kill(soak->pid[i], SIGKILL);
			count(KILLS);
		}
		for (i = 0; i < TASKS; i++) {
			if (waitpid(soak->pid[i], NULL, WNOHANG) == soak->pid[i])
				born(i);
			else if (!any(8))
				kill(soak->pid[i], SIGCONT);
		}
		sleep_ns((1 + any(40)) * MS);
	}
}

static void bury(void)
{
	for (unsigned int i = 0; i < TASKS; i++)
		kill(soak->pid[i], SIGKILL);
	for (unsigned int i = 0; i < TASKS; i++)
		t_wait(soak->pid[i]);
}

/* The server that is left alone */

struct judged {
	u64 consumed, instances, misses, lost, when;
};

static u64 key_in(const char *line, const char *key)
{
	const char *p = strstr(line, key);

	if (!p)
		t_fatal("no %s", key);
	return strtoull(p + strlen(key), NULL, 10);
}

/* One reading: figures of one instant */
static struct judged look(pid_t pid)
{
	static char text[1 << 18];
	char leader[32], *line;

	snprintf(leader, sizeof(leader), " leader=%d ", pid);
	if (file_read(VBS_PROC, text, sizeof(text)) < 0)
		t_fatal("read " VBS_PROC);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, "server ", 7) && strstr(line, leader))
			break;
	if (!line)
		t_fatal("the server is not there");
	return (struct judged) {
		.consumed = key_in(line, " consumed="), .instances = key_in(line, " instances="),
		.misses = key_in(line, " misses="), .lost = key_in(line, " lost="),
		.when = now_ns(),
	};
}

static struct judged since(pid_t pid, const struct judged *a)
{
	struct judged b = look(pid);

	return (struct judged) {
		.consumed = b.consumed - a->consumed, .instances = b.instances - a->instances,
		.misses = b.misses - a->misses, .lost = b.lost - a->lost, .when = b.when - a->when,
	};
}

/* Instances that should have been, and what the host made of them, in per mille */
static u64 due(const struct judged *j)
{
	return (j->when - j->lost) / PERIOD + 1;
}

static u64 missed(const struct judged *j)
{
	return 1000 * j->misses / due(j);
}

static u64 skipped(const struct judged *j)
{
	u64 paid = j->consumed / RUNTIME;	/* also those that a debt skips */

	paid = paid > j->instances ? paid : j->instances;
	return paid < due(j) ? 1000 * (due(j) - paid) / due(j) : 0;
}

static void print(const struct judged *j, const char *when)
{
	t_diag("%s: %ju instances, %ju due, %ju misses, %.3f of %.3f s lost to the host", when,
	       (uintmax_t)j->instances, (uintmax_t)due(j), (uintmax_t)j->misses, j->lost / 1e9,
	       j->when / 1e9);
}

static pid_t start_judged(void)
{
	pid_t pid = t_fork(spin_forever, NULL);

	pin_to(pid, cpus - 1);
	must_enter(pid, RUNTIME, PERIOD, 0);
	sleep_ns(100 * MS);
	return pid;
}

/* What the host takes from it while all CPUs are busy and nothing else happens */
static struct judged quiet(pid_t pid)
{
	struct judged start, end;
	pid_t busy[64];

	for (int cpu = 0; cpu < cpus; cpu++)
		busy[cpu] = t_fork(spin_forever, NULL);
	start = look(pid);
	sleep_ns(t_arg("quiet", 4) * SEC);
	end = since(pid, &start);
	for (int cpu = 0; cpu < cpus; cpu++)
		t_kill(busy[cpu]);
	return end;
}

static void judge(pid_t pid, const struct judged *start, const struct judged *before)
{
	u64 budget = RUNTIME - sysctl_vbs("release_cost_ns");
	struct judged j = since(pid, start);

	print(before, "before");
	print(&j, "meanwhile");
	t_at_least(j.consumed + 2 * RUNTIME, j.instances * budget,
		   "ns executed by the server that was left alone, for its instances");
	t_at_most(missed(&j), 2 * missed(before) + 50, "misses in a thousand");
	t_at_most(skipped(&j), 2 * skipped(before) + 50, "instances that are missing in a thousand");
	t_equal(server_val(pid, "cpu"), cpus - 1, "its CPU");
	t_equal(server_val(pid, "runtime"), RUNTIME, "its budget");
}

static u64 servers_in_all(void)
{
	u64 sum = 0;

	for (int cpu = 0; cpu < cpus; cpu++)
		sum += cpu_key(cpu, "servers");
	return sum;
}

VBS_TEST("everything at once leaves no booking, no server and no trace in a neighbour", 4000)
{
	struct judged before, start;
	pid_t left_alone, admins[2];

	need_vbs();
	need_cpus(3);
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	soak = t_shared(sizeof(*soak));
	make_groups();
	left_alone = start_judged();
	before = quiet(left_alone);
	start = look(left_alone);
	soak->end = now_ns() + t_arg("seconds", 20) * SEC;
	seed = t_arg("seed", 1);
	for (unsigned int i = 0; i < TASKS; i++)
		born(i);
	admins[0] = t_fork(hotplug, NULL);
	admins[1] = t_fork(groups, NULL);
	reign();
	for (size_t i = 0; i < ARRAY_SIZE(admins); i++)
		t_equal(t_wait(admins[i]), 0, "exit status of those above");
	bury();
	judge(left_alone, &start, &before);
	t_kill(left_alone);
	/* z is some seconds away, of which those that the host took do not count */
	t_equal(books_empty(120 * SEC), 0, "booked when all are gone");
	t_equal(servers_in_all(), 0, "servers when all are gone");
	t_equal(sysconf(_SC_NPROCESSORS_ONLN), cpus, "CPUs at last");
	remove_groups();
	t_diag("%u actions, %u kills, %u tasks, %u times offline, %u changes of groups",
	       soak->count[CALLS], soak->count[KILLS], soak->births, soak->count[OFFLINES],
	       soak->count[MOVES]);
	t_at_least(soak->count[CALLS], 500, "actions");
	t_at_least(soak->count[OFFLINES], 1, "times that a CPU went offline");
}
