// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: memory.  All of it is allocated before a lock is taken; what is
 * no longer needed is collected under the runqueue lock and freed outside.
 *
 * Servers that are gone are kept for those to come, cleaned and with all that belongs
 * to them: as many as were in use at a time, VBS_STOCK_MAX at most in the system.  They
 * stay charged to the memory cgroup of who made them first.
 */

#define VBS_STOCK_MAX	(IS_ENABLED(CONFIG_KASAN) ? 0 : 128)	/* it sees what is freed */

static struct kmem_cache *vbs_srv_cache;
static struct kmem_cache *vbs_booked_cache;
static struct kmem_cache *vbs_node_cache;
static DEFINE_MUTEX(vbs_enable_mutex);
static bool vbs_enabled;
static DEFINE_RAW_SPINLOCK(vbs_stock_lock);
static LIST_HEAD(vbs_stock);		/* by vbs_srv::all */
static unsigned int vbs_stock_nr;
DEFINE_STATIC_KEY_FALSE(sched_vbs_used);
EXPORT_SYMBOL_GPL(sched_vbs_used);

static int vbs_alloc_caches(void)
{
	if (!vbs_srv_cache)
		vbs_srv_cache = KMEM_CACHE(vbs_srv, SLAB_ACCOUNT);
	if (!vbs_booked_cache)
		vbs_booked_cache = KMEM_CACHE(vbs_booked, SLAB_ACCOUNT);
	if (!vbs_node_cache)
		vbs_node_cache = KMEM_CACHE(vbs_node, SLAB_ACCOUNT);
	return vbs_srv_cache && vbs_booked_cache && vbs_node_cache ? 0 : -ENOMEM;
}

static int vbs_alloc_books(void)
{
	struct vbs_admission *adm = &vbs_books.adm;

	if (!adm->cpu)
		adm->cpu = kcalloc(nr_cpu_ids, sizeof(*adm->cpu), GFP_KERNEL);
	if (!adm->mask)
		adm->mask = kcalloc(VBS_BUCKETS, sizeof(*adm->mask), GFP_KERNEL);
	if (!vbs_books.scratch)
		vbs_books.scratch = kzalloc(sizeof(*vbs_books.scratch), GFP_KERNEL);
	if (!vbs_books.sum)
		vbs_books.sum = kcalloc(nr_cpu_ids, sizeof(*vbs_books.sum), GFP_KERNEL);
	return adm->cpu && adm->mask && vbs_books.scratch && vbs_books.sum ?
		0 : -ENOMEM;
}

static int vbs_alloc_cpu(int cpu)
{
	struct rq *rq = cpu_rq(cpu);
	struct vbs_cpu *c;

	if (rq->vbs.core)
		return 0;
	c = kvzalloc_node(sizeof(*c), GFP_KERNEL, cpu_to_node(cpu));
	if (!c)
		return -ENOMEM;
	vbs_cpu_init(c);
	c->release_cost = READ_ONCE(sysctl_vbs_release_cost);
	/* pick_task_vbs() of the CPU may look at any time. */
	smp_store_release(&rq->vbs.core, c);
	return 0;
}

static int vbs_alloc_all(void)
{
	int cpu, ret;

	ret = vbs_alloc_caches() ?: vbs_alloc_books();
	for_each_possible_cpu(cpu)
		ret = ret ?: vbs_alloc_cpu(cpu);
	return ret;
}

/**
 * vbs_enable - the first task is about to enter
 *
 * Queues, books and hooks are there from now on.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM; may be called again.
 */
int vbs_enable(void)
{
	int cpu, ret = 0;

	/* The key says so before all the places are patched that look at it. */
	if (smp_load_acquire(&vbs_enabled))
		return 0;
	cpus_read_lock();
	mutex_lock(&vbs_enable_mutex);
	if (!vbs_enabled) {
		ret = vbs_alloc_all();
		if (!ret) {
			for_each_online_cpu(cpu)
				vbs_books_online(cpu, cpu_active(cpu));
			vbs_capacity_update();
			static_branch_enable_cpuslocked(&sched_vbs_used);
			/* With what is allocated above, and the key's places */
			smp_store_release(&vbs_enabled, true);
		}
	}
	mutex_unlock(&vbs_enable_mutex);
	cpus_read_unlock();
	return ret;
}

