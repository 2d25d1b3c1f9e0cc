// SPDX-License-Identifier: GPL-2.0
/* A guest that harms its host as it can: one attack until it is booted anew */
#include "vmm_guest.h"
#include <linux/kvm_vbs_para.h>
#include "vmm_attack.h"

#define APIC_ICR	0x300
#define APIC_ICR2	0x310
#define ICR_SMI		0x200UL
#define ICR_INIT	0x4500
#define ICR_SIPI	0x4600
#define ICR_SELF	(1 << 18)
#define ICR_OTHERS	(3 << 18)
#define LVT_PERIODIC	(1 << 17)
#define LVT_MASKED	(1 << 16)
#define IOAPIC		0xfec00000UL
#define MSR_EFER	0xc0000080
#define MSR_APICBASE	0x1b
#define MSR_HSAVE	0xc0010117

/* Behind what the test reads, in the same 64 KB, whose end is the stack's */
#define AT_VMCB		0x8000
#define AT_HSAVE	0x9000
#define AT_NESTED	0xa000

static inline IN_GUEST void outb(unsigned short port, unsigned char val)
{
	asm volatile("outb %%al, %%dx" : : "a"(val), "d"(port) : "memory");
}

/* What an interrupt pushes goes below the red zone. */
#define BELOW_RED_ZONE(text)						\
	"lea -128(%%rsp), %%rsp\n\t" text "\n\tlea 128(%%rsp), %%rsp"

/* What may fault: the handler goes to the label. */
#define TRY(text, ...) ({						\
	asm volatile("lea 1f(%%rip), %%r15\n\t"				\
		     BELOW_RED_ZONE(text "\n1:") __VA_ARGS__);		\
})

asm(".pushsection vmm_guest, \"ax\"\n"
	"attack_fault_code:\n"
	"	add $8, %rsp\n"
	"attack_fault:\n"
	"	mov %r15, (%rsp)\n"
	"	iretq\n"
	".popsection\n");

static inline IN_GUEST void set_gate(unsigned int vector, u64 to)
{
	volatile u64 *gate = (volatile u64 *)VMM_IDT + 2 * vector;

	gate[1] = to >> 32;
	gate[0] = (to & 0xffff) | 8 << 16 | 0x8e00ULL << 32 | (to >> 16 & 0xffff) << 48;
}

static inline IN_GUEST void set_gates(void)
{
	u64 fault, code;

	asm volatile("lea attack_fault(%%rip), %0\n\t"
		     "lea attack_fault_code(%%rip), %1" : "=r"(fault), "=r"(code));
	set_gate(6, fault);
	set_gate(13, code);
}

static inline IN_GUEST void ioapic(unsigned int reg, u32 val)
{
	*(volatile u32 *)IOAPIC = reg;
	*(volatile u32 *)(IOAPIC + 0x10) = val;
}

static inline IN_GUEST void pit(unsigned char mode, unsigned int count)
{
	outb(0x43, mode);
	outb(0x40, count);
	outb(0x40, count >> 8);
}

/* What an earlier attack has left */
static inline IN_GUEST void quiet(unsigned int cpu)
{
	apic(APIC_SPIV, 0x1ff);
	apic(APIC_EOI, 0);
	apic(APIC_LVTT, LVT_MASKED | VMM_VECTOR);
	apic(APIC_TMICT, 0);
	apic(APIC_TDCR, 0xb);
	if (cpu)
		return;
	ioapic(0x10, LVT_MASKED | VMM_VECTOR);
	pit(0x30, 0xffff);
}

