// SPDX-License-Identifier: GPL-2.0
/*
 * Timelines for a hypervisor that shows them to its guests.
 *
 * It looks by itself, when a vCPU is about to enter the guest, whether anything has
 * changed. Who is in the guest is told at once only of what its page must not go on to
 * say: a step, a timeline that is gone or not to be relied upon. Otherwise bounds grow,
 * and an old page is wide, not wrong: it is told within STALE.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/timeline_guest.h>
#include <linux/workqueue.h>
#include "internal.h"
#include "translate.h"

#define STALE	HZ

/* Counts what has changed of the timelines that guests may read */
atomic_t timeline_guest_changes;
EXPORT_SYMBOL_GPL(timeline_guest_changes);

static BLOCKING_NOTIFIER_HEAD(guests);

static void tell(struct work_struct *work)
{
	blocking_notifier_call_chain(&guests, 0, NULL);
}

static DECLARE_DELAYED_WORK(tell_work, tell);

/**
 * timeline_guest_changed - a timeline has changed, or is about to go
 * @tl: timeline, locked
 * @disrupted: what they have of it must not be used any more
 */
void timeline_guest_changed(struct timeline *tl, bool disrupted)
{
	lockdep_assert_held(&tl->lock);
	if (!(tl->entry->timeline_flags & TIMELINE_GUEST))
		return;
	atomic_inc(&timeline_guest_changes);
	if (!rcu_access_pointer(guests.head))
		return;
	if (disrupted)
		mod_delayed_work(system_highpri_wq, &tell_work, 0);
	else
		queue_delayed_work(system_highpri_wq, &tell_work, STALE);
}

/**
 * timeline_guest_touch - guests look at what they have
 */
void timeline_guest_touch(void)
{
	atomic_inc(&timeline_guest_changes);
	mod_delayed_work(system_highpri_wq, &tell_work, 0);
}
EXPORT_SYMBOL_GPL(timeline_guest_touch);

/**
 * timeline_guest_entry - a timeline, if guests may read it
 * @place: in the table, below TIMELINE_IDS
 * @e: result: consistent, with its name as host_name
 */
bool timeline_guest_entry(unsigned int place, struct timeline_entry *e)
{
	struct timeline *tl;
	unsigned long flags;
	bool may;

	tl = timeline_lock_place(place, &flags);
	if (IS_ERR(tl))
		return false;
	may = tl->entry->timeline_flags & TIMELINE_GUEST;
	if (may) {
		*e = *tl->entry;
		e->timeline_flags &= ~TIMELINE_PHC;	/* which is this machine's */
		strscpy_pad(e->host_name, tl->name);
	}
	timeline_unlock(tl, flags);
	return may;
}
EXPORT_SYMBOL_GPL(timeline_guest_entry);

/**
 * timeline_guest_translate - the same, by the counter of a guest
 * @e: by timeline_guest_entry(), by the time stamp counter
 * @s: the guest's counter
 *
 * Return: false if that cannot tell it; @e is void then
 */
bool timeline_guest_translate(struct timeline_entry *e, const struct timeline_scale *s)
{
	return timeline_translate(e, s);
}
EXPORT_SYMBOL_GPL(timeline_guest_translate);

/**
 * timeline_guest_go_on - let a guest's time not run back where its host's does not
 * @next: what it is about to read
 * @before: what it has read
 */
void timeline_guest_go_on(struct timeline_entry *next, const struct timeline_entry *before)
{
	timeline_go_on(next, before);
}
EXPORT_SYMBOL_GPL(timeline_guest_go_on);

/**
 * timeline_guest_request - what a virtual machine needs of a timeline
 * @watch: the machine's, for this timeline; NULL if it has none yet
 * @id: the timeline's, by timeline_guest_entry()
 * @accuracy: ns, 0: nothing any more
 *
 * It counts as one of the watches of the user that calls.
 *
 * Context: may sleep.
 * Return: 0, -ENOSPC, -ENOMEM, or -EINVAL if it is gone
 */
int timeline_guest_request(struct timeline_watch **watch, u32 id, u64 accuracy)
{
	const struct timeline_bind arg = { .id = id, .accuracy_ns = accuracy };
	int ret;

	if (!accuracy) {
		if (*watch)
			timeline_watch_free(*watch);
		*watch = NULL;
		return 0;
	}
	if (!*watch) {
		*watch = timeline_watch_alloc();
		if (!*watch)
			return -ENOMEM;
		timeline_watch_of_guest(*watch);
	}
	ret = timeline_watch_start(*watch, &arg);
	if (ret) {
		timeline_watch_free(*watch);
		*watch = NULL;
	}
	return ret;
}
EXPORT_SYMBOL_GPL(timeline_guest_request);

/**
 * timeline_guest_notify - be told when guests have to leave and look
 * @block: called from a work
 */
int timeline_guest_notify(struct notifier_block *block)
{
	return blocking_notifier_chain_register(&guests, block);
}
EXPORT_SYMBOL_GPL(timeline_guest_notify);

/**
 * timeline_guest_forget - be told no more
 * @block: as registered
 */
void timeline_guest_forget(struct notifier_block *block)
{
	blocking_notifier_chain_unregister(&guests, block);
}
EXPORT_SYMBOL_GPL(timeline_guest_forget);
