// SPDX-License-Identifier: GPL-2.0
/*
 * The child is the server's first member and stays in it, so that /proc/vbs still has what the
 * command has used when that has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exact.h"
#include "clocks.h"
#include "command.h"
#include "rate/device_model.h"
#include "rate/run_once.h"
#include "servers/start.h"
#include "vbs/proc.h"

struct order {
	uint64_t size;
	uint32_t count;
};

/* @word with each mark replaced */
static char *with_size(const char *word, uint64_t size)
{
	const char *mark = strstr(word, SIZE_MARK);
	char *rest, *all;
	int n;

	if (!mark)
		return strdup(word);
	rest = with_size(mark + strlen(SIZE_MARK), size);
	n = rest ? asprintf(&all, "%.*s%" PRIu64 "%s", (int)(mark - word), word, size, rest) : -1;
	free(rest);
	return n < 0 ? NULL : all;
}

static void become(char **argv, uint64_t size)
{
	int i, n, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char **words;

	for (n = 0; argv[n]; n++)
		;
	words = calloc(n + 1, sizeof(*words));
	for (i = 0; i < n && words; i++)
		words[i] = with_size(argv[i], size);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	_exit(words ? run_exec(words) : VC_RUN);
}

static uint64_t time_of(const struct timeval *tv)
{
	return tv->tv_sec * 1000000000ULL + tv->tv_usec * 1000ULL;
}

static void run_it(char **argv, uint64_t size, struct ran *ran)
{
	struct rusage use;
	pid_t pid;

	ran->begin = now_ns();
	pid = fork();
	if (!pid)
		become(argv, size);
	if (pid < 0 || wait4(pid, &ran->status, 0, &use) != pid) {
		ran->status = VC_RUN << 8;
		return;
	}
	ran->end = now_ns();
	ran->cpu = time_of(&use.ru_utime) + time_of(&use.ru_stime);
}

static void session_play(void *arg)
{
	const struct session *s = arg;
	struct order order;
	uint32_t i;

	while (read(s->its_from, &order, sizeof(order)) == sizeof(order)) {
		for (i = 0; i < order.count; i++) {
			run_it(s->argv, order.size, &s->ran[i]);
			if (s->ran[i].status)
				break;
		}
		if (write(s->its_to, "", 1) != 1)
			return;
	}
}

static int make_pipes(struct session *s)
{
	int there[2], back[2];

	if (pipe2(there, O_CLOEXEC))
		return -1;
	if (pipe2(back, O_CLOEXEC)) {
		close(there[0]);
		close(there[1]);
		return -1;
	}
	s->its_from = there[0];
	s->to = there[1];
	s->from = back[0];
	s->its_to = back[1];
	return 0;
}

static int no_session(void)
{
	return failure(VC_FAIL, "cannot start the measurement: %s", strerror(errno));
}

static int start(struct session *s)
{
	int code;

	s->child.name = s->argv[0];
	s->child.play = session_play;
	s->child.arg = s;
	s->ran = mmap(NULL, SESSION_RUNS_MAX * sizeof(*s->ran), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->ran == MAP_FAILED)
		return no_session();
	if (make_pipes(s)) {
		munmap(s->ran, SESSION_RUNS_MAX * sizeof(*s->ran));
		return no_session();
	}
	code = child_start(&s->child);
	close(s->its_from);
	close(s->its_to);
	if (code)
		session_end(s);
	return code;
}

int session_start(struct session *s, char **argv, const struct resource *res, int cpu)
{
	*s = (struct session){ .argv = argv, .res = *res, .child = { .res = *res, .cpu = cpu } };
	return start(s);
}

int session_start_beside(struct session *s, char **argv, const struct resource *res, pid_t machine)
{
	const struct sched_param first = { .sched_priority = 99 };
	int code;

	*s = (struct session){ .argv = argv, .res = *res, .machine = machine, .child = { .cpu = -1 } };
	code = start(s);
	if (!code && sched_setscheduler(s->child.pid, SCHED_FIFO, &first)) {
		code = failure(VC_PERM, "cannot give '%s' a priority: %s", argv[0], strerror(errno));
		session_end(s);
	}
	return code;
}

void session_end(struct session *s)
{
	close(s->to);
	close(s->from);
	child_end(&s->child);
	munmap(s->ran, SESSION_RUNS_MAX * sizeof(*s->ran));
}

/* What the server has executed; false if it has gone */
static bool consumed(const struct session *s, uint64_t *ns)
{
	struct vbs_snapshot *snap;
	const struct vbs_server *server;

	if (s->machine)
		return device_model_consumed(s->machine, ns);
	snap = vbs_snapshot_read();
	server = snap ? vbs_find_leader(snap, s->child.pid) : NULL;
	if (server)
		*ns = server->consumed;
	vbs_snapshot_free(snap);
	return server;
}

static int failed_with(const struct session *s, uint64_t size, int status)
{
	if (WIFSIGNALED(status))
		return failure(VC_FAIL, "'%s' with size %" PRIu64 " was ended by signal %d", s->argv[0], size,
			       WTERMSIG(status));
	return failure(VC_FAIL, "'%s' with size %" PRIu64 " ended with status %d", s->argv[0], size,
		       WEXITSTATUS(status));
}

/* The greater of both: not all children are waited for, and a fair task's time is not the server's */
static int add_up(const struct session *s, const struct order *order, uint64_t server, uint64_t *cpu)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < order->count; i++) {
		if (s->ran[i].status)
			return failed_with(s, order->size, s->ran[i].status);
		sum += s->ran[i].cpu;
	}
	*cpu = sum > server && !s->machine ? sum : server;
	return VC_OK;
}

int session_run(struct session *s, uint64_t size, uint32_t count, uint64_t *cpu)
{
	const struct order order = { size, count };
	uint64_t before, after;
	ssize_t n;
	char c;

	if (!consumed(s, &before))
		return failure(VC_FAIL, s->machine ? "the machine of '%s' has no device model any more" :
			       "'%s' has left its server: it set its own policy, or somebody took it out",
			       s->argv[0]);
	if (write(s->to, &order, sizeof(order)) != sizeof(order))
		return no_session();
	do {
		n = read(s->from, &c, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1 || !consumed(s, &after))
		return failure(VC_FAIL, "what started '%s' has gone", s->argv[0]);
	return add_up(s, &order, after - before, cpu);
}
