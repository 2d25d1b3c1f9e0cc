/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of servers: small files in /run/vbs, one each, that hold the server's id.  The
 * kernel gives no id twice, so a name is good as long as its server lives.  Everybody
 * may write there (mode 1777); a name is believed if its file belongs to root or to the
 * server's owner.
 *
 * A file is called NAME, or NAME:ANYTHING where one of somebody else has that place, so
 * that nobody keeps a name from others.  Servers of several users may have one name then.
 * Where it is spoken of, it is that of the server that root has called so; else the
 * caller; else anybody.
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

/* Another server that has the name of @s with the same right, or NULL */
const struct vbs_server *vbs_name_rival(const struct vbs_snapshot *snap, const struct vbs_server *s);

/* Which server has it by root's word or the caller's: none other gets it from the caller */
const struct vbs_server *vbs_name_taken(const struct vbs_snapshot *snap, const char *name);

/*
 * Registers a name for a server: 0, or an error number: EEXIST if a server has it by
 * root's word or the caller's.  A name whose server is gone is free again.
 */
int vbs_name_set(const char *name, uint32_t id, const struct vbs_snapshot *snap);

/* Removes what servers that are gone have left of it, and the caller may remove */
void vbs_name_forget(const char *name, const struct vbs_snapshot *snap);

#endif
