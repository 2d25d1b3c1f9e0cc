// SPDX-License-Identifier: GPL-2.0
#include <stdatomic.h>
#include <sys/wait.h>
#include "vbs_group.h"

/*
 * Members enter, join, set masks, fork and die while cpusets change, take them in
 * and let them go, and a CPU comes and goes.  Each write has an outcome that is a
 * race; but at each halt every member is on a CPU of its cpuset with its server,
 * or CPUs that went have broken its affinity.
 */
#define TASKS	16
#define GROUPS	3

struct cpuset_storm {
	volatile pid_t pid[TASKS];
	volatile u32 halt, stop, hotplug, masks;
	atomic_uint halted, busy, moved, calls, joins;
};

static struct cpuset_storm *storm;
static struct group groups[GROUPS];
static __thread unsigned int seed;

static unsigned int any(unsigned int n)
{
	return rand_r(&seed) % n;
}

static pid_t somebody(void)
{
	return storm->pid[any(TASKS)];
}

static void *thread(void *unused)
{
	sched_yield();
	return unused;
}

static void child(void)
{
	pthread_t t;
	pid_t pid;

	if (any(2)) {
		if (!pthread_create(&t, NULL, thread, NULL))
			pthread_join(t, NULL);
		return;
	}
	pid = fork();
	if (!pid) {
		sleep_ns(any(3 * MS));
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void act(void)
{
	u64 period = (1 + any(10)) * MS;

	switch (storm->masks && any(8) ? 2 : any(7)) {
	case 0:
		vbs_enter(0, period / 10, period, VBS_BW_UNIT / (2 + any(6)));
		break;
	case 1:
		storm->joins += !vbs_join(0, somebody());
		break;
	case 2:
		mask_to(any(3) ? 0 : somebody(), 1 + any(15));
		break;
	case 3:
		child();
		break;
	case 4:
		if (!any(3))
			vbs_leave(0);
		break;
	default:
		sleep_ns(any(2 * MS));
	}
	storm->calls++;
}

static void halt(void)
{
	storm->halted++;
	while (storm->halt)	/* seldom: all may share one small budget */
		sleep_ns(20 * MS);
	storm->halted--;
}

static void rage(void *arg)
{
	unsigned int me = (intptr_t)arg;

	seed = me + 100 * t_arg("seed", 1);
	storm->pid[me] = getpid();
	while (!storm->stop) {
		if (!storm->halt) {
			act();
			continue;
		}
		halt();
	}
}

static void change(void)
{
	static const char * const cpus[] = { "0",   "1",   "2",	  "3",	"0-1",
					     "1-2", "2-3", "0-3", "1,3" };
	struct group *g = &groups[any(GROUPS)];
	int err;

	switch (any(4)) {
	case 0:
		err = group_leave(g, somebody());
		break;
	case 1:
		err = group_take(g, somebody());
		break;
	default:
		err = group_set(g, "cpuset.cpus", cpus[any(ARRAY_SIZE(cpus))]);
	}
	storm->busy += err == -EBUSY;
	storm->moved += !err;
	sleep_ns(any(3 * MS));
}

static void writer(void *arg)
{
	seed = 1000 + (intptr_t)arg;
	while (!storm->stop) {
		if (!storm->halt) {
			change();
			continue;
		}
		halt();
	}
}

static void hotplug(void *unused)
{
	(void)unused;
	while (!storm->stop) {
		if (storm->halt)
			halt();
		file_write("/sys/devices/system/cpu/cpu2/online", "0");
		sleep_ns(20 * MS);
		file_write("/sys/devices/system/cpu/cpu2/online", "1");
		sleep_ns(30 * MS);
	}
}

/* Every thread that is a member: its server's CPU is in its mask, and in its cpuset's */
static unsigned int strays(void)
{
	unsigned int n = 0;
	u64 cpu, cpuset;
	char path[64], text[4096], *p;

	for (int i = 0; i < TASKS; i++) {
		pid_t pid = storm->pid[i];

		if (sched_getscheduler(pid) != SCHED_VBS || !server_key(pid, "cpu", &cpu))
			continue;	/* or it is not the leader */
		snprintf(path, sizeof(path), "/proc/%d/status", pid);
		if (file_read(path, text, sizeof(text)) < 0)
			continue;
		p = strstr(text, "Cpus_allowed:\t");
		cpuset = p ? strtoull(p + strlen("Cpus_allowed:\t"), NULL, 16) : 0;
		if (cpuset >> cpu & 1)
			continue;
		t_diag("task %d: server on %d, mask %#jx", i, (int)cpu, (uintmax_t)cpuset);
		n++;
	}
	return n;
}

/* The masks of the groups' tasks are within the groups' */
static unsigned int outside(void)
{
	char path[128], text[4096], *p;
	unsigned int n = 0;

	for (int i = 0; i < GROUPS; i++) {
		u64 cpus = 0, a, b;
		const char *list = group_get(&groups[i], "cpuset.cpus.effective");

		for (; *list; list += *list == ',') {
			a = strtoull(list, (char **)&list, 10);
			b = *list == '-' ? strtoull(list + 1, (char **)&list, 10) : a;
			for (; a <= b; a++)
				cpus |= 1ULL << a;
		}
		snprintf(path, sizeof(path), "%s/cgroup.threads", groups[i].path);
		if (file_read(path, text, sizeof(text)) < 0)
			continue;
		for (p = strtok(text, "\n"); p; p = strtok(NULL, "\n")) {
			u64 mask = mask_of(atoi(p));

			if (!(mask & ~cpus))
				continue;
			t_diag("%s: task %s has mask %#jx, cpuset %#jx", groups[i].path, p,
			       (uintmax_t)mask, (uintmax_t)cpus);
			n++;
		}
	}
	return n;
}

static unsigned int wrong;

static void halt_and_look(unsigned int all)
{
	storm->halt = 1;
	for (int i = 0; i < 5000 && storm->halted != all; i++)
		sleep_ns(MS);
	if (storm->halted != all)
		t_fatal("%u of %u halted", storm->halted, all);
	sleep_ns(20 * MS);
	wrong += strays();
	/* Who is on no CPU that is left has its affinity broken */
	if (!storm->hotplug)
		wrong += outside();
	storm->halt = 0;
}

VBS_TEST("cpusets: whatever members do meanwhile, they stay in their cpusets", 300)
{
	u64 seconds = t_arg("seconds", 10), halts = seconds * 2;
	pid_t pid[TASKS + 3];

	need_vbs();
	need_cpus(4);
	need_cpusets2();
	storm = t_shared(sizeof(*storm));
	storm->hotplug = t_arg("hotplug", 0);
	storm->masks = t_arg("masks", 0);
	for (int i = 0; i < GROUPS; i++)
		groups[i] = group_new(CGROUP2, (char[]){ 'v', 'b', 's', '0' + i, 0 }, "0-3");
	for (int i = 0; i < TASKS; i++)
		pid[i] = t_fork(rage, (void *)(intptr_t)i);
	pid[TASKS] = t_fork(writer, (void *)0L);
	pid[TASKS + 1] = t_fork(writer, (void *)1L);
	if (storm->hotplug)
		pid[TASKS + 2] = t_fork(hotplug, NULL);
	for (u64 i = 0; i < halts; i++) {
		sleep_ns(500 * MS);
		halt_and_look(TASKS + 2 + storm->hotplug);
	}
	storm->stop = 1;
	for (int i = 0; i < TASKS + 2; i++)
		t_wait(pid[i]);
	if (storm->hotplug)
		t_wait(pid[TASKS + 2]);
	for (int i = 0; i < GROUPS; i++)
		group_end(&groups[i]);
	t_diag("%u calls, %u joins, %u changes, %u EBUSY", storm->calls, storm->joins,
	       storm->moved, storm->busy);
	t_equal(wrong, 0, "servers outside of masks, tasks outside of cpusets, at %d halts",
		(int)halts);
	t_at_least(storm->moved, 50, "changes");
	t_at_least(storm->busy, 1, "refused");
	t_equal(books_empty(SEC), 0, "booked at last");
}
