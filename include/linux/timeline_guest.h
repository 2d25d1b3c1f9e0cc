/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timelines of this machine, for a hypervisor that shows them to its guests.
 */
#ifndef _LINUX_TIMELINE_GUEST_H
#define _LINUX_TIMELINE_GUEST_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/notifier.h>
#include <linux/types.h>
#include <uapi/linux/timeline.h>

/**
 * struct timeline_scale - a guest's counter by this machine's
 * @offset: guest = floor(host * ratio / 2^frac_bits) + offset, modulo 2^64
 * @ratio: not 0
 * @frac_bits: of the ratio, 0 to 48
 */
struct timeline_scale {
	__u64 offset;
	__u64 ratio;
	unsigned int frac_bits;
};

struct timeline_watch;

#ifdef CONFIG_TIMELINE

extern atomic_t timeline_guest_changes;

bool timeline_guest_entry(unsigned int place, struct timeline_entry *e);
bool timeline_guest_translate(struct timeline_entry *e, const struct timeline_scale *s);
void timeline_guest_go_on(struct timeline_entry *next, const struct timeline_entry *before);
int timeline_guest_request(struct timeline_watch **watch, u32 id, u64 accuracy);
int timeline_guest_notify(struct notifier_block *block);
void timeline_guest_forget(struct notifier_block *block);
void timeline_guest_touch(void);

#else

static inline void timeline_guest_touch(void) { }

#endif /* CONFIG_TIMELINE */

#endif /* _LINUX_TIMELINE_GUEST_H */
