// SPDX-License-Identifier: GPL-2.0
/*
 * Timelines of the host in pages of a guest.
 *
 * The guest registers two pages, which its vDSO maps, and vCPU threads keep them
 * filled, each before it enters the guest, in the guest's own time stamp counter.
 *
 * The pages are valid only while a vCPU is inside KVM_RUN: the last that leaves takes
 * them back, the first that enters fills them again.  So whatever is saved of a VM that
 * is stopped says "do not use", and a VMM need not know of it.
 *
 * A page is written only while it is what the guest has registered: each entry in it has
 * the guest's cookie.  One that has another ends the registration, and so does a
 * write that fails.  The guest finds that its entries are not valid and registers again.
 */
#include <linux/kvm_host.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timeline_guest.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>

#include "timeline.h"
#include "x86.h"

#define PER_PAGE	(PAGE_SIZE / sizeof(struct timeline_entry))

static_assert(PER_PAGE * 2 == TIMELINE_GUEST_IDS);

DEFINE_STATIC_KEY_FALSE(kvm_timelines_used);

/**
 * struct kvm_timeline_slot - an entry of the guest's
 * @entry: what is there while it is valid
 * @host_seq: of the host's entry that it was made of
 * @host_id: its id at the host
 * @used: has a name, for the life of the registration
 * @found: the host has a timeline of this name
 * @watch: what the guest needs of it, or NULL
 * @needs: ns, what that asks for
 */
struct kvm_timeline_slot {
	struct timeline_entry	entry;
	u32			host_seq;
	u32			host_id;
	bool			used;
	bool			found;
	struct timeline_watch	*watch;
	u64			needs;
};

/**
 * struct kvm_timelines - what a VM has registered
 * @block: to be told
 * @kvm: the VM
 * @lock: protects the rest, but for what is atomic or said to be read without
 * @inside: vCPUs inside KVM_RUN that may have entered the guest since it registered
 * @may_request: jiffies from which the guest may say again what it needs
 * @ended: the registration is over, by whoever cannot take @lock
 * @registered: there are pages
 * @valid: they are filled; read without @lock
 * @changes: which changes of the host's they show; read without @lock
 * @offset: of the guest's counter, for which they were made; read without @lock
 * @ratio: of it, too
 * @cookie: the guest's
 * @salt: of the markers: another host, and another counter, have other ones
 * @page: both
 * @written: those of them, as bits, that are to be marked dirty
 * @slot: entries
 */
struct kvm_timelines {
	struct notifier_block	block;
	struct kvm		*kvm;
	struct mutex		lock;	/* of what is not atomic */
	atomic_t		inside;
	unsigned long		may_request;
	bool			ended;
	bool			registered;
	bool			valid;
	int			changes;
	u64			offset;
	u64			ratio;
	u64			cookie;
	u64			salt;
	struct gfn_to_hva_cache	page[2];
	unsigned int		written;
	struct kvm_timeline_slot slot[TIMELINE_GUEST_IDS];
};

/* ---- the guest's memory --------------------------------------------------- */

static bool kvm_timeline_mapped(struct kvm *kvm, struct gfn_to_hva_cache *page)
{
	if (kvm_memslots(kvm)->generation == page->generation &&
	    !kvm_is_error_hva(page->hva) && page->memslot)
		return true;
	return !kvm_gfn_to_hva_cache_init(kvm, page, page->gpa, PAGE_SIZE) &&
	       !kvm_is_error_hva(page->hva) && page->memslot;
}

static struct timeline_entry __user *kvm_timeline_place(struct kvm_timelines *tls, int i)
{
	struct gfn_to_hva_cache *page = &tls->page[i / PER_PAGE];
	struct timeline_entry __user *entries;

	lockdep_assert_held(&tls->lock);
	if (current->mm != tls->kvm->mm || !kvm_timeline_mapped(tls->kvm, page))
		return NULL;
	entries = (struct timeline_entry __user *)page->hva;
	return entries + i % PER_PAGE;
}

/*
 * All of an entry but the sequence count, which is the upper half of the second word,
 * and odd meanwhile.  x86 stores in order.
 */
