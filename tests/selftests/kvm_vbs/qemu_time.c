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

struct qemu *qemu_moves(struct qemu *from, const char *name, const char *before)
{
	char uri[64];
	struct qemu *to;

	snprintf(uri, sizeof(uri), "unix:/tmp/%s.in", name);
	to = qemu_listens(name, before, "", false, uri);
	qemu_migrate(from, uri);
	qemu_has_gone(from, name);
	qemu_end(from);
	return to;
}

/* ---- the guest's memory --------------------------------------------------------- */

#define MEMORY	(96ULL << 20)		/* qemu_start() */
#define PAGE	4096
#define PIECE	(1 << 20)

/* The first of two pages: all entries have the cookie, which a copy has not */
static bool is_table(const struct timeline_entry *e, const char *name)
{
	return e->magic == TIMELINE_MAGIC && e->id == TIMELINE_IDS && e->cookie &&
	       e[PAGE / sizeof(*e) - 1].cookie == e->cookie &&
	       !strncmp(e->host_name, name, TIMELINE_NAME_LEN);
}

/* 0, or where it is in @q's address space */
static u64 table_between(int mem, u64 from, u64 to, const char *name)
{
	static u8 piece[PIECE] __attribute__((aligned(PAGE)));

	for (; from < to; from += PIECE) {
		if (pread(mem, piece, PIECE, from) != PIECE)
			continue;
		for (u64 i = 0; i < PIECE; i += PAGE)
			if (is_table((const struct timeline_entry *)(piece + i), name))
				return from + i;
	}
	return 0;
}

static u64 find_table(struct qemu *q, int mem, const char *name)
{
	unsigned long long from, to;
	char path[64], line[512];
	u64 at = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", q->pid);
	maps = fopen(path, "r");
	while (maps && !at && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%llx-%llx", &from, &to) == 2 && to - from >= MEMORY)
			at = table_between(mem, from, to, name);
	if (maps)
		fclose(maps);
	return at;
}

void qemu_unfinished(struct qemu *q, unsigned int i, const char *name)
{
	const u32 odd = 1;
	char path[64];
	u64 at;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", q->pid);
	mem = open(path, O_RDWR | O_CLOEXEC);
	at = mem < 0 ? 0 : find_table(q, mem, name);
	if (!at)
		t_fatal("%s: the pages are not in its memory", q->name);
	at += i * sizeof(struct timeline_entry) + offsetof(struct timeline_entry, seq_count);
	if (pwrite(mem, &odd, sizeof(odd), at) != sizeof(odd))
		t_fatal("%s: write its memory", q->name);
	close(mem);
}
