// SPDX-License-Identifier: GPL-2.0
/*
 * A guest moves between hosts whose clocks of one name are 10 s apart: it reads that of
 * the host where it is, is told that this is another, and sleeps until its instants.
 * What it needs is known there, too.  The hosts are this one, whose clock is another
 * one of the same name when the machine goes on.
 */
#include "qemu_time.h"

#define RUN	"vbsctl vm run --vcpu 150us/1ms --dm 150us/1.5ms --guest-timelines --"
#define APART	10
#define AGE	(3 * SEC)
#define LASTS	(8 * SEC)

static int fd;
static u32 site;

/* The clock of another host */
static void other_clock(s64 ahead)
{
	u64 sec = tl_now(site) / SEC;

	tl_destroy(fd, site);
	site = tl_create(fd, "site", TIMELINE_GUEST);
	tl_set(fd, site, sec + ahead, 0);
}

static void needs(u64 accuracy, const char *what)
{
	struct timeline_demand d;
	int ret;

	for (int i = 0; i < 1000; i++) {
		d = (struct timeline_demand) { .id = site };
		ret = tl_ioctl(fd, TIMELINE_DEMAND, &d);
		if (ret || (d.accuracy_ns == accuracy && d.guests == !!accuracy))
			break;
		sleep_ns(MS);
	}
	t_ok(!ret && d.accuracy_ns == accuracy && d.guests == !!accuracy,
	     "%s: %d, %ju ns, %u guests", what, ret, (uintmax_t)d.accuracy_ns, d.guests);
}

/*
 * Stopped when it leaves, so it is when it arrives: nobody runs while clocks change.  It
 * arrives AGE after the clock there was set last.
 */
static struct qemu *moves_to(struct qemu *q, const char *name, s64 ahead)
{
	struct qemu_reading before = qemu_reads(q, TIMELINE_IDS), after;
	struct qemu *to;

	qmp_do(q, "stop", "%s", "");
	to = qemu_moves(q, name, RUN);
	other_clock(ahead);
	sleep_ns(AGE);
	qmp_do(to, "cont", "%s", "");
	after = qemu_agrees(to, fd, TIMELINE_IDS, site, name);
	t_ok(after.step != before.step, "%s: that it is another clock is told", name);
	if (ahead > 0)
		t_at_least((u64)(after.ns - before.ns), ahead * SEC, "%s: ns further", name);
	else
		t_ok(after.ns < before.ns, "%s: it is earlier there", name);
	return to;
}

/* The instant for which it waits, in s */
static u64 sleeps(struct qemu *q, u64 seconds)
{
	u64 sec = qemu_reads(q, TIMELINE_IDS).ns / SEC + seconds;

	guest_must(q, "guest_clock until 32 %ju >/tmp/woken & sleep 0.1", (uintmax_t)sec);
	return sec;
}

static void wakes(struct qemu *q, u64 sec, const char *what)
{
	unsigned long long at;
	u32 nsec;
	int ret;

	guest_must(q, "cat /tmp/woken");
	if (sscanf(q->said, "%llu %u %d", &at, &nsec, &ret) != 3) {
		t_ok(false, "%s: it has not woken up", what);
		return;
	}
	t_equal(ret, 0, "%s: the sleep", what);
	t_at_least(at, sec, "%s: not before its instant", what);
}

/* A relative sleep is a duration, whatever the clock does meanwhile */
static void lasts(struct qemu *q)
{
	unsigned long long ns;
	int ret;

	guest_must(q, "cat /tmp/lasted");
	if (sscanf(q->said, "%llu %d", &ns, &ret) != 2) {
		t_ok(false, "a relative sleep has not ended");
		return;
	}
	t_equal(ret, 0, "a relative sleep over a move");
	t_at_least(ns, LASTS, "ns that it lasted");
	t_at_most(ns, LASTS + SEC, "and not many more");
}

VBS_TEST("a guest moves between hosts whose clocks are 10 s apart", 290)
{
	struct qemu *q;
	u64 sec;

	need_qemu();
	fd = tl_open();
	site = tl_make(fd, "site", TIMELINE_GUEST);
	q = qemu_start("here", RUN, "");
	qemu_boots(q, "here");
	guest_must(q, "guest_clock watch 32 40000 100000 >/dev/null & sleep 0.2");
	needs(40000, "what the guest needs");
	sec = sleeps(q, APART - 1);
	guest_must(q, "guest_clock last 32 %llu >/tmp/lasted & sleep 0.1", LASTS);
	q = moves_to(q, "ahead", APART);
	needs(40000, "known at the next host, too");
	guest_must(q, "sleep 2");
	wakes(q, sec, "its instant has passed there");
	guest_must(q, "sleep 8");
	lasts(q);
	sec = sleeps(q, APART - 5);
	q = moves_to(q, "behind", -APART);
	needs(40000, "and at the one after that");
	guest_must(q, "sleep 7; wc -c </tmp/woken");
	t_equal(atoi(q->said), 0, "its instant has not come there");
	guest_must(q, "sleep %d", APART);
	wakes(q, sec, "then it has");
	qemu_end(q);
	tl_destroy_all(fd);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
