// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/timeline: managing timelines, watching their quality, and the table
 * itself for readers of VMClock.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/page.h>
#include <asm/timeline.h>
#include "internal.h"

static int timeline_open(struct inode *inode, struct file *file)
{
	file->private_data = timeline_watch_alloc();
	return file->private_data ? 0 : -ENOMEM;
}

static int timeline_release(struct inode *inode, struct file *file)
{
	timeline_watch_free(file->private_data);
	return 0;
}

static __poll_t timeline_poll(struct file *file, struct poll_table_struct *wait)
{
	return timeline_watch_poll(file->private_data, file, wait) |
	       timeline_demand_poll(timeline_watch_asked(file->private_data), file, wait);
}

static ssize_t timeline_fread(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct timeline_event event;
	int ret;

	if (size < sizeof(event))
		return -EINVAL;
	ret = timeline_watch_take(file->private_data, file->f_flags & O_NONBLOCK, &event);
	if (ret <= 0)
		return ret;
	if (!copy_to_user(to, &event, sizeof(event)))
		return sizeof(event);
	timeline_watch_put_back(file->private_data);
	return -EFAULT;
}

/* The pages of the table, not those of the threads' bindings */
static int timeline_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long pages = vma_pages(vma);

	if (vma->vm_flags & VM_WRITE)
		return -EPERM;
	if (vma->vm_pgoff >= TIMELINE_TABLE_PAGES ||
	    pages > TIMELINE_TABLE_PAGES - vma->vm_pgoff)
		return -EINVAL;
	/* VM_EXEC may be there by READ_IMPLIES_EXEC: take it away, and from the pages */
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_EXEC | VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	return remap_pfn_range(vma, vma->vm_start,
			       (__pa_symbol(&timeline_table) >> PAGE_SHIFT) + vma->vm_pgoff,
			       pages << PAGE_SHIFT, vma->vm_page_prot);
}

/* Binds the caller to the timeline that the file will watch */
static int bind_and_watch(struct timeline_watch *watch, const struct timeline_bind *arg)
{
	timeline_ref_t ref;
	struct timeline *tl;
	unsigned long flags;
	u64 resolution;
	int ret;

	if (arg->flags)
		return -EINVAL;
	ret = timeline_resolve_id(arg->id, &ref);
	if (ret)
		return ret;
	tl = timeline_lock_ref(ref, &flags);
	if (IS_ERR(tl))
		return PTR_ERR(tl);
	resolution = timeline_resolution(tl);
	timeline_unlock(tl, flags);
	if (arg->resolution_ns && resolution > arg->resolution_ns)
		return -EINVAL;
	ret = timeline_watch_start(watch, arg);
	if (!ret)
		timeline_bind_current(ref);
	return ret;
}

/* One that is_known() */
static long do_ioctl(struct file *file, unsigned int cmd, void *arg)
{
	switch (cmd) {
	case TIMELINE_CREATE:
		return timeline_create(arg);
	case TIMELINE_LOOKUP:
		return timeline_lookup(arg);
	case TIMELINE_SET:
		return timeline_set(arg);
	case TIMELINE_GET:
		return timeline_get(arg);
	case TIMELINE_BIND:
		return bind_and_watch(file->private_data, arg);
	case TIMELINE_DEMAND:
		return timeline_demand(timeline_watch_asked(file->private_data), arg);
	default:
		return timeline_destroy(arg);
	}
}

/* One that its creator cannot be told of */
static void forget(const struct timeline_create *made)
{
	const struct timeline_destroy arg = {
		.id = made->id,
		.generation = made->generation,
	};

	timeline_destroy(&arg);
}

static bool is_known(unsigned int cmd)
{
	return cmd == TIMELINE_CREATE || cmd == TIMELINE_LOOKUP || cmd == TIMELINE_SET ||
	       cmd == TIMELINE_GET || cmd == TIMELINE_BIND || cmd == TIMELINE_DESTROY ||
	       cmd == TIMELINE_DEMAND;
}

static bool needs_privilege(unsigned int cmd)
{
	return cmd == TIMELINE_CREATE || cmd == TIMELINE_SET || cmd == TIMELINE_DESTROY ||
	       cmd == TIMELINE_DEMAND;
}

static long timeline_ioctl(struct file *file, unsigned int cmd, unsigned long where)
{
	void __user *user = (void __user *)where;
	struct timeline_get space;
	size_t size = _IOC_SIZE(cmd);
	long ret;

	if (!is_known(cmd))
		return -ENOTTY;
	if (needs_privilege(cmd) && !capable(CAP_SYS_TIME))
		return -EPERM;
	BUILD_BUG_ON(sizeof(space) < sizeof(struct timeline_set));
	memset(&space, 0, sizeof(space));
	if (copy_from_user(&space, user, size))
		return -EFAULT;
	ret = do_ioctl(file, cmd, &space);
	if (!ret && _IOC_DIR(cmd) & _IOC_READ && copy_to_user(user, &space, size)) {
		if (cmd == TIMELINE_CREATE)
			forget((const struct timeline_create *)&space);
		ret = -EFAULT;
	}
	return ret;
}

static const struct file_operations timeline_fops = {
	.owner		= THIS_MODULE,
	.open		= timeline_open,
	.release	= timeline_release,
	.read		= timeline_fread,
	.poll		= timeline_poll,
	.mmap		= timeline_mmap,
	.unlocked_ioctl	= timeline_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.llseek		= noop_llseek,
};

static struct miscdevice timeline_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "timeline",
	.mode	= 0644,
	.fops	= &timeline_fops,
};

static int __init timeline_device_init(void)
{
	return misc_register(&timeline_device);
}
device_initcall(timeline_device_init);
