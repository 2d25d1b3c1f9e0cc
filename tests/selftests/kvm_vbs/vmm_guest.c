// SPDX-License-Identifier: GPL-2.0
/* The guests of the tests */
#include "vmm_guest.h"

#define STEAL_MSR	0x4b564d03

static inline IN_GUEST void add_piece(struct vmm_page *p, u64 from, u64 to)
{
	if (p->n < VMM_PIECES) {
		p->piece[p->n].from = from;
		p->piece[p->n].to = to;
		p->n++;
	}
}

GUEST void guest_watch(struct vmm_page *p)
{
	u64 from = tsc(), last = from, now;

	while (!p->stop) {
		if (p->arg)
			nops500();
		now = tsc();
		if (now - last > p->worst)
			p->worst = now - last;
		if (p->arg && now - last > p->arg) {
			add_piece(p, from, last);
			from = now;
		}
		last = now;
		p->last = now;
	}
	add_piece(p, from, last);
	stopped();
}

GUEST void guest_out(struct vmm_page *p)
{
	while (!p->stop) {
		out(VMM_PORT);
		p->count++;
		run_for(p->arg);
	}
	stopped();
}

GUEST void guest_mmio(struct vmm_page *p)
{
	while (!p->stop) {
		*(volatile u32 *)VMM_MMIO = p->count;
		p->count++;
	}
	stopped();
}

GUEST void guest_cpuid(struct vmm_page *p)
{
	u32 a, b, c, d;

	while (!p->stop) {
		a = 0;
		c = 0;
		asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
		p->count++;
	}
	stopped();
}

GUEST void guest_exit(struct vmm_page *p)
{
	u32 a, b, c, d;
	u64 took;

	while (!p->stop) {
		a = 0;
		c = 0;
		took = tsc();
		asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
		took = tsc() - took;
		if (!p->sum || took < p->sum)
			p->sum = took;
		p->count++;
	}
	stopped();
}

GUEST void guest_pause(struct vmm_page *p)
{
	while (!p->stop) {
		asm volatile("pause");
		p->count++;
	}
	stopped();
}

/* One that there is not */
GUEST void guest_hypercall(struct vmm_page *p)
{
	u64 a;

	while (!p->stop) {
		a = 99;
		asm volatile("vmmcall" : "+a"(a) : "b"(0), "c"(0), "d"(0), "S"(0) : "memory");
		p->count++;
	}
	stopped();
}

GUEST void guest_triple(struct vmm_page *p)
{
	struct { unsigned short limit; u64 base; } __attribute__((packed)) none = { 0, 0 };

	if (p->stop)
		stopped();
	p->count++;
	asm volatile("lidt %0\n\tud2" : : "m"(none));
}

/* May come twice for one interrupt; the EOI without one does nothing. */
asm(".pushsection vmm_guest, \"ax\"\n"
	".globl guest_interrupt\n"
	"guest_interrupt:\n"
	"	push %rax\n"
	"	incq 24(%rdi)\n"
	"	mov $0xfee000b0, %eax\n"
	"	movl $0, (%rax)\n"
	"	pop %rax\n"
	"	iretq\n"
	".popsection\n");

_Static_assert(offsetof(struct vmm_page, irqs) == 24, "guest_interrupt knows it");

GUEST void guest_halt(struct vmm_page *p)
{
	apic(APIC_SPIV, 0x1ff);
	while (!p->stop) {
		halt(p);
		p->last = tsc();
		p->count++;
		run_for(p->arg);
	}
	stopped();
}

GUEST void guest_timer(struct vmm_page *p)
{
	u64 due, late, seen;

	apic(APIC_SPIV, 0x1ff);
	apic(APIC_TDCR, 0xb);		/* as fast as the bus: 1 GHz */
	apic(APIC_LVTT, VMM_VECTOR);
	while (!p->stop) {
		seen = p->irqs;
		due = tsc() + p->arg;
		apic(APIC_TMICT, p->arg);
		while (p->irqs == seen)
			halt(p);
		late = tsc() - due;
		if ((s64)late > 0 && late > p->worst)
			p->worst = late;
		p->sum += late;
		p->count++;
	}
	stopped();
}

/* Below the red zone; RDI is what guest_interrupt looks for. */
static inline IN_GUEST void run_till_irq(struct vmm_page *p, u64 seen)
{
	asm volatile("lea -128(%%rsp), %%rsp\n\tsti\n"
		     "1:\tcmp 24(%%rdi), %0\n\tje 1b\n\t"
		     "cli\n\tlea 128(%%rsp), %%rsp" : : "r"(seen), "D"(p) : "memory", "cc");
}

GUEST void guest_alarm(struct vmm_page *p)
{
	u64 arg, due;

	apic(APIC_SPIV, 0x1ff);
	apic(APIC_TDCR, 0xb);
	apic(APIC_LVTT, VMM_VECTOR);
	while (!p->stop) {
		arg = *(volatile u64 *)&p->arg;
		due = tsc() + arg / 2;
		apic(APIC_TMICT, arg);
		do
			run_till_irq(p, p->irqs);
		while (tsc() < due);	/* that of the last one, once more */
		p->count++;
	}
	stopped();
}

GUEST void guest_steal(struct vmm_page *p)
{
	asm volatile("wrmsr" : : "c"(STEAL_MSR), "a"(VMM_STEAL | 1), "d"(0));
	while (!p->stop) {
		p->sum = *(volatile u64 *)VMM_STEAL;
		p->count++;
		p->last = tsc();
	}
	stopped();
}

asm(".pushsection .rodata\n"
	".globl guest_real_spin, guest_real_out, guest_real_pause, guest_real_end\n"
	".code16\n"
	"guest_real_spin:\n"
	"	jmp guest_real_spin\n"
	"guest_real_out:\n"
	"	mov $0x10, %dx\n"
	"1:	outb %al, %dx\n"
	"	jmp 1b\n"
	"guest_real_pause:\n"
	"	pause\n"
	"	jmp guest_real_pause\n"
	"guest_real_end:\n"
	".code64\n"
	".popsection\n");
