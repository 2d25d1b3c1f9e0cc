// SPDX-License-Identifier: GPL-2.0
#include "qemu_state.h"

static void has_mark(struct qemu *q, const char *mark, const char *what)
{
	guest_must(q, "cat /tmp/mark");
	t_ok(!strncmp(q->said, mark, strlen(mark)), "%s: the guest is what it was", what);
	qemu_all_inside(q, what);
}

static void reset(struct qemu *q)
{
	qmp_do(q, "system_reset", "%s", "");
	qemu_is_ready(q);
	t_ok(guest_does(q, "cat /tmp/mark"), "reset: the guest has forgotten");
	t_equal(group_val(q->pid, "vcpus"), 2, "reset: vCPUs");
	qemu_all_inside(q, "reset");
}

/* ---- snapshots ------------------------------------------------------------ */

static void save_and_load(struct qemu *q)
{
	qemu_add_disk(q);
	guest_must(q, "echo early >/tmp/mark");
	qemu_job(q, "snapshot-save", QEMU_SNAPSHOT);
	guest_must(q, "echo late >/tmp/mark");
	qemu_all_inside(q, "snapshot-save");
	qemu_job(q, "snapshot-load", QEMU_SNAPSHOT);
	has_mark(q, "early", "snapshot-load");
	qemu_remove_disk(q);
}

/* ---- migration ------------------------------------------------------------ */

/* Its guest runs as soon as it has come. */
static struct qemu *listens(const char *name, bool postcopy, const char *uri)
{
	struct qemu *q = qemu_listens(name, VM_RUN "--", "-smp 2", postcopy, uri);

	t_equal(group_val(q->pid, "places"), 2, "%s: places before its guest came", name);
	return q;
}

static void has_gone(struct qemu *q, const char *what)
{
	qemu_has_gone(q, what);
	qemu_all_inside(q, what);
}

static struct qemu *move(struct qemu *from)
{
	struct qemu *to = listens("second", false, "unix:/tmp/second.in");

	guest_must(from, "echo moved >/tmp/mark");
	qemu_migrate(from, "unix:/tmp/second.in");
	has_gone(from, "migration, the source");
	qemu_end(from);
	has_mark(to, "moved", "migration");
	return to;
}

/* So slow at first that most of it has to be fetched */
static struct qemu *move_at_once(struct qemu *from)
{
	struct qemu *to = listens("third", true, "unix:/tmp/third.in");
	const char *bytes;

	qemu_postcopy(from, true);
	qmp_do(from, "migrate-set-parameters", "'max-bandwidth': 262144");
	qemu_migrate(from, "unix:/tmp/third.in");
	t_ok(qmp_until(from, "query-migrate", "\"active\"", "\"completed\""), "postcopy: begun");
	qmp_do(from, "migrate-start-postcopy", "%s", "");
	has_gone(from, "postcopy, the source");
	qmp_do(from, "query-migrate", "%s", "");
	bytes = strstr(from->reply, "\"postcopy-bytes\": ");
	t_at_least(bytes ? atoll(strchr(bytes, ':') + 1) : 0, 1 << 20,
		   "postcopy: bytes that came after its guest");
	qemu_end(from);
	has_mark(to, "moved", "postcopy");
	return to;
}

/* By a child of QEMU's */
static struct qemu *through_file(struct qemu *from)
{
	struct qemu *to;

	qemu_postcopy(from, false);
	qemu_migrate(from, "exec:cat >/tmp/life.state");
	has_gone(from, "saved to a file");
	qemu_end(from);
	to = listens("fourth", false, "exec:cat /tmp/life.state");
	t_ok(qmp_until(to, "query-status", "\"running\"", NULL), "restored");
	has_mark(to, "moved", "restored from a file");
	unlink("/tmp/life.state");
	return to;
}

VBS_TEST("reset, snapshots and migrations leave every thread of a VMM where it belongs", 500)
{
	struct qemu *q;

	need_qemu();
	q = qemu_start("first", VM_RUN "--", "-smp 2 -accel kvm,dirty-ring-size=4096");
	qemu_boots(q, "with a dirty ring");
	guest_must(q, "echo early >/tmp/mark");
	reset(q);
	save_and_load(q);
	q = move(q);
	q = move_at_once(q);
	q = through_file(q);
	qemu_end(q);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
