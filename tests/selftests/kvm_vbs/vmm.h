/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtual machine monitor of its own, over the ioctls of KVM: its guests have no
 * firmware and no operating system, begin within microseconds and do one thing.
 *
 * A machine is a process with one thread per vCPU; its first thread is the device
 * model.  Its guest's memory is shared with the test, which reads there what the
 * guest has seen.
 */
#ifndef VMM_H
#define VMM_H

#include <linux/kvm.h>
#include <linux/kvm_vbs.h>
#include "vbs_measure.h"

typedef uint8_t u8;

#define VMM_VCPUS	8
#define VMM_PIECES	2040

/* What a guest tells, one for each vCPU, in its memory */
struct vmm_page {
	u64 arg;
	volatile u64 stop;
	volatile u64 count;		/* rounds of its loop */
	volatile u64 irqs;		/* of them one that was due */
	volatile u64 worst;		/* in ticks of the TSC */
	volatile u64 sum;
	volatile u64 last;		/* TSC of the last look */
	volatile u64 n;
	struct { u64 from, to; } piece[VMM_PIECES];
};

typedef void guest_fn(struct vmm_page *page);

/*
 * The guests: 64 bits, flat memory.  @arg is in ticks of the TSC where it is time.
 */
guest_fn guest_watch;	/* pieces in which it ran: gaps over @arg end one */
guest_fn guest_out;	/* writes to a port; @arg NOPs between */
guest_fn guest_mmio;	/* writes to where there is no memory */
guest_fn guest_cpuid;	/* exits that end in the kernel */
guest_fn guest_exit;	/* the shortest of these, in @sum */
guest_fn guest_pause;
guest_fn guest_hypercall;
guest_fn guest_triple;	/* a triple fault */
guest_fn guest_halt;	/* HLT; interrupts wake it up, after which it runs @arg */
guest_fn guest_timer;	/* HLT until the timer of its LAPIC, @arg; worst lateness */
guest_fn guest_alarm;	/* the same without HLT, as often as it can */
guest_fn guest_steal;	/* asks for the steal clock, then runs */
/* The same in real mode, where a machine begins */
extern const char guest_real_spin[], guest_real_out[], guest_real_pause[];

#define VMM_PORT	0x10
#define VMM_PORT_STOP	0x11		/* the guest has seen @stop */
#define VMM_MMIO	0xd0000000UL
#define VMM_VECTOR	0x30
#define VMM_IDT		0x7800		/* as far as that vector */
#define VMM_STEAL	0x9000		/* where guest_steal() has it */

struct vmm_vcpu {
	int fd;
	struct kvm_run *run;
	struct vmm_page *page;
	struct kvm_lapic_state lapic;	/* that it was made with */
};

struct vmm {
	int kvm;
	int fd;
	bool irqchip;
	unsigned int n;
	struct vmm_vcpu vcpu[VMM_VCPUS];
	u8 *mem;
	size_t size;
};

u8 *vmm_memory(void);
struct vmm_page *vmm_page(u8 *mem, unsigned int i);
void vmm_open(struct vmm *vm, u8 *mem, bool irqchip);
int vmm_add_vcpu(struct vmm *vm);		/* 0 or -errno */
void vmm_add_memory(struct vmm *vm, u64 at, void *mem, size_t size);
void vmm_close(struct vmm *vm);
void vmm_boot(struct vmm *vm, unsigned int i, guest_fn *guest);
void vmm_boot_real(struct vmm *vm, unsigned int i, const char *guest);
int vmm_run(struct vmm_vcpu *v);		/* 0 or -errno */
void vmm_interrupt(struct vmm *vm, unsigned int i);
/* Ticks of the TSC, as guests count them, and ns */
u64 vmm_ticks(u64 ns);
u64 vmm_ns(u64 ticks);

void need_kvm(void);
bool have_kvm_vbs(void);
void need_kvm_vbs(void);

#endif /* VMM_H */
