// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clocks.h"
#include "vm/qmp.h"

#define GREETING	5000000000ULL	/* ns; then it talks to somebody else */
#define ANSWER		60000000000ULL	/* of a device model with a small share */
#define REPLY_MAX	(1 << 20)

static int connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, err;

	if (snprintf(to.sun_path, sizeof(to.sun_path), "%s", path) >= (int)sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* More of what it says; false with errno */
static bool hear(struct qmp *q, uint64_t end)
{
	struct pollfd p = { .fd = q->fd, .events = POLLIN };
	uint64_t now = now_ns();
	ssize_t n;

	if (q->used == REPLY_MAX - 1)
		return errno = EMSGSIZE, false;
	if (now >= end || poll(&p, 1, (end - now) / 1000000 + 1) <= 0)
		return errno = ETIMEDOUT, false;
	n = read(q->fd, q->text + q->used, REPLY_MAX - 1 - q->used);
	if (n <= 0)
		return errno = n ? errno : ECONNRESET, false;
	q->used += n;
	return true;
}

/* The next object, to be put; NULL with errno */
static struct json_object *next(struct qmp *q, uint64_t end)
{
	struct json_object *o;
	char *stop;

	while (!(stop = memchr(q->text, '\n', q->used))) {
		if (!hear(q, end))
			return NULL;
	}
	*stop = '\0';
	o = json_tokener_parse(q->text);
	q->used -= stop + 1 - q->text;
	memmove(q->text, stop + 1, q->used);
	if (!o)
		errno = EPROTO;
	return o;
}

static bool belongs_to(struct qmp *q, pid_t vmm)
{
	struct ucred listener;
	socklen_t size = sizeof(listener);

	if (getsockopt(q->fd, SOL_SOCKET, SO_PEERCRED, &listener, &size))
		return false;
	q->listener = listener.pid;
	if (qmp_is_of(&listener, vmm))
		return true;
	errno = EXDEV;
	return false;
}

static bool greeted(struct qmp *q)
{
	struct json_object *o = next(q, now_ns() + GREETING);
	bool good = json_object_object_get_ex(o, "QMP", NULL);

	if (o && !good)
		errno = EPROTO;
	json_object_put(o);
	return good;
}

int qmp_open(struct qmp *q, const char *path, pid_t vmm)
{
	int err;

	*q = (struct qmp){ .fd = connect_to(path) };
	if (q->fd < 0)
		return errno;
	q->text = malloc(REPLY_MAX);
	if (q->text && belongs_to(q, vmm) && greeted(q) && qmp_do(q, "qmp_capabilities", NULL))
		return 0;
	err = q->text ? errno : ENOMEM;
	qmp_close(q);
	return err ? err : EPROTO;
}

void qmp_close(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
	free(q->text);
	q->text = NULL;
}

static bool say(struct qmp *q, const char *command, struct json_object *arguments)
{
	struct json_object *o = json_object_new_object();
	const char *text;
	bool good;

	json_object_object_add(o, "execute", json_object_new_string(command));
	if (arguments)
		json_object_object_add(o, "arguments", arguments);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	good = send(q->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text) &&
	       send(q->fd, "\n", 1, MSG_NOSIGNAL) == 1;
	json_object_put(o);
	return good;
}

/* What came in answer: events may come before it */
static struct json_object *answer(struct qmp *q, bool *refused)
{
	uint64_t end = now_ns() + ANSWER;
	struct json_object *o, *value;

	while ((o = next(q, end))) {
		q->stopped |= !strcmp(qmp_word(o, "event"), "STOP");
		*refused = json_object_object_get_ex(o, "error", &value);
		if (*refused || json_object_object_get_ex(o, "return", &value)) {
			json_object_get(value);
			json_object_put(o);
			return value;
		}
		json_object_put(o);
	}
	return NULL;
}

struct json_object *qmp_ask(struct qmp *q, const char *command, struct json_object *arguments)
{
	struct json_object *o = NULL;
	bool refused = false;

	if (q->lost) {
		json_object_put(arguments);
		return NULL;
	}
	if (say(q, command, arguments))
		o = answer(q, &refused);
	if (o && !refused)
		return o;
	q->lost = !o;
	snprintf(q->why, sizeof(q->why), "%s: %s", command, o ? qmp_word(o, "desc") : strerror(errno));
	json_object_put(o);
	return NULL;
}

bool qmp_do(struct qmp *q, const char *command, struct json_object *arguments)
{
	struct json_object *o = qmp_ask(q, command, arguments);

	json_object_put(o);
	return o;
}

static struct json_object *member(struct json_object *o, const char *path)
{
	const char *dot;
	char key[64];

	while (o && (dot = strchr(path, '.'))) {
		snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(o, key, &o))
			return NULL;
		path = dot + 1;
	}
	return json_object_object_get_ex(o, path, &o) ? o : NULL;
}

int64_t qmp_number(struct json_object *o, const char *path)
{
	return json_object_get_int64(member(o, path));
}

const char *qmp_word(struct json_object *o, const char *path)
{
	struct json_object *m = member(o, path);

	return m ? json_object_get_string(m) : "";
}
