// SPDX-License-Identifier: GPL-2.0
/*
 * The timeline that a thread is bound to.
 *
 * The vDSO learns it from a word per CPU: the binding of the process's thread that
 * runs there and, above it, how often the word has changed. A reader guesses the
 * CPU, takes its word, then the CPU with the counter, and that word again; it accepts
 * if the guess was right and both words are equal. The word has not changed in
 * between then, for its upper half counts. So it had this value when the thread was on
 * that CPU, where it shows the thread's own binding, wherever the thread was when it
 * read the word. (A count that comes round, after 2^32 changes between two loads, is
 * none.) The TSC and the CPU are one instruction's (RDTSCP), or the CPU comes after it.
 *
 * Where all threads are bound to the same, a word for all says so, and none of this is
 * needed: see words.c.
 *
 * A word per CPU is written by it only (but see key_off()), with interrupts
 * disabled, and only if the binding differs. Where there is no memory for words, or no
 * mapping, none are seen, and the kernel is asked.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <asm/timeline.h>
#include "internal.h"

/* On while there is a thread with a binding, and for a while after that */
DEFINE_STATIC_KEY_FALSE(timeline_bindings);

/*
 * Patching the key disturbs all CPUs, so it is not done more often than this,
 * however often threads are bound.
 */
#define KEY_REST	(10 * HZ)

/* Protects the key, and that the first thread is bound */
static DEFINE_MUTEX(key_mutex);
/* Threads with a binding, be it to a timeline that is gone */
static atomic_t bound_threads;

/*
 * A CPU that has seen kernel threads only since, or is offline, shows a binding
 * that nobody has any more. As long as the key is on and no thread is bound each
 * CPU can write but what is written here.
 */
static void key_off(struct work_struct *work)
{
	guard(mutex)(&key_mutex);
	if (atomic_read(&bound_threads))
		return;
	timeline_words_clear();
	static_branch_disable(&timeline_bindings);
}

static DECLARE_DELAYED_WORK(key_off_work, key_off);

static void count_bound(void)
{
	if (atomic_inc_not_zero(&bound_threads))
		return;
	guard(mutex)(&key_mutex);
	if (!static_key_enabled(&timeline_bindings))
		static_branch_enable(&timeline_bindings);
	atomic_inc(&bound_threads);
}

static void count_unbound(void)
{
	if (atomic_dec_and_test(&bound_threads))
		mod_delayed_work(system_wq, &key_off_work, KEY_REST);
}

/**
 * __timeline_switch - another thread is about to run on this CPU
 * @next: that one
 */
void __timeline_switch(struct task_struct *next)
{
	if (next->mm && !(next->flags & PF_KTHREAD))
		timeline_words_show(next->mm, next->timeline_ref);
}

/**
 * timeline_bind_current - bind the calling thread
 * @ref: to this timeline, 0 to none
 *
 * A binding to a timeline that is destroyed later reads as none.
 */
void timeline_bind_current(timeline_ref_t ref)
{
	timeline_ref_t old = current->timeline_ref;
	unsigned long flags;

	if (ref && !old)
		count_bound();
	if (ref)
		timeline_words_appear();
	local_irq_save(flags);
	current->timeline_ref = ref;
	if (current->mm) {
		timeline_words_show(current->mm, ref);
		timeline_words_show_all(ref);
	}
	local_irq_restore(flags);
	if (old && !ref)
		count_unbound();
}

/**
 * timeline_binding - what the calling thread is bound to, 0 if to none that exists
 */
timeline_ref_t timeline_binding(void)
{
	timeline_ref_t ref = current->timeline_ref;

	return ref && timeline_ref_live(ref) ? ref : 0;
}

/**
 * timeline_fork - a thread that does not run yet has inherited the caller's binding
 * @child: that one
 */
void timeline_fork(struct task_struct *child)
{
	if (child->timeline_ref)
		atomic_inc(&bound_threads);
}

/**
 * timeline_unbind - the calling thread ends, or gains privilege by exec
 *
 * A program that runs with more than its caller has takes no clock from it.
 */
void timeline_unbind(void)
{
	if (current->timeline_ref)
		timeline_bind_current(0);
}

/*
 * TIMELINE_NONE and TIMELINE_SELF are unsigned ints; -1 and -2 mean the same. No
 * other value of more than 32 bits is an id.
 */
static bool is_id(unsigned long arg)
{
	return arg <= U32_MAX || arg == (unsigned long)(int)TIMELINE_NONE ||
	       arg == (unsigned long)(int)TIMELINE_SELF;
}

static long prctl_set(unsigned long arg)
{
	timeline_ref_t ref = 0;
	u32 id = arg;
	int ret;

	if (!is_id(arg))
		return -EINVAL;
	if (id != TIMELINE_NONE) {
		ret = timeline_resolve_id(id, &ref);
		if (ret)
			return ret;
	}
	timeline_bind_current(ref);
	return 0;
}

static long prctl_get(void)
{
	timeline_ref_t ref = timeline_binding();

	return ref ? (long)timeline_ref_id(ref) : -ENODATA;
}

static long prctl_gettime(unsigned long arg, struct timeline_time __user *to)
{
	struct timeline_time tt;
	int ret = is_id(arg) ? timeline_gettime(arg, &tt) : -EINVAL;

	if (!ret && copy_to_user(to, &tt, sizeof(tt)))
		ret = -EFAULT;
	return ret;
}

/**
 * timeline_prctl - the options of prctl() that concern timelines
 * @option: option, perhaps another
 * @arg2: see include/uapi/linux/timeline.h
 * @arg3: see there
 * @arg4: 0
 * @arg5: 0
 */
long timeline_prctl(int option, unsigned long arg2, unsigned long arg3,
		    unsigned long arg4, unsigned long arg5)
{
	if (arg4 || arg5)
		return -EINVAL;
	switch (option) {
	case PR_SET_TIMELINE:
		return arg3 ? -EINVAL : prctl_set(arg2);
	case PR_GET_TIMELINE:
		return arg2 || arg3 ? -EINVAL : prctl_get();
	case PR_TIMELINE_GETTIME:
		return prctl_gettime(arg2, (struct timeline_time __user *)arg3);
	default:
		return -EINVAL;
	}
}
