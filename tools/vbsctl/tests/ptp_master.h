/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_TESTS_PTP_MASTER_H
#define VBSCTL_TESTS_PTP_MASTER_H

#include <stdint.h>

#define PTP_25_NS	0x20	/* what one may state that is that good */

struct ptp_truth {
	int64_t (*ns)(const void *arg);		/* UTC now, since 1970 */
	const void *arg;
	uint8_t domain;
	uint8_t transport;			/* transportSpecific: 1 of 802.1AS */
	uint8_t accuracy;			/* that it states: an enumeration of IEEE 1588 */
	uint16_t steps;				/* that it is removed from a grandmaster */
};

/*
 * A grandmaster of PTP (IEEE 1588-2008, UDP over IPv4, two steps, delay requests) on the
 * interface with this address: it tells that truth, with TAI - UTC of 37 s.  It stamps what
 * leaves before, and what comes after, so that the way seems longer and never shorter than it
 * is.  Returns only when something fails.
 */
int ptp_serve(const char *address, const struct ptp_truth *truth);

#endif