static bool kvm_timeline_store(struct timeline_entry __user *to,
			       const struct timeline_entry *from, u64 cookie)
{
	const u64 *word = (const u64 *)from;
	u64 __user *at = (u64 __user *)to;
	u64 seen;
	u32 seq;
	int i;

	BUILD_BUG_ON(offsetof(struct timeline_entry, seq_count) != 12);
	if (!user_access_begin(to, sizeof(*to)))
		return false;
	unsafe_get_user(seen, &to->cookie, fault);
	if (seen != cookie)
		goto fault;
	unsafe_get_user(seq, &to->seq_count, fault);
	seq |= 1;
	unsafe_put_user(seq, &to->seq_count, fault);
	smp_wmb();	/* odd before anything changes */
	unsafe_put_user(word[0], &at[0], fault);
	unsafe_put_user((u32)word[1], (u32 __user *)&at[1], fault);
	for (i = 2; i < sizeof(*to) / sizeof(u64); i++)
		unsafe_put_user(word[i], &at[i], fault);
	smp_wmb();	/* all of it before it is even again */
	unsafe_put_user(seq + 1, &to->seq_count, fault);
	user_access_end();
	return true;
fault:
	user_access_end();
	return false;
}

/* Not what the guest registered any more, or no memory behind it; it needs nothing then */
static void kvm_timeline_lost(struct kvm_timelines *tls)
{
	int i;

	lockdep_assert_held(&tls->lock);
	WRITE_ONCE(tls->registered, false);
	WRITE_ONCE(tls->valid, false);
	for (i = 0; i < TIMELINE_GUEST_IDS; i++)
		timeline_guest_request(&tls->slot[i].watch, 0, 0);
}

static bool kvm_timeline_put(struct kvm_timelines *tls, int i, const struct timeline_entry *e)
{
	struct timeline_entry __user *to = kvm_timeline_place(tls, i);

	if (to) {
		tls->written |= BIT(i / PER_PAGE);
		if (kvm_timeline_store(to, e, tls->cookie))
			return true;
	}
	kvm_timeline_lost(tls);
	return false;
}

/*
 * Once for all entries of a page: each time is an entry of the dirty ring, where those
 * that KVM itself can add on the way into the guest have some tens.
 */
static void kvm_timeline_mark_dirty(struct kvm_timelines *tls)
{
	struct gfn_to_hva_cache *page;
	int i;

	lockdep_assert_held(&tls->lock);
	for (i = 0; i < ARRAY_SIZE(tls->page); i++) {
		page = &tls->page[i];
		if (tls->written & BIT(i))
			mark_page_dirty_in_slot(tls->kvm, page->memslot, gpa_to_gfn(page->gpa));
	}
	tls->written = 0;
}

/* ---- entries --------------------------------------------------------------- */

/* Nothing can be read by it; who tries asks the guest's kernel */
static void kvm_timeline_no_counter(struct timeline_entry *e, u8 status)
{
	e->counter_id = TIMELINE_COUNTER_RAW;
	e->clock_status = status;
	e->err_low_ns = TIMELINE_UNBOUNDED;
	e->err_high_ns = TIMELINE_UNBOUNDED;
	e->time_maxerror_nanosec = TIMELINE_UNBOUNDED;
	e->err_rate = 0;
	e->flags = 0;
}

/* What of the host's entry differs in the guest, but for the counter */
static void kvm_timeline_own(struct kvm_timelines *tls, int i, struct timeline_entry *e)
{
	e->id = TIMELINE_IDS + i;
	e->generation = 1;
	e->cookie = tls->cookie;
	e->disruption_marker += tls->salt;
	e->step_marker += tls->salt;
	e->vm_generation_counter += tls->salt;
}

/* The counter of the guest, if its vCPUs agree on one that runs with the host's */
static bool kvm_timeline_scale(struct kvm_timelines *tls, struct timeline_scale *s)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	*s = (struct timeline_scale) {
		.offset = tls->offset,
		.ratio = tls->ratio,
		.frac_bits = kvm_caps.tsc_scaling_ratio_frac_bits,
	};
	kvm_for_each_vcpu(i, vcpu, tls->kvm) {
		if (READ_ONCE(vcpu->arch.l1_tsc_offset) != s->offset ||
		    READ_ONCE(vcpu->arch.l1_tsc_scaling_ratio) != s->ratio ||
		    vcpu->arch.tsc_catchup || vcpu->arch.tsc_always_catchup)
			return false;
	}
	return !check_tsc_unstable();
}

static struct kvm_timeline_slot *kvm_timeline_named(struct kvm_timelines *tls, const char *name)
{
	struct kvm_timeline_slot *slot;

