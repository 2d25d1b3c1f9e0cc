/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_RATE_UNCHARGED_H
#define VBSCTL_RATE_UNCHARGED_H

#include <stdint.h>

/*
 * CPU time of interrupts, softirqs and threads of the kernel since boot, of all CPUs, ns: what a
 * server's members cause and are not charged is in its growth.
 */
uint64_t uncharged_ns(void);

/* The sum of many differences is known to that */
uint64_t uncharged_rounding_ns(void);

/* In each second of a machine that is left alone; takes one */
uint64_t uncharged_background(void);

#endif
