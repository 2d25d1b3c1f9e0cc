// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "vbs_measure.h"

#define PATTERN	"/proc/sys/kernel/core_pattern"

static void play(struct actor *a)
{
	struct rlimit limit = { .rlim_cur = 64 << 20, .rlim_max = 64 << 20 };

	if (chdir("/tmp") || setrlimit(RLIMIT_CORE, &limit))
		_exit(1);
	spin_until(a->t0 + 1 * SEC);
}

VBS_TEST("a member that dies of SIGSEGV while it is throttled dumps its core", 60)
{
	struct actor *a;
	char path[64];
	struct stat st;
	int status;

	need_vbs();
	file_restore(PATTERN);
	file_write(PATTERN, "/tmp/vbs_core.%%p");
	a = actor_new(play, stage(), 2 * MS, 100 * MS, 0);
	sleep_until(a->t0 + 50 * MS);
	t_ok(server_state(a->pid, "throttled"), "it is throttled");
	kill(a->pid, SIGSEGV);
	status = t_wait(a->pid);
	t_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "it died of SIGSEGV");
	t_ok(WCOREDUMP(status), "with a core dump");
	/* dumping is work in the kernel: a fair task's, or borrowed */
	t_at_most(now_ns() - a->t0, 1 * SEC, "ns until it was gone");
	snprintf(path, sizeof(path), "/tmp/vbs_core.%d", a->pid);
	t_ok(!stat(path, &st) && st.st_size > 4096, "the core is there");
	unlink(path);
	t_equal(books_empty(2 * SEC), 0, "booked at last");
}
