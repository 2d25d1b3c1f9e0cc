// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline of the host in Linux guests of QEMU as distributed: whatever happens to a
 * machine, its guest reads what the host reads, within the bounds, or is told that it
 * cannot.  The guest's counter is ours and an offset, which KVM shows.
 */
#include "qemu_state.h"
#include "qemu_time.h"

#define RUN		"vbsctl vm run --vcpu 150us/1ms --dm 150us/1.5ms "
#define WITH		RUN "--guest-timelines --"
#define WITHOUT		RUN "--"
#define SLEW		QEMU_SLEW

static int fd;
static u32 site, plant;

/* How far the guest's CLOCK_REALTIME is from ours at the same instant, beside the timeline */
static void realtime_beside(struct qemu *q, const char *what)
{
	unsigned long long counter;
	struct timespec ts;
	long long sec, ns;
	long nsec;
	u64 now;

	guest_must(q, "guest_clock realtime");
	if (sscanf(q->said, "%llu %lld %ld", &counter, &sec, &nsec) != 3)
		t_fatal("%s: %s", what, q->said);
	clock_gettime(CLOCK_REALTIME, &ts);
	now = tl_counter();
	ns = (sec - ts.tv_sec) * (s64)SEC + nsec - ts.tv_nsec +
	     (s64)vmm_ns(now - (counter - qemu_tsc_offset(q)));
	t_diag("%s: CLOCK_REALTIME of the guest is %+.6f s off", what, ns / 1e9);
}

/* As many exits as the same loop takes that reads a clock of the guest's own */
static u64 exits_by(struct qemu *q, const char *command)
{
	u64 before = qemu_stat(q, "exits");

	guest_must(q, "%s", command);
	return qemu_stat(q, "exits") - before;
}

static void no_exits(struct qemu *q)
{
	u64 own, reads;

	exits_by(q, "guest_clock loop 500");	/* what it takes the first time */
	own = exits_by(q, "guest_clock loop 500");
	reads = exits_by(q, "guest_clock spin 32 500");
	t_diag("exits in 500 ms: %ju, of CLOCK_MONOTONIC %ju", (uintmax_t)reads, (uintmax_t)own);
	/* Ticks of 1 ms and the console's are not the same in number each time */
	t_at_most(reads, own + own / 10 + 20, "exits while 500 ms are spent with readings");
}

static u32 guest_id(struct qemu *q, const char *name)
{
	guest_must(q, "guest_clock id %s", name);
	return strtoul(q->said, NULL, 10);
}

/* Whatever the clocksource there is, the host's are by the TSC */
static void names_the_tsc(struct qemu *q)
{
	unsigned int counter;
	int err;

	guest_must(q, "grep -v tsc /sys/devices/system/clocksource/clocksource0/current_clocksource");
	guest_must(q, "guest_clock get 32");
	t_ok(sscanf(q->said, "%d %u", &err, &counter) == 2 && !err &&
	     counter == TIMELINE_COUNTER_X86_TSC, "TIMELINE_GET names the counter: %s", q->said);
}

/*
 * The host may have been stopped while it wrote an entry.  Who is bound to none has
 * none: also the last in the table must not be waited for.
 */
static void stopped_in_an_update(struct qemu *q)
{
	int a, b;

	qemu_unfinished(q, TIMELINE_GUEST_IDS - 1, "site");
	guest_must(q, "guest_clock self");
	t_ok(sscanf(q->said, "%d %d", &a, &b) == 2 && a == EINVAL && b == EINVAL,
	     "CLOCK_TIMELINE_SELF of one bound to none, beside an unfinished entry: %s", q->said);
}

/* By guests alone */
static void demands(u32 id, u64 accuracy, const char *what)
{
	struct timeline_demand d = { .id = id };
	int ret = tl_ioctl(fd, TIMELINE_DEMAND, &d);

	t_ok(!ret && d.accuracy_ns == accuracy && d.guests == !!accuracy && d.watchers == d.guests,
	     "%s: %d, %ju ns, %u guests", what, ret, (uintmax_t)d.accuracy_ns, d.guests);
}

/*
 * Who looks for names and at places where nothing is has nobody told that the counter was
 * disrupted, and what is needed goes on to be known.
 */
