// SPDX-License-Identifier: GPL-2.0
/*
 * What shows a process's own threads, in the vDSO, which timeline they are bound to.
 *
 * A word for all: the id of what every thread of this process is bound to, plus 1, or 0 if
 * there is none, or it is not known. A thread that is the only one writes it, and one of
 * many that is bound anew clears it, unless it says the same: who is cloned is bound to
 * what its parent is, and nobody's binding is changed by others. It lets most readers do
 * without knowing their CPU.
 *
 * And a word per CPU: the id of what the thread of this process that ran there last is
 * bound to, plus 1, or 0 for none; above it, how often that has changed. The words
 * are a process's own, so that nobody else learns when and where its threads run;
 * they appear when a thread of it that is bound needs them. Until then the vDSO sees
 * none, and asks by the system call.
 *
 * They live as long as the mapping: there is one in a process at most, and none is
 * made where there is no mapping. Whoever looks for them at a context switch does so
 * as a reader of RCU.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/hashtable.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <asm/timeline.h>
#include "internal.h"

#define WORDS_PER_PAGE	(PAGE_SIZE / sizeof(u64))

/**
 * struct timeline_words - the words of a process
 * @node: in the table by @mm
 * @mm: of whom
 * @mappings: of them, 2 while they are being moved
 * @rcu: to free it
 * @page: pages, as many as there are words for
 */
struct timeline_words {
	struct hlist_node	node;
	struct mm_struct	*mm;
	unsigned int		mappings;
	struct rcu_head		rcu;
	struct page		*page[TIMELINE_WORD_PAGES];
};

static DEFINE_HASHTABLE(words_table, 8);
/* Protects changes of the table and of mappings */
static DEFINE_SPINLOCK(words_lock);
/* For who has no words */
static u8 no_words[PAGE_SIZE] __page_aligned_data;

/* At each context switch: a process without words does not pay for how many have some */
static struct timeline_words *find(const struct mm_struct *mm)
{
	struct timeline_words *w;

	if (!test_bit(MMF_TIMELINE_WORDS, &mm->flags))
		return NULL;
	hash_for_each_possible_rcu(words_table, w, node, (unsigned long)mm,
				   lockdep_is_held(&words_lock))
		if (w->mm == mm)
			return w;
	return NULL;
}

static u64 *place_of(struct timeline_words *w, unsigned int i)
{
	u64 *words = page_address(w->page[i / WORDS_PER_PAGE]);

	return &words[i % WORDS_PER_PAGE];
}

static u32 shown_as(timeline_ref_t ref)
{
	return ref ? timeline_ref_id(ref) + 1 : 0;
}

/* The caller is bound to this from now on. Who shares the process as it ends counts, too */
static void show_all(struct timeline_words *w, timeline_ref_t ref)
{
	u64 *all = place_of(w, 0);

	/* The others, of which it may have been the last, have written theirs before */
	if (atomic_read_acquire(&w->mm->mm_users) == 1)
		WRITE_ONCE(*all, shown_as(ref));
	else if (READ_ONCE(*all) != shown_as(ref))
		WRITE_ONCE(*all, 0);
}

static void show(struct timeline_words *w, unsigned int cpu, timeline_ref_t ref)
{
	u64 *place = place_of(w, 1 + cpu), word = READ_ONCE(*place);
	u32 id = shown_as(ref);

	if ((u32)word != id)
		WRITE_ONCE(*place, ((word >> 32) + 1) << 32 | id);
}

/**
 * timeline_words_show - a thread begins to run on this CPU, or is bound there
 * @mm: its process
 * @ref: to what it is bound
 *
 * With interrupts disabled.
 */
void timeline_words_show(const struct mm_struct *mm, timeline_ref_t ref)
{
	struct timeline_words *w;

	lockdep_assert_irqs_disabled();
	w = find(mm);
	if (w)
		show(w, smp_processor_id(), ref);
}

/**
 * timeline_words_show_all - the calling thread is bound
 * @ref: to what
 *
 * With interrupts disabled, before it runs on.
 */
void timeline_words_show_all(timeline_ref_t ref)
{
	struct timeline_words *w;

	lockdep_assert_irqs_disabled();
	w = find(current->mm);
	if (w)
		show_all(w, ref);
}

static void show_none(struct timeline_words *w)
{
	unsigned int cpu;

	WRITE_ONCE(*place_of(w, 0), 0);
	for_each_possible_cpu(cpu)
		show(w, cpu, 0);
}

/**
 * timeline_words_clear - no thread is bound, and none will be meanwhile
 *
 * There can be many processes with words: who makes some or ends waits for a part of them.
 *
 * Context: may sleep.
 */
void timeline_words_clear(void)
{
	struct timeline_words *w;
	unsigned int bucket;

	for (bucket = 0; bucket < HASH_SIZE(words_table); bucket++) {
		spin_lock(&words_lock);
		hlist_for_each_entry(w, &words_table[bucket], node)
			show_none(w);
		spin_unlock(&words_lock);
		cond_resched();
	}
}

