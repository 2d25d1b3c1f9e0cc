// SPDX-License-Identifier: GPL-2.0
/*
 * idle		nothing else runs
 * cold		before each run: no page cache, and other data in the caches of the CPU
 * neighbour	on the same CPU: a server that has all the rest of it and interrupts often, and a
 *		fair task; both go through their own data
 * memory	on all other CPUs, or on the same if it is the only one: tasks that copy memory
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpumask.h"
#include "base/sysfile.h"
#include "clocks.h"
#include "command.h"
#include "rate/states.h"
#include "servers/hogs.h"

#define HOGS_MAX	48
#define OWN_DATA	(256 << 10)		/* bytes: as much as the first caches of a CPU */
#define CACHE_ELSE	(8 << 20)		/* the last one, where the kernel does not tell */
#define CACHE_MOST	(128 << 20)
#define NEIGHBOUR_PERIOD 1000000		/* ns */
#define LINE		64

static struct child hogs[HOGS_MAX];
static int started;

static size_t cache_size(void)
{
	char *text = sys_read("/sys/devices/system/cpu/cpu0/cache/index3/size");
	size_t kib = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	kib = kib ? kib : CACHE_ELSE >> 10;
	return kib > CACHE_MOST >> 10 ? CACHE_MOST : kib << 10;
}

static void touch(volatile char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += LINE)
		data[i]++;
}

static void own_data_play(void *arg)
{
	static char data[OWN_DATA];

	(void)arg;
	for (;;) {
		touch(data, sizeof(data));
		work_some();
	}
}

static void memory_play(void *arg)
{
	size_t size = cache_size();
	char *data = malloc(2 * size);

	(void)arg;
	while (data) {
		memcpy(data, data + size, size);
		memcpy(data + size, data, size);
	}
}

static int start(struct child hog)
{
	int code;

	if (started == HOGS_MAX)
		return VC_OK;
	code = child_start(&hog);
	if (!code)
		hogs[started++] = hog;
	return code;
}

/* In what is left when the server has its share */
static int start_neighbour(const struct surroundings *at, void (*play)(void *arg), void *arg, uint64_t period)
{
	uint32_t spare = hog_spare(at->cpu);
	struct child hog = { .name = "neighbour", .cpu = at->cpu, .play = play, .arg = arg };

	hog.res = hog_resource(at->machine, period, spare > at->keep ? spare - at->keep : 0);
	return hog.res.runtime ? start(hog) : VC_OK;
}

static int begin_neighbour(const struct surroundings *at)
{
	int code = start((struct child){ .name = "hog", .cpu = at->cpu, .play = own_data_play });

	return code ? code : start_neighbour(at, own_data_play, NULL, NEIGHBOUR_PERIOD);
}

static int begin_memory(const struct surroundings *at)
{
	cpu_set_t allowed;
	int cpu, code = VC_OK, n = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		CPU_ZERO(&allowed);
	for (cpu = 0; cpu < CPU_SETSIZE && !code; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || cpu == at->cpu)
			continue;
		code = start((struct child){ .name = "copier", .cpu = cpu, .play = memory_play });
		n++;
	}
	if (n)
		return code;
	return start((struct child){ .name = "copier", .cpu = at->cpu, .play = memory_play });
}

int state_begin(enum rate_state state, const struct surroundings *at)
{
	int code = VC_OK;

	if (state == RATE_NEIGHBOUR)
		code = begin_neighbour(at);
	else if (state == RATE_MEMORY)
		code = begin_memory(at);
	if (code)
		state_end();
	return code;
}

void state_end(void)
{
	while (started)
		child_end(&hogs[--started]);
}

/* Without privilege the page cache stays: then only the caches of the CPU are cold */
static void drop_page_cache(void)
{
	int fd;

	sync();
	fd = open(sys_path("/proc/sys/vm/drop_caches"), O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "3", 1) != 1)
		failure(0, "note: the page cache was not dropped: %s", strerror(errno));
	close(fd);
}

void state_before_run(enum rate_state state)
{
	static char *data;
	size_t size = 2 * cache_size();

	if (state != RATE_COLD)
		return;
	drop_page_cache();
	data = data ? data : malloc(size);
	if (data)
		touch(data, size);
}

static void fifo_play(void *arg)
{
	const struct sched_param param = { .sched_priority = 50 };

	(void)arg;
	sched_setscheduler(0, SCHED_FIFO, &param);
	for (;;)
		work_some();
}

int hostile_begin(const struct surroundings *at)
{
	static struct hog directed = { .seed = 1, .directed = true };
	int code = start((struct child){ .name = "hog", .cpu = at->cpu, .play = own_data_play });

	directed.period = 7 * NEIGHBOUR_PERIOD;
	if (!code)
		code = start_neighbour(at, hog_play, &directed, directed.period);
	if (!code)
		code = start((struct child){ .name = "FIFO hog", .cpu = at->cpu, .play = fifo_play });
	if (code)
		state_end();
	return code;
}
