// SPDX-License-Identifier: GPL-2.0
/*
 * The command as a child, of another user or of the same.  The child takes that
 * user's ids and waits; this process, still privileged, admits it (so that the
 * server's owner is that user) and lets it go; then it stands for the child:
 * signals that reach it go on, stops are copied, and it ends as the child ends.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "servers/keep_class.h"
#include "servers/name.h"
#include "servers/run_as.h"
#include "servers/start.h"

static const int forwarded[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT,
	SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGPIPE,
};

static void signal_set(sigset_t *set)
{
	size_t i;

	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(set, forwarded[i]);
}

/* Waits for a byte; false if the other side has gone */
static bool wait_for(int fd)
{
	char c;
	ssize_t n;

	do {
		n = read(fd, &c, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

static bool notify(int fd)
{
	return send(fd, "", 1, MSG_NOSIGNAL) == 1;
}

static void child(int fd, const struct run_user *who, const struct request *req,
		  const sigset_t *mask, char **argv)
{
	if (req->keep_class && keep_class())
		_exit(VC_RUN);
	if (who->other && run_user_become(who)) {
		failure(VC_RUN, "cannot become uid %u: %s", who->uid, strerror(errno));
		_exit(VC_RUN);
	}
	if (!notify(fd) || !wait_for(fd))
		_exit(VC_RUN);
	sigprocmask(SIG_SETMASK, mask, NULL);
	_exit(run_exec(argv));
}

/* Ends as the child ended, with its signal but without a second core dump */
static int end_like(int status)
{
	sigset_t set;
	int sig;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	sig = WTERMSIG(status);
	prctl(PR_SET_DUMPABLE, 0);
	signal(sig, SIG_DFL);
	raise(sig);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + sig;
}

static const char *policy_name(uint32_t policy)
{
	static const char *const names[] = {
		"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", NULL, "SCHED_IDLE",
		"SCHED_DEADLINE", "SCHED_EXT",
	};

	return policy < sizeof(names) / sizeof(names[0]) && names[policy] ? names[policy] :
	       "another class";
}

/* The dead keep their policy until they are reaped */
static void tell_policy(pid_t pid)
{
	siginfo_t info = { 0 };
	struct vbs_sched_attr attr;

	if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
		return;
	if (!vbs_getattr(pid, &attr) && attr.sched_policy != SCHED_VBS)
		failure(0, "the command had left its server and ended in %s: it set its own policy, or somebody took it out (see sched_vbs(7), programs that set a policy)",
			policy_name(attr.sched_policy));
}

/* True when the child is gone */
static bool reap(pid_t pid, int *status)
{
	tell_policy(pid);
	while (waitpid(pid, status, WNOHANG | WUNTRACED) == pid) {
		if (!WIFSTOPPED(*status))
			return true;
		raise(SIGSTOP);
	}
	return false;
}

/* What the terminal sends it sends to the child too: pass on the rest */
static void forward(pid_t pid, const siginfo_t *info)
{
	if (info->si_code <= 0)
		kill(pid, info->si_signo);
}

static int stand_for(pid_t pid, const struct request *req, const sigset_t *set)
{
	siginfo_t info;
	int status;

	while (!reap(pid, &status)) {
		if (sigwaitinfo(set, &info) > 0 && info.si_signo != SIGCHLD)
			forward(pid, &info);
	}
	if (req->name)
		name_forget(pid, req->name);
	return end_like(status);
}

static int parent(int fd, pid_t pid, const struct request *req, const sigset_t *set)
{
	int status;

	if (wait_for(fd) && !run_admit(pid, req) && notify(fd)) {
		close(fd);
		return stand_for(pid, req, set);
	}
	close(fd);
	waitpid(pid, &status, 0);
	return VC_RUN;
}

int run_as(const struct run_user *who, const struct request *req, char **argv)
{
	sigset_t set, before;
	int fd[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return failure(VC_RUN, "cannot make a socket pair: %s", strerror(errno));
	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, &before);
	pid = fork();
	if (pid < 0)
		return failure(VC_RUN, "cannot fork: %s", strerror(errno));
	close(fd[pid != 0]);
	if (!pid)
		child(fd[1], who, req, &before, argv);
	signal(SIGCHLD, SIG_DFL);
	return parent(fd[0], pid, req, &set);
}
