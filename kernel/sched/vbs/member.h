/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: the members of a server: those that run in it, those that are
 * elsewhere (strays), lent to (inherit) or go on as fair tasks.
 *
 * Under the lock of the runqueue; who enters or leaves has p->pi_lock, too.
 */
#ifndef _KERNEL_SCHED_VBS_MEMBER_H
#define _KERNEL_SCHED_VBS_MEMBER_H

#include "srv.h"

/* A thread that returns to user mode, or has another point where it may stop */
static inline bool vbs_may_stop(const struct task_struct *p)
{
	return !(p->flags & (PF_KTHREAD | PF_USER_WORKER)) || p->vbs.worker;
}

/* What is done with each member, under srv->lock */
typedef void vbs_look_fn(struct task_struct *p, void *data);

/* member.c */
int vbs_reserve(struct vbs_srv *srv, const struct cpumask *mask);
void vbs_join(struct vbs_srv *srv, struct task_struct *p);
void vbs_init_end(struct vbs_srv *srv);
struct rq *vbs_lock_home(struct vbs_srv *srv, struct rq_flags *rf);
struct vbs_srv *vbs_leave(struct rq *rq, struct task_struct *p);
void vbs_born(struct task_struct *p);
void vbs_attach(struct rq *rq, struct vbs_srv *srv);
void vbs_default_clamps(struct task_struct *p);
bool vbs_vacate(struct rq *rq, struct vbs_srv *srv, struct vbs_booked *booked,
		struct list_head *chain);
void vbs_uncount(struct rq *rq, struct task_struct *p);
int vbs_look_at_all(struct vbs_srv *srv, vbs_look_fn *look, void *data);

/*
 * How many members are looked at with interrupts off, and at the most where some leave
 * meanwhile; how often all over again for that
 */
#define VBS_WALK_BATCH		64U
#define VBS_WALK_BATCH_MAX	1024U
#define VBS_WALK_RESTARTS	100

/* inherit.c */
void vbs_give_back(struct rq *rq, struct task_struct *p, struct vbs_srv *srv);
void vbs_end_loan(struct rq *rq, struct task_struct *p);
void vbs_stray_stays_away(struct task_struct *p);
#ifdef CONFIG_RT_MUTEXES
int vbs_own_prio(struct task_struct *p, int prio);
void vbs_drop_boost(void);
#else
static inline int vbs_own_prio(struct task_struct *p, int prio) { return prio; }
static inline void vbs_drop_boost(void) { }
#endif

/* stray.c */
void vbs_stray_count(struct rq *rq, struct task_struct *p);
void vbs_stray_add(struct rq *rq, struct task_struct *p);
void vbs_stray_del(struct rq *rq, struct task_struct *p);
void vbs_stray_catch_up(struct rq *rq, struct task_struct *p);
void vbs_strays_left(struct rq *rq, unsigned int n);
void vbs_strays_go_on(struct rq *rq);
bool vbs_suspends(const struct task_struct *p);
void vbs_init_strays(struct rq *rq);

/* fair.c */
void vbs_look_later(struct rq *rq, struct vbs_srv *srv);
u64 vbs_look_goes_on(struct rq *rq);
void vbs_come_back_now(void);
void vbs_forget_fair(struct task_struct *p);
void vbs_change_class(struct rq *rq, struct task_struct *p,
		      void (*change)(struct rq *, struct task_struct *, struct vbs_srv *),
		      struct vbs_srv *srv);
void vbs_unlock_task(struct rq *rq, struct task_struct *p, struct rq_flags *rf);
void vbs_init_look(struct rq *rq);

/* place.c */
struct vbs_srv *vbs_place_create(const struct vbs_params *par, const struct cpumask *mask,
				 const struct vbs_tenant *to, int *cpu);
void vbs_place_unbook(struct vbs_srv *srv);
int vbs_go_into(struct task_struct *p, struct vbs_srv *srv, bool vcpu, bool poll);
int vbs_place_move(struct vbs_srv *srv, const struct cpumask *mask,
		   struct vbs_spare *spare);

/* dissolve.c */
void vbs_take_no_more(struct vbs_srv *srv);
unsigned int vbs_disband(struct vbs_srv *srv);
void vbs_abandon(struct vbs_srv *srv);
void vbs_dissolve(struct vbs_srv *srv);
void vbs_dissolve_all(void);

/* vm/group.c */
bool vbs_in_group(const struct task_struct *p);
struct vbs_srv *vbs_server_of_thread(struct task_struct *p);
void vbs_group_exec_privileged(void);

/* watch.c */
void vbs_watch_start(void);
void vbs_watch_now(void);

#endif /* _KERNEL_SCHED_VBS_MEMBER_H */