	for (slot = tls->slot; slot < tls->slot + TIMELINE_GUEST_IDS; slot++)
		if (slot->used && !strncmp(slot->entry.host_name, name, TIMELINE_NAME_LEN))
			return slot;
	return NULL;
}

/* That of a name, or one for a name that is new; NULL if there are too many */
static struct kvm_timeline_slot *kvm_timeline_slot_for(struct kvm_timelines *tls,
						       const char *name)
{
	struct kvm_timeline_slot *slot = kvm_timeline_named(tls, name);

	if (slot)
		return slot;
	for (slot = tls->slot; slot < tls->slot + TIMELINE_GUEST_IDS; slot++) {
		if (!slot->used) {
			slot->used = true;
			slot->host_seq = 0;
			strscpy_pad(slot->entry.host_name, name);
			return slot;
		}
	}
	return NULL;
}

/* @scale: NULL if the guest has no counter to tell it by */
static void kvm_timeline_make(struct kvm_timelines *tls, struct kvm_timeline_slot *slot,
			      struct timeline_entry *e, const struct timeline_scale *scale)
{
	u32 seq = e->seq_count, host_id = e->id;
	bool goes_on;

	if (e->counter_id != TIMELINE_COUNTER_X86_TSC || !scale ||
	    !timeline_guest_translate(e, scale))
		kvm_timeline_no_counter(e, TIMELINE_STATUS_UNRELIABLE);
	kvm_timeline_own(tls, slot - tls->slot, e);
	goes_on = slot->found && slot->entry.step_marker == e->step_marker &&
		  slot->entry.counter_id == e->counter_id;
	/* Made again of the same it would be the same */
	if (goes_on && slot->host_seq != seq && scale)
		timeline_guest_go_on(e, &slot->entry);
	if (!goes_on || slot->host_seq != seq)
		slot->entry = *e;
	slot->host_seq = seq;
	/* Made anew at the host: the guest needs of this one what it needed of that */
	if (slot->watch && slot->host_id != host_id)
		timeline_guest_request(&slot->watch, host_id, slot->needs);
	slot->host_id = host_id;
	slot->found = true;
}

/* The host has none of its name */
static void kvm_timeline_none(struct kvm_timelines *tls, struct kvm_timeline_slot *slot)
{
	kvm_timeline_no_counter(&slot->entry, TIMELINE_STATUS_UNKNOWN);
	kvm_timeline_own(tls, slot - tls->slot, &slot->entry);
	slot->entry.magic = TIMELINE_MAGIC;
	slot->entry.size = TIMELINE_ENTRY_SIZE;
	slot->entry.version = TIMELINE_VERSION;
	slot->entry.disruption_marker = get_random_u64();
	slot->entry.step_marker = get_random_u64();
}

static void kvm_timeline_make_all(struct kvm_timelines *tls)
{
	bool present[TIMELINE_GUEST_IDS] = { };
	struct kvm_timeline_slot *slot;
	struct timeline_scale scale;
	struct timeline_entry e;
	bool has_counter = kvm_timeline_scale(tls, &scale);
	unsigned int i;

	for (i = 0; i < TIMELINE_IDS; i++) {
		if (!timeline_guest_entry(i, &e))
			continue;
		slot = kvm_timeline_slot_for(tls, e.host_name);
		if (!slot)
			continue;
		kvm_timeline_make(tls, slot, &e, has_counter ? &scale : NULL);
		present[slot - tls->slot] = true;
	}
	for (i = 0; i < TIMELINE_GUEST_IDS; i++) {
		slot = &tls->slot[i];
		if (slot->used && slot->found && !present[i])
			kvm_timeline_none(tls, slot);
		slot->found &= present[i];
	}
}

/* ---- valid while somebody is inside ---------------------------------------- */

static bool kvm_timeline_put_all(struct kvm_timelines *tls)
{
	int i;

	for (i = 0; i < TIMELINE_GUEST_IDS; i++)
		if (tls->slot[i].used && !kvm_timeline_put(tls, i, &tls->slot[i].entry))
			return false;
	return true;
}

static void kvm_timeline_fill(struct kvm_timelines *tls)
{
	bool filled = kvm_timeline_put_all(tls);

	kvm_timeline_mark_dirty(tls);
	if (filled)
		smp_store_release(&tls->valid, true);	/* see kvm_timeline_current() */
}

