// SPDX-License-Identifier: GPL-2.0
/*
 * Timers run on CLOCK_MONOTONIC, and adjtimex() makes that up to 10 % faster or
 * slower by its tick and 12.5 % by an offset. Waking on a timeline is not later
 * for it.
 */
#include <sys/timex.h>
#include "tl_test.h"

#define ROUNDS	20

static int fd;
static u32 id;

static void adjust(int tick, int offset_us)
{
	struct timex tx = {
		.modes = ADJ_TICK | ADJ_OFFSET | ADJ_STATUS | ADJ_TIMECONST | ADJ_MICRO,
		.tick = tick,
		.offset = offset_us,
		.status = STA_PLL | STA_FREQHOLD,
	};

	if (adjtimex(&tx) < 0)
		t_fatal("adjtimex()");
	/* It holds from the next second on, and an offset wears off */
	sleep_ns(1200 * MS);
}

static int less(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

struct lateness {
	u64 median, worst;
};

/* Another interrupt may delay any of them, the clock's rate all of them */
static struct lateness wait_late(void)
{
	u64 late[ROUNDS], at;
	struct timespec ts;
	s64 off;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		at = tl_now(id) + 2 * MS + i * 300 * US;
		ts = (struct timespec) { at / SEC, at % SEC };
		clock_nanosleep(CLOCK_TIMELINE(id), TIMER_ABSTIME, &ts, NULL);
		off = tl_now(id) - at;
		late[i] = off > 0 ? off : 0;
	}
	qsort(late, ROUNDS, sizeof(late[0]), less);
	return (struct lateness) { late[ROUNDS / 2], late[ROUNDS - 1] };
}

/* How late POLLPRI comes after the bound exceeds 25 us, which takes 400 ms */
static u64 event(void)
{
	struct timeline_bind arg = { .id = id, .accuracy_ns = 25000 };
	int f = open("/dev/timeline", O_RDONLY);
	struct timeline_event e = { 0 };
	struct timeline_time tt;

	tl_set(fd, id, 1000000, 0);
	tl_vdso(id, &tt);
	if (tl_ioctl(f, TIMELINE_BIND, &arg) || read(f, &e, sizeof(e)) != sizeof(e))
		t_fatal("event");
	close(f);
	return tl_ns(&e.time) - tl_ns(&tt);
}

VBS_TEST("waking on a timeline is not later however adjtimex() bends CLOCK_MONOTONIC", 60)
{
	static const struct { int tick, offset; } bent[] = {
		{ 9000, 0 }, { 11000, 0 }, { 9167, 0 }, { 9000, -500000 }, { 11000, 500000 },
	};
	struct lateness straight, late;
	u64 told;
	unsigned int i;

	fd = tl_open();
	id = tl_make(fd, "rates", TIMELINE_STEP);
	straight = wait_late();
	told = event();
	t_diag("unbent: %ju ns late, at worst %ju ns, event after %ju ns",
	       (uintmax_t)straight.median, (uintmax_t)straight.worst, (uintmax_t)told);
	for (i = 0; i < ARRAY_SIZE(bent); i++) {
		adjust(bent[i].tick, bent[i].offset);
		late = wait_late();
		t_at_most(late.median, straight.median + 4 * US, "late, tick %d, offset %d us",
			  bent[i].tick, bent[i].offset);
		t_at_most(late.worst, straight.worst + 40 * US, "at worst");
		t_near(event(), told, 120 * US, "an event in time");
	}
	adjust(10000, 0);
	tl_destroy(fd, id);
}
