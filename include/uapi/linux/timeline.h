/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Timelines: named clocks, each a projection from the raw hardware counter to
 * time with a guaranteed bound on its error.
 *
 *	t(c)   = time + period * (c - counter_value)
 *	err(c) = maxerror + maxerror_rate * (c - counter_value)
 *
 * The true time lies in [t - err_low, t + err_high]: a maximum, not a
 * confidence interval, under the assumptions of whoever set the parameters.
 */
#ifndef _UAPI_LINUX_TIMELINE_H
#define _UAPI_LINUX_TIMELINE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * Places in the table: of the timelines of this kernel, and of those it receives from
 * its host. The first timeline in a place has its number as id, and each that follows
 * there has one that is TIMELINE_MAX_IDS larger: an id never becomes another clock.
 * (After 2^24 timelines in one place ids begin anew.)
 */
#define TIMELINE_IDS		32
#define TIMELINE_GUEST_IDS	32
#define TIMELINE_MAX_IDS	(TIMELINE_IDS + TIMELINE_GUEST_IDS)

/*
 * Clock ids for clock_gettime(), clock_getres(), clock_nanosleep(),
 * timer_create() and timerfd_create().
 */
#define CLOCK_TIMELINE_SELF	31	/* what the calling thread is bound to */
#define CLOCK_TIMELINE_FIRST	32
#define CLOCK_TIMELINE_LAST	0x7fffffff
#define CLOCK_TIMELINE(id)	(CLOCK_TIMELINE_FIRST + (id))

/*
 * prctl(PR_SET_TIMELINE, id or TIMELINE_NONE, 0, 0, 0) binds the caller. An id
 * is 32 bits wide (else EINVAL); -1 and -2 mean TIMELINE_NONE and TIMELINE_SELF.
 */
#define PR_SET_TIMELINE		0x544c0001
/* prctl(PR_GET_TIMELINE, 0, 0, 0, 0): the id, or ENODATA if not bound */
#define PR_GET_TIMELINE		0x544c0002
/* prctl(PR_TIMELINE_GETTIME, id, struct timeline_time *, 0, 0) */
#define PR_TIMELINE_GETTIME	0x544c0003

#define TIMELINE_NONE		0xffffffffU	/* bound to no timeline */
#define TIMELINE_SELF		0xfffffffeU	/* the caller's, as an id to read */

/* status, as VMCLOCK_STATUS_* */
#define TIMELINE_STATUS_UNKNOWN		0
#define TIMELINE_STATUS_INITIALIZING	1	/* created, never set */
#define TIMELINE_STATUS_SYNCHRONIZED	2
#define TIMELINE_STATUS_FREERUNNING	3
#define TIMELINE_STATUS_UNRELIABLE	4	/* counter stopped, stepped, unusable */

/* time_type, as VMCLOCK_TIME_* */
#define TIMELINE_TIME_UTC		0
#define TIMELINE_TIME_TAI		1
#define TIMELINE_TIME_MONOTONIC		2

/*
 * counter_id. Where the time stamp counter cannot be used, the counter is
 * CLOCK_MONOTONIC_RAW in nanoseconds: VMClock readers see an invalid counter,
 * reads take the system call and report TIMELINE_STATUS_UNRELIABLE, but where a
 * hypervisor vouches for the clocksource (kvm-clock, Hyper-V's page). Bounds get a
 * step of the clocksource wider, or claim nothing if that counts interrupts.
 */
#define TIMELINE_COUNTER_X86_TSC	1
#define TIMELINE_COUNTER_RAW		0xff

/* vmclock_flags, as VMCLOCK_FLAG_*; without its flag a value counts as unknown */
#define TIMELINE_VF_TAI_OFFSET_VALID		(1 << 0)
#define TIMELINE_VF_DISRUPTION_SOON		(1 << 1)
#define TIMELINE_VF_DISRUPTION_IMMINENT		(1 << 2)
#define TIMELINE_VF_PERIOD_ESTERROR_VALID	(1 << 3)
#define TIMELINE_VF_PERIOD_MAXERROR_VALID	(1 << 4)
#define TIMELINE_VF_TIME_ESTERROR_VALID		(1 << 5)
#define TIMELINE_VF_TIME_MAXERROR_VALID		(1 << 6)
#define TIMELINE_VF_TIME_MONOTONIC		(1 << 7)	/* never: the target may step */
#define TIMELINE_VF_VM_GEN_COUNTER_PRESENT	(1 << 8)	/* in /dev/timelines/NAME */
#define TIMELINE_VF_NOTIFICATION_PRESENT	(1 << 9)	/* there, too: poll() tells */
/* What TIMELINE_SET takes */
#define TIMELINE_VF_SETTABLE			0x7f

