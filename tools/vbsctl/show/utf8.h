/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_SHOW_UTF8_H
#define VBSCTL_SHOW_UTF8_H

/* Bytes that are no UTF-8 become question marks: names are bytes, and may be cut */
void make_utf8(char *text);

#endif
