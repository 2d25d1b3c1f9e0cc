/* SPDX-License-Identifier: GPL-2.0 */
/* Who keeps CLOCK_REALTIME: the processes that may set it and are known to. */
#ifndef LIB_TIMELINE_KEEPER_H
#define LIB_TIMELINE_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

/* What a program says of the quality of the clock that it keeps */
enum keeper_claim {
	CLAIM_NONE,
	CLAIM_TRACKING,		/* chronyd's report */
	CLAIM_NTP,		/* an answer to an NTP query, and the kernel's maxerror */
};

struct keeper_kind {
	const char *name;	/* of the program */
	const char *comm;	/* of its process; the kernel cuts it to 15 characters */
	enum keeper_claim claim;
	const char *why;	/* it claims nothing */
	bool (*idle)(const char *pid);	/* it runs and leaves CLOCK_REALTIME alone */
};

struct keepers {
	const struct keeper_kind *kind;	/* NULL: nobody that is known */
	pid_t pid;
	const struct keeper_kind *second;	/* another program that does so, too */
	pid_t second_pid;
};

/* Where its bound comes from; of a kind that claims one */
const char *keeper_says(const struct keeper_kind *kind);

void keepers_find(struct keepers *found);

#endif
