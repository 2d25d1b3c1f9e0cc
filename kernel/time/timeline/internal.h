/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KERNEL_TIME_TIMELINE_INTERNAL_H
#define _KERNEL_TIME_TIMELINE_INTERNAL_H

#include <linux/cpumask_types.h>
#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/swait.h>
#include <linux/timeline.h>
#include <linux/timerqueue.h>
#include <linux/workqueue.h>
#include "project.h"

struct clocksource;
struct mm_struct;
struct timeline_demand_file;
struct timeline_queues;
struct timeline_watch;
struct timeline_node;
struct timeline_phc;
struct file;
struct poll_table_struct;

/**
 * struct timeline_queue - who waits on a CPU; protected by the timeline's lock
 * @tl: of what
 * @cpu: the CPU
 * @mode: of @timer
 * @ahead: those whose instant was to come when they began to wait, in order
 * @lasting: those that wait for a duration, in order
 * @late: who came when it had passed, in order, by the difference clock
 * @timer: for the first of them
 * @armed: what it is set to, KTIME_MAX if it is not; while it is busy, anything
 * @busy: the timer's function takes them out, or pauses
 * @running: whose function is being called
 */
struct timeline_queue {
	struct timeline		*tl;
	int			cpu;
	enum hrtimer_mode	mode;
	struct timerqueue_head	ahead;
	struct timerqueue_head	lasting;
	struct list_head	late;
	struct hrtimer		timer;
	ktime_t			armed;
	bool			busy;
	struct timeline_waiter	*running;
};

/**
 * struct timeline - a timeline of this kernel
 * @lock: protects all below, and serialises writers
 * @entry: its place in the table; of one of the host's, a copy
 * @node: its node, NULL if it does not exist
 * @phc: its PTP clock, NULL if it has none
 * @id: its id, or of the last one here
 * @generation: of the present or last timeline with this id, never 0
 * @live: exists
 * @drains: does not any more, and not all that waited for it have been told
 * @was_set: has a time
 * @step_next: the next update steps: none before, or the counter was disrupted
 * @name: written before @live is
 * @updates: since it was created
 * @lasted: the difference clock at the entry's counter_value: what has passed since
 *	the timeline was made, by the periods of the time and nothing else
 * @anchor_ns: CLOCK_MONOTONIC_RAW at the entry's counter_value
 * @not_before: counter value of the last disruption, older references are stale
 * @last: counter value before it if it may have begun anew; up to this references
 *	in the future are stale, too
 * @reusable: jiffies from which the id can be used again
 * @queues: who waits for an instant of it, on each CPU; made before it is first live,
 *	and there from then on
 * @cpus: where there may be any
 * @waiting: how many there are in all of them
 * @drained: woken when a destroyed timeline has neither waiters nor watches
 * @content: watches whose accuracy holds, the most demanding first
 * @degraded: the others, the least demanding first
 * @watchers: how many are in both
 * @guests: those of virtual machines
 * @watch_timer: for the next change of one of these
 * @telling: its function tells them, or pauses
 * @steps: how often its time has stepped, here and on any host; of all timelines of this place
 * @stepped: cancels the timers that are to be cancelled when it steps
 */
struct timeline {
	raw_spinlock_t		lock;
	struct timeline_entry	*entry;
	struct timeline_node	*node;
	struct timeline_phc	*phc;
	u32			id;
	u32			generation;
	bool			live;
	bool			drains;
	bool			was_set;
	bool			step_next;
	char			name[TIMELINE_NAME_LEN];
	u64			updates;
	struct timeline_span	lasted;
	u64			anchor_ns;
	u64			not_before;
	u64			last;
	unsigned long		reusable;

	struct timeline_queues __percpu *queues;
	cpumask_var_t		cpus;
	u32			waiting;
	struct swait_queue_head	drained;

	struct timerqueue_head	content;
	struct timerqueue_head	degraded;
	u32			watchers;
	u32			guests;
	struct hrtimer		watch_timer;
	bool			telling;
	s64			steps;
	struct work_struct	stepped;
};

extern struct timeline timelines[TIMELINE_MAX_IDS];

/* One of the host's, which it alone sets */
static inline bool timeline_is_received(const struct timeline *tl)
{
	return tl >= timelines + TIMELINE_IDS;
}

