// SPDX-License-Identifier: GPL-2.0
#include <sys/stat.h>
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

static void copy_self(mode_t mode)
{
	static char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY), out;
	ssize_t n;

	unlink(COPY);
	out = open(COPY, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			t_fatal("copy");
	close(in);
	close(out);
	chmod(COPY, mode);
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
	copy_self(mode);
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
