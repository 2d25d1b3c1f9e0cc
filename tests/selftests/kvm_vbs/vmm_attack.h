/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest does to its host.  In a machine with an interrupt controller, a PIT
 * and two vCPUs, whose VMM boots it anew for another attack.
 */
#ifndef VMM_ATTACK_H
#define VMM_ATTACK_H

#include "vmm.h"

enum vmm_attack {
	ATTACK_BUSY,
	ATTACK_PORT_IO,
	ATTACK_MMIO,
	ATTACK_CPUID,
	ATTACK_HYPERCALL,
	ATTACK_MSR,
	ATTACK_PAUSE,
	ATTACK_TIMER,
	ATTACK_TIMER_HALT,
	ATTACK_TIMER_PERIODIC,
	ATTACK_PIT,
	ATTACK_SELF_IPI,
	ATTACK_PING_PONG,
	ATTACK_INIT,
	ATTACK_HALT_DEAF,
	ATTACK_EDGE,
	ATTACK_TRIPLE,
	ATTACK_FRESH,
	ATTACK_NESTED,
	ATTACK_ASK,
	ATTACK_MAX
};

/* Its argument: the attack, and its budget in ticks of the TSC above that */
#define ATTACK_BITS	8
guest_fn guest_attack;

/* Memory that it never had before */
#define VMM_FRESH	0x40000000UL
#define VMM_FRESH_SIZE	0x40000000UL
#define VMM_PORT_DISCARD 0x12		/* and now has again */

#endif /* VMM_ATTACK_H */