static void free_words(struct timeline_words *w)
{
	unsigned int i;

	for (i = 0; i < TIMELINE_WORD_PAGES && w->page[i]; i++)
		put_page(w->page[i]);
	kfree(w);
}

/* Where mremap() failed half way they are mapped still, and nobody writes them any more */
static void free_rcu_words(struct rcu_head *rcu)
{
	struct timeline_words *w = container_of(rcu, struct timeline_words, rcu);

	show_none(w);
	free_words(w);
}

static struct timeline_words *alloc_words(struct mm_struct *mm)
{
	struct timeline_words *w = kzalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);
	unsigned int i;

	if (!w)
		return NULL;
	w->mm = mm;
	w->mappings = 1;
	for (i = 0; i < DIV_ROUND_UP(1 + nr_cpu_ids, WORDS_PER_PAGE); i++) {
		w->page[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!w->page[i]) {
			free_words(w);
			return NULL;
		}
	}
	return w;
}

static void show_here(void *words)
{
	struct timeline_words *w = words;

	if (current->mm == w->mm)
		show(w, smp_processor_id(), current->timeline_ref);
}

/*
 * Its threads that run now came to their CPUs before there were words. Who comes to
 * one that is not in the mask yet finds them: it sets its bit first, and that is a
 * barrier, too.
 */
static void show_everywhere(struct timeline_words *w)
{
	smp_mb();	/* pairs with the one of a switch, above */
	on_each_cpu_mask(mm_cpumask(w->mm), show_here, w, true);
}

/* Of a process that has the mapping, which cannot go meanwhile. NULL if no memory is left */
static struct timeline_words *get_words(struct mm_struct *mm)
{
	struct timeline_words *new = alloc_words(mm), *w;

	mmap_assert_locked(mm);
	if (!new)
		return NULL;
	spin_lock(&words_lock);
	w = find(mm);
	if (!w) {
		hash_add_rcu(words_table, &new->node, (unsigned long)mm);
		set_bit(MMF_TIMELINE_WORDS, &mm->flags);
	}
	spin_unlock(&words_lock);
	if (w) {
		free_words(new);
		return w;
	}
	show_everywhere(new);
	if (mm == current->mm)
		show_all(new, current->timeline_ref);
	return new;
}

static struct timeline_words *find_mapped(struct mm_struct *mm)
{
	struct timeline_words *w;

	spin_lock(&words_lock);
	w = find(mm);
	spin_unlock(&words_lock);
	return w;
}

static vm_fault_t words_fault(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			      struct vm_fault *vmf)
{
	struct timeline_words *w = find_mapped(vma->vm_mm);
	struct page *page = NULL;

	if (vmf->pgoff >= TIMELINE_WORD_PAGES)
		return VM_FAULT_SIGBUS;
	/* One that was bound before fork() or exec */
	if (!w && current->timeline_ref && current->mm == vma->vm_mm)
		w = get_words(vma->vm_mm);
	if (w)
		page = w->page[vmf->pgoff];
	vmf->page = page ?: virt_to_page(no_words);
	get_page(vmf->page);
	return 0;
}

static int words_mremap(const struct vm_special_mapping *sm, struct vm_area_struct *vma)
{
	struct timeline_words *w;

	spin_lock(&words_lock);
	w = find(vma->vm_mm);
	if (w)
		w->mappings++;
	spin_unlock(&words_lock);
	return 0;
}

static void words_close(const struct vm_special_mapping *sm, struct vm_area_struct *vma)
{
	struct timeline_words *w;

	spin_lock(&words_lock);
	w = find(vma->vm_mm);
	if (w && !--w->mappings) {
		clear_bit(MMF_TIMELINE_WORDS, &vma->vm_mm->flags);
		hash_del_rcu(&w->node);
		call_rcu(&w->rcu, free_rcu_words);
	}
	spin_unlock(&words_lock);
}

const struct vm_special_mapping timeline_words_mapping = {
	.name	= "[vvar_timeline]",
	.fault	= words_fault,
	.mremap	= words_mremap,
	.close	= words_close,
};

/**
 * timeline_words_appear - a thread of the caller's process is about to be bound
 *
 * Nobody can have seen none meanwhile: faults wait. Without memory it goes on so.
 */
void timeline_words_appear(void)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct vma_iterator vmi;

	vma_iter_init(&vmi, mm, 0);
	if (find_mapped(mm) || mmap_write_lock_killable(mm))
		return;
	for_each_vma(vmi, vma) {
		if (!vma_is_special_mapping(vma, &timeline_words_mapping))
			continue;
		if (get_words(mm))
			zap_vma_pages(vma);
		break;
	}
	mmap_write_unlock(mm);
}