static void looks_about(struct qemu *q)
{
	struct qemu_reading before = qemu_reads(q, 32), after;

	guest_must(q, "guest_clock watch 32 40000 3000 >/dev/null & sleep 0.2");
	guest_must(q, "for i in 1 2 3 4 5; do guest_clock read 63 1; guest_clock id site; guest_clock id none; sleep 0.1; done; true");
	after = qemu_reads(q, 32);
	t_ok(before.step == after.step, "to look about is no step");
	demands(site, 40000, "nor an end of what is needed");
	guest_must(q, "sleep 4");
	demands(site, 0, "which ends with who needs it");
}

static void set_ahead(u32 id, u64 ns)
{
	struct timeline_set set = tl_params(fd, id, 0, 0);
	struct timeline_time tt;
	int ret = tl_prctl(id, &tt);

	set.counter_value = tt.counter;
	set.time_sec = tt.sec + (tt.nsec + ns) / SEC;
	set.time_frac_sec = ((unsigned __int128)((tt.nsec + ns) % SEC) << 64) / SEC;
	ret = ret ?: tl_ioctl(fd, TIMELINE_SET, &set);
	t_equal(ret, 0, "set %ju ns ahead", (uintmax_t)ns);
}

/* What the host does without a word is seen within a second */
static void recovers(struct qemu *q)
{
	unsigned int type[2], reason[2];

	sleep_ns(3 * SEC);	/* by now the bound is more than 100 us */
	guest_must(q, "guest_clock watch 32 100000 1200 >/tmp/w & sleep 0.5");
	set_ahead(site, 0);
	guest_must(q, "sleep 3; cat /tmp/w");
	t_ok(sscanf(q->said, "%u %u %u %u", &type[0], &reason[0], &type[1], &reason[1]) == 4 &&
	     type[0] == TIMELINE_EVENT_DEGRADED && type[1] == TIMELINE_EVENT_RECOVERED,
	     "a watch whose bound is too wide, until the host's is narrower: %s", q->said);
}

/* ---- one machine ------------------------------------------------------------- */

static void what_it_can_do(struct qemu *q)
{
	unsigned long reads, errors, back, unsynchronized;
	unsigned long long ns;
	int ret;

	t_equal(guest_id(q, "site"), TIMELINE_IDS, "id of the first");
	t_equal(guest_id(q, "plant"), TIMELINE_IDS + 1, "id of the second");
	t_ok(guest_does(q, "guest_clock id own"), "one that is not for guests");
	qemu_agrees(q, fd, 32, site, "first reading");
	guest_must(q, "guest_clock spin 32 200");
	if (sscanf(q->said, "%lu %lu %lu %lu", &reads, &errors, &back, &unsynchronized) != 4)
		t_fatal("spin: %s", q->said);
	t_at_least(reads, 10000, "readings in 200 ms");
	t_equal(errors, 0, "errors in them");
	t_equal(back, 0, "steps back in them");
	t_equal(unsynchronized, 0, "not synchronized in them");
	no_exits(q);
	guest_must(q, "guest_clock sleep 32 20000000");
	if (sscanf(q->said, "%llu %d", &ns, &ret) != 2)
		t_fatal("sleep: %s", q->said);
	t_equal(ret, 0, "a sleep on it");
	t_at_least(ns, 20 * MS, "ns that it took");
	t_at_most(ns, 30 * MS, "and not many more");
	guest_must(q, "guest_clock set 32");
	t_equal(atoi(q->said), EROFS, "nobody in the guest sets it");
	names_the_tsc(q);
	stopped_in_an_update(q);
	guest_must(q, "guest_clock watch 32 1000000000 100");
	t_ok(!strpbrk(q->said, "0123456789"), "a watch that is content has no event");
	guest_must(q, "guest_clock watch 32 40000 400 >/tmp/w & sleep 0.2");
	demands(site, 40000, "the host learns what the guest needs");
	guest_must(q, "sleep 0.5");
	demands(site, 0, "and that it does not any more");
	guest_must(q, "guest_clock watch 32 1000 1500");
	t_ok(!strncmp(q->said, "1 1", 3), "one that needs more is told");
	looks_about(q);
	recovers(q);
}

