// SPDX-License-Identifier: GPL-2.0
/* Levels as single characters. */
#include "base/exact.h"
#include "show/top_text.h"

int level_of(uint64_t part, uint64_t whole)
{
	u128 level;

	if (!part || !whole)
		return 0;
	level = ((u128)part * SPARK_FULL + whole / 2) / whole;
	return level < 1 ? 1 : level > SPARK_FULL ? SPARK_FULL : (int)level;
}

const char *level_mark(int level, bool utf8)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { "_", ".", ":", "-", "=", "+", "*", "%", "#" };

	return utf8 ? blocks[level] : ascii[level];
}
