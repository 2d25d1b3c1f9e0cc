// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/timelines/NAME: one timeline for readers of VMClock that know nothing else.
 *
 * It is what the driver of VMClock makes of a region of one page: read() and mmap()
 * show it, poll() tells of a sequence count that the file's read() has not seen. The
 * page is a timeline's own and starts with a copy of its entry. So who maps it never
 * sees another timeline, also when this one is gone: it then has no counter, no
 * valid time and no notifications.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include "internal.h"

/**
 * struct timeline_node - the page of a timeline and who looks at it
 * @ref: of the timeline, of each file, and of @tell while it is queued
 * @entry: begins the page; written with the timeline's lock
 * @device: its node
 * @name: of the timeline
 * @lock: protects changes of @waiting
 * @waiting: files on which poll() was called
 * @tell: wakes these: they can be many, and it is not their setter's to do
 */
struct timeline_node {
	struct kref		ref;
	struct timeline_entry	*entry;
	struct device		*device;
	char			name[TIMELINE_NAME_LEN];
	spinlock_t		lock;	/* of waiting */
	struct list_head	waiting;
	struct work_struct	tell;
};

/* An open file; seen is the sequence count of its last read() */
struct node_file {
	struct timeline_node	*node;
	u32			seen;
	struct list_head	waits;
	wait_queue_head_t	wqh;
	struct rcu_head		rcu;
};

static dev_t first_device;
static struct cdev node_cdev;

static void node_free(struct kref *ref)
{
	struct timeline_node *node = container_of(ref, struct timeline_node, ref);

	free_page((unsigned long)node->entry);
	kfree(node);
}

static void node_put(struct timeline_node *node)
{
	kref_put(&node->ref, node_free);
}

static void tell(struct work_struct *work)
{
	struct timeline_node *node = container_of(work, struct timeline_node, tell);
	struct node_file *f;

	rcu_read_lock();
	list_for_each_entry_rcu(f, &node->waiting, waits)
		wake_up_interruptible_poll(&f->wqh, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
	rcu_read_unlock();
	node_put(node);
}

/**
 * timeline_node_begin - an update of a timeline has begun
 * @node: its node, NULL if it has none
 */
void timeline_node_begin(struct timeline_node *node)
{
	if (node)
		WRITE_ONCE(node->entry->seq_count, node->entry->seq_count + 1);
}

/**
 * timeline_node_copy - show the new entry, before timeline_node_end()
 * @node: node or NULL
 * @e: entry; one that no timeline uses if it is gone
 */
void timeline_node_copy(struct timeline_node *node, const struct timeline_entry *e)
{
	const size_t after = offsetofend(struct timeline_entry, seq_count);
	struct timeline_entry *to;

	if (!node)
		return;
	to = node->entry;
	to->magic = TIMELINE_MAGIC;
	to->size = PAGE_SIZE;
	to->version = TIMELINE_VERSION;
	to->counter_id = e->counter_id;
	to->time_type = e->time_type;
	memcpy((u8 *)to + after, (const u8 *)e + after, sizeof(*to) - after);
	to->flags |= TIMELINE_VF_VM_GEN_COUNTER_PRESENT;
	if (e->magic)
		to->flags |= TIMELINE_VF_NOTIFICATION_PRESENT;
}

/**
 * timeline_node_end - the entry is complete
 * @node: node or NULL
 */
void timeline_node_end(struct timeline_node *node)
{
	if (!node)
		return;
	WRITE_ONCE(node->entry->seq_count, node->entry->seq_count + 1);
	/* Either this sees who waits, or they, in poll(), see the count */
	smp_mb();
	if (list_empty(&node->waiting))
		return;
	kref_get(&node->ref);
	if (!schedule_work(&node->tell))
		node_put(node);
}

static struct timeline_node *node_get(u32 place)
{
	struct timeline_node *node;
	struct timeline *tl;
	unsigned long flags;

	tl = timeline_lock_place(place, &flags);
	if (IS_ERR(tl))
		return NULL;
	node = tl->node;
	if (node)
		kref_get(&node->ref);
	timeline_unlock(tl, flags);
	return node;
}

static int node_open(struct inode *inode, struct file *file)
{
	struct node_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return -ENOMEM;
	f->node = node_get(iminor(inode) - MINOR(first_device));
	if (!f->node) {
		kfree(f);
		return -ENXIO;
	}
	INIT_LIST_HEAD(&f->waits);
	init_waitqueue_head(&f->wqh);
	file->private_data = f;
	return 0;
}

static int node_release(struct inode *inode, struct file *file)
{
	struct node_file *f = file->private_data;
	struct timeline_node *node = f->node;

	spin_lock(&node->lock);
	if (!list_empty(&f->waits))
		list_del_rcu(&f->waits);
	spin_unlock(&node->lock);
	kfree_rcu(f, rcu);
	node_put(node);
	return 0;
}

/* The entry as of one update, and which */
static u32 snapshot(const struct timeline_node *node, struct timeline_entry *e)
{
	u32 seq;

	do {
		seq = timeline_read_begin(node->entry);
		memcpy(e, node->entry, sizeof(*e));
	} while (timeline_read_retry(node->entry, seq));
	e->seq_count = seq;
	return seq;
}

static ssize_t node_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct node_file *f = file->private_data;
	struct timeline_entry e;
	size_t head;
	u32 seq;

	if (*pos >= PAGE_SIZE)
		return 0;
	size = min_t(size_t, size, PAGE_SIZE - *pos);
	head = *pos < sizeof(e) ? min_t(size_t, size, sizeof(e) - *pos) : 0;
	seq = snapshot(f->node, &e);
	if (copy_to_user(to, (u8 *)&e + *pos, head) || clear_user(to + head, size - head))
		return -EFAULT;
	WRITE_ONCE(f->seen, seq);
	*pos += size;
	return size;
}

