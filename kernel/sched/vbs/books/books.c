// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the books: what each CPU has promised, and to whom.
 *
 * Admission books caps, nothing else: every later switch within a cap is safe.
 * A cap that leaves a CPU stays booked there until the termination point of
 * whoever had it, who may take the booking over by coming back.
 *
 * Context: the lock is a raw leaf; runqueue locks may be held.
 */

struct vbs_books vbs_books = {
	.lock		= __RAW_SPIN_LOCK_UNLOCKED(vbs_books.lock),
	.servers	= LIST_HEAD_INIT(vbs_books.servers),
	.held		= LIST_HEAD_INIT(vbs_books.held),
	.leaving	= -1,
};

static struct vbs_booked *vbs_books_find(struct list_head *chain, int cpu)
{
	struct vbs_booked *b;

	list_for_each_entry(b, chain, chain) {
		if (b->cpu == cpu)
			return b;
	}
	return NULL;
}

/* A booking becomes more, or less. */
static void vbs_held_add(struct vbs_booked *b, s64 amount)
{
	u32 *held = &vbs_books.sum[b->cpu].held;

	lockdep_assert_held(&vbs_books.lock);
	WRITE_ONCE(b->core.amount, b->core.amount + amount);
	WRITE_ONCE(*held, *held + amount);
}

/*
 * The server comes to @cpu: what is booked there for it becomes part of its
 * cap.  What is more than the cap stays booked until its time has come.  The
 * booking waits for that time in any case, and serves again if the server
 * leaves before: one per CPU, however often it moves.
 */
static int vbs_books_take_over(struct list_head *chain, int cpu, u32 cap)
{
	struct vbs_booked *b = vbs_books_find(chain, cpu);
	u32 take = b ? min(b->core.amount, cap) : 0;
	int ret;

	ret = vbs_dl_book(cpu, cap - take, cap - take);
	if (!ret && b)
		vbs_held_add(b, -(s64)take);
	return ret;
}

/* The CPU that has been found best, and what both books leave there */
struct vbs_best {
	int cpu;
	u32 spare;
};

static void vbs_place_better(struct vbs_best *best, int cpu, u32 spare)
{
	if (best->cpu >= 0 && (spare < best->spare ||
			       (spare == best->spare && cpu > best->cpu)))
		return;
	best->cpu = cpu;
	best->spare = spare;
}

/* What is booked for the server already is its own to use. */
static void vbs_place_booked(struct list_head *chain, const struct cpumask *mask,
			     struct vbs_best *best)
{
	struct vbs_booked *b;
	u32 spare;

	list_for_each_entry(b, chain, chain) {
		if (!cpumask_test_cpu(b->cpu, mask) ||
		    !vbs_adm_fits(&vbs_books.adm, b->cpu, 0))
			continue;
		spare = min(vbs_adm_spare(&vbs_books.adm, b->cpu), vbs_dl_spare(b->cpu));
		vbs_place_better(best, b->cpu, spare + b->core.amount);
	}
}

/*
 * Of each root domain its best CPU, unless another domain's is better anyway.
 * Domains are disjoint, so all that is summed up is one pass over the CPUs.
 */
static void vbs_place_spare(const struct cpumask *mask, struct vbs_best *best)
{
	struct cpumask *left = vbs_books.scratch;
	u32 spare;
	int cpu;

	cpumask_copy(left, mask);
	for (;;) {
		cpu = vbs_adm_best(&vbs_books.adm, left, U32_MAX, &spare);
		if (cpu < 0 || (best->cpu >= 0 && spare < best->spare))
			return;
		vbs_place_better(best, cpu, min(spare, vbs_dl_spare(cpu)));
		vbs_dl_leave_out(left, cpu);
	}
}

/*
 * A CPU with the most to spare in these books, or nearly, is the best of all if
 * SCHED_DEADLINE leaves as much there: most often, so it is asked once, and booked at
 * once.
 */
static bool vbs_place_at_best(const struct cpumask *mask, u32 cap, u32 *spare, int *best)
{
	*best = vbs_adm_best(&vbs_books.adm, mask, cap, spare);
	return *best >= 0 && *spare >= cap && !vbs_dl_book(*best, cap, *spare);
}

/* SCHED_DEADLINE may take what has been found, but then it has made progress. */
static int vbs_books_place(struct list_head *chain, const struct cpumask *mask,
			   u32 cap, u32 *spare, int *best)
{
	struct vbs_best place;

	lockdep_assert_held(&vbs_books.lock);
	if (list_empty(chain) && vbs_place_at_best(mask, cap, spare, best))
		return 0;
	do {
		place = (struct vbs_best){ .cpu = -1 };
		vbs_place_booked(chain, mask, &place);
		vbs_place_spare(mask, &place);
		*best = place.cpu;
		*spare = place.spare;
		if (place.cpu < 0 || place.spare < cap)
			return -EBUSY;
	} while (vbs_books_take_over(chain, place.cpu, cap));
	return 0;
}

