/* SPDX-License-Identifier: GPL-2.0 */
/* Cells that the tables of list and top have in common. */
#ifndef VBSCTL_SHOW_TABLE_H
#define VBSCTL_SHOW_TABLE_H

#include "base/format.h"
#include "vbs/proc.h"

struct text table_resource(const struct vbs_server *s);
struct text table_owner(uint32_t uid);

/* Without control characters: anybody may name a process anything */
struct text table_comm(const char *comm);

#endif