static __poll_t node_poll(struct file *file, struct poll_table_struct *wait)
{
	struct node_file *f = file->private_data;
	struct timeline_node *node = f->node;

	poll_wait(file, &f->wqh, wait);
	spin_lock(&node->lock);
	if (list_empty(&f->waits))
		list_add_tail_rcu(&f->waits, &node->waiting);
	spin_unlock(&node->lock);
	/* See timeline_node_end() */
	smp_mb();
	if (!(READ_ONCE(node->entry->flags) & TIMELINE_VF_NOTIFICATION_PRESENT))
		return EPOLLHUP;
	if (READ_ONCE(node->entry->seq_count) != READ_ONCE(f->seen))
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}

static int node_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct node_file *f = file->private_data;

	if ((vma->vm_flags & (VM_READ | VM_WRITE)) != VM_READ)
		return -EROFS;
	if (vma_pages(vma) != 1 || vma->vm_pgoff)
		return -EINVAL;
	/* VM_EXEC may be there by READ_IMPLIES_EXEC */
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_MIXEDMAP,
		     VM_EXEC | VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	return vm_insert_page(vma, vma->vm_start, virt_to_page(f->node->entry));
}

static const struct file_operations node_fops = {
	.owner		= THIS_MODULE,
	.open		= node_open,
	.release	= node_release,
	.read		= node_read,
	.poll		= node_poll,
	.mmap		= node_mmap,
};

static char *node_path(const struct device *dev, umode_t *mode)
{
	const struct timeline_node *node = dev_get_drvdata(dev);

	if (mode)
		*mode = 0444;
	return kasprintf(GFP_KERNEL, "timelines/%s", node->name);
}

static struct class node_class = {
	.name		= "timeline",
	.devnode	= node_path,
};

static struct timeline_node *node_alloc(const char *name)
{
	struct timeline_node *node = kzalloc(sizeof(*node), GFP_KERNEL);

	if (!node)
		return NULL;
	node->entry = (struct timeline_entry *)get_zeroed_page(GFP_KERNEL);
	if (!node->entry) {
		kfree(node);
		return NULL;
	}
	kref_init(&node->ref);
	strscpy(node->name, name);
	spin_lock_init(&node->lock);
	INIT_LIST_HEAD(&node->waiting);
	INIT_WORK(&node->tell, tell);
	return node;
}

/**
 * timeline_node_create - the node of a timeline that is being made
 * @place: its place
 * @name: its name
 */
struct timeline_node *timeline_node_create(u32 place, const char *name)
{
	struct timeline_node *node = node_alloc(name);
	struct device *dev;

	if (!node)
		return ERR_PTR(-ENOMEM);
	dev = device_create(&node_class, NULL, first_device + place, node, "timeline%u", place);
	if (IS_ERR(dev)) {
		node_put(node);
		return ERR_CAST(dev);
	}
	node->device = dev;
	return node;
}

/**
 * timeline_node_remove - the timeline is gone
 * @node: its node, which files may go on to have
 */
void timeline_node_remove(struct timeline_node *node)
{
	device_unregister(node->device);
	node_put(node);
}

static int __init timeline_node_init(void)
{
	int ret = alloc_chrdev_region(&first_device, 0, TIMELINE_IDS, "timeline");

	if (ret)
		return ret;
	cdev_init(&node_cdev, &node_fops);
	ret = cdev_add(&node_cdev, first_device, TIMELINE_IDS);
	return ret ?: class_register(&node_class);
}

/* Before /dev/timeline, by which they are made */
fs_initcall(timeline_node_init);
