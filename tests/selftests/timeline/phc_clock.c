// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline as /dev/ptpN: what it shows, beside the vDSO and the system's clocks; when
 * it shows nothing; and that nobody can set it.
 */
#include <linux/ptp_clock.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include "tl_test.h"

#define SAMPLES	1000

static int fd, phc;
static u32 id;

static s64 ptp_ns(const struct ptp_clock_time *t)
{
	return t->sec * (s64)SEC + t->nsec;
}

/* By which clock the stamps are: a field that older headers do not name, behind n_samples */
static void stamps_by(struct ptp_sys_offset_extended *e, clockid_t clock)
{
	memcpy((char *)e + sizeof(e->n_samples), &clock, sizeof(clock));
}

static int phc_gettime(s64 *ns)
{
	struct timespec ts;

	if (clock_gettime(tl_phc_clock(phc), &ts))
		return -errno;
	*ns = ts.tv_sec * (s64)SEC + ts.tv_nsec;
	return 0;
}

static int precise(struct ptp_sys_offset_precise *p)
{
	memset(p, 0, sizeof(*p));
	return tl_ioctl(phc, PTP_SYS_OFFSET_PRECISE, p);
}

/* The attribute of its parent; -errno where reading it fails */
static s64 attribute(const char *name, char *text, size_t size)
{
	char path[96];
	ssize_t n;
	int file;

	snprintf(path, sizeof(path), "/sys/class/ptp/ptp%d/device/%s", tl_phc(id), name);
	file = open(path, O_RDONLY);
	n = file < 0 ? -1 : read(file, text, size - 1);
	if (n < 0)
		n = -errno;
	text[n > 0 ? n : 0] = 0;
	close(file);
	return n;
}

static void shows_nothing(const char *when)
{
	struct ptp_sys_offset_extended e = { .n_samples = 1 };
	struct ptp_sys_offset_precise p;
	char text[32];
	s64 ns;

	t_equal(phc_gettime(&ns), -EAGAIN, "%s: clock_gettime", when);
	t_equal(precise(&p), -EAGAIN, "%s: PTP_SYS_OFFSET_PRECISE", when);
	t_equal(tl_ioctl(phc, PTP_SYS_OFFSET_EXTENDED, &e), -EAGAIN, "%s: PTP_SYS_OFFSET_EXTENDED",
		when);
	t_equal(attribute("error_bound_ns", text, sizeof(text)), -EAGAIN, "%s: error_bound_ns",
		when);
}

static void set_as(u8 status, u64 flags)
{
	struct timeline_set set = tl_params(fd, id, 2000000, 0);

	set.clock_status = status;
	set.vmclock_flags = flags;
	t_equal(tl_ioctl(fd, TIMELINE_SET, &set), 0, "set");
}

static void begins(void)
{
	struct ptp_clock_caps caps;
	char text[64];

	phc = tl_phc_open(id, O_RDWR);
	t_at_least(phc, 0, "there is a device");
	t_equal(tl_ioctl(phc, PTP_CLOCK_GETCAPS, &caps), 0, "what it can do");
	t_ok(!caps.max_adj && !caps.n_alarm && !caps.n_ext_ts && !caps.n_per_out && !caps.pps &&
	     !caps.n_pins && !caps.adjust_phase && caps.cross_timestamping,
	     "cross timestamps and nothing else");
	attribute("timeline", text, sizeof(text));
	t_ok(!strcmp(text, "clock\n"), "the name of its timeline");
	shows_nothing("never set");
}

/* T at a counter value, as of a reading near it */
static s64 at(const struct timeline_time *tt, const struct timeline_get *get, u64 counter)
{
	return tl_ns(tt) + timeline_diff_ns(get->set.counter_period_frac_sec,
					    get->set.counter_period_shift, tt->counter, counter);
}