/* Nobody may use them */
static void kvm_timeline_take_back(struct kvm_timelines *tls)
{
	struct timeline_entry e;
	int i;

	WRITE_ONCE(tls->valid, false);
	for (i = 0; i < TIMELINE_GUEST_IDS; i++) {
		if (!tls->slot[i].used)
			continue;
		e = tls->slot[i].entry;
		kvm_timeline_no_counter(&e, TIMELINE_STATUS_UNRELIABLE);
		if (!kvm_timeline_put(tls, i, &e))
			break;
	}
	kvm_timeline_mark_dirty(tls);
}

static bool kvm_timeline_allowed(const struct kvm *kvm)
{
	return READ_ONCE(kvm->vbs.guest_may) & SCHED_VBS_GUEST_TIMELINE;
}

/* Another counter than the entries were made for: what is known of it is void */
static void kvm_timeline_counter(struct kvm_timelines *tls, struct kvm_vcpu *vcpu)
{
	if (tls->offset == vcpu->arch.l1_tsc_offset &&
	    tls->ratio == vcpu->arch.l1_tsc_scaling_ratio)
		return;
	tls->salt = get_random_u64();
	WRITE_ONCE(tls->offset, vcpu->arch.l1_tsc_offset);
	WRITE_ONCE(tls->ratio, vcpu->arch.l1_tsc_scaling_ratio);
}

static void kvm_timeline_look(struct kvm_timelines *tls, struct kvm_vcpu *vcpu)
{
	bool over = xchg(&tls->ended, false) || !kvm_timeline_allowed(tls->kvm);

	lockdep_assert_held(&tls->lock);
	/* Who comes meanwhile waits: to write may take long, where a page has to be brought */
	WRITE_ONCE(tls->valid, false);
	smp_wmb();	/* see kvm_timeline_current() */
	/* First: what changes from here on is seen the next time */
	WRITE_ONCE(tls->changes, atomic_read(&timeline_guest_changes));
	smp_rmb();	/* before the entries are looked at */
	if (over && tls->registered) {
		kvm_timeline_take_back(tls);
		kvm_timeline_lost(tls);
	}
	if (!tls->registered)
		return;
	kvm_timeline_counter(tls, vcpu);
	kvm_timeline_make_all(tls);
	kvm_timeline_fill(tls);
}

/*
 * What the pages show is noted before they are written: who sees that note has to see,
 * too, that they are not valid until then.
 */
static bool kvm_timeline_current(const struct kvm_timelines *tls, const struct kvm_vcpu *vcpu)
{
	if (READ_ONCE(tls->changes) != atomic_read(&timeline_guest_changes) ||
	    READ_ONCE(tls->offset) != vcpu->arch.l1_tsc_offset ||
	    READ_ONCE(tls->ratio) != vcpu->arch.l1_tsc_scaling_ratio)
		return false;
	smp_rmb();	/* see kvm_timeline_look() */
	return READ_ONCE(tls->valid) && !READ_ONCE(tls->ended);
}

void __kvm_timeline_enter(struct kvm_vcpu *vcpu)
{
	struct kvm_timelines *tls = READ_ONCE(vcpu->kvm->arch.timelines);

	if (!tls)
		return;
	/* First: who is told from here on turns round on its way into the guest */
	kvm_check_request(KVM_REQ_TIMELINE, vcpu);
	if (!vcpu->arch.timelines_inside) {
		vcpu->arch.timelines_inside = true;
		atomic_inc(&tls->inside);
		smp_mb__after_atomic();	/* see kvm_timeline_last() */
	}
	if (likely(kvm_timeline_current(tls, vcpu)) || !READ_ONCE(tls->registered))
		return;
	/*
	 * Who has the lock may wait for a page that somebody else brings.  A signal that
	 * ends this keeps the vCPU out of the guest, too; it looks again before that.
	 */
	CLASS(mutex_intr, locked)(&tls->lock);
	if (locked && !kvm_timeline_current(tls, vcpu))
		kvm_timeline_look(tls, vcpu);
}

/*
 * Who enters counts itself and then looks whether the pages are valid; here they are
 * invalid and then the count is looked at again: one of the two sees the other.
 */
static void kvm_timeline_last(struct kvm_timelines *tls)
{
	guard(mutex)(&tls->lock);
	if (!tls->registered || !tls->valid || atomic_read(&tls->inside))
		return;
	kvm_timeline_take_back(tls);
	smp_mb();	/* see above */
	if (tls->registered && atomic_read(&tls->inside))
		kvm_timeline_fill(tls);
}

