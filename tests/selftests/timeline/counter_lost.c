// SPDX-License-Identifier: GPL-2.0
#include "tl_test.h"

#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define AVAILABLE	"/sys/devices/system/clocksource/clocksource0/available_clocksource"

static int fd;
static u32 id;

static const char *other_clocksource(void)
{
	char list[128];

	file_read(AVAILABLE, list, sizeof(list));
	return strstr(list, "hpet") ? "hpet" : strstr(list, "acpi_pm") ? "acpi_pm" : NULL;
}

VBS_TEST("when the TSC is not the clocksource time goes on, unbounded, by the system call", 60)
{
	struct timeline_time before, after;
	const char *other = other_clocksource();
	struct timeline_get get;
	struct timeline_set set;

	fd = tl_open();
	if (!other)
		t_skip_all("no other clocksource");
	id = tl_make(fd, "counter", 0);
	tl_vdso(id, &before);
	file_write(CLOCKSOURCE, "%s", other);
	sleep_ns(10 * MS);
	t_equal(tl_vdso(id, &after), 0, "read it by %s", other);
	t_equal(after.status, TIMELINE_STATUS_UNRELIABLE, "status");
	t_ok(after.err_low_ns == TIMELINE_UNBOUNDED, "nothing is claimed about it");
	t_ok(after.disruption != before.disruption, "the marker has changed");
	t_near(tl_ns(&after) - tl_ns(&before), 10 * MS, 5 * MS, "the time goes on");
	get.set.id = id;
	tl_ioctl(fd, TIMELINE_GET, &get);
	t_equal(get.set.counter_id, TIMELINE_COUNTER_RAW, "the counter is another");
	t_equal(get.counter_hz, SEC, "in nanoseconds");
	set = tl_params(fd, id, 1000010, 0);
	set.counter_value = after.counter;
	t_equal(tl_ioctl(fd, TIMELINE_SET, &set), 0, "it can be set by that");
	t_equal(tl_vdso(id, &after), 0, "read it");
	t_equal(after.status, TIMELINE_STATUS_UNRELIABLE, "status, still");
	t_ok(after.err_low_ns < 100000 && after.sec == 1000010, "with time and bounds as set");
	file_write(CLOCKSOURCE, "tsc");
	sleep_ns(10 * MS);
	before = after;
	t_equal(tl_vdso(id, &after), 0, "read it by the TSC again");
	t_ok(after.disruption != before.disruption, "the marker has changed again");
	t_ok(after.err_low_ns == TIMELINE_UNBOUNDED, "unbounded until it is set");
	tl_set(fd, id, 1000020, 0);
	tl_vdso(id, &after);
	t_ok(after.status == TIMELINE_STATUS_SYNCHRONIZED && after.sec == 1000020 &&
	     after.err_low_ns < 100000, "all is well once it is");
	tl_destroy(fd, id);
}
