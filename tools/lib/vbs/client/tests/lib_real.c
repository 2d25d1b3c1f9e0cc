// SPDX-License-Identifier: GPL-2.0
/* libvbs on a kernel with SCHED_VBS, as root.  TAP. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libvbs.h"

#define MS	1000000ULL

static int tests, failed;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failed += !good;
}

static void is(int got, int want, const char *name)
{
	ok(got == want, name);
	if (got != want)
		printf("# %d (%s), not %d\n", got, strerror(got), want);
}

/* A process that waits to be killed */
static pid_t start(void)
{
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool has(pid_t pid, uint64_t runtime, uint64_t period, uint32_t cap, uint32_t flags, pid_t leader)
{
	struct vbs_params p;
	pid_t is;

	return !vbs_get(pid, &p, &is) && p.runtime == runtime && p.period == period &&
	       p.cap == cap && p.flags == flags && is == leader;
}

/* The server of that leader in /proc/vbs */
static int find(pid_t leader, struct vbs_server_info *info)
{
	struct vbs_list *list;
	unsigned int i;
	int err = vbs_list_read(&list);

	if (err)
		return err;
	for (i = 0; !(err = vbs_list_server(list, i, info, sizeof(*info))); i++) {
		if (info->leader == leader)
			break;
	}
	vbs_list_free(list);
	return err;
}

static void enters_and_switches(pid_t a)
{
	struct vbs_params p = { 3 * MS, 10 * MS, 0, VBS_NO_INHERIT };
	struct vbs_server_info info;
	uint32_t cap = vbs_least_cap(p.runtime, p.period, 0);

	is(vbs_get(a, &p, NULL), ENOENT, "a task in no server");
	is(vbs_leave(a), ENOENT, "leaves none");
	is(vbs_enter(a, &p), 0, "enters");
	ok(has(a, 3 * MS, 10 * MS, cap, VBS_NO_INHERIT, a), "and has what it asked for");
	is(vbs_enter(a, &p), EEXIST, "enters no second one");
	p = (struct vbs_params){ 1 * MS, 5 * MS, 0, VBS_ALIGN | VBS_OVERRUN_SIGNAL };
	is(vbs_switch(a, &p), 0, "switches");
	ok(has(a, 1 * MS, 5 * MS, cap, VBS_ALIGN | VBS_OVERRUN_SIGNAL, a), "to this, with the cap as it was");
	p.runtime = 2 * MS;
	is(vbs_switch(a, &p), ERANGE, "not beyond the cap");
	p.cap = VBS_CPU / 2;
	is(vbs_switch(a, &p), 0, "with another cap");
	is(find(a, &info), 0, "is in the list");
	ok(info.cap == VBS_CPU / 2 && info.runtime == 2 * MS && info.period == 5 * MS &&
	   info.flags == VBS_ALIGN && info.members == 1, "with its parameters");
	is(vbs_name(a, "first"), 0, "gets a name");
	ok(!find(a, &info) && !strcmp(info.name, "first"), "by which it is known");
}

static void joins_and_leaves(pid_t a, pid_t b)
{
	struct vbs_server_info info;
	struct vbs_params p = { 1 * MS, 10 * MS, 0, 0 };

	is(vbs_join(b, a), 0, "another one joins");
	ok(!find(a, &info) && info.members == 2, "they are two");
	is(vbs_leave(b), 0, "it leaves");
	is(vbs_enter(b, &p), 0, "for a server of its own");
	is(vbs_name(b, "first"), EEXIST, "which gets no name that is another's");
	is(vbs_name(b, "1"), EINVAL, "nor one that is none");
	is(vbs_leave(b), 0, "it leaves that, too");
	is(vbs_join(b, b), EINVAL, "nobody joins who is in no server");
}

static void is_refused(pid_t a, pid_t b)
{
	struct vbs_params p = { 1 * MS, 10 * MS, VBS_CPU, 0 };

	is(vbs_available(), 0, "this kernel has it");
	is(vbs_enter(b, &p), EBUSY, "no room");
	p = (struct vbs_params){ 1 * MS, 10 * MS, 0, 8 };
	is(vbs_enter(b, &p), EINVAL, "no such flag");
	p = (struct vbs_params){ 1 * MS, 10 * MS, 1000, 0 };
	is(vbs_enter(b, &p), ERANGE, "above its cap");
	is(vbs_enter(4000000, &p), ESRCH, "nobody enters");
	is(vbs_join(b, 4000000), ESRCH, "nobody is joined");
	if (seteuid(1000))
		return;
	p = (struct vbs_params){ 1 * MS, 10 * MS, 0, 0 };
	is(vbs_enter(0, &p), EPERM, "without privilege");
	is(vbs_switch(a, &p), EPERM, "nor another's");
	if (seteuid(0))
		return;
}

int main(void)
{
	pid_t a = start(), b = start();

	enters_and_switches(a);
	joins_and_leaves(a, b);
	is_refused(a, b);
	stop(a);
	stop(b);
	printf("1..%d\n", tests);
	return failed != 0;
}