void __kvm_timeline_leave(struct kvm_vcpu *vcpu)
{
	struct kvm_timelines *tls = READ_ONCE(vcpu->kvm->arch.timelines);

	if (!vcpu->arch.timelines_inside)
		return;
	vcpu->arch.timelines_inside = false;
	if (atomic_dec_and_test(&tls->inside))
		kvm_timeline_last(tls);
}

void __kvm_timeline_end(struct kvm *kvm)
{
	struct kvm_timelines *tls = READ_ONCE(kvm->arch.timelines);

	if (tls)
		WRITE_ONCE(tls->ended, true);
}

/* ---- registering ----------------------------------------------------------- */

static int kvm_timeline_told(struct notifier_block *block, unsigned long action, void *data)
{
	struct kvm_timelines *tls = container_of(block, struct kvm_timelines, block);

	kvm_make_all_cpus_request(tls->kvm, KVM_REQ_TIMELINE);
	return NOTIFY_OK;
}

static struct kvm_timelines *kvm_timeline_get(struct kvm *kvm)
{
	struct kvm_timelines *tls = READ_ONCE(kvm->arch.timelines), *old;

	if (tls)
		return tls;
	tls = kzalloc(sizeof(*tls), GFP_KERNEL_ACCOUNT);
	if (!tls)
		return NULL;
	tls->kvm = kvm;
	mutex_init(&tls->lock);
	tls->block.notifier_call = kvm_timeline_told;
	old = cmpxchg(&kvm->arch.timelines, NULL, tls);
	if (old) {
		kfree(tls);
		return old;
	}
	static_branch_inc(&kvm_timelines_used);
	timeline_guest_notify(&tls->block);
	return tls;
}

/**
 * kvm_timeline_destroy - the VM is about to go
 * @kvm: the VM: its vCPUs run no more, but are there, for who is told of changes
 */
void kvm_timeline_destroy(struct kvm *kvm)
{
	struct kvm_timelines *tls = kvm->arch.timelines;

	if (!tls)
		return;
	timeline_guest_forget(&tls->block);
	scoped_guard(mutex, &tls->lock)
		kvm_timeline_lost(tls);
	static_branch_dec(&kvm_timelines_used);
	kfree(tls);
}

/* One of two pages that are the guest's own and can be written */
static bool kvm_timeline_map(struct kvm *kvm, struct gfn_to_hva_cache *page, gpa_t gpa)
{
	page->gpa = gpa;
	page->memslot = NULL;
	return kvm_timeline_mapped(kvm, page) && page->memslot->id < KVM_USER_MEM_SLOTS;
}

/* What is in a place; false if that is no entry of this guest's */
static bool kvm_timeline_peek(struct kvm_timelines *tls, int i, struct timeline_entry *e)
{
	struct timeline_entry __user *from = kvm_timeline_place(tls, i);

	if (!from || copy_from_user(e, from, sizeof(*e)) || e->cookie != tls->cookie)
		return false;
	e->host_name[e->magic == TIMELINE_MAGIC ? TIMELINE_NAME_LEN - 1 : 0] = 0;
	return true;
}

/*
 * The guest had other names in these places, or none: restored from what it was, it has
 * those.  The others go on.
 */
static bool kvm_timeline_forget_others(struct kvm_timelines *tls)
{
	struct timeline_entry e;
	int i;

	for (i = 0; i < TIMELINE_GUEST_IDS; i++) {
		if (!kvm_timeline_peek(tls, i, &e))
			return false;
		if (strncmp(tls->slot[i].entry.host_name, e.host_name, TIMELINE_NAME_LEN))
			memset(&tls->slot[i], 0, sizeof(tls->slot[i]));
	}
	return true;
}

/* The names by which the guest knows timelines already, from wherever it was before */
static bool kvm_timeline_learn(struct kvm_timelines *tls)
{
	struct timeline_entry e;
	int i;

	for (i = 0; i < TIMELINE_GUEST_IDS; i++) {
		if (!kvm_timeline_peek(tls, i, &e))
			return false;
		if (tls->slot[i].used || !e.host_name[0])
			continue;
		if (kvm_timeline_named(tls, e.host_name))
			return false;
		tls->slot[i].used = true;
		strscpy_pad(tls->slot[i].entry.host_name, e.host_name);
		kvm_timeline_none(tls, &tls->slot[i]);
	}
	return true;
}

/*
 * The same kernel on the same counter, as when a CPU of it has come: what it knows stays
 * true, and no marker changes.  Nothing is watched: there is no registration.
 */
