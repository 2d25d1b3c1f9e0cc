// SPDX-License-Identifier: GPL-2.0
#include <sys/mman.h>
#include "host_time.h"

struct time_span reads(const struct timeline_entry *e, u64 counter)
{
	unsigned __int128 ticks = counter - e->counter_value;
	unsigned __int128 t = ticks * e->counter_period_frac_sec >> e->counter_period_shift;
	__int128 ns, grown = (ticks * e->err_rate >> 64) + 2;

	t += e->time_frac_sec;
	ns = (__int128)(e->time_sec + (u64)(t >> 64)) * 1000000000 +
	     (u64)(((t & ~0ULL) * (unsigned __int128)1000000000) >> 64);
	return (struct time_span) { ns - e->err_low_ns - grown, ns + e->err_high_ns + grown };
}

bool host_entry(int fd, u32 id, struct timeline_entry *e)
{
	const size_t size = 4 * 4096;
	struct timeline_entry *table = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (table == MAP_FAILED)
		t_fatal("map the table");
	*e = table[tl_place(id)];
	munmap(table, size);
	return e->id == id;
}
