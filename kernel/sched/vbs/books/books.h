/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: what is booked, on each CPU and for whom, and who may see it.
 *
 * vbs_books.lock is a leaf, taken with the lock of a runqueue held or without;
 * the lists are read under RCU.  deadline.c takes dl_b->lock inside it.
 */
#ifndef _KERNEL_SCHED_VBS_BOOKS_BOOKS_H
#define _KERNEL_SCHED_VBS_BOOKS_BOOKS_H

#include "../srv.h"

/* A booking as it is shown; @left: ns until it is over */
struct vbs_held {
	u64			id;
	int			cpu;
	u32			amount;
	u64			left;
	kuid_t			owner;
	pid_t			leader;
};

/* The virtual machines of a process, for information */
struct vbs_group_sum {
	unsigned int		vms;
	unsigned int		vcpus;
	unsigned int		places;
	unsigned int		unplaced;
};

/* A group as it is shown */
struct vbs_group_line {
	u64			id;
	pid_t			pid;
	kuid_t			owner;
	struct vbs_group_sum	sum;
	int			pooled;
	int			outside;
	bool			strict;
	bool			poll;
	bool			split;
	u32			guest_may;
	u64			guest_period;
	char			comm[TASK_COMM_LEN];
};

/**
 * struct vbs_cpu_sum - of one CPU, for information
 * @servers: how many
 * @held: what is booked for servers that are gone
 * @dl_least: of the root domain whose first CPU it is: what SCHED_DEADLINE has there at
 *	least, while that is added up anew; that domain's lock
 */
struct vbs_cpu_sum {
	unsigned int		servers;
	u32			held;
	u64			dl_least;
};

/**
 * struct vbs_books - what is booked, system-wide
 * @lock: a leaf; taken to enter and leave, and where a cap changes or a booking
 *	is over: by no pick, charge, release or switch within a cap
 * @adm: caps per CPU
 * @scratch: for a search
 * @servers: all, for RCU readers
 * @held: bookings of servers that are gone, for RCU readers
 * @sum: per CPU
 * @demoted: tasks that have lost their membership to an administrator
 * @last_id: of a server
 * @last_held: id of a booking
 * @leaving: the CPU that goes offline, or -1; readers have interrupts off
 */
struct vbs_books {
	raw_spinlock_t		lock;
	struct vbs_admission	adm;
	struct cpumask		*scratch;
	struct list_head	servers;
	struct list_head	held;
	struct vbs_cpu_sum	*sum;
	atomic_t		demoted;
	u64			last_id;
	u64			last_held;
	int			leaving;
};

extern struct vbs_books vbs_books;
extern struct mutex vbs_limits_mutex;
extern unsigned int sysctl_vbs_period_min;
extern unsigned int sysctl_vbs_period_max;
extern unsigned int sysctl_vbs_runtime_max;
extern unsigned int sysctl_vbs_slice;
extern unsigned int sysctl_vbs_release_cost;
extern unsigned int sysctl_vbs_enable;
extern unsigned int sysctl_vbs_offline_demote;
extern unsigned int sysctl_vbs_vm_vcpus;

/* An instance has to hold twice what its release costs. */
static inline u64 vbs_runtime_min(void)
{
	return max_t(u64, VBS_RUNTIME_MIN, 2ULL * READ_ONCE(sysctl_vbs_release_cost));
}

/*
 * Its CPU goes offline: masks and members of a server stay as they are while a
 * place is found for it elsewhere.
 */
static inline bool vbs_goes_offline(const struct vbs_srv *srv)
{
	return READ_ONCE(srv->cpu) == READ_ONCE(vbs_books.leaving);
}

/* It is about to move: nobody enters who is not in a server that moves with it. */
static inline bool vbs_is_about_to_move(const struct vbs_srv *srv)
{
	return vbs_goes_offline(srv) || READ_ONCE(srv->plan);
}

/* books.c */
int vbs_books_enter(struct vbs_srv *srv, struct list_head *bookings,
		    const struct cpumask *mask, u32 *spare);
int vbs_books_raise(struct vbs_srv *srv, u32 cap, u32 *spare);
int vbs_books_move(struct vbs_srv *srv, const struct cpumask *mask, u32 *spare,
		   int *cpu);
int vbs_books_evacuate(struct vbs_srv *srv, const struct cpumask *mask, u32 *spare,
		       int *cpu);
int vbs_books_evacuated(struct vbs_srv *srv, bool undo);
void vbs_books_release(int cpu, u32 amount);
void vbs_books_hold(struct vbs_booked *b, int cpu, u32 amount,
		    struct list_head *chain);
void vbs_books_over(struct vbs_booked *b);
void vbs_books_publish(struct vbs_srv *srv);
void vbs_books_unpublish(struct vbs_srv *srv);
void vbs_books_arrive(struct vbs_srv *srv, int from);
struct vbs_booked *vbs_books_hold_more(struct list_head *chain, int cpu, u32 amount);
void vbs_books_disown(struct list_head *bookings);
void vbs_books_inherit(struct list_head *to, struct list_head *from);
struct vbs_srv *vbs_next_server(struct vbs_srv *prev);
bool vbs_next_held(struct vbs_held *held);
u32 vbs_held_on(int cpu, u64 *until);

/* vm/show.c */
bool vbs_next_group(struct vbs_group_line *line, struct pid_namespace *ns);

/* capacity.c */
void vbs_books_online(int cpu, bool online);

/* deadline.c */
int vbs_dl_book(int cpu, u32 bw, u32 least);
u32 vbs_dl_spare(int cpu);

/* proc.c */
bool vbs_sees_all(void);

#endif /* _KERNEL_SCHED_VBS_BOOKS_BOOKS_H */
