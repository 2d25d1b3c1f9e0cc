/* SPDX-License-Identifier: GPL-2.0 */
/* The subcommands of vbsctl channel. */
#ifndef VBSCTL_CHANNEL_CHANNEL_H
#define VBSCTL_CHANNEL_CHANNEL_H

#include "command.h"

extern const struct command channel_measure, channel_answer;

#endif