/**
 * vbs_books_enter - book the cap of a new server
 * @srv: the server, its cap set; gets its CPU
 * @bookings: what its first member left behind
 * @mask: where it may run
 * @spare: the most there is, if it is not enough
 *
 * Return: 0, or -EBUSY with nothing changed but srv->cpu, the best CPU or -1.
 */
int vbs_books_enter(struct vbs_srv *srv, struct list_head *bookings,
		    const struct cpumask *mask, u32 *spare)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	ret = vbs_books_place(bookings, mask, srv->core.cap, spare, &srv->cpu);
	if (!ret)
		list_splice_init(bookings, &srv->bookings);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
	return ret;
}

static u32 vbs_booked(const struct vbs_srv *srv)
{
	return max(srv->core.cap, srv->core.cap_next);
}

/**
 * vbs_books_raise - book another cap for a server on its CPU
 * @srv: the server, whose present instance keeps the cap that it has
 * @cap: from the next release on
 * @spare: what there was, if it is not enough
 *
 * A raise is booked now; a reduction is freed by the core when the instance
 * ends.
 *
 * Return: 0 or -EBUSY.
 */
int vbs_books_raise(struct vbs_srv *srv, u32 cap, u32 *spare)
{
	u32 now = vbs_booked(srv);
	u32 then = max(srv->core.cap, cap);
	unsigned long flags;
	int ret = 0;

	if (then <= now)
		return 0;
	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	*spare = vbs_adm_spare(&vbs_books.adm, srv->cpu);
	if (srv->next_cpu >= 0)	/* it is about to leave */
		ret = -EBUSY;
	else if (vbs_adm_fits(&vbs_books.adm, srv->cpu, then - now))
		ret = vbs_dl_book(srv->cpu, then - now, then - now);
	else
		ret = -EBUSY;
	*spare = min(*spare, vbs_dl_spare(srv->cpu));
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
	return ret;
}

/**
 * vbs_books_move - book a server's cap on another CPU
 * @srv: the server
 * @mask: where it may go
 * @spare: the most there is, if it is not enough
 * @cpu: set to the best CPU, or -1
 *
 * The caller frees or holds what is booked on the CPU that it leaves.
 *
 * Return: 0 or -EBUSY.
 */
int vbs_books_move(struct vbs_srv *srv, const struct cpumask *mask, u32 *spare,
		   int *cpu)
{
	unsigned long flags;
	int ret;

	*cpu = -1;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	if (srv->next_cpu >= 0)	/* it is about to leave */
		ret = -EBUSY;
	else
		ret = vbs_books_place(&srv->bookings, mask, vbs_booked(srv),
				      spare, cpu);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
	return ret;
}

/**
 * vbs_books_evacuate - book a place for a server that will have to leave its CPU
 * @srv: the server, its CPU's runqueue locked; no place is booked for it yet
 * @mask: where it may go
 * @spare: the most there is, if it is not enough
 * @cpu: set to the best CPU, or -1
 *
 * Return: 0 with srv->next_cpu set, or -EBUSY.
 */
int vbs_books_evacuate(struct vbs_srv *srv, const struct cpumask *mask, u32 *spare,
		       int *cpu)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	ret = vbs_books_place(&srv->bookings, mask, vbs_booked(srv), spare, cpu);
	if (!ret) {
		srv->next_cpu = *cpu;
		srv->next_amount = vbs_booked(srv);
	}
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
	return ret;
}

/* Part of it may have been a booking that has to last until z. */
static void vbs_books_give_back(struct vbs_srv *srv, int cpu, u32 amount)
{
	struct vbs_booked *b = vbs_books_find(&srv->bookings, cpu);

	if (b)
		vbs_held_add(b, amount);
	else
		vbs_adm_free(&vbs_books.adm, cpu, amount);
}

/**
 * vbs_books_evacuated - the server goes to the place that was booked, or not
 * @srv: the server, its CPU's runqueue locked
 * @undo: free the place, else what a reduction since then has made too much
 *
 * Return: the place, or -1 if none was booked.
 */
int vbs_books_evacuated(struct vbs_srv *srv, bool undo)
{
	u32 keep = undo ? 0 : vbs_booked(srv);
	unsigned long flags;
	int cpu;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	cpu = srv->next_cpu;
	srv->next_cpu = -1;
	if (cpu >= 0)
		vbs_books_give_back(srv, cpu, srv->next_amount - keep);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
	return cpu;
}

/**
 * vbs_books_release - bandwidth is free again
 * @cpu: where
 * @amount: how much
 */
void vbs_books_release(int cpu, u32 amount)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	vbs_adm_free(&vbs_books.adm, cpu, amount);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
}

/**
 * vbs_books_hold - what a server had on @cpu becomes a booking
 * @b: the booking
 * @cpu: where
 * @amount: how much
 * @chain: who may take it over
 */
void vbs_books_hold(struct vbs_booked *b, int cpu, u32 amount,
		    struct list_head *chain)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	b->cpu = cpu;
	b->core.amount = 0;
	b->id = ++vbs_books.last_held;
	vbs_held_add(b, amount);
	list_add(&b->chain, chain);
	list_add_tail_rcu(&b->all, &vbs_books.held);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
}

