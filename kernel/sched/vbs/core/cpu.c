// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: one CPU's queues: who is ready, who waits for a release, and caps
 * that stay booked.
 *
 * Context: the lock of the CPU is held throughout.
 */
#include "core.h"

/**
 * vbs_cpu_init - an empty CPU
 * @c: zeroed
 */
void vbs_cpu_init(struct vbs_cpu *c)
{
	vbs_queue_init(&c->ready, &c->pool);
	vbs_queue_init(&c->wait, &c->pool);
}

/**
 * vbs_wait_add - put into the wait queue
 * @c: the CPU
 * @w: what waits, in no queue
 * @due: until when
 * @when: when to look at it again, if that is earlier
 * @now: the CPU's VBS clock
 */
void vbs_wait_add(struct vbs_cpu *c, struct vbs_wait *w, u64 due, u64 when, u64 now)
{
	w->due = due;
	vbs_queue_add(&c->wait, &w->ent, min(when, now + VBS_WAIT_MAX), now);
}

/**
 * vbs_first_ready - the server with the earliest deadline, or NULL
 * @c: the CPU
 */
struct vbs_server *vbs_first_ready(struct vbs_cpu *c)
{
	struct vbs_qent *ent = vbs_queue_first(&c->ready);

	return ent ? container_of(ent, struct vbs_server, ready) : NULL;
}

/**
 * vbs_next_release - when vbs_release_due() is wanted next
 * @c: the CPU
 * @when: the instant
 *
 * Return: false if nothing waits.
 */
bool vbs_next_release(struct vbs_cpu *c, u64 *when)
{
	struct vbs_qent *ent = vbs_queue_first(&c->wait);

	if (ent)
		*when = ent->when;
	return ent;
}

static void vbs_wait_over(struct vbs_cpu *c, struct vbs_wait *w, u64 now)
{
	vbs_queue_del(&c->wait, &w->ent);
	if (w->is_server)
		vbs_server_due(c, container_of(w, struct vbs_server, wait), now);
	else if (w->due > now)
		vbs_wait_add(c, w, w->due, w->due, now);
	else
		vbs_env_booking_over(c, container_of(w, struct vbs_booking, wait));
}

/**
 * vbs_release_due - release the servers whose instant has come
 * @c: the CPU
 * @now: its VBS clock
 * @max: how many at most
 *
 * Return: how many were processed; @max if more may be due.
 */
unsigned int vbs_release_due(struct vbs_cpu *c, u64 now, unsigned int max)
{
	struct vbs_qent *ent;
	unsigned int n;

	for (n = 0; n < max; n++) {
		ent = vbs_queue_first(&c->wait);
		if (!ent || ent->when > now)
			break;
		vbs_wait_over(c, container_of(ent, struct vbs_wait, ent), now);
	}
	return n;
}

/**
 * vbs_booking_extend - keep it booked for longer
 * @b: the booking
 * @until: z, if it is later
 *
 * It is queued again when the present instant has come.
 */
void vbs_booking_extend(struct vbs_booking *b, u64 until)
{
	b->wait.due = max(b->wait.due, until);
}

/**
 * vbs_booking_add - keep a cap booked until its owner's termination point
 * @c: the CPU, whose pool keeps or is given VBS_NODES_PER_ENT nodes for it
 * @b: the booking
 * @until: z
 * @now: the CPU's VBS clock
 */
void vbs_booking_add(struct vbs_cpu *c, struct vbs_booking *b, u64 until, u64 now)
{
	b->wait.is_server = false;
	INIT_LIST_HEAD(&b->wait.ent.link);
	vbs_wait_add(c, &b->wait, until, until, now);
}
