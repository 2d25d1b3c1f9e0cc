// SPDX-License-Identifier: GPL-2.0
/*
 * The events of the differential test, chosen by libFuzzer.  A string that it
 * finds replays with a log in "test-diff -r FILE".
 */
#include "world.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct world world;

	world_run(&world, data, size, false);
	return 0;
}
