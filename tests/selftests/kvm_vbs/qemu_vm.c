// SPDX-License-Identifier: GPL-2.0
/* QEMU: its start and end, QMP, and the console of its guest */
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "qemu_vm.h"

#define PROGRAM		"qemu-system-x86_64"

void need_qemu(void)
{
	need_vbs();
	need_kvm_vbs();
	if (access("/usr/bin/" PROGRAM, X_OK) || access("/guest/bzImage", R_OK))
		t_skip_all("needs " PROGRAM " and a guest (tests/vm/run --nested)");
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int shell(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	fflush(stdout);
	return status_of(system(command));
}

/* What QEMU has to say when it is gone */
static __attribute__((noreturn)) void gone(struct qemu *q, const char *why)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/tmp/%s.err", q->name);
	if (file_read(path, text, sizeof(text)) > 0)
		t_diag("%s", text);
	errno = 0;
	t_fatal("%s: %s", q->name, why);
}

/* ---- start and end -------------------------------------------------------- */

struct command {
	const char *name, *before, *more;
};

/* Its sockets, and what it has to say, are in /tmp */
static const char machine_options[] =
	"-M q35 -cpu host -nodefaults -display none -m 96 -kernel /guest/bzImage";
static const char guest_options[] =
	"-initrd /guest/initrd -append 'console=ttyS0 quiet'";
static const char sockets[] =
	"-qmp unix:$N.qmp,server=on,wait=off -serial unix:$N.con,server=on,wait=off";

static void run_qemu(void *arg)
{
	static char line[4096];
	struct command *c = arg;

	snprintf(line, sizeof(line),
		 "N=/tmp/%s; exec %s " PROGRAM " -name guest=%s,debug-threads=on %s %s %s %s %s %s",
		 c->name, c->before, c->name, machine_options, guest_options, sockets,
		 strstr(c->more, "-accel") ? "" : "-accel kvm", c->more,
		 "</dev/null >/dev/null 2>$N.err");
	execl("/bin/sh", "sh", "-c", line, NULL);
}

struct qemu *qemu_launch(const char *name, const char *before, const char *more)
{
	struct command c = { name, t_arg("plain", 0) ? "" : before, more };
	struct qemu *q = calloc(1, sizeof(*q));

	if (!q)
		t_fatal("memory");
	snprintf(q->name, sizeof(q->name), "%s", name);
	shell("rm -f /tmp/%s.qmp /tmp/%s.con", name, name);
	q->pid = t_fork(run_qemu, &c);
	return q;
}

bool qemu_lives(struct qemu *q)
{
	siginfo_t info = {};

	return !waitid(P_PID, q->pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid;
}

static void reach(struct qemu *q, struct qemu_stream *s, const char *what)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	u64 end = now_ns() + QEMU_LIMIT;

	snprintf(to.sun_path, sizeof(to.sun_path), "/tmp/%s.%s", q->name, what);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (connect(s->fd, (struct sockaddr *)&to, sizeof(to))) {
		if (!qemu_lives(q) || now_ns() > end)
			gone(q, "QEMU does not start");
		sleep_ns(10 * MS);
	}
}

struct qemu *qemu_start(const char *name, const char *before, const char *more)
{
	char options[2048];
	struct qemu *q;

	snprintf(options, sizeof(options), "-S %s", more);
	q = qemu_launch(name, before, options);
	reach(q, &q->console, "con");
	reach(q, &q->qmp, "qmp");
	qmp_do(q, "qmp_capabilities", "%s", "");
	return q;
}

int qemu_wait_end(struct qemu *q)
{
	u64 end = now_ns() + QEMU_LIMIT;
	int status;

	while (qemu_lives(q) && now_ns() < end)
		sleep_ns(MS);
	if (qemu_lives(q))
		t_fatal("%s does not end", q->name);
	status = status_of(t_wait(q->pid));
	if (q->qmp.fd)
		close(q->qmp.fd);
	if (q->console.fd)
		close(q->console.fd);
	free(q);
	return status;
}

int qemu_fails(const char *name, const char *before, const char *more)
{
	return qemu_wait_end(qemu_launch(name, before, more));
}

void qemu_end(struct qemu *q)
{
	char name[sizeof(q->name)];

	memcpy(name, q->name, sizeof(name));
	kill(q->pid, SIGKILL);
	if (qemu_wait_end(q) != 128 + SIGKILL)
		t_fatal("%s has ended by itself", name);
}

/* ---- lines ---------------------------------------------------------------- */

static bool take_line(struct qemu_stream *s, char *line)
{
	char *end = memchr(s->text, '\n', s->len);
	size_t n = end ? end - s->text + 1 : 0, out = 0;

	if (!end)
		return false;
	for (size_t i = 0; i < n - 1; i++)
		if (s->text[i] != '\r')
			line[out++] = s->text[i];
	line[out] = '\0';
	s->len -= n;
	memmove(s->text, s->text + n, s->len);
	return true;
}

