// SPDX-License-Identifier: GPL-2.0
/*
 * Timelines as PTP clocks, /dev/ptpN, for programs that read these and know nothing else.
 *
 * A PTP clock cannot say how far its reading may be off, nor that it does not know.
 * So there is a reading only while the timeline is synchronized and has a bound, which
 * error_bound_ns of the parent device tells:
 *
 *	/sys/class/ptp/ptpN/device/error_bound_ns
 *	/sys/class/ptp/ptpN/device/timeline		its name
 *
 * Nobody sets a timeline by this: a servo's corrections come without a bound.
 */
#include <linux/clocksource_ids.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <asm/timeline.h>
#include "internal.h"

/**
 * struct timeline_phc - the PTP clock of a timeline
 * @info: what it can do, and its name, which is the timeline's
 * @clock: as registered
 * @dev: its parent, which has the attributes
 * @remove: takes it away: who is in a call of it holds that up, and not who destroys
 *	the timeline
 * @id: of the timeline, and of no later one
 */
struct timeline_phc {
	struct ptp_clock_info	info;
	struct ptp_clock	*clock;
	struct device		dev;
	struct work_struct	remove;
	u32			id;
};

/* A reading by the TSC, for timekeeping; done: the last one that it asked for was made */
struct cross_reading {
	const struct timeline_phc *phc;
	bool			done;
};

static struct timeline_phc *phc_of(struct ptp_clock_info *info)
{
	return container_of(info, struct timeline_phc, info);
}

/*
 * Reads the counter between the two stamps of @sts, which may be NULL. From any context
 * but NMI: who updates an entry has interrupts disabled.
 *
 * Return: 0; -ENODEV, destroyed; -EAGAIN, nothing is claimed about its time now
 */
static int read_phc(const struct timeline_phc *phc, struct timeline_time *tt, u8 *counter_id,
		    struct ptp_system_timestamp *sts)
{
	const struct timeline_entry *e = timelines[phc->id % TIMELINE_MAX_IDS].entry;
	u64 counter;
	bool found;
	u32 seq;

	do {
		seq = timeline_read_begin(e);
		found = e->magic == TIMELINE_MAGIC && e->id == phc->id;
		*counter_id = e->counter_id;
		ptp_read_system_prets(sts);
		counter = timeline_read_counter(*counter_id);
		ptp_read_system_postts(sts);
		timeline_read(e, counter, tt);
	} while (timeline_read_retry(e, seq));
	if (!found)
		return -ENODEV;
	if (tt->status != TIMELINE_STATUS_SYNCHRONIZED ||
	    timeline_bound(tt) == TIMELINE_UNBOUNDED)
		return -EAGAIN;
	return 0;
}

static int phc_gettimex64(struct ptp_clock_info *info, struct timespec64 *ts,
			  struct ptp_system_timestamp *sts)
{
	struct timeline_time tt;
	u8 counter_id;
	int ret = read_phc(phc_of(info), &tt, &counter_id, sts);

	if (ret)
		return ret;
	*ts = (struct timespec64) { .tv_sec = tt.sec, .tv_nsec = tt.nsec };
	return 0;
}

/* For timekeeping, which asks again if it was updated meanwhile */
static int cross_read(ktime_t *device, struct system_counterval_t *system, void *ctx)
{
	struct cross_reading *cross = ctx;
	struct timeline_time tt;
	u8 counter_id;
	int ret = read_phc(cross->phc, &tt, &counter_id, NULL);

	cross->done = !ret;
	if (ret)
		return ret;
	if (counter_id != TIMELINE_COUNTER_X86_TSC)
		return -EOPNOTSUPP;
	*device = ktime_set(tt.sec, tt.nsec);
	*system = (struct system_counterval_t) {
		.cycles = tt.counter,
		.cs_id = CSID_X86_TSC,
	};
	return 0;
}

/* All clocks at the same counter value: what the device says has no error of reading */
static int phc_getcrosststamp(struct ptp_clock_info *info,
			      struct system_device_crosststamp *stamp)
{
	struct cross_reading cross = { .phc = phc_of(info) };
	int ret = get_device_system_crosststamp(cross_read, &cross, NULL, stamp);

