// SPDX-License-Identifier: GPL-2.0
/*
 * Servers in two guests and one on their host, all aligned to a timeline of the host:
 * they are released in phase, though they know nothing of one another.  Compared by
 * the host's counter, and by what the host reads on the timeline then.  They have
 * different multiples, so that none waits for another on the one CPU.
 */
#include <libgen.h>
#include "host_time.h"
#include "qemu_time.h"

#define RUN	"vbsctl vm run --vcpu 3ms/10ms --dm 500us/10ms --guest-timelines --guest-switch --"
#define COST	SYSCTL_VBS "release_cost_ns"
#define LEAST	"/proc/sys/kernel/sched_vbs_period_min_us"
#define RUNTIME	(1 * MS)
#define PERIOD	(20 * MS)
#define TURNS	6
#define STEP	(7 * MS)
#define ROUNDS	8
#define APART	(10 * US)
/* From there to a program: an interrupt, and for a guest out of HLT and into it */
#define WAY	(20 * US)

static int fd;
static u32 site;

/* By how much releases were late, as the host's timeline has it, and the bound then */
struct side {
	const char *name;
	unsigned int n;
	s64 late[ROUNDS];
	u64 bound;
};

static void one_release(struct side *s, const struct timeline_entry *e, u64 counter, s64 own)
{
	struct time_span h = reads(e, counter);
	u64 middle = (h.low + h.high) / 2;
	s64 late = middle % PERIOD;

	if (s->n == ROUNDS)
		t_fatal("%s: too many", s->name);
	s->late[s->n++] = late > (s64)PERIOD / 2 ? late - (s64)PERIOD : late;
	s->bound = h.high - h.low;
	t_diag("%s: %lld ns after a multiple, by its own reading %lld", s->name,
	       (long long)s->late[s->n - 1], (long long)own);
}

static void take(struct side *s, FILE *from, u64 offset)
{
	struct timeline_entry e;
	unsigned long long counter;
	long long own;
	char line[128];

	if (!host_entry(fd, site, &e))
		t_fatal("timeline %u", site);
	while (fgets(line, sizeof(line), from)) {
		if (sscanf(line, "%llu %lld", &counter, &own) == 2)
			one_release(s, &e, counter - offset, own);
		else if (!strncmp(line, "error", 5))
			t_fatal("%s: %s", s->name, line);
	}
}

static struct side of_guest(struct qemu *q)
{
	struct side s = { .name = q->name };
	FILE *f;

	guest_must(q, "sleep 0.2; cat /tmp/acts");
	f = fmemopen(q->said, strlen(q->said), "r");
	if (!f)
		t_fatal("memory");
	take(&s, f, qemu_tsc_offset(q));
	fclose(f);
	return s;
}

static const char *freely(void)
{
	return t_arg("free", 0) ? "free" : "";
}

static struct side of_host(void)
{
	struct side s = { .name = "host" };
	char self[256] = "", command[512];
	FILE *f;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		t_fatal("no program");
	snprintf(command, sizeof(command), "%s/guest_align %u %llu %llu 4 %d %d %s", dirname(self),
		 site, RUNTIME, PERIOD, TURNS, ROUNDS, freely());
	fflush(stdout);
	f = popen(command, "r");
	if (!f)
		t_fatal("%s", command);
	take(&s, f, 0);
	pclose(f);
	return s;
}

/* A bound that does not grow, so that it says as much in the end */
static void set_exactly(u64 ns)
{
	struct timeline_set set = tl_params(fd, site, 1000000, 0);

	set.counter_period_maxerror_rate_frac_sec = 0;
	set.time_frac_sec = ((unsigned __int128)ns << 64) / SEC;
	t_equal(tl_ioctl(fd, TIMELINE_SET, &set), 0, "a bound of 8 us that does not grow");
}

static struct qemu *guest(const char *name)
{
	struct qemu *q = qemu_start(name, RUN, "");

	qemu_boots(q, name);
	guest_must(q, "echo 20000 >%s; guest_clock read 32 1", LEAST);
	return q;
}

static void begins(struct qemu *q, int turn)
{
	guest_must(q, "guest_align 32 %llu %llu %d %d %d %s >/tmp/acts &", RUNTIME, PERIOD, turn,
		   TURNS, ROUNDS, freely());
}

static u64 apart(s64 a, s64 b)
{
	return a > b ? a - b : b - a;
}

/* Of any two releases; @way: one of them has that to the program, and the other has not */
static void in_phase(const struct side *a, const struct side *b, u64 way)
{
	u64 worst = 0;

	for (unsigned int i = 0; i < a->n; i++)
		for (unsigned int k = 0; k < b->n; k++)
			if (apart(a->late[i], b->late[k]) > worst)
				worst = apart(a->late[i], b->late[k]);
	t_at_most(worst, (a->bound + b->bound) / 2 + APART + way, "%s and %s: ns apart, the most",
		  a->name, b->name);
}

/* All that act alike could be at any other instant as well */
static void at_its_instant(const struct side *s)
{
	s64 least = 0, most = 0;

	t_equal(s->n, ROUNDS, "%s: releases", s->name);
	for (unsigned int i = 0; i < s->n; i++) {
		least = s->late[i] < least ? s->late[i] : least;
		most = s->late[i] > most ? s->late[i] : most;
	}
	t_at_most((u64)-least, s->bound, "%s: ns before the instant, the most", s->name);
	t_at_most((u64)most, s->bound + APART + WAY, "%s: ns after it, the most", s->name);
}

VBS_TEST("servers of two guests and their host, aligned to one timeline, are in phase", 290)
{
	struct side side[3];
	struct qemu *a, *b;

	need_qemu();
	fd = tl_open();
	file_restore(COST);
	t_equal(file_write(COST, "2000"), 0, "a release costs 2 us");
	site = tl_make(fd, "site", TIMELINE_GUEST | TIMELINE_STEP);
	set_exactly(0);
	a = guest("first");
	b = guest("second");
	begins(a, 0);
	begins(b, 2);
	/* By now they have entered, and have another phase than they began with */
	sleep_ns(SEC / 2);
	set_exactly(STEP);
	side[2] = of_host();
	side[0] = of_guest(a);
	side[1] = of_guest(b);
	for (int i = 0; i < 3; i++) {
		at_its_instant(&side[i]);
		in_phase(&side[i], &side[(i + 1) % 3], i ? WAY : 0);
	}
	qemu_end(a);
	qemu_end(b);
	tl_destroy_all(fd);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
