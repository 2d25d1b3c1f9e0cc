// SPDX-License-Identifier: GPL-2.0
/*
 * Timelines of the host, which this kernel, its guest, reads as its own.
 *
 * The host keeps their entries filled, in the upper half of the table, while it runs
 * this machine. It does not tell when it has done so. So the kernel works on copies,
 * which it takes whenever it has locked such a timeline and the entry has changed, and
 * looks once a second if somebody waits; readers in user space see the entry itself.
 *
 * What the host does not keep is not valid, and says so. Then it is asked for the
 * entries: at first, and on another host, and on this one after whatever made
 * it forget. If it does not answer, what was known goes on without any claim.
 *
 * Before this kernel gives its memory away, or sleeps, it tells the host to stop.
 */
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/syscore_ops.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <asm/timeline.h>
#include <asm/timeline_host.h>
#include "internal.h"

/* A host that keeps nothing is not asked by each of those who find that */
#define ASK_AGAIN	(HZ / 100 + 1)
/* How often an entry is copied that changes meanwhile: the host may have stopped there */
#define TRIES		1000
/* The same where somebody waits for it with a runqueue locked */
#define PEEKS		2

static struct timeline_entry copies[TIMELINE_GUEST_IDS];
/* The host's sequence counts of what was copied: a copy has one of its own */
static u32 taken[TIMELINE_GUEST_IDS];

static DEFINE_RAW_SPINLOCK(ask_lock);
static u64 cookie;
static bool host_answers;
static bool registered;		/* when it was asked last */
static bool silent;		/* this machine gives its memory away, or sleeps */
static unsigned long asked;

static struct timeline_entry *shared_of(const struct timeline *tl)
{
	return &timeline_table.entry[tl - timelines];
}

static void forget_told(void);

/* ---- asking the host ------------------------------------------------------- */

static bool ask_host(void)
{
	struct timeline_entry *first = &timeline_table.entry[TIMELINE_IDS];
	unsigned int i;

	lockdep_assert_held(&ask_lock);
	if (!cookie)
		cookie = get_random_u64() | 1;
	for (i = 0; i < TIMELINE_GUEST_IDS; i++)
		first[i].cookie = cookie;
	/* The host sees them before it is asked: a hypercall is a barrier */
	return !arch_timeline_call_host(KVM_TIMELINE_REGISTER, __pa_symbol(first), cookie);
}

/* Whether the entries may have become valid */
static bool register_with_host(void)
{
	unsigned long flags;
	bool done = false;

	if (!READ_ONCE(host_answers))
		return false;
	raw_spin_lock_irqsave(&ask_lock, flags);
	if (!silent && time_after_eq(jiffies, asked + ASK_AGAIN)) {
		done = ask_host();
		WRITE_ONCE(registered, done);
		if (done)
			forget_told();
		asked = jiffies;
	}
	raw_spin_unlock_irqrestore(&ask_lock, flags);
	return done;
}

static void stop_host(void)
{
	unsigned long flags;

	if (!host_answers)
		return;
	raw_spin_lock_irqsave(&ask_lock, flags);
	silent = true;
	arch_timeline_call_host(KVM_TIMELINE_UNREGISTER, 0, 0);
	raw_spin_unlock_irqrestore(&ask_lock, flags);
}

/* ---- the copies ------------------------------------------------------------ */

/* A copy that no write of the host's came into; it could have stopped in one */
static bool snapshot(const struct timeline_entry *shared, struct timeline_entry *e,
		     unsigned int tries)
{
	unsigned int i;
	u32 seq;

	for (i = 0; i < tries; i++) {
		seq = READ_ONCE(shared->seq_count);
		smp_rmb();	/* the host counts before and after it writes */
		memcpy(e, shared, sizeof(*e));
		smp_rmb();	/* see above */
		if (!(seq & 1) && READ_ONCE(shared->seq_count) == seq)
			return true;
		cpu_relax();
	}
	return false;
}

static bool is_kept(const struct timeline_entry *e)
{
	return e->magic == TIMELINE_MAGIC && e->counter_id == TIMELINE_COUNTER_X86_TSC;
}

/* The host says that it has none of this name now */
static bool is_unknown(const struct timeline_entry *e)
{
	return e->magic == TIMELINE_MAGIC && e->clock_status == TIMELINE_STATUS_UNKNOWN;
}

/*
 * What the kernel itself does with a timeline must not overflow, whatever the host says:
 * see include/vdso/timeline.h.
 */
static bool is_usable(const struct timeline_entry *e, u32 id)
{
	return is_kept(e) && e->id == id && timeline_entry_sane(e);
}

/*
 * A host that keeps others has nothing for a place that is empty. To register again would
 * have it take back what it keeps.
 */
