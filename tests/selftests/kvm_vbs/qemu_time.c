// SPDX-License-Identifier: GPL-2.0
/* Timelines of the host, as the guest of a QEMU reads them (guest_clock.c) */
#include <glob.h>
#include "host_time.h"
#include "qemu_time.h"

static bool parse(const char *line, struct qemu_reading *r)
{
	unsigned long long counter, low, high, step;
	long long sec;
	u32 nsec;

	if (sscanf(line, "%llu %lld %u %llu %llu %u %llu %d", &counter, &sec, &nsec, &low, &high,
		   &r->status, &step, &r->ret) != 8)
		return false;
	r->counter = counter;
	r->low = low;
	r->high = high;
	r->step = step;
	r->ns = (__int128)sec * 1000000000 + nsec;
	return true;
}

struct qemu_reading qemu_reads(struct qemu *q, u32 id)
{
	struct qemu_reading r;

	guest_must(q, "guest_clock read %u 1", id);
	if (!parse(q->said, &r))
		t_fatal("%s: a reading: %s", q->name, q->said);
	return r;
}

/* The offset of the first vCPU's counter */
u64 qemu_tsc_offset(struct qemu *q)
{
	char pattern[64], text[32] = "";
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/kernel/debug/kvm/%d-*/vcpu0/tsc-offset", q->pid);
	if (glob(pattern, 0, NULL, &found) || file_read(found.gl_pathv[0], text, sizeof(text)) < 0)
		t_fatal("%s: no offset of its counter", q->name);
	globfree(&found);
	return strtoll(text, NULL, 10);
}

/*
 * What the guest reads contains what the host does at the same instant, and is not wider
 * by more than its rounding and, while it is slewed, what remains of that
 */
struct qemu_reading qemu_agrees(struct qemu *q, int fd, u32 guest_id, u32 id, const char *what)
{
	struct qemu_reading r = qemu_reads(q, guest_id);
	struct timeline_entry e;
	struct time_span h;
	u64 slewed;

	if (!host_entry(fd, id, &e))
		t_fatal("timeline %u", id);
	r.counter -= qemu_tsc_offset(q);
	h = reads(&e, r.counter);
	slewed = (s64)(e.slew_end - r.counter) > 0 ? QEMU_SLEW : 0;
	t_ok(!r.ret && r.status == TIMELINE_STATUS_SYNCHRONIZED && r.ns - r.low <= h.low &&
	     r.ns + r.high >= h.high && r.low + r.high < h.high - h.low + 50 + slewed,
	     "%s: as the host reads (%d, status %u, %lld and %lld ns more)", what, r.ret, r.status,
	     (long long)(h.low - (r.ns - r.low)), (long long)(r.ns + r.high - h.high));
	return r;
}
