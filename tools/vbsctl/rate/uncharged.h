/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_RATE_UNCHARGED_H
#define VBSCTL_RATE_UNCHARGED_H

#include <stdint.h>

/*
 * CPU time of interrupts, softirqs and threads of the kernel since boot, of all CPUs, ns: what a
 * server's members cause and are not charged is in its growth.
 */
uint64_t uncharged_ns(void);

#endif