/**
 * vbs_spare_drop - free what a spare holds
 * @spare: may be empty
 *
 * Context: may sleep.
 */
void vbs_spare_drop(struct vbs_spare *spare)
{
	int i;

	if (spare->booked)
		kmem_cache_free(vbs_booked_cache, spare->booked);
	spare->booked = NULL;
	for (i = 0; i < VBS_NODES_PER_ENT; i++) {
		if (spare->node[i])
			kmem_cache_free(vbs_node_cache, spare->node[i]);
		spare->node[i] = NULL;
	}
}

/**
 * vbs_spare_fill - allocate a booking and its nodes
 * @spare: empty
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int vbs_spare_fill(struct vbs_spare *spare)
{
	spare->booked = kmem_cache_zalloc(vbs_booked_cache, GFP_KERNEL);
	if (!spare->booked)
		return -ENOMEM;
	/* Not zeroed: the pool that gets them makes them empty. */
	if (kmem_cache_alloc_bulk(vbs_node_cache, GFP_KERNEL, VBS_NODES_PER_ENT,
				  (void **)spare->node))
		return 0;
	memset(spare->node, 0, sizeof(spare->node));
	vbs_spare_drop(spare);
	return -ENOMEM;
}

static bool vbs_spare_is_full(const struct vbs_spare *spare)
{
	int i;

	for (i = 0; i < VBS_NODES_PER_ENT; i++)
		if (!spare->node[i])
			return false;
	return spare->booked;
}

/* All but what is allocated for it is as if it were new. */
static void vbs_srv_clean(struct vbs_srv *srv)
{
	struct vbs_spare spare = srv->spare;

	memset(srv, 0, sizeof(*srv));
	srv->spare = spare;
	raw_spin_lock_init(&srv->lock);
	INIT_LIST_HEAD(&srv->members);
	INIT_LIST_HEAD(&srv->born);
	INIT_LIST_HEAD(&srv->fair);
	INIT_LIST_HEAD(&srv->look);
	INIT_LIST_HEAD(&srv->kernel);
	INIT_LIST_HEAD(&srv->user);
	INIT_LIST_HEAD(&srv->lent);
	INIT_LIST_HEAD(&srv->bookings);
	srv->next_cpu = -1;
	refcount_set(&srv->refs, 1);
	vbs_init_end(srv);
}

/* Return: whether it is kept. */
static bool vbs_stock_put(struct vbs_srv *srv)
{
	unsigned long flags;
	bool keep;

	if (!vbs_spare_is_full(&srv->spare))
		return false;
	vbs_srv_clean(srv);
	raw_spin_lock_irqsave(&vbs_stock_lock, flags);
	keep = vbs_stock_nr < VBS_STOCK_MAX;
	if (keep) {
		list_add(&srv->all, &vbs_stock);
		vbs_stock_nr++;
	}
	raw_spin_unlock_irqrestore(&vbs_stock_lock, flags);
	return keep;
}

static struct vbs_srv *vbs_stock_take(void)
{
	struct vbs_srv *srv;
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_stock_lock, flags);
	srv = list_first_entry_or_null(&vbs_stock, struct vbs_srv, all);
	if (srv) {
		list_del_init(&srv->all);
		vbs_stock_nr--;
	}
	raw_spin_unlock_irqrestore(&vbs_stock_lock, flags);
	return srv;
}

/**
 * vbs_srv_free - a server that nobody knows
 * @srv: the server
 */
void vbs_srv_free(struct vbs_srv *srv)
{
	vbs_budget_drop(srv);
	if (vbs_stock_put(srv))
		return;
	vbs_spare_drop(&srv->spare);
	kmem_cache_free(vbs_srv_cache, srv);
}

static struct vbs_srv *vbs_srv_make(void)
{
	struct vbs_srv *srv = kmem_cache_alloc(vbs_srv_cache, GFP_KERNEL);

