/* SPDX-License-Identifier: GPL-2.0 */
/* What ptp4l states of the clock that it keeps, asked over its management socket. */
#ifndef LIB_TIMELINE_PTP4L_H
#define LIB_TIMELINE_PTP4L_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PTP4L_SOCKET	"/var/run/ptp4lro"	/* for reading, where there is one */
#define PTP4L_SOCKET_OLD	"/var/run/ptp4l"
#define PTP4L_REQUEST	54		/* bytes */
#define PTP4L_NO_HOPS	UINT64_MAX	/* nothing is known of clocks on the way */

/* The data sets that are asked for */
enum ptp4l_id {
	PTP4L_DEFAULT = 0x2000, PTP4L_CURRENT = 0x2001, PTP4L_PARENT = 0x2002, PTP4L_TIME_PROPERTIES = 0x2003,
	PTP4L_TIME_STATUS = 0xc000, PTP4L_PORT_PROPERTIES = 0xc004
};

struct ptp4l_state {
	unsigned int number_ports;
	unsigned int steps_removed;
	int64_t offset_ns;		/* from the master, away from zero */
	uint64_t path_ns;		/* mean delay of the path, up */
	uint8_t accuracy;		/* of the grandmaster: an enumeration */
	int16_t utc_offset;
	bool utc_offset_valid, ptp_scale;
	bool leap61, leap59;
	bool gm_present;
	uint8_t port_state;
	bool software;			/* stamps: it keeps CLOCK_REALTIME */
	char interface[32];
};

/*
 * To what it answers: 802.1AS has another number than IEEE 1588, and most profiles have
 * domains of their own
 */
struct ptp4l_profile {
	uint8_t transport;
	uint8_t domain;
};

/* 0 or an error number: EPROTO where something else than ptp4l answers */
int ptp4l_ask(const char *path, struct ptp4l_state *state);

/* Whether a port of it follows a master, or is about to: then it is known which clock it keeps */
bool ptp4l_is_slave(const struct ptp4l_state *state);

/* Whether two states, of such ports, are of the same clock, with the same scale */
bool ptp4l_same_clock(const struct ptp4l_state *a, const struct ptp4l_state *b);

/*
 * The bound of its clock, with @before the offset at the look before this: NULL and *ns, or
 * why there is none
 */
const char *ptp4l_error(const struct ptp4l_state *state, int64_t before, uint64_t hop_ns,
			uint64_t *ns);

/* Its parts, for tests */
void ptp4l_fill(uint8_t request[PTP4L_REQUEST], enum ptp4l_id id, uint16_t sequence,
		const struct ptp4l_profile *profile);
int ptp4l_take(const uint8_t *reply, size_t size, enum ptp4l_id id, uint16_t sequence,
	       struct ptp4l_state *state);

#endif
