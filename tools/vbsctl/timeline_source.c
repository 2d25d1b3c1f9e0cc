// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a reference.  The bound of the system's clocks is the kernel's own
 * maxerror, in us, which grows by 500 us once a second: what it had become since
 * then is added, and the us that it is rounded by.  At 16 s it stops growing and
 * the clock counts as not synchronized: nothing bounds it then.  A PTP clock
 * states none: its user does, or it is the truth by definition.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <linux/timeline.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "sysfile.h"
#include "timeline_source.h"
#include "vbsctl.h"

#define MAXERROR_LAG_NS	501000
#define TICK_NS		1	/* what a reading is rounded down by */
#define TIME_NS_OF_ALL	0xeffffffaU	/* the inode of the first time namespace */

/* As of CLOCKFD in the kernel */
static clockid_t clock_of(int fd)
{
	return (clockid_t)(~(unsigned int)fd << 3 | 3);
}

static int open_ptp(struct timeline_source *src, const char *path)
{
	struct timespec ts;

	src->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (src->fd < 0)
		return failure(errno == EACCES ? VC_PERM : VC_FAIL, "cannot open %s: %s", path,
			       strerror(errno));
	src->clock = clock_of(src->fd);
	if (!clock_gettime(src->clock, &ts))
		return VC_OK;
	close(src->fd);
	return failure(VC_FAIL, "%s is no clock that can be read: %s", path, strerror(errno));
}

int source_open(struct timeline_source *src, const char *from)
{
	src->name = from;
	src->fd = -1;
	src->system = true;
	src->clock = CLOCK_REALTIME;
	if (!strcmp(from, "realtime"))
		return VC_OK;
	src->clock = CLOCK_TAI;
	if (!strcmp(from, "tai"))
		return VC_OK;
	src->system = false;
	if (strchr(from, '/'))
		return open_ptp(src, from);
	return failure(VC_USAGE, "--from '%s': it is none of realtime, tai and /dev/ptpN", from);
}

void source_close(struct timeline_source *src)
{
	if (src->fd >= 0)
		close(src->fd);
	src->fd = -1;
}

bool source_raw_is_shifted(void)
{
	struct stat st;

	return !stat(sys_path("/proc/self/ns/time"), &st) && st.st_ino != TIME_NS_OF_ALL;
}

/* Ordered against the reading: no earlier, no later */
static uint64_t read_counter(unsigned int counter_id)
{
	struct timespec ts;

#ifdef __x86_64__
	unsigned long long tsc;

	if (counter_id == TIMELINE_COUNTER_X86_TSC) {
		_mm_lfence();
		tsc = __rdtsc();
		_mm_lfence();
		return tsc;
	}
#endif
	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int read_once(const struct timeline_source *src, unsigned int counter_id,
		     struct te_sample *s)
{
	struct timespec ts;

	s->before = read_counter(counter_id);
	if (clock_gettime(src->clock, &ts))
		return errno;
	s->after = read_counter(counter_id) + 1;
	s->ref_ns = ts.tv_sec * 1000000000LL + ts.tv_nsec;
	return 0;
}

static int read_best(const struct timeline_source *src, unsigned int counter_id,
		     struct te_sample *best)
{
	struct te_sample s = { 0 };
	unsigned int i;
	int err;

	for (i = 0; i < src->readings; i++) {
		err = read_once(src, counter_id, &s);
		if (err)
			return err;
		if (!i || s.after - s.before < best->after - best->before)
			*best = s;
	}
	return 0;
}

static unsigned int leap_of(int clock_state)
{
	switch (clock_state) {
	case TIME_INS:
		return 1;
	case TIME_DEL:
		return 2;
	case TIME_OOP:
		return 3;
	case TIME_WAIT:
		return 4;
	default:
		return 0;
	}
}

/* The kernel's own bound: the larger one of before and after the reading */
static int read_maxerror(struct source_state *state, uint64_t *ns)
{
	struct timex tx = { 0 };
	int clock_state = adjtimex(&tx);
	uint64_t error;

	if (clock_state < 0)
		return errno;
	error = (tx.maxerror < 0 ? 0 : tx.maxerror) * 1000ULL + MAXERROR_LAG_NS;
	*ns = error > *ns ? error : *ns;
	state->synchronized &= !(tx.status & STA_UNSYNC) && clock_state != TIME_ERROR;
	state->leap_indicator = leap_of(clock_state);
	state->tai_offset = tx.tai;
	state->tai_known = tx.tai != 0;
	return 0;
}

int source_sample(const struct timeline_source *src, unsigned int counter_id,
		  struct te_sample *sample, struct source_state *state)
{
	uint64_t error = 0;
	int err;

	memset(state, 0, sizeof(*state));
	memset(sample, 0, sizeof(*sample));
	state->synchronized = true;
	err = src->system ? read_maxerror(state, &error) : 0;
	if (!err)
		err = read_best(src, counter_id, sample);
	if (!err && src->system)
		err = read_maxerror(state, &error);
	if (err)
		return err;
	if (src->stated || !src->system) {
		error = src->error_ns;
		state->synchronized = true;
	}
	sample->err_low = state->synchronized ? error : TE_ERROR_MAX;
	sample->err_high = state->synchronized ? error + TICK_NS : TE_ERROR_MAX;
	return 0;
}