	/* The timekeeper does not go by the TSC, or not yet by the one that is calibrated */
	return ret == -ENODEV && cross.done ? -EOPNOTSUPP : ret;
}

static int phc_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int phc_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int phc_settime64(struct ptp_clock_info *info, const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static const struct ptp_clock_info phc_info = {
	.owner		= THIS_MODULE,
	.gettimex64	= phc_gettimex64,
	.getcrosststamp	= phc_getcrosststamp,
	.adjfine	= phc_adjfine,
	.adjtime	= phc_adjtime,
	.settime64	= phc_settime64,
};

/* In nanoseconds, of now; fails where a reading does */
static ssize_t error_bound_ns_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct timeline_phc *phc = container_of(dev, struct timeline_phc, dev);
	struct timeline_time tt;
	u8 counter_id;
	int ret = read_phc(phc, &tt, &counter_id, NULL);

	return ret ?: sysfs_emit(buf, "%llu\n", timeline_bound(&tt));
}
static DEVICE_ATTR_RO(error_bound_ns);

static ssize_t timeline_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct timeline_phc *phc = container_of(dev, struct timeline_phc, dev);

	return sysfs_emit(buf, "%s\n", phc->info.name);
}
static DEVICE_ATTR_RO(timeline);

static struct attribute *phc_attrs[] = {
	&dev_attr_error_bound_ns.attr,
	&dev_attr_timeline.attr,
	NULL
};
ATTRIBUTE_GROUPS(phc);

static void phc_release(struct device *dev)
{
	kfree(container_of(dev, struct timeline_phc, dev));
}

static struct class phc_class = {
	.name		= "timeline_phc",
	.dev_groups	= phc_groups,
	.dev_release	= phc_release,
};

static void phc_remove(struct work_struct *work)
{
	struct timeline_phc *phc = container_of(work, struct timeline_phc, remove);

	ptp_clock_unregister(phc->clock);
	device_unregister(&phc->dev);
}

/**
 * timeline_phc_create - make a PTP clock of a timeline
 * @id: the timeline's
 * @name: its name
 *
 * Context: may sleep
 * Return: the clock; or ERR_PTR(-ENOMEM), and what the PTP subsystem says
 */
struct timeline_phc *timeline_phc_create(u32 id, const char *name)
{
	struct timeline_phc *phc = kzalloc(sizeof(*phc), GFP_KERNEL);
	int ret;

	if (!phc)
		return ERR_PTR(-ENOMEM);
	phc->id = id;
	phc->info = phc_info;
	strscpy(phc->info.name, name);
	INIT_WORK(&phc->remove, phc_remove);
	device_initialize(&phc->dev);
	phc->dev.class = &phc_class;
	/* Of an earlier timeline of that name there can still be one */
	ret = dev_set_name(&phc->dev, "phc%u", id) ?: device_add(&phc->dev);
	if (ret) {
		put_device(&phc->dev);
		return ERR_PTR(ret);
	}
	phc->clock = ptp_clock_register(&phc->info, &phc->dev);
	if (IS_ERR(phc->clock)) {
		ret = PTR_ERR(phc->clock);
		device_unregister(&phc->dev);
		return ERR_PTR(ret);
	}
	return phc;
}

/**
 * timeline_phc_remove - the timeline is gone
 * @phc: its PTP clock, NULL if it has none
 *
 * Every reading from now on fails; the device goes as soon as nobody is in a call of it.
 */
void timeline_phc_remove(struct timeline_phc *phc)
{
	if (phc)
		queue_work(system_unbound_wq, &phc->remove);
}

static int __init timeline_phc_init(void)
{
	return class_register(&phc_class);
}

/* Before /dev/timeline, by which they are made */
fs_initcall(timeline_phc_init);

#ifdef CONFIG_TIMELINE_KUNIT_TEST
#include "phc_kunit.c"
#endif
