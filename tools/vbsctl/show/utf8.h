/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_SHOW_UTF8_H
#define VBSCTL_SHOW_UTF8_H

/*
 * Bytes that are no UTF-8 become question marks: names are bytes, and may be cut.  So do
 * U+0080 to U+009F, which JSON does not escape and terminals obey.
 */
void make_utf8(char *text);

/* And all other control characters: for terminals, as anybody may call a process anything */
void make_printable(char *text);

#endif
