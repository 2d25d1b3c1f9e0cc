/* SPDX-License-Identifier: GPL-2.0 */
/* Clocks, chance and busy waiting of a measurement; times in ns. */
#ifndef VBSCTL_CLOCKS_H
#define VBSCTL_CLOCKS_H

#include <stdint.h>
#include <time.h>

uint64_t now_ns(void);
/* CPU time of the calling thread */
uint64_t cpu_ns(void);
struct timespec at_ns(uint64_t ns);
void spin_until(uint64_t end);
void sleep_until(uint64_t end);

/* The same sequence for the same seed, which is not 0 */
uint64_t random_below(uint64_t *seed, uint64_t below);
void work_some(void);

#endif