/* Updates, steps, the end and a new beginning */
static void host_changes(struct qemu *q)
{
	struct qemu_reading before = qemu_agrees(q, fd, 33, plant, "before a step"), after;

	tl_set(fd, plant, 5000000, 3);
	after = qemu_agrees(q, fd, 33, plant, "after a step");
	t_ok(after.step != before.step, "the step is told");
	guest_must(q, "guest_clock watch 33 40000 5000 >/dev/null & sleep 0.2");
	demands(plant, 40000, "what the guest needs of another");
	tl_destroy(fd, plant);
	t_equal(qemu_reads(q, 33).ret, -ENODEV, "one that is gone");
	plant = tl_make(fd, "plant", TIMELINE_GUEST | TIMELINE_STEP);
	qemu_agrees(q, fd, 33, plant, "one of the same name");
	guest_must(q, "sleep 0.2");
	demands(plant, 40000, "and needs of that");
	guest_must(q, "sleep 6");
	demands(plant, 0, "until it does not");
	set_ahead(site, SLEW);
	qemu_agrees(q, fd, 32, site, "while it is slewed");
	sleep_ns(SLEW * 2000 + SEC);
	qemu_agrees(q, fd, 32, site, "after that");
}

static void stopped(struct qemu *q)
{
	qmp_do(q, "stop", "%s", "");
	sleep_ns(60 * SEC);
	qmp_do(q, "cont", "%s", "");
	qemu_agrees(q, fd, 32, site, "the first reading after a stop of 60 s");
	realtime_beside(q, "after a stop of 60 s");
}

static void saved_and_loaded(struct qemu *q)
{
	struct qemu_reading before = qemu_reads(q, 32), after;

	qemu_add_disk(q);
	qemu_job(q, "snapshot-save", QEMU_SNAPSHOT);
	qemu_agrees(q, fd, 32, site, "after a snapshot");
	sleep_ns(30 * SEC);
	qemu_job(q, "snapshot-load", QEMU_SNAPSHOT);
	after = qemu_agrees(q, fd, 32, site, "the first reading of what was saved 30 s ago");
	realtime_beside(q, "saved 30 s ago");
	t_ok(after.step != before.step, "that the counter was another is told");
	qemu_remove_disk(q);
}

static void reset(struct qemu *q)
{
	qmp_do(q, "system_reset", "%s", "");
	qemu_is_ready(q);
	t_equal(guest_id(q, "site"), TIMELINE_IDS, "reset: its id");
	qemu_agrees(q, fd, 32, site, "reset");
}

/* ---- from one to another ------------------------------------------------------ */

static struct qemu *moved(struct qemu *q)
{
	struct qemu_reading before = qemu_reads(q, 32), r;

	q = qemu_moves(q, "second", WITH);
	r = qemu_agrees(q, fd, 32, site, "moved");
	realtime_beside(q, "moved");
	t_ok(r.step != before.step, "moved: that it was is told");
	qemu_agrees(q, fd, 33, plant, "moved: another");
	q = qemu_moves(q, "third", WITHOUT);
	t_equal(qemu_reads(q, 32).ret, -ENODEV, "moved to where it may not");
	tl_destroy(fd, plant);
	q = qemu_moves(q, "fourth", WITH);
	qemu_agrees(q, fd, 32, site, "moved to where it may");
	t_equal(qemu_reads(q, 33).ret, -ENODEV, "moved: one that is not there");
	return q;
}

VBS_TEST("Linux guests of QEMU read timelines of the host within their bounds, always", 390)
{
	struct qemu *q;

	need_qemu();
	fd = tl_open();
	site = tl_make(fd, "site", TIMELINE_GUEST);
	plant = tl_make(fd, "plant", TIMELINE_GUEST | TIMELINE_STEP);
	tl_make(fd, "own", 0);
	q = qemu_start("first", WITH, "");
	qemu_boots(q, "first");
	what_it_can_do(q);
	host_changes(q);
	stopped(q);
	saved_and_loaded(q);
	reset(q);
	q = moved(q);
	qemu_end(q);
	tl_destroy_all(fd);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
