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
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <linux/timeline.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "base/sysfile.h"
#include "timeline/ask.h"
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

/* "WHO" or "WHO:WHERE"; NULL if it is somebody else */
static const char *where_of(const char *from, const char *who, const char *otherwise)
{
	size_t n = strlen(who);

	if (strncmp(from, who, n) || (from[n] && from[n] != ':'))
		return NULL;
	return from[n] ? from + n + 1 : otherwise;
}

static int open_chrony(struct timeline_source *src, const char *where, char *why, size_t size)
{
	if (!ask_may_be_chronyd(where)) {
		snprintf(why, size, "chrony:%s: it is neither the path of a socket nor an address of the loopback interface of this machine",
			 where);
		return EINVAL;
	}
	src->belief.chronyd = where;
	src->says = "chronyd's tracking report";
	return open_system(src, CLOCK_REALTIME, SCALE_UTC, why, size);
}

/* The PTP clock of an interface: its number, or -1 */
static int phc_of(const char *interface)
{
	struct ethtool_ts_info info = { .cmd = ETHTOOL_GET_TS_INFO };
	struct ifreq request = { .ifr_data = (void *)&info };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = -1;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%.15s", interface);
	if (fd >= 0) {
		err = ioctl(fd, SIOCETHTOOL, &request);
		close(fd);
	}
	return err ? -1 : info.phc_index;
}

/* Instead of the one that is open, if any: that stays so if this cannot be opened */
static int open_phc(struct timeline_source *src, const struct ptp4l_state *state, char *why,
		    size_t size)
{
	struct timeline_source before = *src;
	int phc = phc_of(state->interface), err;
	char path[32];

	if (phc < 0) {
		snprintf(why, size, "%s, which ptp4l uses, has no PTP clock", state->interface);
		return ENODEV;
	}
	if (state->ptp_scale)
		src->scale = SCALE_TAI;
	snprintf(path, sizeof(path), "/dev/ptp%d", phc);
	err = open_ptp(src, path, why, size);
	if (err) {
		*src = before;
		return err;
	}
	source_close(&before);
	src->kept = *state;
	return 0;
}

/* CLOCK_REALTIME if it has the packets stamped by that, else the clock of its interface */
static int open_ptp4l(struct timeline_source *src, const char *where, char *why, size_t size)
{
	struct ptp4l_state state;
	int err = ptp4l_ask(where, &state);

	src->ptp4l = where;
	src->says = "what ptp4l states";
	if (err) {
		snprintf(why, size, "ptp4l does not answer at %s: %s", where, strerror(err));
		return err == EINVAL ? EPROTO : err;
	}
	if (!ptp4l_is_slave(&state)) {
		snprintf(why, size, "ptp4l at %s is nobody's slave: which clock it keeps is not known now",
			 where);
		return EAGAIN;
	}
	src->offset_ns = state.offset_ns;
	if (!state.software)
		return open_phc(src, &state, why, size);
	src->kept = state;
	src->clock = CLOCK_REALTIME;
	src->scale = SCALE_UTC;
	return 0;
}

static const char *ptp4l_socket(void)
{
	return access(PTP4L_SOCKET, F_OK) ? PTP4L_SOCKET_OLD : PTP4L_SOCKET;
}

int source_open(struct timeline_source *src, const char *from, char *why, size_t size)
{
	const char *where;

	src->name = from;
	src->fd = -1;
	src->system = false;
	if (!strcmp(from, "realtime"))
		return open_system(src, CLOCK_REALTIME, SCALE_UTC, why, size);
	if (!strcmp(from, "tai"))
		return open_system(src, CLOCK_TAI, SCALE_TAI, why, size);
	where = where_of(from, "chrony", "");
	if (where)
		return open_chrony(src, where, why, size);
	where = where_of(from, "ptp4l", ptp4l_socket());
	if (where)
		return open_ptp4l(src, where, why, size);
	if (strchr(from, '/'))
		return open_ptp(src, from, why, size);
	snprintf(why, size, "'%s': it is none of realtime, tai, chrony, ptp4l, ntp:HOST and /dev/ptpN", from);
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

/*
 * It keeps another clock than it did, as where another port has become the slave: what was
 * sampled is void, and that one is followed if it has the same scale.
 */
static const char *follow_ptp4l(struct timeline_source *src, const struct ptp4l_state *ptp,
				struct source_state *state)
{
	char why[256];

	state->restart = true;
	if (ptp->ptp_scale != src->kept.ptp_scale)
		return "keeps its clock on another scale than it did";
	if (!ptp->software && !src->kept.software)
		open_phc(src, ptp, why, sizeof(why));
	return "keeps another clock than it did";
}

/* What ptp4l says now; the larger of its bounds counts */
static const char *look_at_ptp4l(struct timeline_source *src, struct source_state *state,
				 uint64_t *error)
{
	struct ptp4l_state ptp;
	const char *why;
	uint64_t ns = 0;

	if (ptp4l_ask(src->ptp4l, &ptp))
		return "does not answer";
	why = ptp4l_error(&ptp, src->offset_ns, src->hop_ns, &ns);
	src->offset_ns = ptp.offset_ns;
	*error = ns > *error ? ns : *error;
	state->tai_known = ptp.utc_offset_valid;
	state->tai_offset = ptp.utc_offset;
	state->leap_indicator = ptp.leap61 ? LEAP_PRE_POS : ptp.leap59 ? LEAP_PRE_NEG : LEAP_NONE;
	if (ptp4l_is_slave(&ptp) && !ptp4l_same_clock(&ptp, &src->kept))
		return follow_ptp4l(src, &ptp, state);
	if (!why && ptp.software && !(ptp.ptp_scale && ptp.utc_offset_valid))
		return "has a grandmaster that does not tell TAI - UTC";
	return why;
}

static int sample_ptp4l(struct timeline_source *src, unsigned int counter_id,
			struct te_sample *sample, struct source_state *state, uint64_t *error)
{
	const char *why;
	int err;

	*error = 0;
	state->why = look_at_ptp4l(src, state, error);
	err = read_best(src, counter_id, sample);
	if (err)
		return err;
	why = look_at_ptp4l(src, state, error);
	if (!state->why)
		state->why = why;
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
	if (src->system)
		err = sample_system(src, counter_id, sample, state);
	else if (src->ptp4l)
		err = sample_ptp4l(src, counter_id, sample, state, &error);
	else
		err = read_best(src, counter_id, sample);
	if (err)
		return err;
	if (src->stated) {
		error = src->error_ns;
		state->why = NULL;
		state->restart = false;
	} else if (src->system) {
		error = src->belief.error_ns;
	}
	state->synchronized = !state->why;
	sample->err_low = state->synchronized ? error : TE_ERROR_MAX;
	sample->err_high = state->synchronized ? error + TICK_NS : TE_ERROR_MAX;
	return 0;
}
