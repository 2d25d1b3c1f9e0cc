/* SPDX-License-Identifier: GPL-2.0 */
/* What the lines of vbsctl top are made of. */
#ifndef VBSCTL_SHOW_TOP_TEXT_H
#define VBSCTL_SHOW_TOP_TEXT_H

#include "show/top.h"

/* 0 to SPARK_FULL, to the nearest; anything above 0 is at least 1 */
int level_of(uint64_t part, uint64_t whole);
const char *level_mark(int level, bool utf8);

void top_head_line(const struct top_view *view, int n, char *buf, size_t size);
void row_titles(char *buf, size_t size);
void row_line(const struct top_view *view, const struct top_row *row, char *buf, size_t size);

#endif