/* By the vDSO, before and after */
static void beside_the_vdso(void)
{
	struct timeline_time before, after;
	int i, in = 0;
	s64 ns;

	for (i = 0; i < SAMPLES; i++) {
		tl_vdso(id, &before);
		if (phc_gettime(&ns))
			break;
		tl_vdso(id, &after);
		in += ns >= (s64)tl_ns(&before) && ns <= (s64)tl_ns(&after);
	}
	t_equal(in, SAMPLES, "clock_gettime between two readings of the vDSO");
}

/*
 * One counter value gives all three: so the device is a linear function of
 * CLOCK_MONOTONIC_RAW, to the rounding of both, however long the call took; and this
 * function is the timeline's, to what two readings of the counter leave open.
 */
static void cross_timestamps(void)
{
	struct timeline_get get = { .set.id = id };
	struct ptp_sys_offset_precise p, first, last;
	s64 device[SAMPLES], raw[SAMPLES], off, worst = 0;
	struct timeline_time tt;
	struct timespec ts;
	int i, outside = 0;
	u64 c1, c2, real1, real2;
	double rate;

	tl_ioctl(fd, TIMELINE_GET, &get);
	t_equal(precise(&first), 0, "PTP_SYS_OFFSET_PRECISE");
	for (i = 0; i < SAMPLES; i++) {
		tl_clock(CLOCK_REALTIME, &real1);
		precise(&p);
		tl_clock(CLOCK_REALTIME, &real2);
		device[i] = ptp_ns(&p.device) - ptp_ns(&first.device);
		raw[i] = ptp_ns(&p.sys_monoraw) - ptp_ns(&first.sys_monoraw);
		outside += ptp_ns(&p.sys_realtime) < (s64)real1 ||
			   ptp_ns(&p.sys_realtime) > (s64)real2;
		/* At other distances */
		for (int spin = i % 97; spin > 0; spin--)
			tl_counter();
	}
	sleep_ns(SEC);
	precise(&last);
	rate = (double)(ptp_ns(&last.device) - ptp_ns(&first.device)) /
	       (ptp_ns(&last.sys_monoraw) - ptp_ns(&first.sys_monoraw));
	for (i = 0; i < SAMPLES; i++) {
		off = llabs(device[i] - (s64)(raw[i] * rate));
		worst = off > worst ? off : worst;
	}
	t_at_most(worst, 2, "the device and CLOCK_MONOTONIC_RAW are of the same instant");
	t_equal(outside, 0, "and so is CLOCK_REALTIME");
	outside = 0;
	for (i = 0; i < SAMPLES; i++) {
		tl_vdso(id, &tt);
		c1 = tl_counter();
		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		c2 = tl_counter();
		off = ptp_ns(&first.device) + (s64)((ts.tv_sec * (s64)SEC + ts.tv_nsec -
						     ptp_ns(&first.sys_monoraw)) * rate);
		outside += off < at(&tt, &get, c1) - 2 || off > at(&tt, &get, c2) + 2;
	}
	t_equal(outside, 0, "the device's time is the timeline's at that instant");
}

static void extended(clockid_t clock, const char *name)
{
	struct ptp_sys_offset_extended e = { .n_samples = PTP_MAX_SAMPLES };
	struct timeline_time before, after;
	u64 first, last;
	int i, in = 0;

	stamps_by(&e, clock);
	tl_vdso(id, &before);
	tl_clock_syscall(clock, &first);
	t_equal(tl_ioctl(phc, PTP_SYS_OFFSET_EXTENDED, &e), 0, "PTP_SYS_OFFSET_EXTENDED, %s", name);
	tl_clock_syscall(clock, &last);
	tl_vdso(id, &after);
	for (i = 0; i < PTP_MAX_SAMPLES; i++) {
		in += ptp_ns(&e.ts[i][0]) >= (s64)first &&
		      ptp_ns(&e.ts[i][0]) <= ptp_ns(&e.ts[i][2]) &&
		      ptp_ns(&e.ts[i][2]) <= (s64)last &&
		      ptp_ns(&e.ts[i][1]) >= (s64)tl_ns(&before) &&
		      ptp_ns(&e.ts[i][1]) <= (s64)tl_ns(&after);
		first = ptp_ns(&e.ts[i][2]);
		before.sec = e.ts[i][1].sec;
		before.nsec = e.ts[i][1].nsec;
	}
	t_equal(in, PTP_MAX_SAMPLES, "%s: all in order", name);
}

