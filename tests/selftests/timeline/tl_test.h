/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test of timelines uses, beside the frame of ../sched_vbs.
 */
#ifndef TL_TEST_H
#define TL_TEST_H

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <x86intrin.h>
#include <linux/timeline.h>
#include "vbs_test.h"

typedef uint8_t u8;
typedef uint16_t u16;

/* Opens the device, or skips the test */
int tl_open(void);
/* 0 or -errno */
int tl_ioctl(int fd, unsigned long cmd, void *arg);
int tl_create(int fd, const char *name, u32 flags);	/* an id */
int tl_destroy(int fd, u32 id);
/* The place of an id in the table, who is in one (TIMELINE_NONE), and an end to all */
u32 tl_place(u32 id);
u32 tl_at(int fd, u32 place);
void tl_destroy_all(int fd);
/*
 * Frequency of the counter in use, for tests in real time: soon after boot it is
 * measured once more, and it must not change while they go on.
 */
u64 tl_settled_hz(int fd, u32 id);
/* Parameters as of now: nominal period, ppm of error, bounds 5 and 3 us */
struct timeline_set tl_params(int fd, u32 id, u64 sec, int ppm);
void tl_set(int fd, u32 id, u64 sec, int ppm);		/* must succeed */
/* The counter in use */
u64 tl_counter(void);
/* A timeline that was set to 1 000 000 s; ends the test if that fails */
u32 tl_make(int fd, const char *name, u32 flags);

/* The PTP clock of a timeline: its number, -1 if there is none; opened: -errno */
int tl_phc(u32 id);
int tl_phc_open(u32 id, int flags);
/* Its clock id */
clockid_t tl_phc_clock(int phc);

/* A function of the vDSO, or NULL */
typedef int tl_gettime_fn(unsigned int id, struct timeline_time *tt);
typedef int tl_clock_fn(clockid_t clock, struct timespec *ts);
const void *tl_vdso_find(const char *name);
/* By the vDSO, -ENOSYS if it has no such function; by the system call */
int tl_vdso(u32 id, struct timeline_time *tt);
int tl_prctl(u32 id, struct timeline_time *tt);
/* clock_gettime(): by the vDSO, by the system call, by that of 32-bit code */
int tl_clock(clockid_t clock, u64 *ns);
int tl_clock_syscall(clockid_t clock, u64 *ns);
long tl_int80(long nr, long a, long b, long c);
u64 tl_ns(const struct timeline_time *tt);
u64 tl_now(u32 id);

#endif /* TL_TEST_H */
