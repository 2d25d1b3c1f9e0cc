// SPDX-License-Identifier: GPL-2.0
#include "qemu_state.h"

static void disk_of(const struct qemu *q, char *path, size_t size)
{
	snprintf(path, size, "/tmp/%s.qcow2", q->name);
}

void qemu_job(struct qemu *q, const char *command, const char *arguments)
{
	qmp_do(q, command, "'job-id': 'job', %s", arguments);
	t_ok(qmp_until(q, "query-jobs", "\"concluded\"", NULL) && !strstr(q->reply, "\"error\""),
	     "%s", command);
	qmp_do(q, "job-dismiss", "'id': 'job'");
}

void qemu_add_disk(struct qemu *q)
{
	char path[64], create[256];

	disk_of(q, path, sizeof(path));
	snprintf(create, sizeof(create),
		 "'options': {'driver': 'file', 'filename': '%s', 'size': 0}", path);
	qemu_job(q, "blockdev-create", create);
	qmp_do(q, "blockdev-add", "'driver': 'file', 'node-name': 'file', 'filename': '%s'", path);
	qemu_job(q, "blockdev-create",
		 "'options': {'driver': 'qcow2', 'file': 'file', 'size': 1048576}");
	qmp_do(q, "blockdev-add", "'driver': 'qcow2', 'node-name': 'disk', 'file': 'file'");
}

void qemu_remove_disk(struct qemu *q)
{
	char path[64];

	disk_of(q, path, sizeof(path));
	qmp_do(q, "blockdev-del", "'node-name': 'disk'");
	qmp_do(q, "blockdev-del", "'node-name': 'file'");
	unlink(path);
}

void qemu_postcopy(struct qemu *q, bool may)
{
	qmp_do(q, "migrate-set-capabilities",
	       "'capabilities': [{'capability': 'postcopy-ram', 'state': %s}]",
	       may ? "true" : "false");
}

struct qemu *qemu_listens(const char *name, const char *before, const char *more, bool postcopy,
			  const char *uri)
{
	char options[256];
	struct qemu *q;

	snprintf(options, sizeof(options), "%s -incoming defer", more);
	q = qemu_start(name, before, options);
	if (postcopy)
		qemu_postcopy(q, true);
	qmp_do(q, "migrate-incoming", "'uri': '%s'", uri);
	qmp_do(q, "cont", "%s", "");
	return q;
}

void qemu_migrate(struct qemu *q, const char *uri)
{
	qmp_do(q, "migrate", "'uri': '%s'", uri);
}

void qemu_has_gone(struct qemu *q, const char *what)
{
	t_ok(qmp_until(q, "query-migrate", "\"completed\"", "\"failed\""), "%s: done", what);
}
