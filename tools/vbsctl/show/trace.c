// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl trace: runs a command under a tracer of its own, and keeps what it saw as
 * trace.dat (by trace-cmd, of which KernelShark is the viewer) and as a chart.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"
#include "commands.h"
#include "options.h"
#include "show/gantt.h"
#include "vbs/tracer.h"

#define LENGTH	100000000	/* ns of the chart */

struct trace {
	const char *dat, *picture;
	const char *buffer_kb;
	uint64_t from, length;
	bool has_from;
	struct tracer tracer;
};

static const char *const events[] = {
	"sched/sched_switch", "sched/sched_waking", "sched/sched_process_fork",
	"sched/sched_vbs_admit", "sched/sched_vbs_release", "sched/sched_vbs_exhaust",
	"sched/sched_vbs_switch", "sched/sched_vbs_migrate", "sched/sched_vbs_leave",
	"sched/sched_vbs_reject",
};

static int cannot_trace(void)
{
	int err = errno;

	return failure(err == EACCES || err == EPERM ? VC_PERM : VC_FAIL,
		       "cannot use the tracer in /sys/kernel/tracing (root can, where CONFIG_EVENT_TRACING is set): %s",
		       strerror(err));
}

static int begin(struct trace *t)
{
	size_t i;
	int code;

	if (!tracer_begin(&t->tracer, "trace"))
		return cannot_trace();
	if (tracer_set(&t->tracer, "trace_clock", "mono") &&
	    tracer_set(&t->tracer, "buffer_size_kb", t->buffer_kb)) {
		for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
			if (!tracer_enable(&t->tracer, events[i]))
				break;
		}
		if (i == sizeof(events) / sizeof(events[0]))
			return VC_OK;
	}
	/* Without the events of the class the kernel has no SCHED_VBS */
	code = errno == ENOENT ? failure(VC_NOVBS, "this kernel has no SCHED_VBS: there are no events sched_vbs_*") :
				 cannot_trace();
	tracer_end(&t->tracer);
	return code;
}

static void child(int fd, char **argv)
{
	char c;

	if (read(fd, &c, 1) != 1)
		_exit(VC_RUN);
	close(fd);
	execvp(argv[0], argv);
	_exit(errno == ENOENT ? failure(VC_NOTFOUND, "there is no command '%s'", argv[0]) :
				failure(VC_NOEXEC, "cannot run '%s': %s", argv[0], strerror(errno)));
}

/* What the terminal sends to the command it sends here, too: it is not meant for this */
static int wait_for(pid_t pid)
{
	int status;

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The status of the command; it begins when it is known which process it is */
static int run(struct trace *t, char **argv, pid_t *pid)
{
	int fd[2], status;

	if (pipe(fd))
		return failure(VC_RUN, "cannot make a pipe: %s", strerror(errno));
	*pid = fork();
	if (*pid < 0)
		return failure(VC_RUN, "cannot fork: %s", strerror(errno));
	if (!*pid) {
		close(fd[1]);
		child(fd[0], argv);
	}
	close(fd[0]);
	if (write(fd[1], "", 1) != 1)
		failure(VC_RUN, "cannot start '%s': %s", argv[0], strerror(errno));
	close(fd[1]);
	status = wait_for(*pid);
	tracer_set(&t->tracer, "tracing_on", "0");
	return status;
}

/* Beginning at the first release if there is one, else at the first event */
static uint64_t window(const struct trace *t, const struct gantt *g)
{
	uint64_t from = 0;
	int i;

	if (t->has_from)
		return g->first + t->from;
	for (i = 0; i < g->servers; i++) {
		if (g->server[i].marks && (!from || g->server[i].mark[0].at < from))
			from = g->server[i].mark[0].at;
	}
	return from ? from : g->first;
}

static int draw(const struct trace *t, const struct gantt *g)
{
	FILE *to = fopen(t->picture, "we");
	bool good;

	if (!to)
		return failure(VC_RUN, "cannot write %s: %s", t->picture, strerror(errno));
	gantt_draw(g, window(t, g), t->length, to);
	good = !ferror(to);
	good &= !fclose(to);
	return good ? VC_OK : failure(VC_RUN, "cannot write %s: %s", t->picture, strerror(errno));
}

/* The file "trace" is read and stays as it is */
static int make_picture(const struct trace *t, pid_t root)
{
	char path[600], line[1024];
	struct gantt g;
	FILE *from;
	int code;

	snprintf(path, sizeof(path), "%s/trace", t->tracer.dir);
	from = fopen(path, "re");
	if (!from)
		return failure(VC_RUN, "cannot read %s: %s", path, strerror(errno));
	gantt_begin(&g, root);
	while (fgets(line, sizeof(line), from))
		gantt_line(&g, line);
	fclose(from);
	code = g.no_memory ? failure(VC_RUN, "out of memory") : draw(t, &g);
	gantt_free(&g);
	return code;
}

/* The last line that a program has written */
static void last_line(FILE *from, char *line, int size)
{
	line[0] = '\0';
	rewind(from);
	while (fgets(line, size, from))
		line[strcspn(line, "\n")] = '\0';
	memmove(line, line + strspn(line, " "), strlen(line + strspn(line, " ")) + 1);
}

/* What trace-cmd says of each buffer is of no interest while all is well */
static void extract(const struct trace *t, FILE *words)
{
	if (!freopen("/dev/null", "w", stdout) || dup2(fileno(words), STDERR_FILENO) < 0)
		_exit(VC_NOEXEC);
	execlp("trace-cmd", "trace-cmd", "extract", "-B", t->tracer.name, "-o", t->dat, NULL);
	_exit(errno == ENOENT ? VC_NOTFOUND : VC_NOEXEC);
}

/* trace-cmd knows the format, and takes the instance away with it */
static int save_dat(const struct trace *t)
{
	FILE *words = tmpfile();
	char line[200];
	int status;
	pid_t pid;

	if (!words)
		return failure(VC_RUN, "cannot make a file: %s", strerror(errno));
	pid = fork();
	if (!pid)
		extract(t, words);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		fclose(words);
		return failure(VC_RUN, "cannot start trace-cmd: %s", strerror(errno));
	}
	last_line(words, line, sizeof(line));
	fclose(words);
	if (WIFEXITED(status) && WEXITSTATUS(status) == VC_NOTFOUND)
		return failure(VC_RUN, "%s is not written: there is no trace-cmd, which does that", t->dat);
	return WIFEXITED(status) && !WEXITSTATUS(status) ? VC_OK :
	       failure(VC_RUN, "%s is not written: trace-cmd has failed: %s", t->dat, line);
}