/* flags of a timeline */
#define TIMELINE_STEP		(1 << 0)	/* updates step it; else they slew it */
#define TIMELINE_GUEST		(1 << 1)	/* virtual machines may read it */
#define TIMELINE_PHC		(1 << 2)	/* it is a PTP clock, too */

#define TIMELINE_MAGIC		0x4b4c4356	/* "VCLK" */
#define TIMELINE_VERSION	1
#define TIMELINE_ENTRY_SIZE	256
#define TIMELINE_SHIFT_MAX	24
#define TIMELINE_PPM_MAX	500		/* period off nominal, and slew */
#define TIMELINE_SLEW_PPB_MAX	(TIMELINE_PPM_MAX * 1000)
#define TIMELINE_SEC_MAX	(1ULL << 33)	/* time_sec of TIMELINE_SET */
#define TIMELINE_UNBOUNDED	(~0ULL)		/* an error bound that claims nothing */
#define TIMELINE_NAME_LEN	32		/* with the closing 0 */

/**
 * struct timeline_entry - one timeline in the table
 *
 * The table is an array of these, TIMELINE_IDS of them in two pages, then as
 * many received from the host; mmap() of /dev/timeline, read-only, shows it.
 * /dev/timelines/NAME shows one of them alone, at the beginning of a page that
 * is, with read() and poll(), what /dev/vmclockN is; @size there is the page's.
 * Up to @vm_generation_counter this is struct vmclock_abi and holds the target
 * projection with its own bound; any VMClock reader can use it. All of it is
 * little endian and valid only under an even and unchanged @seq_count.
 *
 * @magic: TIMELINE_MAGIC, 0 in an entry that no timeline uses
 * @size: TIMELINE_ENTRY_SIZE
 * @version: TIMELINE_VERSION
 * @counter_id: TIMELINE_COUNTER_*; X86_TSC only while reading it gives the time
 * @time_type: TIMELINE_TIME_*
 * @seq_count: odd while an update is in progress
 * @disruption_marker: changes, to a new value, exactly when the counter was
 *	disrupted: what is known of its rate is void
 * @flags: TIMELINE_VF_*
 * @pad: 0
 * @clock_status: TIMELINE_STATUS_*
 * @leap_second_smearing_hint: as in VMClock
 * @tai_offset_sec: TAI - UTC
 * @leap_indicator: as in VMClock
 * @counter_period_shift: 0 to TIMELINE_SHIFT_MAX
 * @counter_value: reference
 * @counter_period_frac_sec: seconds per tick, times 2^(64 + shift)
 * @counter_period_esterror_rate_frac_sec: in the same unit
 * @counter_period_maxerror_rate_frac_sec: in the same unit
 * @time_sec: time at @counter_value
 * @time_frac_sec: in 2^-64 s
 * @time_esterror_nanosec: estimated error at @counter_value
 * @time_maxerror_nanosec: the larger of @err_low_ns and @err_high_ns
 * @vm_generation_counter: changes, to a new value, when this machine goes on from
 *	what was saved of it and the hypervisor tells (vmgenid)
 * @id: of the timeline, that is TIMELINE_MAX_IDS * (generation - 1) + its place
 * @generation: changes whenever the id gets a new timeline
 * @timeline_flags: TIMELINE_STEP, TIMELINE_GUEST, TIMELINE_PHC
 * @slew_ppb: what |slew_rate| is of the period, up to TIMELINE_SLEW_PPB_MAX
 * @err_low_ns: at @counter_value the true time is at least t - err_low_ns
 * @err_high_ns: ... and at most t + err_high_ns
 * @err_rate: growth of both, in 2^-64 ns per tick, rounded up
 * @slew_end: counter value from which on t is the target
 * @slew_rate: before it, t(c) = target(c) + slew_rate * (slew_end - c), in the
 *	unit of the period; the bound is wider by that term
 * @slew_sec: t at @counter_value, what a slew adds to it included
 * @slew_frac: in 2^-64 s
 * @slew_period: how far a tick moves t before @slew_end, in the unit of the period
 * @slew_ns: |slew_rate| in 2^-64 ns per tick, rounded up; these four say once more, but
 *	for rounding, what the two before them say, so that a slew costs a reader little
 * @step_marker: changes, to a new value, exactly when the time steps, as it does
 *	at a disruption of the counter, too
 * @host_name: of one that was received from the host: what the host calls it, for ever;
 *	else empty
 * @reserved: 0
 * @cookie: of the places for those: tells the host that the page is what it was; else 0
 *
 * Of those from the host @counter_id is no counter while the host does not keep the
 * entry (the system call asks for it), and @clock_status TIMELINE_STATUS_UNKNOWN where
 * the present host has no timeline of the name: ENODEV.
 */
