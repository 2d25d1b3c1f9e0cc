// SPDX-License-Identifier: GPL-2.0
/*
 * On the host. "history" writes each version of a timeline to a file, as it comes.
 * "agree" reads what guests have read, by their counters, and compares it with what the host
 * would have read in that very instant: its own counter is the guest's, but for offset
 * and rate, and a reading is a function of the counter and of the version that was in force.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vdso/timeline.h>
#include "clock.h"

/* Until it is killed; nothing may keep it waiting, or it misses one */
int clock_history(int argc, char **argv)
{
	struct timeline_entry e;
	struct pollfd p = { .events = POLLIN };
	char path[64];
	int out = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	(void)argc;
	snprintf(path, sizeof(path), "/dev/timelines/%s", argv[0]);
	p.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (out < 0 || p.fd < 0)
		fatal("%s: %s", p.fd < 0 ? path : argv[1], strerror(errno));
	be_fifo(98);
	do {
		if (pread(p.fd, &e, sizeof(e), 0) != sizeof(e))
			fatal("%s: %s", path, strerror(errno));
		if (write(out, &e, sizeof(e)) != sizeof(e))
			fatal("%s: %s", argv[1], strerror(errno));
	} while (poll(&p, 1, -1) == 1 && (p.revents & POLLIN));
	return 0;
}

struct versions versions_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct versions v;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || st.st_size < (off_t)sizeof(struct timeline_entry))
		fatal("%s: no version of a timeline", path);
	v.n = st.st_size / sizeof(struct timeline_entry);
	v.entry = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (v.entry == MAP_FAILED)
		fatal("%s: %s", path, strerror(errno));
	close(fd);
	return v;
}

struct timeline_time version_reads(const struct versions *v, uint64_t counter)
{
	struct timeline_time tt;
	size_t i = v->n;

	while (--i && (int64_t)(counter - v->entry[i].counter_value) < 0)
		;
	timeline_read(&v->entry[i], counter, &tt);
	return tt;
}

static uint64_t shown(const char *dir, const char *name, uint64_t otherwise)
{
	char path[256];
	long long value;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%lld", &value) != 1)
		value = otherwise;
	if (f)
		fclose(f);
	return value;
}

struct counter counter_of(const char *dir)
{
	struct counter c = { .offset = shown(dir, "tsc-offset", 0) };

	c.ratio = shown(dir, "tsc-scaling-ratio", 0);
	c.bits = shown(dir, "tsc-scaling-ratio-frac-bits", 0);
	return c;
}

uint64_t host_counter(const struct counter *c, uint64_t guest)
{
	uint64_t ticks = guest - c->offset;

	return c->ratio && c->bits ? (uint64_t)(((unsigned __int128)ticks << c->bits) / c->ratio) :
				     ticks;
}

static struct agreement {
	uint64_t n, outside, wrong, bound, host_bound;
	int64_t worst;
	bool has_realtime;
	int64_t realtime;
} seen;

static int64_t distance(int64_t a)
{
	return a < 0 ? -a : a;
}

/* One that has no bound, or failed, claims nothing */
static void compare(const struct versions *v, const struct counter *c, const char *line)
{
	struct timeline_time h, g = { 0 };
	long long ns, off;
	int ret;

	if (sscanf(line, READING_FORMAT, &g.counter, &ns, &g.err_low_ns, &g.err_high_ns,
		   &g.status, &ret) != READING_WORDS)
		return;
	seen.n++;
	if (ret || g.status != TIMELINE_STATUS_SYNCHRONIZED) {
		seen.wrong++;
		return;
	}
	h = version_reads(v, host_counter(c, g.counter));
	off = ns - ns_of(&h);
	/* Both contain the truth, so they meet */
	seen.outside += off > 0 ? (uint64_t)off > g.err_low_ns + h.err_high_ns :
				  (uint64_t)-off > g.err_high_ns + h.err_low_ns;
	if (distance(off) >= distance(seen.worst))
		seen.worst = off;
	if (g.err_low_ns + g.err_high_ns > seen.bound)
		seen.bound = g.err_low_ns + g.err_high_ns;
	if (h.err_low_ns + h.err_high_ns > seen.host_bound)
		seen.host_bound = h.err_low_ns + h.err_high_ns;
}

/* How far the guest's CLOCK_REALTIME is from ours of that instant */
static void realtime(const struct versions *v, const struct counter *c, const char *line)
{
	const struct timeline_entry *e = &v->entry[v->n - 1];
	unsigned long long counter;
	struct timespec ts;
	long long ns;

	if (sscanf(line, REALTIME_FORMAT, &counter, &ns) != 2)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	seen.has_realtime = true;
	seen.realtime = ns + timeline_diff_ns(e->counter_period_frac_sec, e->counter_period_shift,
					      host_counter(c, counter), counter_now()) -
			(int64_t)(ts.tv_sec * SEC + ts.tv_nsec);
}

int clock_agree(int argc, char **argv)
{
	struct versions v = versions_of(argv[0]);
	struct counter c = counter_of(argv[1]);
	char line[4096];

	(void)argc;
	while (fgets(line, sizeof(line), stdin)) {
		compare(&v, &c, line);
		realtime(&v, &c, line);
	}
	printf("readings=%ju worst=%jd outside=%ju unsynchronized=%ju bound=%ju host_bound=%ju updates=%zu",
	       (uintmax_t)seen.n, (intmax_t)seen.worst, (uintmax_t)seen.outside,
	       (uintmax_t)seen.wrong, (uintmax_t)seen.bound, (uintmax_t)seen.host_bound, v.n);
	if (seen.has_realtime)
		printf(" realtime=%jd", (intmax_t)seen.realtime);
	printf("\n");
	return 0;
}
