// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <vdso/timeline.h>

#include "fake.h"
#include "system.h"

#define NSEC	1000000000ULL
#define SHIFT	20

struct timeline_entry fake_page[TIMELINE_MAX_IDS];
char fake_names[TIMELINE_MAX_IDS][TIMELINE_NAME_LEN];
__u64 fake_counter;
void (*fake_in_gettime)(void);
__thread unsigned int fake_bound = TIMELINE_NONE;
int fake_bind_error;
int fake_opens;

static int event_pipe = -1;
static __u32 generations;

/* For the Python module, which has no other way: 'lab' from the beginning */
__attribute__((constructor)) void fake_reset(void)
{
	memset(fake_page, 0, sizeof(fake_page));
	memset(fake_names, 0, sizeof(fake_names));
	fake_counter = 5 * NSEC;
	fake_bind_error = 0;
	fake_bound = TIMELINE_NONE;
	fake_opens = 0;
	fake_create(3, "lab");
	fake_set(3, 1000 * NSEC);
}

/* Each timeline that follows in a place has an id that is larger by the size of the table */
static unsigned int place(unsigned int id)
{
	return id % TIMELINE_MAX_IDS;
}

static bool is_there(unsigned int id)
{
	return fake_page[place(id)].magic && fake_page[place(id)].id == id;
}

/* 2^(64 + shift) / 10^9, rounded down: 1 ns */
static __u64 nominal(void)
{
	return ((__uint128_t)1 << (64 + SHIFT)) / NSEC;
}

void fake_create(unsigned int id, const char *name)
{
	struct timeline_entry *e = &fake_page[place(id)];

	strcpy(fake_names[place(id)], name);
	*e = (struct timeline_entry){
		.magic = TIMELINE_MAGIC, .id = id, .generation = ++generations,
		.counter_id = TIMELINE_COUNTER_X86_TSC, .disruption_marker = 7,
		.clock_status = TIMELINE_STATUS_INITIALIZING,
		.err_low_ns = TIMELINE_UNBOUNDED, .err_high_ns = TIMELINE_UNBOUNDED,
	};
}

void fake_set(unsigned int id, __u64 ns)
{
	struct timeline_entry *e = &fake_page[place(id)];

	e->seq_count += 2;
	e->clock_status = TIMELINE_STATUS_SYNCHRONIZED;
	e->flags = TIMELINE_VF_PERIOD_MAXERROR_VALID | TIMELINE_VF_TIME_MAXERROR_VALID;
	e->counter_value = e->slew_end = fake_counter;
	e->counter_period_shift = SHIFT;
	e->counter_period_frac_sec = nominal();
	e->counter_period_maxerror_rate_frac_sec = nominal() / 1000000 + 1;
	e->time_sec = ns / NSEC;
	e->time_frac_sec = ((__uint128_t)(ns % NSEC) << 64) / NSEC + 1;
	e->err_low_ns = 20;
	e->err_high_ns = 30;
	e->err_rate = ~0ULL / 1000000;
	e->step_marker++;
}

void fake_destroy(unsigned int id)
{
	fake_page[place(id)].magic = 0;
	fake_page[place(id)].seq_count += 2;
	fake_names[place(id)][0] = '\0';
}

void fake_event(__u32 type)
{
	struct timeline_event event = { .type = type };

	if (write(event_pipe, &event, sizeof(event)) != sizeof(event))
		event_pipe = -1;
}

/* The end that is written to closes with the next file that is opened */
int sys_open(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	if (event_pipe >= 0)
		close(event_pipe);
	event_pipe = fds[1];
	fake_opens++;
	return fds[0];
}

static int look_up(struct timeline_lookup *look)
{
	unsigned int i;

	for (i = 0; i < TIMELINE_IDS; i++) {
		if (fake_page[i].magic && !strcmp(fake_names[i], look->name)) {
			look->id = fake_page[i].id;
			look->generation = fake_page[i].generation;
			return 0;
		}
	}
	return -ENOENT;
}

/* A place stands for what is there */
static int get(struct timeline_get *get)
{
	const struct timeline_entry *e = &fake_page[place(get->set.id)];

	if (!e->magic || (get->set.id >= TIMELINE_IDS && !is_there(get->set.id)))
		return -EINVAL;
	get->set.id = e->id;
	get->set.generation = e->generation;
	strcpy(get->name, fake_names[place(e->id)]);
	get->time_type = e->time_type;
	get->flags = e->timeline_flags;
	get->counter_hz = NSEC;
	return 0;
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	if (request == TIMELINE_LOOKUP)
		return look_up(arg);
	if (request == TIMELINE_GET)
		return get(arg);
	if (request != TIMELINE_BIND)
		return -ENOTTY;
	if (fake_bind_error)
		return fake_bind_error;
	return sys_bind(((struct timeline_bind *)arg)->id);
}

int sys_gettime(unsigned int id, struct timeline_time *tt)
{
	void (*hook)(void) = fake_in_gettime;

	if (!is_there(id))
		return -EINVAL;
	timeline_read(&fake_page[place(id)], fake_counter, tt);
	fake_in_gettime = NULL;
	if (hook)
		hook();
	return 0;
}

int sys_sleep_until(clockid_t clock, const struct timespec *at)
{
	(void)clock;
	return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL);
}

const struct timeline_entry *sys_map(int fd)
{
	(void)fd;
	return fake_page;
}

void sys_unmap(const struct timeline_entry *table)
{
	(void)table;
}

unsigned int sys_bound(void)
{
	return fake_bound;
}

int sys_bind(unsigned int id)
{
	if (id != TIMELINE_NONE && !is_there(id))
		return -EINVAL;
	fake_bound = id;
	return 0;
}

int sys_timer(clockid_t clock)
{
	int fd;

	if (!is_there(clock - CLOCK_TIMELINE_FIRST))
		return -EINVAL;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}
