/* SPDX-License-Identifier: GPL-2.0 */
/* The commands, each in a file of its name. */
#ifndef VBSCTL_COMMANDS_H
#define VBSCTL_COMMANDS_H

#include "command.h"

extern const struct command cmd_run, cmd_admit, cmd_join, cmd_switch, cmd_move, cmd_leave;
extern const struct command cmd_apply, cmd_save;
extern const struct command cmd_list, cmd_show, cmd_reset, cmd_top, cmd_watch, cmd_metrics, cmd_trace, cmd_check;
extern const struct command cmd_analyze, cmd_advise, cmd_calibrate, cmd_check_rate, cmd_channel;
extern const struct command cmd_irq, cmd_timeline, cmd_vm;

#endif