static bool host_keeps_any(void)
{
	const struct timeline_entry *e;

	for (e = timeline_table.entry + TIMELINE_IDS;
	     e < timeline_table.entry + TIMELINE_MAX_IDS; e++)
		if (is_kept(e))
			return true;
	return false;
}

static bool get_usable(const struct timeline *tl, struct timeline_entry *e)
{
	const struct timeline_entry *shared = shared_of(tl);
	u32 id = tl - timelines;

	if (snapshot(shared, e, TRIES) && is_usable(e, id))
		return true;
	if (is_unknown(e) || (e->magic != TIMELINE_MAGIC && host_keeps_any()))
		return false;
	return register_with_host() && snapshot(shared, e, TRIES) && is_usable(e, id);
}

/* The copy, for who reads it without the lock */
static void store(struct timeline *tl, const struct timeline_entry *e)
{
	const u32 seq = (tl->entry->seq_count | 1) + 1;
	const size_t at = offsetof(struct timeline_entry, seq_count);
	const size_t after = offsetofend(struct timeline_entry, seq_count);

	WRITE_ONCE(tl->entry->seq_count, seq - 1);
	smp_wmb();	/* odd before anything changes */
	memcpy(tl->entry, e, at);
	memcpy((u8 *)tl->entry + after, (const u8 *)e + after, sizeof(*e) - after);
	smp_wmb();	/* all of it before it is even again */
	WRITE_ONCE(tl->entry->seq_count, seq);
}

static void begin(struct timeline *tl, const struct timeline_entry *e)
{
	tl->id = tl - timelines;
	tl->generation = 1;
	strscpy_pad(tl->name, e->host_name);
	tl->lasted = (struct timeline_span) { 0, 0 };
	tl->live = true;
}

/*
 * See timeline_last(): by the counter, unless that is another one now. @raw is now, and the
 * entry's counter_value, up to which it passes, @since before: that may be before what has
 * passed already, which is no less for it.
 */
static void let_pass(struct timeline *tl, const struct timeline_entry *e, u64 raw,
		     struct timeline_span since)
{
	if (tl->entry->counter_id == e->counter_id &&
	    tl->entry->disruption_marker == e->disruption_marker) {
		timeline_last(&tl->lasted, tl->entry, e->counter_value);
		return;
	}
	timeline_last_ns(&tl->lasted, raw - tl->anchor_ns);
	timeline_span_sub(&tl->lasted, since);
}

static void take(struct timeline *tl, struct timeline_entry *e)
{
	bool stepped = tl->entry->step_marker != e->step_marker;
	u64 ticks = timeline_elapsed(e, arch_timeline_counter()), raw = ktime_get_raw_fast_ns();
	struct timeline_span since = timeline_ticks(ticks, e->counter_period_frac_sec,
						    e->counter_period_shift);

	if (tl->live) {
		let_pass(tl, e, raw, since);
		tl->updates++;
	} else {
		begin(tl, e);
	}
	store(tl, e);
	taken[tl - timelines - TIMELINE_IDS] = e->seq_count;
	tl->anchor_ns = raw - timeline_span_ns(since);
	if (stepped)
		timeline_has_stepped(tl);
}

/* Goes on by another clock, and nothing is claimed about it */
static void go_without(struct timeline *tl)
{
	const struct timeline_counter raw = { .id = TIMELINE_COUNTER_RAW, .hz = NSEC_PER_SEC };
	u64 now = ktime_get_raw_fast_ns();
	struct timeline_entry e;

	if (tl->entry->counter_id == TIMELINE_COUNTER_RAW)
		return;
	timeline_reanchor(&e, tl->entry, now - tl->anchor_ns, &raw, now);
	timeline_last_ns(&tl->lasted, now - tl->anchor_ns);
	store(tl, &e);
	tl->anchor_ns = now;
}

/**
 * timeline_receive - look at what the host says
 * @tl: timeline of the host's, locked
 */
void timeline_receive(struct timeline *tl)
{
	u32 seq = READ_ONCE(shared_of(tl)->seq_count);
	struct timeline_entry e;

	lockdep_assert_held(&tl->lock);
	if (taken[tl - timelines - TIMELINE_IDS] == seq && is_kept(tl->entry) && tl->live)
		return;
	if (!READ_ONCE(host_answers) && !tl->live)
		return;
	if (get_usable(tl, &e))
		take(tl, &e);
	else if (tl->live)
		go_without(tl);
}

/**
 * timeline_is_gone - the host has none of a timeline's name now
 * @tl: timeline of the host's, locked
 */
bool timeline_is_gone(const struct timeline *tl)
{
	struct timeline_entry e;

	if (tl->entry->counter_id == TIMELINE_COUNTER_X86_TSC)
		return false;
	return !READ_ONCE(registered) || (snapshot(shared_of(tl), &e, TRIES) && is_unknown(&e));
}

