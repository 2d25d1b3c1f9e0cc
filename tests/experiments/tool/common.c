// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "tool.h"

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

void be_fifo(int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		fatal("SCHED_FIFO: %s", strerror(errno));
	mlockall(MCL_CURRENT | MCL_FUTURE);
}

uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!*text || *end)
		fatal("%s: not a number", text);
	return n;
}

/* Registers of a virtio disk that the VMM emulates: modern virtio has them in BAR 4 */
uint32_t *bar_of_disk(void)
{
	glob_t found;
	void *at;
	int fd;

	if (glob("/sys/bus/pci/drivers/virtio-pci/*/resource4", 0, NULL, &found))
		fatal("no virtio device on PCI");
	fd = open(found.gl_pathv[0], O_RDWR | O_SYNC);
	at = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		fatal("map %s: %s", found.gl_pathv[0], strerror(errno));
	return at;
}

static unsigned int bin_of(uint64_t ns)
{
	unsigned int octave;

	if (ns < 4)
		return ns;
	octave = 63 - __builtin_clzll(ns);
	return 4 * (octave - 1) + (ns >> (octave - 2) & 3);
}

static uint64_t least_of(unsigned int bin)
{
	return bin < 4 ? bin : (4ULL + bin % 4) << (bin / 4 - 1);
}

void spread_add(struct spread *s, uint64_t ns)
{
	s->n++;
	s->sum += ns;
	s->bin[bin_of(ns)]++;
	if (ns > s->worst)
		s->worst = ns;
}

static uint64_t quantile(const struct spread *s, unsigned int percent)
{
	uint64_t seen = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(s->bin); i++) {
		seen += s->bin[i];
		if (seen && seen * 100 >= s->n * percent)
			return least_of(i);
	}
	return 0;
}

void spread_print(const struct spread *s)
{
	const char *comma = "";

	printf("n=%ju avg=%ju max=%ju p50=%ju p99=%ju hist=[", (uintmax_t)s->n,
	       (uintmax_t)(s->n ? s->sum / s->n : 0), (uintmax_t)s->worst,
	       (uintmax_t)quantile(s, 50), (uintmax_t)quantile(s, 99));
	for (unsigned int i = 0; i < ARRAY_SIZE(s->bin); i++) {
		if (!s->bin[i])
			continue;
		printf("%s[%ju,%ju]", comma, (uintmax_t)least_of(i), (uintmax_t)s->bin[i]);
		comma = ",";
	}
	printf("]\n");
}
