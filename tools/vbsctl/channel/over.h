/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A measurement whose receiver is elsewhere: a file, or the memory of a device of a guest, that both
 * ends have.  A page says what is measured, a page is the field, and the rings follow.
 */
#ifndef VBSCTL_CHANNEL_OVER_H
#define VBSCTL_CHANNEL_OVER_H

#include "channel/measure.h"

/* Makes it anew, with both rings: the sender's end.  NULL with errno */
struct field *over_open(const struct measure *m, struct ends *ends);
/* The receiver's end, of @path; m and ends follow from what is there.  NULL with errno */
struct field *over_attach(const char *path, uint64_t ns, struct measure *m, struct ends *ends);
/* Until the receiver is there; false if it does not come */
bool over_await(const struct field *f, uint64_t ns);

#endif