/**
 * timeline_received_peek - what the host says now, for who cannot lock
 * @tl: timeline of the host's, which is or was live
 * @e: result
 *
 * Context: any but NMI; it does not wait for a host that is writing.
 * Return: false if there is nothing to be used at the moment
 */
bool timeline_received_peek(const struct timeline *tl, struct timeline_entry *e)
{
	return snapshot(shared_of(tl), e, PEEKS) && is_usable(e, tl - timelines);
}

/**
 * timeline_receive_all - ask for what the host has, for who looks for a name
 */
void timeline_receive_all(void)
{
	struct timeline *tl;
	unsigned long flags;

	if (!READ_ONCE(host_answers))
		return;
	if (!host_keeps_any())
		register_with_host();
	for (tl = timelines + TIMELINE_IDS; tl < timelines + TIMELINE_MAX_IDS; tl++) {
		raw_spin_lock_irqsave(&tl->lock, flags);
		timeline_receive(tl);
		raw_spin_unlock_irqrestore(&tl->lock, flags);
	}
}

/* ---- what is needed here ------------------------------------------------------ */

/* Differs from every accuracy, and from 0: that nothing is needed is told again, too */
#define NOT_TOLD	U64_MAX

/* What the host was told, of each; and what it did not take is told again later */
static u64 told[TIMELINE_GUEST_IDS];

static void tell_host(struct work_struct *work);
static DECLARE_DELAYED_WORK(tell_work, tell_host);

static void tell_later(struct work_struct *work)
{
	schedule_delayed_work(&tell_work, 0);
}

/* A host that has no room for what is needed here may have some when others have gone */
static DECLARE_DELAYED_WORK(later_work, tell_later);

/* 0, or the host wants it later */
static long tell_one(struct timeline *tl, u64 *last)
{
	unsigned long flags;
	u64 least;
	long ret;

	raw_spin_lock_irqsave(&tl->lock, flags);
	least = tl->live ? timeline_watch_least(tl) : 0;
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	if (least == READ_ONCE(*last))
		return 0;
	/* Before: a host that is given the pages meanwhile is told once more */
	WRITE_ONCE(*last, least);
	ret = arch_timeline_call_host(KVM_TIMELINE_REQUEST, tl - timelines, least);
	/* The host goes on with what it had before, or has nothing */
	if (ret)
		WRITE_ONCE(*last, ret == -EAGAIN ? NOT_TOLD : 0);
	if (ret == -ENOSPC || ret == -ENOMEM)
		schedule_delayed_work(&later_work, HZ);
	return ret == -EAGAIN ? ret : 0;
}

static void tell_host(struct work_struct *work)
{
	struct timeline *tl;

	for (tl = timelines + TIMELINE_IDS; tl < timelines + TIMELINE_MAX_IDS; tl++)
		if (tell_one(tl, &told[tl - timelines - TIMELINE_IDS]))
			schedule_delayed_work(&tell_work, msecs_to_jiffies(2));
}

/**
 * timeline_request - what is needed of a timeline may have changed
 */
void timeline_request(void)
{
	if (READ_ONCE(host_answers))
		schedule_delayed_work(&tell_work, 0);
}

/* A host that has just been given the pages knows nothing yet */
static void forget_told(void)
{
	memset(told, 0, sizeof(told));
	mod_delayed_work(system_wq, &tell_work, msecs_to_jiffies(2));
}

/* ---- this machine ----------------------------------------------------------- */

static int suspend(void *unused)
{
	stop_host();
	return 0;
}

static void resume(void *unused)
{
	WRITE_ONCE(silent, false);
}

static void shutdown(void *unused)
{
	stop_host();
}

static const struct syscore_ops syscore_ops = {
	.suspend	= suspend,
	.resume		= resume,
	.shutdown	= shutdown,
};

static struct syscore syscore = { .ops = &syscore_ops };

/**
 * timeline_received_entry - where a place's entry is, for this kernel
 * @place: in the table
 */
struct timeline_entry *timeline_received_entry(u32 place)
{
	return &copies[place - TIMELINE_IDS];
}

static int __init timeline_received_init(void)
{
	struct timeline *tl;

	asked = jiffies - ASK_AGAIN;
	if (!arch_timeline_has_host())
		return 0;
	for (tl = timelines + TIMELINE_IDS; tl < timelines + TIMELINE_MAX_IDS; tl++)
		if (timeline_queue_alloc(tl))
			return -ENOMEM;
	WRITE_ONCE(host_answers, true);
	register_syscore(&syscore);
	timeline_receive_all();
	return 0;
}
late_initcall(timeline_received_init);