	if (!srv)
		return NULL;
	memset(&srv->spare, 0, sizeof(srv->spare));
	vbs_srv_clean(srv);
	if (vbs_spare_fill(&srv->spare)) {
		vbs_srv_free(srv);
		return NULL;
	}
	return srv;
}

/**
 * vbs_srv_alloc - a server with all that it will ever need
 *
 * Context: may sleep.
 * Return: the server, without members and parameters, or NULL.
 */
struct vbs_srv *vbs_srv_alloc(void)
{
	return vbs_stock_take() ?: vbs_srv_make();
}

/**
 * vbs_srv_put - give a reference on a server's memory back
 * @srv: the server
 */
void vbs_srv_put(struct vbs_srv *srv)
{
	if (refcount_dec_and_test(&srv->refs))
		vbs_srv_free(srv);
}

/* ---- freeing outside of the lock --------------------------------------- */

static void vbs_discard(struct rq *rq, struct vbs_garbage *g,
			enum vbs_garbage_kind kind)
{
	g->kind = kind;
	llist_add(&g->link, &rq->vbs.free);
	irq_work_queue(&rq->vbs.free_work);
}

/**
 * vbs_discard_srv - free a server after a grace period
 * @rq: any, locked
 * @srv: without members, unpublished
 */
void vbs_discard_srv(struct rq *rq, struct vbs_srv *srv)
{
	vbs_discard(rq, &srv->garbage, VBS_GARBAGE_SRV);
}

/**
 * vbs_discard_booked - free a booking
 * @rq: any, locked
 * @b: in no queue, no chain
 */
void vbs_discard_booked(struct rq *rq, struct vbs_booked *b)
{
	vbs_discard(rq, &b->garbage, VBS_GARBAGE_BOOKED);
}

/**
 * vbs_discard_nodes - an entity has left @rq's queues: so do as many nodes as
 * it brought
 * @rq: locked
 */
void vbs_discard_nodes(struct rq *rq)
{
	struct vbs_qnode *node;
	int i;

	for (i = 0; i < VBS_NODES_PER_ENT; i++) {
		node = vbs_pool_take(&rq->vbs.core->pool);
		if (!node)
			return;
		vbs_discard(rq, &container_of(node, struct vbs_node, node)->garbage,
			    VBS_GARBAGE_NODE);
	}
}

static void vbs_srv_free_rcu(struct rcu_head *head)
{
	vbs_srv_put(container_of(head, struct vbs_srv, rcu));
}

/**
 * vbs_retire_srv - free a server after a grace period, where no runqueue is locked
 * @srv: without members, unpublished
 */
void vbs_retire_srv(struct vbs_srv *srv)
{
	call_rcu(&srv->rcu, vbs_srv_free_rcu);
}

static void vbs_booked_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(vbs_booked_cache, container_of(head, struct vbs_booked, rcu));
}

static void vbs_free_one(struct vbs_garbage *g)
{
	switch (g->kind) {
	case VBS_GARBAGE_SRV:
		vbs_retire_srv(container_of(g, struct vbs_srv, garbage));
		break;
	case VBS_GARBAGE_BOOKED:
		call_rcu(&container_of(g, struct vbs_booked, garbage)->rcu,
			 vbs_booked_free_rcu);
		break;
	case VBS_GARBAGE_NODE:
		kmem_cache_free(vbs_node_cache,
				container_of(g, struct vbs_node, garbage));
		break;
	}
}

/* Not a hard irq_work: on PREEMPT_RT it runs in a thread, where slab may be used. */
static void vbs_free_work(struct irq_work *work)
{
	struct rq *rq = container_of(work, struct rq, vbs.free_work);
	struct vbs_garbage *g, *tmp;

	llist_for_each_entry_safe(g, tmp, llist_del_all(&rq->vbs.free), link)
		vbs_free_one(g);
}

/**
 * vbs_init_free_work - at boot
 * @rq: the runqueue
 */
void vbs_init_free_work(struct rq *rq)
{
	init_llist_head(&rq->vbs.free);
	rq->vbs.free_work = IRQ_WORK_INIT(vbs_free_work);
}
