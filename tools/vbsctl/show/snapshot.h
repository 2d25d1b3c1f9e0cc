/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_SHOW_SNAPSHOT_H
#define VBSCTL_SHOW_SNAPSHOT_H

/* Prints why vbs_snapshot_read() failed with that errno; returns the exit code */
int vbs_snapshot_error(int err);

#endif