/* Between stamps by CLOCK_MONOTONIC_RAW the device is at what a cross timestamp says */
static void extended_is_where_it_says(void)
{
	struct ptp_sys_offset_extended e = { .n_samples = PTP_MAX_SAMPLES };
	struct ptp_sys_offset_precise p;
	s64 off;
	int i, in = 0;

	stamps_by(&e, CLOCK_MONOTONIC_RAW);
	precise(&p);
	tl_ioctl(phc, PTP_SYS_OFFSET_EXTENDED, &e);
	off = ptp_ns(&p.device) - ptp_ns(&p.sys_monoraw);
	/* In the few microseconds since then 500 ppm are no nanosecond */
	for (i = 0; i < PTP_MAX_SAMPLES; i++)
		in += ptp_ns(&e.ts[i][1]) - off >= ptp_ns(&e.ts[i][0]) - 2 &&
		      ptp_ns(&e.ts[i][1]) - off <= ptp_ns(&e.ts[i][2]) + 2;
	t_equal(in, PTP_MAX_SAMPLES, "each sample was read between its stamps");
}

static void basic(void)
{
	struct ptp_sys_offset o = { .n_samples = 2 };
	struct timeline_time before, after;

	tl_vdso(id, &before);
	t_equal(tl_ioctl(phc, PTP_SYS_OFFSET, &o), 0, "PTP_SYS_OFFSET");
	tl_vdso(id, &after);
	t_ok(ptp_ns(&o.ts[1]) >= (s64)tl_ns(&before) && ptp_ns(&o.ts[1]) <= ptp_ns(&o.ts[3]) &&
	     ptp_ns(&o.ts[3]) <= (s64)tl_ns(&after), "it is the time");
}

static u64 bound_of(const struct timeline_time *tt)
{
	return tt->err_low_ns > tt->err_high_ns ? tt->err_low_ns : tt->err_high_ns;
}

static void bound(void)
{
	struct timeline_time before, after;
	char text[32];
	u64 ns;

	tl_vdso(id, &before);
	attribute("error_bound_ns", text, sizeof(text));
	tl_vdso(id, &after);
	ns = strtoull(text, NULL, 10);
	t_ok(ns >= bound_of(&before) && ns <= bound_of(&after), "error_bound_ns is the bound");
}

static int adjust(unsigned int modes, long freq, long sec)
{
	struct timex tx = { .modes = modes, .freq = freq, .time.tv_sec = sec };

	return syscall(SYS_clock_adjtime, tl_phc_clock(phc), &tx) < 0 ? -errno : 0;
}

static void nobody_sets_it(void)
{
	struct timeline_get before = { .set.id = id }, after = before;
	struct ptp_extts_request extts = { .flags = PTP_ENABLE_FEATURE };
	struct ptp_perout_request perout = { .period.sec = 1 };
	struct timespec ts = { 1, 0 };

	tl_ioctl(fd, TIMELINE_GET, &before);
	t_equal(clock_settime(tl_phc_clock(phc), &ts) ? errno : 0, EOPNOTSUPP, "clock_settime");
	t_equal(adjust(ADJ_SETOFFSET, 0, 1), -EOPNOTSUPP, "step it");
	t_equal(adjust(ADJ_FREQUENCY, 0, 0), -EOPNOTSUPP, "its frequency, as it is");
	t_equal(adjust(ADJ_FREQUENCY, 65536, 0), -ERANGE, "its frequency, by 1 ppm");
	t_equal(adjust(ADJ_OFFSET, 0, 0), -EOPNOTSUPP, "its phase");
	t_equal(tl_ioctl(phc, PTP_EXTTS_REQUEST, &extts), -EINVAL, "stamps of a pin");
	t_equal(tl_ioctl(phc, PTP_PEROUT_REQUEST, &perout), -EINVAL, "a periodic output");
	t_equal(tl_ioctl(phc, PTP_ENABLE_PPS, (void *)1), -EOPNOTSUPP, "a pulse a second");
	tl_ioctl(fd, TIMELINE_GET, &after);
	t_ok(!memcmp(&before, &after, sizeof(after)), "nothing has changed");
}

