/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flood of packets: a process in a network namespace of its own sends to this one
 * through a pair of veth, as fast as it can.
 */
#ifndef VBS_NET_H
#define VBS_NET_H

#include "vbs_test.h"

#define NET_DEV		"vbs1"		/* the end that is here */

/* The sender, which waits; skips all where there is no veth */
pid_t flood_new(void);
void flood_go(void);
/* CPU time of its own that the sender takes in each period; 0 and 0: all that it gets */
void flood_bursts(u64 cpu_time, u64 period);
/* The sender stops itself then, whoever else would get no CPU time to stop it; 0: never */
void flood_until(u64 when);
/* Packets that have been received here */
u64 flood_received(void);

/* Whether a thread polls the receiving end, or a softirq */
void napi_threaded(bool threaded);
/* That thread */
pid_t napi_thread(void);
/* The first thread of the kernel whose name begins so, or 0 */
pid_t kernel_thread(const char *name);

/* ns that interrupts and softirqs of CPU 0 have taken, to some ms: nobody's */
struct nobodys {
	u64 irq;
	u64 softirq;
};

struct nobodys nobodys_now(void);

#endif /* VBS_NET_H */
