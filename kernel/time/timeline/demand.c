// SPDX-License-Identifier: GPL-2.0
/*
 * What is demanded of a timeline: for who keeps it, and may ask its own source the
 * more seldom, the less is needed.
 *
 * All who have asked are woken, by one work for all timelines, when a watch comes or
 * goes; each sees for itself whether its answer has changed.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/poll.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "internal.h"

static DECLARE_WAIT_QUEUE_HEAD(askers);

static void wake_askers(struct work_struct *work)
{
	wake_up_interruptible_poll(&askers, EPOLLIN | EPOLLRDNORM);
	timeline_request();
}

static DECLARE_WORK(wake_work, wake_askers);

/**
 * timeline_demand_changed - a watch has come or gone
 * @tl: timeline, locked
 */
void timeline_demand_changed(struct timeline *tl)
{
	lockdep_assert_held(&tl->lock);
	/* Whoever polls is among them before it takes this lock */
	if (timeline_is_received(tl) || waitqueue_active(&askers))
		schedule_work(&wake_work);
}

/**
 * timeline_demand - TIMELINE_DEMAND
 * @file: what the file has asked
 * @arg: in and out
 */
int timeline_demand(struct timeline_demand_file *file, struct timeline_demand *arg)
{
	struct timeline *tl;
	unsigned long flags;
	timeline_ref_t ref;
	int ret;

	if (arg->reserved[0] || arg->reserved[1])
		return -EINVAL;
	ret = timeline_resolve_id(arg->id, &ref);
	if (ret)
		return ret;
	tl = timeline_lock(arg->id, arg->generation, &flags);
	if (IS_ERR(tl))
		return PTR_ERR(tl);
	arg->accuracy_ns = timeline_watch_least(tl);
	arg->watchers = tl->watchers;
	arg->guests = tl->guests;
	timeline_unlock(tl, flags);
	WRITE_ONCE(file->accuracy_ns, arg->accuracy_ns);
	WRITE_ONCE(file->ref, ref);
	return 0;
}

/**
 * timeline_demand_poll - for poll() of a file
 * @asked: what it has asked
 * @file: file
 * @wait: as poll() gives it
 */
__poll_t timeline_demand_poll(struct timeline_demand_file *asked, struct file *file,
			      struct poll_table_struct *wait)
{
	timeline_ref_t ref = READ_ONCE(asked->ref);
	struct timeline *tl;
	unsigned long flags;
	bool same;

	if (!ref)
		return 0;
	poll_wait(file, &askers, wait);
	/* Who changes it holds this lock, and sees that somebody waits, or has done so */
	tl = timeline_lock_ref(ref, &flags);
	if (IS_ERR(tl))
		return EPOLLIN | EPOLLRDNORM;
	same = timeline_watch_least(tl) == READ_ONCE(asked->accuracy_ns);
	timeline_unlock(tl, flags);
	return same ? 0 : EPOLLIN | EPOLLRDNORM;
}