static void kvm_timeline_begin(struct kvm_timelines *tls, u64 cookie)
{
	if (tls->cookie == cookie)
		return;
	tls->cookie = cookie;
	tls->salt = get_random_u64();
	memset(tls->slot, 0, sizeof(tls->slot));
}

static long kvm_timeline_register(struct kvm_vcpu *vcpu, gpa_t gpa, u64 cookie)
{
	struct kvm_timelines *tls = kvm_timeline_get(vcpu->kvm);

	if (!tls)
		return -KVM_EFAULT;
	CLASS(mutex_intr, locked)(&tls->lock);
	if (!locked)
		return -EAGAIN;
	if (tls->registered) {
		kvm_timeline_take_back(tls);
		kvm_timeline_lost(tls);
	}
	if (!cookie || !PAGE_ALIGNED(gpa) || gpa + PAGE_SIZE < gpa ||
	    !kvm_timeline_map(vcpu->kvm, &tls->page[0], gpa) ||
	    !kvm_timeline_map(vcpu->kvm, &tls->page[1], gpa + PAGE_SIZE) ||
	    tls->page[0].memslot != tls->page[1].memslot)
		return -KVM_EINVAL;
	kvm_timeline_begin(tls, cookie);
	WRITE_ONCE(tls->ended, false);
	if (!kvm_timeline_forget_others(tls) || !kvm_timeline_learn(tls))
		return -KVM_EINVAL;
	/* And filled before this vCPU enters the guest again */
	WRITE_ONCE(tls->registered, true);
	return 0;
}

static long kvm_timeline_unregister(struct kvm_vcpu *vcpu)
{
	struct kvm_timelines *tls = READ_ONCE(vcpu->kvm->arch.timelines);

	if (!tls)
		return 0;
	CLASS(mutex_intr, locked)(&tls->lock);
	if (!locked) {
		kvm_timeline_end(vcpu->kvm);
	} else if (tls->registered) {
		kvm_timeline_take_back(tls);
		kvm_timeline_lost(tls);
	}
	return 0;
}

/* One watch of the VM per timeline, and no more than about one request a millisecond */
static long kvm_timeline_request(struct kvm_vcpu *vcpu, u64 id, u64 accuracy)
{
	struct kvm_timelines *tls = READ_ONCE(vcpu->kvm->arch.timelines);
	struct kvm_timeline_slot *slot;
	int ret;

	if (!tls)
		return -KVM_EPERM;
	CLASS(mutex_intr, locked)(&tls->lock);
	if (!locked)
		return -EAGAIN;
	if (!tls->registered)
		return -KVM_EPERM;
	if (id < TIMELINE_IDS || id >= TIMELINE_MAX_IDS)
		return -KVM_EINVAL;
	if (time_before(jiffies, tls->may_request))
		return -EAGAIN;
	tls->may_request = jiffies + msecs_to_jiffies(1);
	slot = &tls->slot[array_index_nospec(id - TIMELINE_IDS, TIMELINE_GUEST_IDS)];
	if (!slot->found)
		return -KVM_EINVAL;
	ret = timeline_guest_request(&slot->watch, slot->host_id, accuracy);
	slot->needs = accuracy;
	return !ret || ret == -ENOSPC || ret == -ENOMEM ? ret : -KVM_EINVAL;
}

/**
 * kvm_timeline_hypercall - KVM_HC_TIMELINE
 * @vcpu: the vCPU, loaded; kvm->srcu is held
 * @op: sub-operation
 * @a1: its first argument
 * @a2: its second
 */
long kvm_timeline_hypercall(struct kvm_vcpu *vcpu, unsigned long op, u64 a1, u64 a2)
{
	/* A nested guest's addresses are not this VM's */
	if (is_guest_mode(vcpu) || !kvm_timeline_allowed(vcpu->kvm))
		return -KVM_ENOSYS;
	switch (op) {
	case KVM_TIMELINE_PROBE:
		return TIMELINE_GUEST_IDS;
	case KVM_TIMELINE_REGISTER:
		return kvm_timeline_register(vcpu, a1, a2);
	case KVM_TIMELINE_UNREGISTER:
		return kvm_timeline_unregister(vcpu);
	case KVM_TIMELINE_REQUEST:
		return kvm_timeline_request(vcpu, a1, a2);
	default:
		return -KVM_ENOSYS;
	}
}
