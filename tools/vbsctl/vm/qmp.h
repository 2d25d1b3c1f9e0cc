/* SPDX-License-Identifier: GPL-2.0 */
/* QEMU's machine protocol, on a socket of its own: a command, and its answer. */
#ifndef VBSCTL_VM_QMP_H
#define VBSCTL_VM_QMP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <json-c/json.h>

struct qmp {
	int fd;
	char *text;
	size_t used;
	char why[256];		/* the last command failed */
	bool lost;		/* and whether it was done is not known; nor is anything asked any more */
	bool stopped;		/* since it was opened the guest has stopped */
	pid_t listener;		/* the process whose socket it is */
};

/*
 * 0 or an errno; ETIMEDOUT: it is not greeted, as where somebody else talks to it; EXDEV: the socket is
 * not that process's, so nothing is said to it
 */
int qmp_open(struct qmp *q, const char *path, pid_t vmm);
void qmp_close(struct qmp *q);

/* What it returned, to be put; NULL with q->why.  Takes @arguments, which may be NULL */
struct json_object *qmp_ask(struct qmp *q, const char *command, struct json_object *arguments);
/* The same where only success matters */
bool qmp_do(struct qmp *q, const char *command, struct json_object *arguments);

/*
 * Whether who listens is that process.  Its command line is what its owner wants it to be, and so is the
 * path there.  In a container of its own a manager may listen for it: one of that user's processes
 */
struct ucred;
bool qmp_is_of(const struct ucred *listener, pid_t vmm);

/* The socket that a VMM's command line names; false if it names none */
bool qmp_socket(pid_t pid, char *path, size_t size);

/* Members of an object, 0 or "" where there is none; a path as in "ram.remaining" */
int64_t qmp_number(struct json_object *o, const char *path);
const char *qmp_word(struct json_object *o, const char *path);

#endif
