// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <sys/syscall.h>
#include "tl_test.h"

int tl_open(void)
{
	int fd = open("/dev/timeline", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		t_skip_all("no /dev/timeline: CONFIG_TIMELINE is off");
	return fd;
}

int tl_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

int tl_create(int fd, const char *name, u32 flags)
{
	struct timeline_create arg = { .flags = flags };
	int ret;

	snprintf(arg.name, sizeof(arg.name), "%s", name);
	ret = tl_ioctl(fd, TIMELINE_CREATE, &arg);
	return ret ?: (int)arg.id;
}

int tl_destroy(int fd, u32 id)
{
	struct timeline_destroy arg = { .id = id };

	return tl_ioctl(fd, TIMELINE_DESTROY, &arg);
}

u32 tl_place(u32 id)
{
	return id % TIMELINE_MAX_IDS;
}

u32 tl_at(int fd, u32 place)
{
	struct timeline_get get = { .set.id = place };

	return tl_ioctl(fd, TIMELINE_GET, &get) ? TIMELINE_NONE : get.set.id;
}

void tl_destroy_all(int fd)
{
	u32 place;

	for (place = 0; place < TIMELINE_IDS; place++)
		tl_destroy(fd, tl_at(fd, place));
}

u64 tl_counter(void)
{
	unsigned int cpu;

	return __rdtscp(&cpu);
}

u64 tl_settled_hz(int fd, u32 id)
{
	struct timeline_get get = { .set.id = id };
	u64 hz;

	do {
		hz = get.counter_hz;
		sleep_ns(2 * SEC);
		get.set.id = id;
		if (tl_ioctl(fd, TIMELINE_GET, &get))
			t_fatal("get timeline %u", id);
	} while (hz != get.counter_hz);
	return hz;
}

struct timeline_set tl_params(int fd, u32 id, u64 sec, int ppm)
{
	struct timeline_get get = { .set.id = id };
	u64 period;

	if (tl_ioctl(fd, TIMELINE_GET, &get))
		t_fatal("get timeline %u", id);
	period = ((unsigned __int128)1 << 64) / get.counter_hz;
	return (struct timeline_set) {
		.id = id,
		.counter_id = get.set.counter_id,
		.clock_status = TIMELINE_STATUS_SYNCHRONIZED,
		.vmclock_flags = TIMELINE_VF_PERIOD_MAXERROR_VALID |
				 TIMELINE_VF_TIME_MAXERROR_VALID,
		.counter_value = tl_counter(),
		.counter_period_frac_sec = period + (s64)(period / 1000000) * ppm,
		.counter_period_maxerror_rate_frac_sec = period / 20000,
		.time_sec = sec,
		.err_low_ns = 5000,
		.err_high_ns = 3000,
	};
}

void tl_set(int fd, u32 id, u64 sec, int ppm)
{
	struct timeline_set set;
	int ret = -EINVAL;

	/* Soon after boot the counter becomes the TSC, and its frequency is measured anew */
	for (int i = 0; i < 20 && ret == -EINVAL; i++) {
		if (i)
			sleep_ns(100 * MS);
		set = tl_params(fd, id, sec, ppm);
		ret = tl_ioctl(fd, TIMELINE_SET, &set);
	}
	if (ret) {
		errno = -ret;
		t_fatal("set timeline %u", id);
	}
}

u32 tl_make(int fd, const char *name, u32 flags)
{
	int id = tl_create(fd, name, flags);

	if (id < 0) {
		errno = -id;
		t_fatal("create timeline %s", name);
	}
	tl_set(fd, id, 1000000, 0);
	return id;
}

int tl_phc(u32 id)
{
	char path[64];
	struct dirent *entry;
	int n = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/timeline_phc/phc%u", id);
	dir = opendir(path);
	while (n < 0 && dir && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "ptp%d", &n) != 1)
			n = -1;
	if (dir)
		closedir(dir);
	return n;
}

int tl_phc_open(u32 id, int flags)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/ptp%d", tl_phc(id));
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

clockid_t tl_phc_clock(int phc)
{
	return (clockid_t)(~(unsigned int)phc << 3 | 3);
}

int tl_prctl(u32 id, struct timeline_time *tt)
{
	return prctl(PR_TIMELINE_GETTIME, id, tt, 0, 0) ? -errno : 0;
}

static int to_ns(int ret, const struct timespec *ts, u64 *ns)
{
	if (ret)
		return -errno;
	*ns = ts->tv_sec * SEC + ts->tv_nsec;
	return 0;
}

int tl_clock(clockid_t clock, u64 *ns)
{
	struct timespec ts;
	int ret = clock_gettime(clock, &ts);

	return to_ns(ret, &ts, ns);
}

int tl_clock_syscall(clockid_t clock, u64 *ns)
{
	struct timespec ts;
	int ret = syscall(SYS_clock_gettime, clock, &ts);

	return to_ns(ret, &ts, ns);
}

long tl_int80(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) :
		     "0"(nr), "b"(a), "c"(b), "d"(c), "S"(0L), "D"(0L) :
		     "r8", "r9", "r10", "r11", "memory");
	return (int)ret;
}

u64 tl_ns(const struct timeline_time *tt)
{
	return tt->sec * SEC + tt->nsec;
}

u64 tl_now(u32 id)
{
	u64 ns = 0;

	if (tl_clock(CLOCK_TIMELINE(id), &ns))
		t_fatal("read timeline %u", id);
	return ns;
}
