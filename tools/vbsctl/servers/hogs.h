/* SPDX-License-Identifier: GPL-2.0 */
/* Servers and tasks that a measurement has its own server compete with. */
#ifndef VBSCTL_SERVERS_HOGS_H
#define VBSCTL_SERVERS_HOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "servers/children.h"
#include "vbs/machine.h"

/* Busy or idle by chance: for whole periods, or for any time about as long */
struct hog {
	uint64_t period, seed;
	bool directed;
};

/* The play() of a child, with a struct hog */
void hog_play(void *arg);

/* What nobody has booked of a CPU */
uint32_t hog_spare(int cpu);

/*
 * That much of a CPU, in whole microseconds and within the limits; budget 0 if it is too little
 * for a server
 */
struct resource hog_resource(const struct machine *m, uint64_t period, uint32_t spare);

#endif
