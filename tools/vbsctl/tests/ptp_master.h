/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_TESTS_PTP_MASTER_H
#define VBSCTL_TESTS_PTP_MASTER_H

#include <stdint.h>

/*
 * A grandmaster of PTP (IEEE 1588-2008, UDP over IPv4, two steps, delay requests) on the
 * interface with this address: it tells CLOCK_MONOTONIC_RAW + base, as UTC with TAI - UTC
 * of 37 s.  Returns only when something fails.
 */
int ptp_serve(const char *address, int64_t base);

#endif