static void next_line(struct qemu *q, struct qemu_stream *s, char *line, u64 end)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	ssize_t n;

	while (!take_line(s, line)) {
		if (s->len == sizeof(s->text))
			gone(q, "a line is too long");
		if (now_ns() > end)
			gone(q, s == &q->qmp ? "QEMU does not answer" : "the guest does not answer");
		if (poll(&p, 1, 100) <= 0)
			continue;
		n = read(s->fd, s->text + s->len, sizeof(s->text) - s->len);
		if (n <= 0)
			gone(q, "QEMU has ended");
		s->len += n;
	}
}

static void send_text(struct qemu *q, struct qemu_stream *s, const char *text)
{
	ssize_t len = strlen(text);

	if (send(s->fd, text, len, MSG_NOSIGNAL) != len ||
	    send(s->fd, "\n", 1, MSG_NOSIGNAL) != 1)
		gone(q, "QEMU hears nothing");
}

/* ---- QMP ------------------------------------------------------------------ */

static void qmp_reply(struct qemu *q, const char *command)
{
	u64 end = now_ns() + QEMU_LIMIT;

	do {
		next_line(q, &q->qmp, q->reply, end);
		q->stops += !!strstr(q->reply, "\"event\": \"STOP\"");
	} while (!strncmp(q->reply, "{\"timestamp\"", 12) || !strncmp(q->reply, "{\"QMP\"", 6));
	errno = 0;
	if (strncmp(q->reply, "{\"return\"", 9))
		t_fatal("%s: %s: %s", q->name, command, q->reply);
}

static void qmp_send(struct qemu *q, const char *command, const char *fmt, va_list ap)
{
	char text[1024];
	int n;

	n = snprintf(text, sizeof(text), "{'execute': '%s', 'arguments': {", command);
	n += vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	snprintf(text + n, sizeof(text) - n, "}}");
	send_text(q, &q->qmp, text);
}

void qmp_say(struct qemu *q, const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	qmp_send(q, command, fmt, ap);
	va_end(ap);
}

void qmp_do(struct qemu *q, const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	qmp_send(q, command, fmt, ap);
	va_end(ap);
	qmp_reply(q, command);
}

bool qmp_until(struct qemu *q, const char *command, const char *want, const char *never)
{
	u64 end = now_ns() + QEMU_LIMIT;

	do {
		qmp_do(q, command, "%s", "");
		if (strstr(q->reply, want))
			return true;
		if (never && strstr(q->reply, never))
			break;
		sleep_ns(20 * MS);
	} while (now_ns() < end);
	t_diag("%s: %s", command, q->reply);
	return false;
}

static u64 number_after(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	return p ? strtoull(p + strlen(key), NULL, 10) : 0;
}

/* In the topology of the guest threads have such numbers, too: 0 or 1. */
unsigned int qemu_vcpus(struct qemu *q)
{
	pid_t tid;

	qmp_do(q, "query-cpus-fast", "%s", "");
	q->n = 0;
	for (char *p = q->reply; (p = strstr(p, "\"thread-id\"")) && q->n < QEMU_VCPUS; p++) {
		tid = number_after(p, "\"thread-id\": ");
		if (tid > 1)
			q->vcpu[q->n++] = tid;
	}
	return q->n;
}

u64 qemu_stat(struct qemu *q, const char *name)
{
	char pattern[128], text[32] = "";
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/kernel/debug/kvm/%d-*/%s", q->pid, name);
	if (glob(pattern, 0, NULL, &found) || file_read(found.gl_pathv[0], text, sizeof(text)) < 0)
		t_fatal("%s: no %s", q->name, name);
	globfree(&found);
	return strtoull(text, NULL, 10);
}

/* ---- the guest ------------------------------------------------------------ */

void qemu_is_ready(struct qemu *q)
{
	u64 end = now_ns() + QEMU_LIMIT;

	do {
		next_line(q, &q->console, q->said, end);
	} while (!strstr(q->said, "vbs-guest: ready"));
}

void qemu_boots(struct qemu *q, const char *what)
{
	u64 began = now_ns();

	qmp_do(q, "cont", "%s", "");
	qemu_is_ready(q);
	t_ok(true, "%s: the guest has booted, after %ju ms", what,
	     (uintmax_t)((now_ns() - began) / MS));
}

/* A serial line that has just been restored may lose a byte: blanks first, as many as it keeps */
static int guest_text(struct qemu *q, const char *text)
{
	static char line[QEMU_TEXT];
	u64 end = now_ns() + QEMU_LIMIT;
	int status;
	size_t len = 0;

	snprintf(line, sizeof(line), "%16s%s", "", text);
	send_text(q, &q->console, line);
	for (;;) {
		next_line(q, &q->console, line, end);
		if (sscanf(line, "vbs-guest: end %d", &status) == 1)
			break;
		len += snprintf(q->said + len, sizeof(q->said) - len, "%s\n", line);
		if (len >= sizeof(q->said))
			gone(q, "the guest says too much");
	}
	q->said[len] = '\0';
	return status;
}

int guest_does(struct qemu *q, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return guest_text(q, text);
}

void guest_must(struct qemu *q, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	status = guest_text(q, text);
	errno = 0;
	if (status)
		t_fatal("%s: %s: status %d: %s", q->name, text, status, q->said);
}
