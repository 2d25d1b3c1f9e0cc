// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a reference.  The system's clocks are believed as far as their keeper
 * vouches for them (belief.c).  A PTP clock vouches for nothing, neither its
 * error nor its scale: its user does.  The paravirtual ones show the host's UTC.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <linux/timeline.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "base/sysfile.h"
#include "timeline/source.h"

#define TICK_NS		1	/* what a reading is rounded down by */
#define TIME_NS_OF_ALL	0xeffffffaU	/* the inode of the first time namespace */

/* As of CLOCKFD in the kernel */
static clockid_t clock_of(int fd)
{
	return (clockid_t)(~(unsigned int)fd << 3 | 3);
}

/* By the name that its driver gives to it */
static enum source_scale scale_of(const char *path)
{
	static const char *const utc[] = { "KVM virtual PTP", "hyperv", "ptp_vmw" };
	const char *base = strrchr(path, '/');
	char file[128], *name;
	bool is_utc = false;
	size_t i;

	snprintf(file, sizeof(file), "/sys/class/ptp%s/clock_name", base);
	name = sys_read(file);
	if (!name)
		return SCALE_UNKNOWN;
	name[strcspn(name, "\n")] = '\0';
	for (i = 0; i < sizeof(utc) / sizeof(utc[0]); i++)
		is_utc |= !strcmp(name, utc[i]);
	free(name);
	return is_utc ? SCALE_UTC : SCALE_UNKNOWN;
}

static int open_ptp(struct timeline_source *src, const char *path, char *why, size_t size)
{
	struct timespec ts;
	int err;

	src->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (src->fd < 0) {
		err = errno;
		snprintf(why, size, "cannot open %s: %s", path, strerror(err));
		return err;
	}
	src->clock = clock_of(src->fd);
	if (src->scale == SCALE_UNKNOWN)
		src->scale = scale_of(path);
	if (!clock_gettime(src->clock, &ts))
		return 0;
	snprintf(why, size, "%s is no clock that can be read: %s", path, strerror(errno));
	source_close(src);
	return ENODEV;
}

/* One of the system's clocks, whose scale is known */
static int open_system(struct timeline_source *src, clockid_t clock, enum source_scale scale,
		       char *why, size_t size)
{
	if (src->scale != SCALE_UNKNOWN && src->scale != scale) {
		snprintf(why, size, "%s has another scale than was asked for", src->name);
		return EINVAL;
	}
	src->system = true;
	src->clock = clock;
	src->scale = scale;
	return 0;
}

int source_open(struct timeline_source *src, const char *from, char *why, size_t size)
{
	src->name = from;
	src->fd = -1;
	src->system = false;
	if (!strcmp(from, "realtime"))
		return open_system(src, CLOCK_REALTIME, SCALE_UTC, why, size);
	if (!strcmp(from, "tai"))
		return open_system(src, CLOCK_TAI, SCALE_TAI, why, size);
	if (strchr(from, '/'))
		return open_ptp(src, from, why, size);
	snprintf(why, size, "'%s': it is none of realtime, tai and /dev/ptpN", from);
	return EINVAL;
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
uint64_t source_counter(unsigned int counter_id)
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

	s->before = source_counter(counter_id);
	if (clock_gettime(src->clock, &ts))
		return errno;
	s->after = source_counter(counter_id) + 1;
	s->ref_ns = ts.tv_sec * 1000000000LL + ts.tv_nsec;
	return 0;
}

void source_pair(unsigned int counter_id, struct stamp_pair *pair)
{
	struct timespec ts;

	pair->before = source_counter(counter_id);
	clock_gettime(CLOCK_REALTIME, &ts);
	pair->after = source_counter(counter_id) + 1;
	pair->ns = ts.tv_sec * 1000000000LL + ts.tv_nsec;
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

unsigned int source_leap(int clock_state, unsigned int before)
{
	switch (clock_state) {
	case TIME_INS:
		return LEAP_PRE_POS;
	case TIME_DEL:
		return LEAP_PRE_NEG;
	case TIME_OOP:
		return LEAP_POS;
	case TIME_WAIT:		/* it does not say after which */
		return before == LEAP_PRE_NEG || before == LEAP_POST_NEG ?
			LEAP_POST_NEG : LEAP_POST_POS;
	default:
		return LEAP_NONE;
	}
}

static int sample_system(struct timeline_source *src, unsigned int counter_id,
			 struct te_sample *sample, struct source_state *state)
{
	struct belief *b = &src->belief;
	struct timex tx;
	int err;

	if (!belief_begin(b, &tx))
		return errno;
	err = read_best(src, counter_id, sample);
	if (err)
		return err;
	if (!belief_end(b, &tx))
		return errno;
	state->why = b->why;
	state->restart = b->lied;
	src->leap = source_leap(b->clock_state, src->leap);
	state->leap_indicator = src->leap;
	state->tai_offset = tx.tai;
	state->tai_known = tx.tai != 0;
	return 0;
}

int source_sample(struct timeline_source *src, unsigned int counter_id,
		  struct te_sample *sample, struct source_state *state)
{
	uint64_t error = src->error_ns;
	int err;

	memset(state, 0, sizeof(*state));
	memset(sample, 0, sizeof(*sample));
	state->why = "states no quality";
	err = src->system ? sample_system(src, counter_id, sample, state) :
			    read_best(src, counter_id, sample);
	if (err)
		return err;
	if (src->stated) {
		state->why = NULL;
		state->restart = false;
	} else {
		error = src->belief.error_ns;
	}
	state->synchronized = !state->why;
	sample->err_low = state->synchronized ? error : TE_ERROR_MAX;
	sample->err_high = state->synchronized ? error + TICK_NS : TE_ERROR_MAX;
	return 0;
}