struct timeline_entry {
	__u32 magic;
	__u32 size;
	__u16 version;
	__u8 counter_id;
	__u8 time_type;
	__u32 seq_count;
	__aligned_u64 disruption_marker;
	__aligned_u64 flags;
	__u8 pad[2];
	__u8 clock_status;
	__u8 leap_second_smearing_hint;
	__u16 tai_offset_sec;
	__u8 leap_indicator;
	__u8 counter_period_shift;
	__aligned_u64 counter_value;
	__aligned_u64 counter_period_frac_sec;
	__aligned_u64 counter_period_esterror_rate_frac_sec;
	__aligned_u64 counter_period_maxerror_rate_frac_sec;
	__aligned_u64 time_sec;
	__aligned_u64 time_frac_sec;
	__aligned_u64 time_esterror_nanosec;
	__aligned_u64 time_maxerror_nanosec;
	__aligned_u64 vm_generation_counter;

	__u32 id;
	__u32 generation;
	__u32 timeline_flags;
	__u32 slew_ppb;
	__aligned_u64 err_low_ns;
	__aligned_u64 err_high_ns;
	__aligned_u64 err_rate;
	__aligned_u64 slew_end;
	__s64 slew_rate;
	__aligned_u64 step_marker;
	char host_name[TIMELINE_NAME_LEN];
	__aligned_u64 slew_sec;
	__aligned_u64 slew_frac;
	__aligned_u64 slew_period;
	__aligned_u64 slew_ns;
	__aligned_u64 reserved;
	__aligned_u64 cookie;
};

/**
 * struct timeline_time - a reading
 * @sec: time
 * @nsec: its nanoseconds
 * @status: TIMELINE_STATUS_*
 * @err_low_ns: the true time is not before @sec, @nsec by more than this
 * @err_high_ns: ... and not after it by more than this
 * @counter: the raw value that was read, for timeline_diff_ns()
 * @disruption: the step marker: differs between two readings if the timeline
 *	stepped between, or its counter was disrupted
 */
struct timeline_time {
	__s64 sec __attribute__((aligned(8)));
	__u32 nsec;
	__u32 status;
	__aligned_u64 err_low_ns;
	__aligned_u64 err_high_ns;
	__aligned_u64 counter;
	__aligned_u64 disruption;
};

/*
 * int timeline_gettime(unsigned int id, struct timeline_time *tt): 0 or a
 * negative error number; the vDSO exports it as __vdso_timeline_gettime too.
 * A timeline that was never set goes on from 0 s, its creation, at the nominal rate
 * of the counter, with an unbounded error and TIMELINE_STATUS_INITIALIZING; the first
 * TIMELINE_SET is a step.
 */

/**
 * struct timeline_create - TIMELINE_CREATE
 * @name: 1 to 31 printable ASCII characters other than space and '/', and not
 *	"." or ".."
 * @time_type: TIMELINE_TIME_*
 * @flags: TIMELINE_STEP, TIMELINE_GUEST, TIMELINE_PHC
 * @slew_ppb: how fast updates are slewed, in 10^-9 up to TIMELINE_SLEW_PPB_MAX; 0 for
 *	that
 * @pad: 0
 * @id: out
 * @generation: out
 *
 * With TIMELINE_PHC there is a /dev/ptpN that shows its time, with @name as its
 * clock_name, from now until the timeline is destroyed. It can be read while the
 * timeline is synchronized and has a bound (else EAGAIN), and not be adjusted
 * (EOPNOTSUPP). /sys/class/ptp/ptpN/device has error_bound_ns. EOPNOTSUPP: this
 * kernel makes no PTP clocks of timelines.
 */
struct timeline_create {
	char name[TIMELINE_NAME_LEN];
	__u32 time_type;
	__u32 flags;
	__u32 slew_ppb;
	__u32 pad;
	__u32 id;
	__u32 generation;
};

/**
 * struct timeline_lookup - TIMELINE_LOOKUP
 * @name: in
 * @id: out
 * @generation: out
 */
struct timeline_lookup {
	char name[TIMELINE_NAME_LEN];
	__u32 id;
	__u32 generation;
};

