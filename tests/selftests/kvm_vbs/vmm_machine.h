/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine: a process that runs a VM, and the servers that it is put into.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include "vmm.h"

/* What a thread that runs a vCPU has seen, in ns of CLOCK_MONOTONIC */
struct vmm_stats {
	volatile u64 exits;		/* to user mode */
	volatile u64 user_worst;	/* longest time between two KVM_RUN */
	volatile u64 entered;		/* when the last KVM_RUN began */
	volatile u64 interrupted;	/* times that it returned -EINTR */
	volatile u64 heard;		/* when it did last */
	volatile u64 left;		/* when the last KVM_RUN ended */
	volatile s32 err;		/* what ended it */
};

struct machine {
	/* Asked for by the test */
	unsigned int vcpus;
	guest_fn *guest;
	const char *real;		/* the guest if @guest is NULL */
	u64 arg;
	bool irqchip;
	bool again;			/* whatever ends a vCPU, it is booted anew */
	/* by its first thread before there are others; by it then, instead of sleeping */
	void (*prepare)(struct machine *m);
	void (*device)(struct machine *m);
	/* by a vCPU's thread before its first KVM_RUN, and after each */
	void (*begin)(struct machine *m, unsigned int i);
	void (*after)(struct machine *m, unsigned int i);

	/* Seen */
	pid_t pid;
	pid_t tid[VMM_VCPUS];
	volatile u32 gate;		/* vCPU threads wait there */
	volatile u32 ready;
	volatile u32 word[4];		/* the test's own */
	struct vmm_stats stats[VMM_VCPUS];
	u8 *mem;

	/* The process's alone */
	struct vmm vm;
};

struct machine *machine_new(unsigned int vcpus, guest_fn *guest, u64 arg);
/* Its threads exist and wait */
/* In its process: one more thread, bound to a CPU; its number is in m->word[@word] */
void machine_thread_on(struct machine *m, int cpu, int word);
void machine_start(struct machine *m);
void machine_go(struct machine *m);
/* The guests have seen it, and their threads have ended; a second at most */
bool machine_stop(struct machine *m);
void machine_end(struct machine *m);	/* kill -9 */
struct vmm_page *machine_page(struct machine *m, unsigned int i);
/* Longest stretch in which the guest of vCPU @i did not run, and all it ran, in ns */
u64 guest_gap(struct machine *m, unsigned int i);
u64 guest_ran(struct machine *m, unsigned int i, u64 from, u64 to);

/*
 * Each vCPU in a server of its own, the device model in one of 1 ms in 10.  With
 * the argument "plain" its threads enter SCHED_VBS and KVM is told nothing.
 */
void machine_into_servers(struct machine *m, u64 runtime, u64 period);

struct kvm_vbs_config vm_config(u64 runtime, u64 period, u64 dm_runtime, u64 dm_period);
/* By /dev/kvm; 0 or -errno */
int vm_configure(pid_t pid, struct kvm_vbs_config *cfg);
/* What was booked before is so until z: the same, for 200 ms at most */
int vm_configure_soon(pid_t pid, const struct kvm_vbs_config *cfg);
int vm_undo(pid_t pid);
/* It must fail with @err, @err_tid and @err_cpu, and change nothing that is shown */
void vm_refused(int err, pid_t pid, const struct kvm_vbs_config *cfg, const char *fmt, ...)
	printf_like(4, 5);

/* /proc/vbs, but for what passes by itself: keep it; is it the same? */
void books_note(void);
bool books_same(void);

/* /proc/vbs: its group's and servers' lines */
bool group_key(pid_t pid, const char *key, u64 *val);
u64 group_val(pid_t pid, const char *key);
bool in_role(pid_t tid, const char *role);

/* Stops of a server in a trace, by cause */
enum { WHY_BUDGET, WHY_YIELD, WHY_BORROW, WHY_FAIR, WHY_WAITING, WHY_MAX };
struct stops {
	u64 why[WHY_MAX];
	u64 releases;
};

struct stops stops_of(const struct trace *t, u64 server);

#endif /* VMM_MACHINE_H */
