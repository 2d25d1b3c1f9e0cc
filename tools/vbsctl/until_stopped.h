/* SPDX-License-Identifier: GPL-2.0 */
/* Commands that go on until they are stopped, and then end as if they were through. */
#ifndef VBSCTL_UNTIL_STOPPED_H
#define VBSCTL_UNTIL_STOPPED_H

#include <signal.h>

extern volatile sig_atomic_t stopped;

/* SIGINT, SIGTERM and SIGHUP set it from now on, and interrupt what waits. */
void stop_on_signals(void);

#endif
