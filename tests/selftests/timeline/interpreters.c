// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that nobody has changed read a timeline by its clock id.
 */
#include <sys/wait.h>
#include "tl_test.h"

static const struct interpreter {
	const char *name, *option, *script;
} interpreters[] = {
	{ "python3", "-c",
	  "import sys, time\n"
	  "print(time.clock_gettime_ns(32 + int(sys.argv[1])))" },
	/* By Time::HiRes if that is installed, or by the call itself */
	{ "perl", "-e",
	  "my $id = 32 + shift; my $t; my $ts = pack('qq', 0, 0);\n"
	  "if (eval { require Time::HiRes; 1 }) { $t = Time::HiRes::clock_gettime($id) * 1e9 }\n"
	  "elsif (!syscall(228, $id, $ts)) { my ($s, $n) = unpack('qq', $ts); $t = $s * 1e9 + $n }\n"
	  "printf \"%.0f\\n\", $t;" },
};

/* Its output, a number; -1 if there is no such program */
static s64 run(const struct interpreter *i, u32 id)
{
	char number[16], line[64] = "";
	int pipes[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(pipes))
		t_fatal("pipe");
	snprintf(number, sizeof(number), "%u", id);
	pid = fork();
	if (!pid) {
		dup2(pipes[1], 1);
		close(pipes[0]);
		execlp(i->name, i->name, i->option, i->script, number, NULL);
		_exit(127);
	}
	close(pipes[1]);
	n = read(pipes[0], line, sizeof(line) - 1);
	close(pipes[0]);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -1;
	return n > 0 && !status ? strtoll(line, NULL, 10) : 0;
}

VBS_TEST("interpreters that nobody has changed read a timeline by its clock id", 60)
{
	int fd = tl_open(), i, found = 0;
	u32 id = tl_make(fd, "script", 0);
	u64 before;
	s64 got;

	for (i = 0; i < (int)(sizeof(interpreters) / sizeof(*interpreters)); i++) {
		const struct interpreter *p = &interpreters[i];

		before = tl_now(id);
		got = run(p, id);
		if (got < 0) {
			t_skip("no %s", p->name);
			continue;
		}
		found++;
		/* Doubles of such times are good to 1/8 ns: nothing is lost */
		t_ok(got >= (s64)before && got <= (s64)tl_now(id),
		     "%s: %jd is between two readings", p->name, (intmax_t)got);
	}
	tl_destroy(fd, id);
	if (!found)
		t_skip_all("no interpreter");
}
