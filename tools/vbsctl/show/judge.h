/* SPDX-License-Identifier: GPL-2.0 */
/* What vbsctl check finds, and what it makes of it. */
#ifndef VBSCTL_SHOW_JUDGE_H
#define VBSCTL_SHOW_JUDGE_H

#include "vbs/machine.h"
#include "vbs/proc.h"

enum answer { UNKNOWN, NO, YES };

struct facts {
	char release[128];
	bool policy;
	int proc_err;			/* errno of reading /proc/vbs, 0 if read */
	const struct vbs_snapshot *vbs;
	struct machine machine;
	enum answer irq_time, paravirt_time, hrtimers, preempt_rt, in_vm;
	bool privileged;
};

enum severity { GOOD, NOTE, WARN, BAD };

struct finding {
	const char *topic;
	enum severity severity;
	char words[240];
};

#define FINDINGS_MAX	16

/* Fills in the findings; returns the exit code */
int judge(const struct facts *facts, struct finding *finding, int *count);

void gather(struct facts *facts);

/* Value of a CONFIG_ line in the text of a kernel configuration */
enum answer config_value(const char *config, const char *symbol);

#endif
