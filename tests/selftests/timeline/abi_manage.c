// SPDX-License-Identifier: GPL-2.0
#include <sys/mman.h>
#include "tl_test.h"

static int fd;

static int create(const char *name, u32 type, u32 flags)
{
	struct timeline_create arg = { .time_type = type, .flags = flags };
	int ret;

	memcpy(arg.name, name, strnlen(name, sizeof(arg.name)));
	ret = tl_ioctl(fd, TIMELINE_CREATE, &arg);
	return ret ?: (int)arg.id;
}

static void names(void)
{
	struct timeline_lookup look = { .name = "first" };
	int id = create("first", TIMELINE_TIME_TAI, 0);

	t_at_least(id, 0, "create");
	t_equal(create("first", 0, 0), -EEXIST, "the same name again");
	t_equal(create("", 0, 0), -EINVAL, "no name");
	t_equal(create("a b", 0, 0), -EINVAL, "a blank in the name");
	t_equal(create("a/b", 0, 0), -EINVAL, "a slash in the name");
	t_equal(create("0123456789012345678901234567890123", 0, 0), -EINVAL, "a long name");
	t_equal(create("type", 3, 0), -EINVAL, "a time type that does not exist");
	t_equal(create("flags", 0, 8), -EINVAL, "a flag that does not exist");
	t_equal(tl_ioctl(fd, TIMELINE_LOOKUP, &look), 0, "look it up");
	t_equal(look.id, id, "its id");
	strcpy(look.name, "second");
	t_equal(tl_ioctl(fd, TIMELINE_LOOKUP, &look), -ENOENT, "look up another");
	t_equal(tl_destroy(fd, id), 0, "destroy");
	t_equal(tl_destroy(fd, id), -EINVAL, "destroy again");
	t_equal(tl_destroy(fd, 32), -EINVAL, "destroy an id that cannot exist");
}

static void table_full(void)
{
	char name[16];
	int i, ids[TIMELINE_IDS], ok = 0;

	for (i = 0; i < TIMELINE_IDS; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		ids[i] = create(name, 0, 0);
		ok += ids[i] >= 0;
	}
	t_equal(ok, TIMELINE_IDS, "as many as there are ids");
	t_equal(create("more", 0, 0), -ENOSPC, "one more");
	for (i = 0; i < TIMELINE_IDS; i++)
		tl_destroy(fd, ids[i]);
	i = create("again", 0, 0);
	t_at_least(i, 0, "one after all are destroyed");
	tl_destroy(fd, i);
}

static void refused(struct timeline_set *set, int err, const char *what)
{
	struct timeline_get before = { .set.id = set->id }, after = before;

	tl_ioctl(fd, TIMELINE_GET, &before);
	t_equal(tl_ioctl(fd, TIMELINE_SET, set), err, "%s", what);
	tl_ioctl(fd, TIMELINE_GET, &after);
	if (memcmp(&before, &after, sizeof(after)))
		t_ok(false, "%s: something changed", what);
}

static int create_slewing(const char *name, u32 ppb, u32 pad)
{
	struct timeline_create arg = { .slew_ppb = ppb, .pad = pad };
	int ret;

	strcpy(arg.name, name);
	ret = tl_ioctl(fd, TIMELINE_CREATE, &arg);
	return ret ?: (int)arg.id;
}

/* 1 us in 1 ms, at 1000 ppb takes a second and is not noticed by the ns */
static void slew_rates(void)
{
	int slow = create_slewing("slow", 1000, 0), full = create_slewing("full", 0, 0);
	struct timeline_get get = { .set.id = slow };
	struct timeline_set set;

	t_equal(create_slewing("fast", 500001, 0), -EINVAL, "a slew of more than 500 ppm");
	t_equal(create_slewing("pad", 0, 1), -EINVAL, "something in the padding");
	tl_set(fd, slow, 1000000, 0);
	tl_ioctl(fd, TIMELINE_GET, &get);
	t_equal(get.slew_ppb, 1000, "its slews are of 1 ppm");
	set = get.set;
	set.time_frac_sec += ~0ULL / 1000000;
	t_equal(tl_ioctl(fd, TIMELINE_SET, &set), 0, "set 1 us ahead");
	tl_ioctl(fd, TIMELINE_GET, &get);
	t_near(-get.slew_rate * 1000000, get.set.counter_period_frac_sec, 2000000, "at 1 ppm");
	t_near((get.slew_end - get.set.counter_value) * 1000 / get.counter_hz, 1000, 2,
	       "it slews for 1 s");
	get.set.id = full;
	tl_ioctl(fd, TIMELINE_GET, &get);
	t_equal(get.slew_ppb, 500000, "who asks for none slews at 500 ppm");
	tl_destroy(fd, slow);
	tl_destroy(fd, full);
}