/**
 * vbs_books_hold_more - the same, added to a booking that is there already
 * @chain: who may take it over
 * @cpu: where; its runqueue is locked
 * @amount: how much
 *
 * Return: the booking, or NULL if there is none.
 */
struct vbs_booked *vbs_books_hold_more(struct list_head *chain, int cpu, u32 amount)
{
	struct vbs_booked *b;
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	b = vbs_books_find(chain, cpu);
	if (b)
		vbs_held_add(b, amount);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
	return b;
}

/**
 * vbs_books_over - a booking's instant has come
 * @b: the booking
 */
void vbs_books_over(struct vbs_booked *b)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	vbs_adm_free(&vbs_books.adm, b->cpu, b->core.amount);
	vbs_held_add(b, -(s64)b->core.amount);
	list_del_init(&b->chain);
	list_del_rcu(&b->all);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
}

/**
 * vbs_books_publish - a server that has been booked is there to be seen
 * @srv: the server
 */
void vbs_books_publish(struct vbs_srv *srv)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	srv->id = ++vbs_books.last_id;
	vbs_books.sum[srv->cpu].servers++;
	list_add_tail_rcu(&srv->all, &vbs_books.servers);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
}

/**
 * vbs_books_unpublish - it is gone
 * @srv: the server
 */
void vbs_books_unpublish(struct vbs_srv *srv)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	vbs_books.sum[srv->cpu].servers--;
	list_del_rcu(&srv->all);
	WRITE_ONCE(srv->gone, true);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
}

/**
 * vbs_books_arrive - a server has moved
 * @srv: the server, srv->cpu where it is now
 * @from: where it was
 */
void vbs_books_arrive(struct vbs_srv *srv, int from)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	vbs_books.sum[from].servers--;
	vbs_books.sum[srv->cpu].servers++;
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
}

/**
 * vbs_books_disown - nobody will take these bookings over
 * @bookings: a chain
 */
void vbs_books_disown(struct list_head *bookings)
{
	struct vbs_booked *b, *tmp;
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	list_for_each_entry_safe(b, tmp, bookings, chain)
		list_del_init(&b->chain);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
}

/**
 * vbs_books_inherit - the last member carries its server's bookings
 * @to: the member's chain
 * @from: the server's chain
 */
void vbs_books_inherit(struct list_head *to, struct list_head *from)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	list_splice_init(from, to);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
}

/* The first server behind @id that is not about to be freed */
static struct vbs_srv *vbs_server_after(struct list_head *from, u64 id)
{
	struct vbs_srv *srv = list_entry(from, struct vbs_srv, all);

	list_for_each_entry_continue_rcu(srv, &vbs_books.servers, all)
		if (srv->id > id && refcount_inc_not_zero(&srv->refs))
			return srv;
	return NULL;
}

/**
 * vbs_next_server - walk all servers; RCU is left between any two
 * @prev: the one before, whose reference is given back, or NULL
 *
 * One that is in the list has a next one that is.  One that is gone has not, and
 * its place is found by its number.
 *
 * Context: may sleep.
 * Return: the next, with a reference, or NULL.
 */
struct vbs_srv *vbs_next_server(struct vbs_srv *prev)
{
	struct list_head *from = &vbs_books.servers;
	struct vbs_srv *next;

	rcu_read_lock();
	if (prev && !READ_ONCE(prev->gone))
		from = &prev->all;
	next = vbs_server_after(from, prev ? prev->id : 0);
	rcu_read_unlock();
	if (prev)
		vbs_srv_put(prev);
	return next;
}

/**
 * vbs_next_held - walk the caps that are booked for servers that are gone
 * @held: the one before, or all zero
 *
 * Return: whether there is another, copied to @held; if not held->id is 0.
 */
bool vbs_next_held(struct vbs_held *held)
{
	u64 after = held->id, now;
	struct vbs_booked *b;

	held->id = 0;
	rcu_read_lock();
	list_for_each_entry_rcu(b, &vbs_books.held, all) {
		if (b->id <= after)
			continue;
		now = vbs_clock_of(b->cpu);
		*held = (struct vbs_held){
			.id = b->id, .cpu = b->cpu, .owner = b->owner,
			.leader = b->leader, .amount = READ_ONCE(b->core.amount),
			.left = b->core.wait.due - min(b->core.wait.due, now),
		};
		break;
	}
	rcu_read_unlock();
	return held->id;
}

/**
 * vbs_held_on - what will be free on a CPU without anybody's doing
 * @cpu: the CPU
 * @until: set to the ns until all of it is
 *
 * Return: how much.
 */
u32 vbs_held_on(int cpu, u64 *until)
{
	struct vbs_booked *b;
	u64 last = 0, now;

	*until = 0;
	if (cpu < 0 || !vbs_books.sum)
		return 0;
	rcu_read_lock();
	list_for_each_entry_rcu(b, &vbs_books.held, all)
		if (b->cpu == cpu && b->core.amount)
			last = max(last, b->core.wait.due);
	rcu_read_unlock();
	now = vbs_clock_of(cpu);
	*until = last - min(last, now);
	return READ_ONCE(vbs_books.sum[cpu].held);
}