/**
 * struct timeline_set - TIMELINE_SET, and what TIMELINE_GET shows of it
 *
 * The kernel carries the reference forward to the instant of the update, so
 * TIMELINE_GET returns another pair on the same line.
 *
 * @id: in
 * @generation: 0, or the generation that @id must have (else ESTALE)
 * @counter_id: the counter in use (TIMELINE_GET tells), else EINVAL
 * @counter_period_shift: 0 to TIMELINE_SHIFT_MAX
 * @clock_status: SYNCHRONIZED, FREERUNNING or UNRELIABLE
 * @leap_indicator: as in VMClock, 0 to 5
 * @tai_offset_sec: TAI - UTC
 * @leap_second_smearing_hint: as in VMClock, 0 to 2
 * @pad: 0
 * @vmclock_flags: within TIMELINE_VF_SETTABLE
 * @counter_value: reference, not in the future
 * @counter_period_frac_sec: within TIMELINE_PPM_MAX of nominal
 * @counter_period_esterror_rate_frac_sec: in the same unit
 * @counter_period_maxerror_rate_frac_sec: in the same unit
 * @time_sec: time at @counter_value, below TIMELINE_SEC_MAX
 * @time_frac_sec: in 2^-64 s
 * @time_esterror_nanosec: estimated error at @counter_value
 * @err_low_ns: see struct timeline_entry
 * @err_high_ns: see struct timeline_entry
 * @reserved: 0
 *
 * ESTALE, too: the reference is from before the counter was disrupted.
 * EROFS: it is the host's, as for TIMELINE_DESTROY.
 * ERANGE: so far from the present reading of a continuous timeline that the
 * slew would need 2^62 ticks or the distance exceeds 2^20 s.
 */
struct timeline_set {
	__u32 id;
	__u32 generation;
	__u8 counter_id;
	__u8 counter_period_shift;
	__u8 clock_status;
	__u8 leap_indicator;
	__s16 tai_offset_sec;
	__u8 leap_second_smearing_hint;
	__u8 pad;
	__aligned_u64 vmclock_flags;
	__aligned_u64 counter_value;
	__aligned_u64 counter_period_frac_sec;
	__aligned_u64 counter_period_esterror_rate_frac_sec;
	__aligned_u64 counter_period_maxerror_rate_frac_sec;
	__aligned_u64 time_sec;
	__aligned_u64 time_frac_sec;
	__aligned_u64 time_esterror_nanosec;
	__aligned_u64 err_low_ns;
	__aligned_u64 err_high_ns;
	__aligned_u64 reserved[4];
};

/**
 * struct timeline_get - TIMELINE_GET
 * @set: @set.id in, the rest out: the target projection. Here, and here alone, a
 *	place in the table stands for the timeline that is there
 * @name: out
 * @time_type: out
 * @flags: out
 * @slew_end: see struct timeline_entry
 * @slew_rate: see struct timeline_entry
 * @disruption: the disruption marker
 * @step: the step marker
 * @slew_ppb: how fast updates are slewed
 * @pad: 0
 * @updates: how often it was set
 * @counter_hz: nominal frequency of the counter in use; it can change in the
 *	first seconds after boot, when the kernel has measured it better
 * @reserved: 0
 */
struct timeline_get {
	struct timeline_set set;
	char name[TIMELINE_NAME_LEN];
	__u32 time_type;
	__u32 flags;
	__aligned_u64 slew_end;
	__s64 slew_rate;
	__aligned_u64 disruption;
	__aligned_u64 updates;
	__aligned_u64 counter_hz;
	__aligned_u64 step;
	__u32 slew_ppb;
	__u32 pad;
	__aligned_u64 reserved[2];
};

/**
 * struct timeline_bind - TIMELINE_BIND
 * @id: bind the calling thread to it
 * @flags: 0
 * @accuracy_ns: the bound that the caller needs; counts as 2^63 - 1 if above, and as 1
 *	if 0
 * @resolution_ns: the coarsest clock_getres() it can use, 0 for any; a coarser
 *	timeline gives EINVAL
 *
 * ENOSPC: the user has as many files that did this as
 * /proc/sys/user/max_timeline_watches allows.
 */
struct timeline_bind {
	__u32 id;
	__u32 flags;
	__aligned_u64 accuracy_ns;
	__aligned_u64 resolution_ns;
};

/* type of an event */
#define TIMELINE_EVENT_DEGRADED		1	/* POLLPRI, also with a newer event, until read */
#define TIMELINE_EVENT_RECOVERED	2	/* POLLIN */
#define TIMELINE_EVENT_DESTROYED	3	/* POLLHUP, for good */

/* reason of a degradation, bits */
#define TIMELINE_WHY_BOUND		(1 << 0)	/* exceeds accuracy_ns */
#define TIMELINE_WHY_STATUS		(1 << 1)	/* not SYNCHRONIZED */