/* table.c */
u64 timeline_read_counter(u8 counter_id);
u64 timeline_counter_hz(u8 counter_id);
u64 timeline_resolution(struct timeline *tl);
void timeline_disrupt(bool tsc, u64 extra_ns, u64 last);
void timeline_raw_changed(const struct clocksource *clock);
void timeline_refresh_hz(void);
struct timeline *timeline_lock(u32 id, u32 generation, unsigned long *flags);
struct timeline *timeline_lock_place(u32 place, unsigned long *flags);
void timeline_unlock(struct timeline *tl, unsigned long flags);
void timeline_vm_restored(void);
void timeline_has_stepped(struct timeline *tl);
void timeline_entry_init(struct timeline *tl, const struct timeline_create *arg);
void timeline_entry_clear(struct timeline *tl);
void timeline_entry_get(const struct timeline *tl, struct timeline_get *arg);
int timeline_set(const struct timeline_set *arg);

/* manage.c */
int timeline_create(struct timeline_create *arg);
int timeline_lookup(struct timeline_lookup *arg);
int timeline_get(struct timeline_get *arg);
int timeline_destroy(const struct timeline_destroy *arg);

/* demand.c */

/**
 * struct timeline_demand_file - a file that did TIMELINE_DEMAND
 * @ref: for which timeline, 0 if it did not
 * @accuracy_ns: what it was told
 */
struct timeline_demand_file {
	timeline_ref_t		ref;
	u64			accuracy_ns;
};

int timeline_demand(struct timeline_demand_file *file, struct timeline_demand *arg);
__poll_t timeline_demand_poll(struct timeline_demand_file *asked, struct file *file,
			      struct poll_table_struct *wait);
void timeline_demand_changed(struct timeline *tl);

/* received.c */
void timeline_request(void);
void timeline_receive(struct timeline *tl);
void timeline_receive_all(void);
bool timeline_is_gone(const struct timeline *tl);
bool timeline_received_peek(const struct timeline *tl, struct timeline_entry *e);
struct timeline_entry *timeline_received_entry(u32 place);

/* guest.c */
void timeline_guest_changed(struct timeline *tl, bool disrupted);

/* node.c */
struct timeline_node *timeline_node_create(u32 place, const char *name);
void timeline_node_remove(struct timeline_node *node);
void timeline_node_begin(struct timeline_node *node);
void timeline_node_copy(struct timeline_node *node, const struct timeline_entry *e);
void timeline_node_end(struct timeline_node *node);

/* phc.c */
#ifdef CONFIG_TIMELINE_PHC
struct timeline_phc *timeline_phc_create(u32 id, const char *name);
void timeline_phc_remove(struct timeline_phc *phc);
#else
static inline struct timeline_phc *timeline_phc_create(u32 id, const char *name)
{
	return NULL;
}

static inline void timeline_phc_remove(struct timeline_phc *phc) { }
#endif

/* read.c */
struct timeline *timeline_of(timeline_ref_t ref);
struct timeline *timeline_lock_ref(timeline_ref_t ref, unsigned long *flags);
int timeline_resolve_id(u32 id, timeline_ref_t *ref);
int timeline_gettime(u32 id, struct timeline_time *tt);
void timeline_read_locked(struct timeline *tl, struct timeline_time *tt);
ktime_t timeline_now_locked(struct timeline *tl);
ktime_t timeline_lasted_locked(struct timeline *tl);

/* bind.c */
void timeline_bind_current(timeline_ref_t ref);

/* words.c */
void timeline_words_show(const struct mm_struct *mm, timeline_ref_t ref);
void timeline_words_show_all(timeline_ref_t ref);
void timeline_words_clear(void);
void timeline_words_appear(void);

/* clock.c */
extern const struct k_clock timeline_kclock;

/* queue.c */
int timeline_queue_alloc(struct timeline *tl);
void timeline_queue_update(struct timeline *tl);
void timeline_queue_drain(struct timeline *tl);
bool timeline_queue_end(struct timeline *tl);

/* watch.c */
void timeline_watch_init(struct timeline *tl);
void timeline_watch_update(struct timeline *tl);
bool timeline_watched(const struct timeline *tl);
struct timeline_watch *timeline_watch_alloc(void);
void timeline_watch_free(struct timeline_watch *watch);
int timeline_watch_start(struct timeline_watch *watch, const struct timeline_bind *arg);
__poll_t timeline_watch_poll(struct timeline_watch *watch, struct file *file,
			     struct poll_table_struct *wait);
int timeline_watch_take(struct timeline_watch *watch, bool nonblock,
			struct timeline_event *event);
u64 timeline_watch_least(const struct timeline *tl);
void timeline_watch_of_guest(struct timeline_watch *watch);
struct timeline_demand_file *timeline_watch_asked(struct timeline_watch *watch);
void timeline_watch_put_back(struct timeline_watch *watch);

#endif /* _KERNEL_TIME_TIMELINE_INTERNAL_H */
