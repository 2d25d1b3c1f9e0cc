/* SPDX-License-Identifier: GPL-2.0 */
/* --keep-class: the command stays in its server whatever class it asks for. */
#ifndef VBSCTL_SERVERS_KEEP_CLASS_H
#define VBSCTL_SERVERS_KEEP_CLASS_H

/* From now on in this process and what it becomes; 0 or an exit code, message printed */
int keep_class(void);

#endif
