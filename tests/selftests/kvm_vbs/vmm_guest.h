/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What guests are written with.  They are copied into their machine's memory, all of
 * this section, and so read nothing outside of it, and call nothing.
 */
#ifndef VMM_GUEST_H
#define VMM_GUEST_H

#include "vmm.h"

#pragma GCC target("general-regs-only")
#pragma GCC optimize("no-tree-loop-distribute-patterns", "no-jump-tables", "no-stack-protector")

#define GUEST	__attribute__((section("vmm_guest"), used, noinline, noclone))
#define IN_GUEST __attribute__((always_inline))

#define APIC		0xfee00000UL
#define APIC_EOI	0xb0
#define APIC_SPIV	0xf0
#define APIC_LVTT	0x320
#define APIC_TMICT	0x380
#define APIC_TDCR	0x3e0

static inline IN_GUEST u64 tsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

static inline IN_GUEST void out(unsigned short port)
{
	asm volatile("outb %%al, %%dx" : : "a"(0), "d"(port) : "memory");
}

static inline IN_GUEST void apic(unsigned int reg, u32 val)
{
	*(volatile u32 *)(APIC + reg) = val;
}

static inline IN_GUEST void nops500(void)
{
	asm volatile(".rept 500\n\tnop\n\t.endr");
}

static inline IN_GUEST void run_for(u64 ticks)
{
	for (u64 end = tsc() + ticks; ticks && tsc() < end;)
		nops500();
}

/* The VMM may run it once more after @stop. */
static inline IN_GUEST void stopped(void)
{
	for (;;)
		out(VMM_PORT_STOP);
}

/* With its page in RDI, where guest_interrupt looks for it */
static inline IN_GUEST void halt(struct vmm_page *p)
{
	asm volatile("sti\n\thlt\n\tcli" : : "D"(p) : "memory");
}

#endif /* VMM_GUEST_H */
