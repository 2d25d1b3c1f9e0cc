// SPDX-License-Identifier: GPL-2.0
/* Reads a register that the VMM emulates, again and again: how long that takes. */
#include "tool.h"

int mmio(int argc, char **argv)
{
	static struct spread s;
	volatile uint32_t *device = bar_of_disk();
	uint64_t end, before, now;

	(void)argc;
	be_fifo(50);
	now = now_ns();
	for (end = now + number(argv[0]) * SEC; now < end;) {
		before = now;
		(void)*device;
		now = now_ns();
		spread_add(&s, now - before);
	}
	spread_print(&s);
	return 0;
}
