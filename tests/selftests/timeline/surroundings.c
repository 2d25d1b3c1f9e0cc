// SPDX-License-Identifier: GPL-2.0
/*
 * Reading where programs live: after exec, at random addresses, in a sandbox
 * that allows no system call, one instruction at a time.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "tl_test.h"

#define RANDOMIZE	"/proc/sys/kernel/randomize_va_space"

static int fd;
static u32 id;

/* SELF and the id in turn move on, by both functions */
static bool in_order(void)
{
	struct timeline_time tt, self;
	u64 t[2];

	return !tl_vdso(id, &tt) && !tl_clock(CLOCK_TIMELINE_SELF, &t[0]) &&
	       !tl_vdso(TIMELINE_SELF, &self) && !tl_clock(CLOCK_TIMELINE(id), &t[1]) &&
	       tl_ns(&tt) <= t[0] && t[0] <= tl_ns(&self) && tl_ns(&self) <= t[1] &&
	       tt.status == TIMELINE_STATUS_SYNCHRONIZED;
}

/* Executes this program again, which then only checks */
static int again(void)
{
	char number[16];
	int status;
	pid_t pid;

	snprintf(number, sizeof(number), "child=%u", id + 1);
	pid = fork();
	if (!pid) {
		dup2(open("/dev/null", O_WRONLY), 1);
		execl("/proc/self/exe", "surroundings", number, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void random_addresses(void)
{
	int i, good = 0;

	file_restore(RANDOMIZE);
	file_write(RANDOMIZE, "2");
	for (i = 0; i < 10; i++)
		good += !again();
	t_equal(good, 10, "programs at random addresses");
}

/*
 * The only system call that is left is exit(). (In SECCOMP_MODE_STRICT the TSC
 * itself faults, also under CLOCK_MONOTONIC.)
 */
static void sandboxed(void *unused)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof(rules) / sizeof(*rules), rules };
	int i, good = 0;

	(void)unused;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		_exit(2);
	for (i = 0; i < 1000; i++)
		good += in_order();
	syscall(SYS_exit, good != 1000);
}

static void traced(void)
{
	u64 steps = 0;
	int status, i, good = 0;
	pid_t pid = fork();

	if (!pid) {
		in_order();
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		for (i = 0; i < 10; i++)
			good += in_order();
		_exit(good != 10);
	}
	waitpid(pid, &status, 0);
	while (WIFSTOPPED(status) && steps++ < 1000000) {
		ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
		waitpid(pid, &status, 0);
	}
	if (WIFSTOPPED(status))
		kill(pid, SIGKILL);
	t_diag("%ju steps", (uintmax_t)steps);
	t_equal(status, 0, "a program that is traced, step by step");
	t_at_least(steps, 10 * 4 * 20, "steps");
}

VBS_TEST("timelines are read right after exec, at random addresses, in a sandbox and traced", 60)
{
	u64 child = t_arg("child", 0);

	if (child) {
		id = child - 1;
		t_ok(in_order(), "the binding is there after exec");
		return;
	}
	fd = tl_open();
	id = tl_make(fd, "here", 0);
	if (prctl(PR_SET_TIMELINE, id, 0, 0, 0))
		t_fatal("bind");
	t_ok(in_order(), "here");
	t_equal(again(), 0, "after exec, and the binding with it");
	random_addresses();
	t_equal(t_wait(t_fork(sandboxed, NULL)), 0, "where no system call is allowed");
	traced();
	tl_destroy(fd, id);
}
