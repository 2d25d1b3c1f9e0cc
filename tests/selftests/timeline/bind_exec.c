// SPDX-License-Identifier: GPL-2.0
#include "tl_test.h"

/* The program that is executed is this one: with "binding" it exits with that */
#define COPY	"/tmp/timeline_bind_exec"
#define NONE	99

__attribute__((constructor)) static void executed(int argc, char **argv)
{
	int id;

	if (argc != 2 || strcmp(argv[1], "binding"))
		return;
	id = prctl(PR_GET_TIMELINE, 0L, 0L, 0L, 0L);
	_exit(id < 0 ? NONE : id);
}

static void run_copy(void *uid)
{
	if (uid)
		t_become((uid_t)(intptr_t)uid);
	execl(COPY, COPY, "binding", NULL);
	_exit(98);
}

/* Of a program with this mode that a user executes who is bound */
static int binding_after_exec(mode_t mode, uid_t uid)
{
	file_copy_self(COPY, mode);
	return (t_wait(t_fork(run_copy, (void *)(intptr_t)uid)) >> 8) & 0xff;
}

VBS_TEST("exec keeps the binding; an exec that gains privilege does not", 30)
{
	int fd = tl_open(), before = tl_make(fd, "before", 0), id = tl_make(fd, "exec", 0);

	t_equal(prctl(PR_SET_TIMELINE, (unsigned long)id, 0L, 0L, 0L), 0, "bind");
	t_equal(binding_after_exec(0755, 0), id, "binding after exec");
	t_equal(binding_after_exec(0755, 1000), id, "binding after a user's exec");
	t_equal(binding_after_exec(04755, 1000), NONE,
		"binding after a user's exec of a set-uid program");
	t_equal(binding_after_exec(04755, 0), id, "after root's exec of one: nothing gained");
	unlink(COPY);
	tl_destroy(fd, id);
	tl_destroy(fd, before);
}
