/* SPDX-License-Identifier: GPL-2.0 */
/* The shared memory by which chronyd and ntpd take a clock: a segment for each unit. */
#ifndef LIB_TIMELINE_NTP_SHM_H
#define LIB_TIMELINE_NTP_SHM_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NTP_SHM_KEY	0x4e545030	/* of unit 0 */
#define NTP_SHM_UNITS	256
#define NTP_SHM_PRIVATE	2		/* these first units are for root alone */

struct ntp_shm {
	int mode;		/* 1: count changes before and after the rest does */
	int count;
	time_t clock_sec;
	int clock_usec;
	time_t receive_sec;
	int receive_usec;
	int leap;
	int precision;		/* log2 of seconds */
	int samples;
	int valid;
	unsigned int clock_nsec;
	unsigned int receive_nsec;
	int unused[8];
};

/* NULL with errno set */
struct ntp_shm *ntp_shm_open(unsigned int unit);

/* What the clock showed when CLOCK_REALTIME showed @receive_ns; it is within @error_ns */
void ntp_shm_put(struct ntp_shm *shm, int64_t clock_ns, int64_t receive_ns, int leap,
		 uint64_t error_ns);

#endif