static void parameters(void)
{
	u32 id = tl_make(fd, "set", 0);
	struct timeline_set good = tl_params(fd, id, 1000000, 0), s;
	struct timeline_get get = { .set.id = 31 };

	s = good, s.id = 77, t_equal(tl_ioctl(fd, TIMELINE_SET, &s), -EINVAL, "unknown id");
	s = good, s.generation = 0xfffffe, refused(&s, -ESTALE, "another generation");
	s = good, s.counter_id ^= 0xff, refused(&s, -EINVAL, "another counter");
	s = good, s.counter_value += 1ULL << 40, refused(&s, -EINVAL, "the counter's future");
	s = good, s.counter_period_shift = 25, refused(&s, -EINVAL, "shift 25");
	s = good, s.counter_period_frac_sec += s.counter_period_frac_sec / 1990;
	refused(&s, -EINVAL, "a period 502 ppm off");
	s = good, s.counter_period_frac_sec -= s.counter_period_frac_sec / 1990;
	refused(&s, -EINVAL, "a period 502 ppm off, the other way");
	s = good, s.clock_status = 0, refused(&s, -EINVAL, "status UNKNOWN");
	s = good, s.vmclock_flags = ~0ULL, refused(&s, -EINVAL, "flags that do not exist");
	s = good, s.reserved[0] = 1, refused(&s, -EINVAL, "a reserved field");
	s = good, s.time_sec = 1ULL << 33, refused(&s, -EINVAL, "the year 274 000");
	s = good, s.time_sec += 2 << 20, refused(&s, -ERANGE, "24 days away, continuous");
	s = good, s.err_low_ns = ~0ULL, s.counter_period_maxerror_rate_frac_sec = ~0ULL;
	t_equal(tl_ioctl(fd, TIMELINE_SET, &s), 0, "huge bounds are bounds");
	t_equal(tl_ioctl(fd, TIMELINE_GET, &get), -EINVAL, "get an unknown id");
	tl_destroy(fd, id);
}

static void faults(void)
{
	struct timeline_create *ro = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct timeline_lookup look = { .name = "untold" };
	void *bad = (void *)8;

	t_equal(tl_ioctl(fd, TIMELINE_CREATE, bad), -EFAULT, "create from nowhere");
	t_equal(tl_ioctl(fd, TIMELINE_SET, bad), -EFAULT, "set from nowhere");
	t_equal(tl_ioctl(fd, TIMELINE_GET, bad), -EFAULT, "get to nowhere");
	t_equal(tl_ioctl(fd, TIMELINE_BIND, bad), -EFAULT, "bind from nowhere");
	t_equal(tl_ioctl(fd, _IO(TIMELINE_IOC, 9), NULL), -ENOTTY, "another ioctl");
	strcpy(ro->name, "untold");
	mprotect(ro, 4096, PROT_READ);
	t_equal(tl_ioctl(fd, TIMELINE_CREATE, ro), -EFAULT, "create, id to read-only memory");
	t_equal(tl_ioctl(fd, TIMELINE_LOOKUP, &look), -ENOENT, "then there is none");
	t_equal(prctl(PR_TIMELINE_GETTIME, 99, NULL, 0, 0) ? errno : 0, EINVAL, "read id 99");
}

VBS_TEST("/dev/timeline does what its table says and refuses the rest, changing nothing", 60)
{
	fd = tl_open();
	names();
	table_full();
	slew_rates();
	parameters();
	faults();
}
