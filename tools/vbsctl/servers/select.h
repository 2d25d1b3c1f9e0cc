/* SPDX-License-Identifier: GPL-2.0 */
/* The tasks that an entry of a plan speaks of. */
#ifndef VBSCTL_SERVERS_SELECT_H
#define VBSCTL_SERVERS_SELECT_H

#include "servers/plan.h"

/* Thread ids in *@tids, to be freed, in the order of processes; how many, or -1 */
int select_tasks(const struct plan_server *s, pid_t **tids);

/*
 * The systemd service that a process of that user belongs to: false if it is in none, or in
 * one of another user's manager.  *@of_user: it is in one of his manager's.
 */
bool service_of(pid_t process, uint32_t uid, char *unit, size_t size, bool *of_user);

#endif
