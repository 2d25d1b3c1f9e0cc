// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: prctl(PR_VBS_BUDGET), a page in which a member reads what is left of its
 * server's budget, and the deadline, without a system call.
 *
 * It is written whenever it is said how long a member may run, which is where the CPU's
 * timer is set: when one is picked, runs on, or has been given another resource.  A member
 * that reads it runs, so what it reads is of the instance that it runs in, or the sequence
 * count changes.  Of the budget it says when it would be over if nothing but members ran,
 *	end = now + (lambda - e),	left >= end - t at any t while they do,
 * since interrupts pass time and are not charged.  Instants are CLOCK_MONOTONIC_RAW's, whose
 * rate is that of the clock in which budgets are charged; both sums are below 2^63 ns.
 *
 * The page is its server's, holds what the server's members may know anyway, and may be
 * mapped longer than the server lives.
 */

/* Never off again: what the first one costs the others is paid once. */
static DEFINE_STATIC_KEY_FALSE(vbs_budget_used);

/* Of one writer after the other: @srv's runqueue is locked, or nobody else knows it. */
static void vbs_budget_begin(struct vbs_budget *b)
{
	WRITE_ONCE(b->seq, b->seq + 1);
	/* Pairs with the reader's acquire: it sees the odd count, or none of what follows. */
	smp_wmb();
}

static void vbs_budget_end(struct vbs_budget *b)
{
	/* Pairs with the reader's acquire: with the even count it sees all of it. */
	smp_wmb();
	WRITE_ONCE(b->seq, b->seq + 1);
}

static noinline void __vbs_budget_show(struct rq *rq, struct vbs_srv *srv)
{
	struct vbs_budget *b = page_address(srv->budget);
	const struct vbs_server *s = &srv->core;
	u64 raw = ktime_get_raw_fast_ns() - vbs_clock_of(cpu_of(rq));
	u64 left = s->early ? 0 : vbs_budget_left(s);

	lockdep_assert_rq_held(rq);
	vbs_budget_begin(b);
	WRITE_ONCE(b->server, srv->id);
	WRITE_ONCE(b->instances, s->stats.instances);
	WRITE_ONCE(b->end, raw + rq_clock(rq) - rq->vbs.lost + left);
	WRITE_ONCE(b->deadline, raw + s->deadline);
	WRITE_ONCE(b->runtime, s->runtime);
	WRITE_ONCE(b->period, s->period);
	vbs_budget_end(b);
}

/**
 * vbs_budget_show - a member runs, or runs on
 * @rq: locked, clock updated
 * @srv: its server, settled and charged
 */
static __always_inline void vbs_budget_show(struct rq *rq, struct vbs_srv *srv)
{
	if (static_branch_unlikely(&vbs_budget_used) && srv->budget)
		__vbs_budget_show(rq, srv);
}

/**
 * vbs_budget_over - a server ends: its page says so
 * @srv: the server, without members, its runqueue locked
 */
static void vbs_budget_over(struct vbs_srv *srv)
{
	struct vbs_budget *b;

	if (!srv->budget)
		return;
	b = page_address(srv->budget);
	vbs_budget_begin(b);
	WRITE_ONCE(b->flags, VBS_BUDGET_GONE);
	vbs_budget_end(b);
}

/**
 * vbs_budget_drop - the page is not the server's any more
 * @srv: known to nobody any more, perhaps long after its end
 */
void vbs_budget_drop(struct vbs_srv *srv)
{
	if (srv->budget)
		put_page(srv->budget);
	srv->budget = NULL;
}

/*
 * The page of the caller's server, which is @page if it has none.
 *
 * Return: with a reference, or NULL if it is in no server.
 */
static struct page *vbs_budget_attach(struct page *page)
{
	struct task_struct *p = current;
	struct page *found = NULL;
	struct vbs_srv *srv;
	unsigned long flags;
	struct rq_flags rf;
	struct rq *rq;

	raw_spin_lock_irqsave(&p->pi_lock, flags);
	srv = p->vbs.own;
	if (srv) {
		rq = vbs_lock_home(srv, &rf);
		if (!srv->budget) {
			get_page(page);
			srv->budget = page;
		}
		found = srv->budget;
		get_page(found);
		/* What it reads first: until it is picked again it runs on. */
		if (rq->vbs.curr == p && p->vbs.counted && p->vbs.server == srv) {
			update_rq_clock(rq);
			vbs_update_curr(rq);
			__vbs_budget_show(rq, srv);
		}
		rq_unlock_irqrestore(rq, &rf);
	}
	raw_spin_unlock_irqrestore(&p->pi_lock, flags);
	return found;
}

static int vbs_budget_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_pgoff || vma_pages(vma) != 1)
		return -EINVAL;
	if (vma->vm_flags & VM_WRITE)
		return -EPERM;
	/*
	 * A child is in that server only if it says so.  VM_EXEC may be there by
	 * READ_IMPLIES_EXEC: take it away, and from the page.
	 */
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP,
		     VM_EXEC | VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	return vm_insert_page(vma, vma->vm_start, file->private_data);
}

static int vbs_budget_release(struct inode *inode, struct file *file)
{
	put_page(file->private_data);
	return 0;
}

static const struct file_operations vbs_budget_fops = {
	.owner		= THIS_MODULE,
	.mmap		= vbs_budget_mmap,
	.release	= vbs_budget_release,
	.llseek		= noop_llseek,
};

/**
 * vbs_prctl_budget - prctl(PR_VBS_BUDGET)
 * @arg2: and the others: 0
 *
 * Context: may sleep.
 * Return: a file whose first page is to be mapped; -EINVAL; -ESRCH: the caller is in no
 * server; -ENOMEM, -EMFILE, -ENFILE.
 */
int vbs_prctl_budget(unsigned long arg2, unsigned long arg3, unsigned long arg4,
		     unsigned long arg5)
{
	struct page *page, *found;
	int fd;

	if (arg2 || arg3 || arg4 || arg5)
		return -EINVAL;
	if (!vbs_member(current))
		return -ESRCH;
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!page)
		return -ENOMEM;
	static_branch_enable(&vbs_budget_used);
	found = vbs_budget_attach(page);
	put_page(page);
	if (!found)
		return -ESRCH;
	fd = anon_inode_getfd("[vbs_budget]", &vbs_budget_fops, found, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		put_page(found);
	return fd;
}
