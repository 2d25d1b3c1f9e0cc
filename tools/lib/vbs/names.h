/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of servers: small files in /run/vbs, one each, that hold the server's id.  The
 * kernel gives no id twice, so a name is good as long as its server lives.  Everybody
 * may write there (mode 1777); a name is believed if its file belongs to root or to the
 * server's owner.
 */
#ifndef LIB_VBS_NAMES_H
#define LIB_VBS_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define VBS_NAMES_DIR	"/run/vbs"
#define VBS_NAME_LEN	32	/* with the 0 at the end */

struct vbs_snapshot;
struct vbs_server;

/* NULL, or in a few words why that is no name */
const char *vbs_name_check(const char *name);

/* Gives the servers of a snapshot their names */
void vbs_names_read(struct vbs_snapshot *snap);

const struct vbs_server *vbs_find_name(const struct vbs_snapshot *snap, const char *name);

/*
 * Registers a name for a server: 0, or an error number: EEXIST if a server has it.
 * A name whose server is not in @snap, which shows all servers, is free again.
 */
int vbs_name_set(const char *name, uint32_t id, const struct vbs_snapshot *snap);

/* Removes it if no server has it any more, as far as @snap shows all servers */
void vbs_name_forget(const char *name, const struct vbs_snapshot *snap);

#endif
