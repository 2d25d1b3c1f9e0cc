/* SPDX-License-Identifier: GPL-2.0 */
/* The server of a machine's device model, in place of a command's own. */
#ifndef VBSCTL_RATE_DEVICE_MODEL_H
#define VBSCTL_RATE_DEVICE_MODEL_H

#include "vm/machines.h"
#include "vm/request.h"

struct device_model {
	pid_t pid;			/* 0: there is none, a command is measured */
	int cpu;			/* of its server */
	struct vm_request before;	/* to which it goes back */
};

/* "--vm NAME": 0 or an exit code, message printed */
int device_model_find(const struct command *cmd, const char *name, struct device_model *dm);

/* Its server has that resource from now on, with room for @cap */
int device_model_set(const struct device_model *dm, const struct resource *res, uint32_t cap);
void device_model_restore(const struct device_model *dm);

/* What it has executed; false if there is none */
bool device_model_consumed(pid_t pid, uint64_t *ns);

#endif
