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

static u64 worst(void)
{
	struct timespec ts;
	u64 at, late, most = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		at = tl_now(id) + 2 * MS + i * 300 * US;
		ts = (struct timespec) { at / SEC, at % SEC };
		clock_nanosleep(CLOCK_TIMELINE(id), TIMER_ABSTIME, &ts, NULL);
		late = tl_now(id) - at;
		most = late > most && (s64)late > 0 ? late : most;
	}
	return most;
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
	u64 straight, told;
	unsigned int i;

	fd = tl_open();
	id = tl_make(fd, "rates", TIMELINE_STEP);
	straight = worst();
	told = event();
	t_diag("unbent: %ju ns late, event after %ju ns", (uintmax_t)straight, (uintmax_t)told);
	for (i = 0; i < ARRAY_SIZE(bent); i++) {
		adjust(bent[i].tick, bent[i].offset);
		t_at_most(worst(), straight + 4 * US, "late, tick %d, offset %d us", bent[i].tick,
			  bent[i].offset);
		t_near(event(), told, 120 * US, "an event in time");
	}
	adjust(10000, 0);
	tl_destroy(fd, id);
}
