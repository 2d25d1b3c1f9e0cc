// SPDX-License-Identifier: GPL-2.0
/* Writing a clock for chronyd and ntpd, so that they see an old sample or a new one. */
#include <math.h>
#include <sys/shm.h>

#include "timeline/ntp_shm.h"

#define NSEC	1000000000LL

struct ntp_shm *ntp_shm_open(unsigned int unit)
{
	int mode = unit < NTP_SHM_PRIVATE ? 0600 : 0666;
	int id = shmget(NTP_SHM_KEY + unit, sizeof(struct ntp_shm), IPC_CREAT | mode);
	void *at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	return at == (void *)-1 ? NULL : at;
}

/* The least power of two that is not less: of seconds, from 2^-30 on */
static int log2_up(uint64_t ns)
{
	int n = -30;

	while (n < 4 && ldexp(NSEC, n) < (double)ns)
		n++;
	return n;
}

void ntp_shm_put(struct ntp_shm *shm, int64_t clock_ns, int64_t receive_ns, int leap,
		 uint64_t error_ns)
{
	__atomic_store_n(&shm->valid, 0, __ATOMIC_RELEASE);
	shm->mode = 1;
	__atomic_add_fetch(&shm->count, 1, __ATOMIC_SEQ_CST);
	shm->clock_sec = clock_ns / NSEC;
	shm->clock_nsec = clock_ns % NSEC;
	shm->clock_usec = shm->clock_nsec / 1000;
	shm->receive_sec = receive_ns / NSEC;
	shm->receive_nsec = receive_ns % NSEC;
	shm->receive_usec = shm->receive_nsec / 1000;
	shm->leap = leap;
	shm->precision = log2_up(error_ns);
	__atomic_add_fetch(&shm->count, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&shm->valid, 1, __ATOMIC_RELEASE);
}