static void bad_arguments(void)
{
	static const unsigned long calls[] = { PTP_CLOCK_GETCAPS, PTP_SYS_OFFSET_PRECISE,
					       PTP_SYS_OFFSET_EXTENDED, PTP_SYS_OFFSET };
	struct ptp_sys_offset_extended e = { .n_samples = PTP_MAX_SAMPLES + 1 };
	struct ptp_sys_offset o = { .n_samples = PTP_MAX_SAMPLES + 1 };
	struct ptp_sys_offset_extended *ro = mmap(NULL, 4096, PROT_READ,
						  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		t_equal(tl_ioctl(phc, calls[i], (void *)8), -EFAULT, "call %u, nowhere", i);
		t_equal(tl_ioctl(phc, calls[i], ro), -EFAULT, "call %u, where nothing can be written",
			i);
	}
	t_equal(tl_ioctl(phc, PTP_SYS_OFFSET_EXTENDED, &e), -EINVAL, "more samples than there can be");
	t_equal(tl_ioctl(phc, PTP_SYS_OFFSET, &o), -EINVAL, "again");
	e.n_samples = 1;
	stamps_by(&e, CLOCK_TIMELINE(id));
	t_equal(tl_ioctl(phc, PTP_SYS_OFFSET_EXTENDED, &e), -EINVAL, "stamps of another clock");
	t_equal(tl_ioctl(phc, _IO('=', 99), NULL), -ENOTTY, "another ioctl");
}

static void without_privilege(void *arg)
{
	(void)arg;
	t_become(1000);
	_exit(-tl_phc_open(id, O_RDONLY));
}

VBS_TEST("a timeline as PTP clock is the same clock, to the nanosecond, and nobody sets it", 30)
{
	const u64 bounded = TIMELINE_VF_PERIOD_MAXERROR_VALID | TIMELINE_VF_TIME_MAXERROR_VALID;
	int ret;

	fd = tl_open();
	ret = tl_create(fd, "clock", TIMELINE_PHC | TIMELINE_STEP);
	if (ret == -EOPNOTSUPP)
		t_skip_all("CONFIG_TIMELINE_PHC is off");
	id = ret;
	begins();
	tl_set(fd, id, 1000000, 300);
	beside_the_vdso();
	cross_timestamps();
	extended(CLOCK_REALTIME, "CLOCK_REALTIME");
	extended(CLOCK_MONOTONIC, "CLOCK_MONOTONIC");
	extended(CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW");
	extended_is_where_it_says();
	basic();
	bound();
	nobody_sets_it();
	bad_arguments();
	t_equal(WEXITSTATUS(t_wait(t_fork(without_privilege, NULL))), EACCES, "it is root's");
	set_as(TIMELINE_STATUS_FREERUNNING, bounded);
	shows_nothing("freerunning");
	set_as(TIMELINE_STATUS_UNRELIABLE, bounded);
	shows_nothing("unreliable");
	set_as(TIMELINE_STATUS_SYNCHRONIZED, 0);
	shows_nothing("without a bound");
	set_as(TIMELINE_STATUS_SYNCHRONIZED, bounded);
	beside_the_vdso();
	tl_destroy(fd, id);
}