static inline IN_GUEST u64 next(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* With interrupts on; in RDI is what guest_interrupt looks for. */
static inline IN_GUEST void listen(struct vmm_page *p)
{
	asm volatile(BELOW_RED_ZONE("sti\n\tnop\n\tnop\n\tcli") : : "D"(p) : "memory");
}

static inline IN_GUEST void sleep_till_irq(struct vmm_page *p)
{
	asm volatile(BELOW_RED_ZONE("sti\n\thlt\n\tcli") : : "D"(p) : "memory");
}

static GUEST void busy(struct vmm_page *p)
{
	for (;; p->count++)
		nops500();
}

static GUEST void port_io(struct vmm_page *p)
{
	for (;; p->count++)
		out(VMM_PORT);
}

static GUEST void mmio(struct vmm_page *p)
{
	for (;; p->count++)
		*(volatile u32 *)VMM_MMIO = p->count;
}

static GUEST void cpuids(struct vmm_page *p, u64 *seed)
{
	u32 a, b, c, d;

	for (;; p->count++) {
		a = next(seed) & 0xc00000ff;
		c = *seed >> 60;
		asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	}
}

/*
 * Addresses are above 1 GB: it does not overwrite itself.  The interrupts that it sends are
 * fixed ones, NMI and INIT: an SMI is the end of a machine that has nothing where it goes to.
 */
static GUEST void hypercalls(struct vmm_page *p, u64 *seed)
{
	u64 nr, a, b, c, d;

	for (;; p->count++) {
		nr = next(seed) & 127;
		a = next(seed) | 1 << 30;
		b = next(seed);
		c = next(seed) & 0xff;
		d = next(seed) & ~ICR_SMI;
		TRY("vmmcall", : "+a"(nr) : "b"(a), "c"(b), "d"(c), "S"(d) : "r15", "memory");
	}
}

static inline IN_GUEST u64 call3(u64 nr, u64 a, u64 b, u64 c)
{
	TRY("vmmcall", : "+a"(nr) : "b"(a), "c"(b), "d"(c), "S"(0) : "r15", "memory");
	return nr;
}

/* Somewhere in memory of its own, at the end of it, beyond, where a device is, nowhere */
static inline IN_GUEST u64 some_place(u64 half, u64 *seed)
{
	u64 place = next(seed);

	switch (place & 7) {
	case 0:
		return place;
	case 1:
		return VMM_MMIO;
	case 2:
		return VMM_FRESH + VMM_FRESH_SIZE - 0x1000;
	case 3:
		return APIC;
	default:
		return half + (place >> 20 & 0x3ff) * 0x1000 + (place >> 8 & 1) * 64;
	}
}

/* Pages as a guest registers them, in part, and another cookie in the one of before */
static inline IN_GUEST void give_pages(u64 half, u64 *seed)
{
	u64 at = half + (next(seed) & 0x3ff) * 0x1000, cookie = *seed | 1;

	for (u64 i = 0; i < 32; i++)
		*(volatile u64 *)(at + i * 256 + 248) = cookie;
	call3(KVM_HC_TIMELINE, KVM_TIMELINE_REGISTER, at, cookie);
	if (*seed & 2)
		*(volatile u64 *)(at + (*seed >> 3 & 31) * 256 + 248) = *seed;
	if (*seed & 4)
		call3(KVM_HC_TIMELINE, *seed & 3, some_place(half, seed), cookie);
}

/* Never a longer period than it had: what it may have in a window is told by that */
static GUEST void ask(struct vmm_page *p, unsigned int cpu, u64 *seed)
{
	u64 half = VMM_FRESH + cpu * (VMM_FRESH_SIZE / 2), us;

	for (;; p->count++) {
		us = 100 + next(seed) % 1200;
		switch (*seed >> 60 & 3) {
		case 0:
			give_pages(half, seed);
			break;
		case 1:
			call3(KVM_HC_VBS, KVM_VBS_OP_GET, some_place(half, seed), 0);
			break;
		case 2:
			call3(KVM_HC_VBS, KVM_VBS_OP_SWITCH, us * 90, us * 1000);
			break;
		default:
			call3(KVM_HC_VBS, next(seed) & 7, *seed | 1ULL << 50, next(seed));
		}
	}
}

static inline IN_GUEST u32 any_msr(u64 *seed)
{
	u64 r = next(seed);

	switch (r >> 61) {
	case 0:
		return 0x4b564d00 + (r & 15);
	case 1:
		return 0xc0010000 + (r & 0x1ff);
	case 2:
		return 0xc0000080 + (r & 15);
	case 3:
		return 0x40000000 + (r & 0x1ff);
	case 4:
		return r;
	case 5:
		return 0x6e0;
	}
	return (r & 0xfff) == MSR_APICBASE ? 0 : r & 0xfff;
}

static GUEST void msrs(struct vmm_page *p, u64 *seed)
{
	u32 lo, hi, msr;

	for (;; p->count++) {
		msr = any_msr(seed);
		TRY("rdmsr", : "=a"(lo), "=d"(hi) : "c"(msr) : "r15", "memory");
		lo = next(seed) | 1 << 30;
		hi = *seed >> 32 & (*seed & 64 ? 0 : ~0U);
		TRY("wrmsr", : : "a"(lo), "d"(hi), "c"(msr) : "r15", "memory");
	}
}

static GUEST void pauses(struct vmm_page *p)
{
	for (;; p->count++)
		asm volatile("pause");
}

/* One-shot timers that have expired when they are set */
static GUEST void timers(struct vmm_page *p)
{
	apic(APIC_LVTT, VMM_VECTOR);
	for (;; p->count++) {
		apic(APIC_TMICT, 1);
		listen(p);
	}
}

static GUEST void timers_halting(struct vmm_page *p)
{
	apic(APIC_LVTT, VMM_VECTOR);
	for (;; p->count++) {
		apic(APIC_TMICT, 5000);
		sleep_till_irq(p);
	}
}

static GUEST void timer_periodic(struct vmm_page *p)
{
	apic(APIC_LVTT, VMM_VECTOR | LVT_PERIODIC);
	apic(APIC_TMICT, 1);
	for (;; p->count++) {
		nops500();
		listen(p);
	}
}

/* As fast as KVM's PIT goes; its interrupt is the I/O APIC's first one. */
static GUEST void pit_storm(struct vmm_page *p, unsigned int cpu)
{
	if (!cpu) {
		ioapic(0x11, 0);
		ioapic(0x10, VMM_VECTOR);
		pit(0x34, 2);
	}
	for (;; p->count++) {
		nops500();
		listen(p);
	}
}

static GUEST void self_ipis(struct vmm_page *p)
{
	for (;; p->count++) {
		apic(APIC_ICR, ICR_SELF | VMM_VECTOR);
		listen(p);
	}
}

/* Each wakes the other one up; what it sends before that is there is lost, hence a timer. */
static GUEST void ping_pong(struct vmm_page *p)
{
	apic(APIC_LVTT, VMM_VECTOR | LVT_PERIODIC);
	apic(APIC_TMICT, 1000000);
	for (;; p->count++) {
		apic(APIC_ICR, ICR_OTHERS | VMM_VECTOR);
		sleep_till_irq(p);
	}
}

static GUEST void inits(struct vmm_page *p, unsigned int cpu)
{
	for (;; p->count++) {
		nops500();
		if (cpu)
			continue;
		apic(APIC_ICR2, 1 << 24);
		apic(APIC_ICR, ICR_INIT);
		apic(APIC_ICR2, 1 << 24);
		apic(APIC_ICR, ICR_SIPI);
	}
}

/* The VMM wakes it up. */
static GUEST void halt_deaf(struct vmm_page *p)
{
	for (;; p->count++)
		asm volatile("cli\n\thlt" : : : "memory");
}

/* After a gap its budget is new: leaves the guest up to 32 us before that ends. */
static GUEST void budget_edge(struct vmm_page *p)
{
	u64 budget = p->arg >> ATTACK_BITS, last = tsc(), now, gap;

	for (;; p->count++) {
		do {
			now = tsc();
			gap = now - last;
			last = now;
		} while (gap < budget / 4);
		run_for(budget - (p->count & 63) * 512);
		out(VMM_PORT);
		last = tsc();
	}
}

static GUEST void triple_fault(struct vmm_page *p)
{
	struct { unsigned short limit; u64 base; } __attribute__((packed)) none = { 0, 0 };

	p->count++;
	asm volatile("lidt %0\n\tud2" : : "m"(none));
}

/* What it has got is taken away again every 16 MB */
static GUEST void fresh_memory(struct vmm_page *p, unsigned int cpu)
{
	u64 half = VMM_FRESH_SIZE / 2, at = VMM_FRESH + cpu * half;

	for (;; p->count++) {
		*(volatile u64 *)(at + p->sum) = p->count;
		p->sum = (p->sum + 4096) % half;
		if (!(p->sum % (16 << 20)))
			out(VMM_PORT_DISCARD);
	}
}

#define VMCB(type, at)	(*(volatile type *)((u8 *)p + AT_VMCB + (at)))

static inline IN_GUEST void clear_vmcb(struct vmm_page *p)
{
	for (int i = 0; i < 4096; i += 8)
		VMCB(u64, i) = 0;
}

static inline IN_GUEST void rubbish_vmcb(struct vmm_page *p, u64 *seed)
{
	for (int i = 0; i < 4096; i += 8)
		VMCB(u64, i) = next(seed);
	VMCB(u32, 0x10) |= 1;
}

/* In real mode, where HLT and whatever else can be intercepted ends it */
static inline IN_GUEST void good_vmcb(struct vmm_page *p)
{
	u8 *code = (u8 *)p + AT_NESTED;

	clear_vmcb(p);
	code[0] = 0xf4;		/* HLT */
	VMCB(u32, 0x0c) = 1 << 24 | 1U << 31;
	VMCB(u32, 0x10) = 1;
	VMCB(u32, 0x58) = 1;
	VMCB(u64, 0x410) = 0x0000ffff009b0000;
	VMCB(u64, 0x418) = (u64)code;
	VMCB(u64, 0x420) = 0x0000ffff00930000;
	VMCB(u64, 0x4d0) = 1 << 12;
	VMCB(u64, 0x558) = 0x10;
	VMCB(u64, 0x560) = 0x400;
	VMCB(u64, 0x568) = 0xffff0ff0;
	VMCB(u64, 0x570) = 2;
}

static inline IN_GUEST void wrmsr(u32 msr, u64 val)
{
	TRY("wrmsr", : : "a"((u32)val), "d"((u32)(val >> 32)), "c"(msr) : "r15", "memory");
}

/* @count is of those that went in and came out; all of them: @irqs */
static GUEST void nested(struct vmm_page *p, u64 *seed)
{
	u64 vmcb;

	wrmsr(MSR_EFER, 0x1500);
	wrmsr(MSR_HSAVE, (u64)p + AT_HSAVE);
	for (;; p->irqs++) {
		if (p->irqs % 8)
			good_vmcb(p);
		else
			rubbish_vmcb(p, seed);
		vmcb = (u64)p + AT_VMCB;
		TRY("vmrun", : "+a"(vmcb) : : "r15", "memory");
		p->count += VMCB(u64, 0x70) == 0x78;
		TRY("stgi", : : : "r15", "memory");
	}
}

GUEST void guest_attack(struct vmm_page *p)
{
	unsigned int cpu = ((u64)p >> 16 & 1);
	u64 seed = tsc() | 1;

	set_gates();
	quiet(cpu);
	switch (p->arg & ((1 << ATTACK_BITS) - 1)) {
	case ATTACK_BUSY:
		busy(p);
	case ATTACK_PORT_IO:
		port_io(p);
	case ATTACK_MMIO:
		mmio(p);
	case ATTACK_CPUID:
		cpuids(p, &seed);
	case ATTACK_HYPERCALL:
		hypercalls(p, &seed);
	case ATTACK_MSR:
		msrs(p, &seed);
	case ATTACK_PAUSE:
		pauses(p);
	case ATTACK_TIMER:
		timers(p);
	case ATTACK_TIMER_HALT:
		timers_halting(p);
	case ATTACK_TIMER_PERIODIC:
		timer_periodic(p);
	case ATTACK_PIT:
		pit_storm(p, cpu);
	case ATTACK_SELF_IPI:
		self_ipis(p);
	case ATTACK_PING_PONG:
		ping_pong(p);
	case ATTACK_INIT:
		inits(p, cpu);
	case ATTACK_HALT_DEAF:
		halt_deaf(p);
	case ATTACK_EDGE:
		budget_edge(p);
	case ATTACK_TRIPLE:
		triple_fault(p);
	case ATTACK_FRESH:
		fresh_memory(p, cpu);
	case ATTACK_NESTED:
		nested(p, &seed);
	case ATTACK_ASK:
		ask(p, cpu, &seed);
	}
}
