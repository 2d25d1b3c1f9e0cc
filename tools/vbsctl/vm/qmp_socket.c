// SPDX-License-Identifier: GPL-2.0
/*
 * Where a QEMU listens for its machine protocol: -qmp unix:PATH, or -mon and its -chardev; and whether it
 * is that QEMU which does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "vbs/task.h"
#include "vm/qmp.h"

/* The words of a command line, each with a NUL behind it, then an empty one */
static const char *value_of(const char *word, const char *option)
{
	if (*word == '-' && word[1] == '-')
		word++;
	if (*word != '-' || strcmp(word + 1, option))
		return NULL;
	word += strlen(word) + 1;
	return *word ? word : NULL;
}

/* "key=value" among parts with commas between them */
static bool part_of(const char *parts, const char *key, char *value, size_t size)
{
	size_t len = strlen(key);

	for (; parts; parts = strchr(parts, ',') ? strchr(parts, ',') + 1 : NULL) {
		if (strncmp(parts, key, len) || parts[len] != '=')
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(parts + len + 1, ","), parts + len + 1);
		return true;
	}
	return false;
}

static bool path_of_chardev(const char *line, const char *id, char *path, size_t size)
{
	char its[64];

	for (; *line; line += strlen(line) + 1) {
		const char *value = value_of(line, "chardev");

		if (value && part_of(value, "id", its, sizeof(its)) && !strcmp(its, id))
			return part_of(value, "path", path, size);
	}
	return false;
}

static bool path_of_word(const char *line, const char *word, char *path, size_t size)
{
	const char *value = value_of(word, "qmp");
	char mode[16], id[64];

	if (value && !strncmp(value, "unix:", 5)) {
		snprintf(path, size, "%.*s", (int)strcspn(value + 5, ","), value + 5);
		return true;
	}
	value = value_of(word, "mon");
	return value && part_of(value, "mode", mode, sizeof(mode)) && !strcmp(mode, "control") &&
	       (part_of(value, "chardev", id, sizeof(id)) ||
		snprintf(id, sizeof(id), "%.*s", (int)strcspn(value, ","), value) > 0) &&
	       path_of_chardev(line, id, path, size);
}

bool qmp_socket(pid_t pid, char *path, size_t size)
{
	char file[64], named[108];
	const char *word;
	bool found = false;
	char *line;

	snprintf(file, sizeof(file), "/proc/%d/cmdline", (int)pid);
	line = sys_read(file);
	for (word = line; word && *word && !found; word += strlen(word) + 1)
		found = path_of_word(line, word, named, sizeof(named));
	free(line);
	if (found && *named == '/')
		snprintf(path, size, "%s", named);
	else if (found)
		snprintf(path, size, "/proc/%d/cwd/%s", (int)pid, named);
	return found;
}

static bool read_namespace(const char *of, char *name, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", of);
	n = readlink(sys_path(path), name, size - 1);
	name[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* One of pids that is not this one's */
static bool shares_another_namespace(pid_t a, pid_t b)
{
	char its[64], own[64], other[64], word[16];

	snprintf(word, sizeof(word), "%d", (int)a);
	if (!read_namespace(word, its, sizeof(its)) || !read_namespace("self", own, sizeof(own)))
		return false;
	snprintf(word, sizeof(word), "%d", (int)b);
	return read_namespace(word, other, sizeof(other)) && !strcmp(its, other) && strcmp(its, own);
}

bool qmp_is_of(const struct ucred *listener, pid_t vmm)
{
	struct task_info task;

	if (listener->pid <= 0 || listener->pid == vmm)
		return listener->pid > 0;
	task_read(vmm, &task);
	return task.exists && listener->uid == task.uid && task.uid == task.euid &&
	       shares_another_namespace(vmm, listener->pid);
}
