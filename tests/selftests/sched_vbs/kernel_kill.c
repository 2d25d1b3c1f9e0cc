// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "vbs_beside.h"

#define GROUP	"/sys/fs/cgroup/vbs_kernel_kill"
#define LINK	"/tmp/vbs_kernel_kill"

/* A walk over thousands of dots: no signal breaks it off */
static void in_the_kernel(const struct scene *s)
{
	struct stat st;

	(void)s;
	for (int i = 0; i < 30; i++)
		if (stat(LINK, &st))
			_exit(1);
}

static void in_user_mode(const struct scene *s)
{
	(void)s;
	nops();
}

static u64 killed(const struct scene *s)
{
	kill(s->attacker, SIGKILL);
	t_wait(s->attacker);
	return scene_since(s);
}

static u64 stopped(const struct scene *s)
{
	int status;

	kill(s->attacker, SIGSTOP);
	if (waitpid(s->attacker, &status, WUNTRACED) != s->attacker || !WIFSTOPPED(status))
		_exit(1);
	return scene_since(s);
}

static u64 traced(const struct scene *s)
{
	int status;

	if (ptrace(PTRACE_SEIZE, s->attacker, 0, 0) ||
	    ptrace(PTRACE_INTERRUPT, s->attacker, 0, 0) ||
	    waitpid(s->attacker, &status, __WALL) != s->attacker)
		_exit(1);
	return scene_since(s);
}

static bool all_frozen(void)
{
	char text[256];

	return file_read(GROUP "/cgroup.events", text, sizeof(text)) > 0 &&
	       strstr(text, "frozen 1");
}

static u64 frozen(const struct scene *s)
{
	if (file_write(GROUP "/cgroup.procs", "%d", s->attacker) ||
	    file_write(GROUP "/cgroup.freeze", "1"))
		_exit(1);
	while (!all_frozen())
		sleep_ns(100 * US);
	return scene_since(s);
}

static void thaw(void)
{
	file_write(GROUP "/cgroup.freeze", "0");
}

static void scenes(const char *where, void (*attack)(const struct scene *s))
{
	static const struct {
		const char *what;
		u64 (*victim)(const struct scene *s);
	} ways[] = {
		{ "SIGKILL", killed }, { "SIGSTOP", stopped },
		{ "PTRACE_INTERRUPT", traced }, { "the freezer", frozen },
	};
	char what[64];
	struct beside b = {
		.what = what, .attack = attack,
		.first = 60 * US, .step = 130 * US, .n = 4,
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		snprintf(what, sizeof(what), "%s %s", ways[i].what, where);
		b.victim = ways[i].victim;
		beside_compare(&b, 1 * US);
		thaw();
	}
}

static void make_link(void)
{
	char target[4096];

	for (size_t i = 0; i < sizeof(target) - 1; i++)
		target[i] = i % 2 ? '/' : '.';
	target[sizeof(target) - 1] = '\0';
	mkdir("/tmp", 01777);
	unlink(LINK);
	if (symlink(target, LINK))
		t_fatal("symlink");
}

VBS_TEST("a member is killed, stopped, traced and frozen as soon as a nice-0 task", 300)
{
	need_vbs();
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		t_skip_all("no cgroup v2");
	make_link();
	scenes("in user mode", in_user_mode);
	scenes("in the kernel", in_the_kernel);
	unlink(LINK);
	rmdir(GROUP);
}