/**
 * struct timeline_event - what read() of a file that did TIMELINE_BIND returns
 *
 * Only the newest event is kept. read() waits for one (EAGAIN if O_NONBLOCK);
 * after TIMELINE_EVENT_DESTROYED it returns 0.
 *
 * @type: TIMELINE_EVENT_*
 * @reason: TIMELINE_WHY_*
 * @id: of the timeline
 * @missed: events that this one replaced before anybody read them
 * @accuracy_ns: what was asked, from 1 to 2^63 - 1
 * @time: reading at the event
 */
struct timeline_event {
	__u32 type;
	__u32 reason;
	__u32 id;
	__u32 missed;
	__aligned_u64 accuracy_ns;
	struct timeline_time time;
};

/**
 * struct timeline_destroy - TIMELINE_DESTROY
 * @id: in
 * @generation: 0, or the generation that @id must have (else ESTALE)
 */
struct timeline_destroy {
	__u32 id;
	__u32 generation;
};

/**
 * struct timeline_demand - TIMELINE_DEMAND
 * @id: in
 * @generation: 0, or the generation that @id must have (else ESTALE)
 * @accuracy_ns: out: the least of all files that did TIMELINE_BIND on it, and of guests;
 *	0: there is none
 * @watchers: out: how many there are
 * @guests: out: how many of them are virtual machines
 * @reserved: 0
 *
 * For who sets it. The file then polls POLLIN, also if it watches, until it asks again,
 * when @accuracy_ns has changed or the timeline is gone.
 */
struct timeline_demand {
	__u32 id;
	__u32 generation;
	__aligned_u64 accuracy_ns;
	__u32 watchers;
	__u32 guests;
	__aligned_u64 reserved[2];
};

#define TIMELINE_IOC		0xb9
#define TIMELINE_CREATE		_IOWR(TIMELINE_IOC, 0x00, struct timeline_create)
#define TIMELINE_LOOKUP		_IOWR(TIMELINE_IOC, 0x01, struct timeline_lookup)
#define TIMELINE_SET		_IOW(TIMELINE_IOC, 0x02, struct timeline_set)
#define TIMELINE_GET		_IOWR(TIMELINE_IOC, 0x03, struct timeline_get)
#define TIMELINE_BIND		_IOW(TIMELINE_IOC, 0x04, struct timeline_bind)
#define TIMELINE_DESTROY	_IOW(TIMELINE_IOC, 0x05, struct timeline_destroy)
#define TIMELINE_DEMAND		_IOWR(TIMELINE_IOC, 0x06, struct timeline_demand)

/* The upper 64 bits of a product, also where the compiler has no 128-bit type */
static __inline__ __u64 __timeline_mulhi(__u64 a, __u64 b)
{
#ifdef __SIZEOF_INT128__
	return ((__uint128_t)a * b) >> 64;
#else
	__u64 al = (__u32)a, ah = a >> 32, bl = (__u32)b, bh = b >> 32;
	__u64 mid = ah * bl + ((al * bl) >> 32);
	__u64 low = al * bh + (__u32)mid;

	return ah * bh + (mid >> 32) + (low >> 32);
#endif
}

/**
 * timeline_diff_ns - time between two counter values by the difference clock
 * @period: counter_period_frac_sec
 * @shift: counter_period_shift
 * @c1: counter of the earlier reading
 * @c2: counter of the later reading
 *
 * No correction ever steps or slews this clock: its error is that of the
 * period alone, and 1 ns of rounding towards 0. Differences of up to 2^63 ticks
 * are right; one of more than 2^63 - 1 ns saturates there.
 */
static __inline__ __s64 timeline_diff_ns(__u64 period, unsigned int shift,
					 __u64 c1, __u64 c2)
{
	__u64 ticks = c2 - c1, sec, frac, max = ~0ULL >> 1;
	int back = (__s64)ticks < 0;
	__u64 ns;

	shift &= 63;
	if (back)
		ticks = -ticks;
	sec = __timeline_mulhi(ticks, period);
	frac = ticks * period;
	frac = (frac >> shift) | ((sec << 1) << (63 - shift));
	sec >>= shift;
	if (sec > max / 1000000000)
		return back ? -(__s64)max : (__s64)max;
	ns = 1000000000 * sec + __timeline_mulhi(frac, 1000000000);
	if (ns > max)
		ns = max;
	return back ? -(__s64)ns : (__s64)ns;
}

#endif /* _UAPI_LINUX_TIMELINE_H */