static int trace(struct trace *t, char **argv)
{
	pid_t root = 0;
	int status, code = begin(t);

	if (code)
		return code == VC_NOVBS ? code : VC_RUN;
	status = run(t, argv, &root);
	if (t->picture && root > 0)
		code = make_picture(t, root);
	if (t->dat && save_dat(t))
		code = VC_RUN;
	tracer_end(&t->tracer);
	return code ? code : status;
}

static const char *take_buffer(struct trace *t)
{
	uint64_t kb;

	t->buffer_kb = optarg;
	return parse_count(optarg, &kb);
}

static const char *take_value(int c, struct trace *t)
{
	const char *why = NULL;

	switch (c) {
	case 'o':
		t->dat = optarg;
		return NULL;
	case 'p':
		t->picture = optarg;
		return NULL;
	case 'b':
		return take_buffer(t);
	case 'f':
		t->has_from = true;
		return parse_time(optarg, &t->from);
	default:
		why = parse_time(optarg, &t->length);
		return !why && !t->length ? "it must be more than zero" : why;
	}
}

static int trace_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "picture", required_argument, NULL, 'p' },
		{ "from", required_argument, NULL, 'f' },
		{ "length", required_argument, NULL, 'l' },
		{ "buffer", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct trace t = { .buffer_kb = "8192", .length = LENGTH };
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "+o:p:h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?') {
			option_error(cmd);
			return VC_RUN;
		}
		why = take_value(c, &t);
		if (why) {
			option_value_error(cmd, options, c, why);
			return VC_RUN;
		}
	}
	if (optind == argc) {
		usage_error(cmd, "which command?");
		return VC_RUN;
	}
	if (!t.dat && !t.picture)
		t.dat = "trace.dat";
	return trace(&t, argv + optind);
}

const struct command cmd_trace = {
	.name = "trace",
	.summary = "run a command and draw when it ran",
	.help =
	"Usage: vbsctl trace [OPTION]... [--] COMMAND [ARGUMENT]...\n\n"
	"  -o, --output FILE    all events, for trace-cmd report and KernelShark; trace.dat if\n"
	"                       no file is named\n"
	"  -p, --picture FILE   a chart (SVG): when each thread of the command ran, and the\n"
	"                       releases and ends of budgets of servers\n"
	"  --from TIME          of the chart, after the first event; without it the first release\n"
	"  --length TIME        of the chart (100ms)\n"
	"  --buffer KIB         for each CPU (8192); what is older is lost\n\n"
	"It needs the tracer (root); FILE needs trace-cmd.  The command runs as root, in no\n"
	"server of its own: 'vbsctl run' does that, with --user where it shall not be root.\n"
	"Exit status: the command's; 125 if vbsctl failed.\n\n"
	"  vbsctl trace -p plan.svg -- vbsctl run --res 3ms/10ms -- make\n"
	"  vbsctl trace -- sleep 10\n",
	.run = trace_main,
};
