// SPDX-License-Identifier: GPL-2.0
/*
 * A reader of VMClock, written from UAPI.13 (uapi-group.org/specifications,
 * version 1.0) and nothing else: offsets and values are those of its tables. It
 * includes no header of the kernel's, nor of timelines.
 */
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>
#include "vmclock_reader.h"

/* Structure fields */
#define AT_MAGIC		0x00
#define AT_SIZE			0x04
#define AT_VERSION		0x08
#define AT_COUNTER_ID		0x0a
#define AT_TIME_TYPE		0x0b
#define AT_SEQ_COUNT		0x0c
#define AT_DISRUPTION		0x10
#define AT_FLAGS		0x18
#define AT_STATUS		0x22
#define AT_PERIOD_SHIFT		0x27
#define AT_COUNTER		0x28
#define AT_PERIOD		0x30
#define AT_PERIOD_MAXERROR	0x40
#define AT_SEC			0x48
#define AT_FRAC			0x50
#define AT_MAXERROR		0x60
#define HEADER_END		0x68

#define MAGIC			0x4b4c4356
#define COUNTER_X86_TSC		0x01
#define SYNCHRONIZED		2
#define FREERUNNING		3
#define PERIOD_MAXERROR_VALID	(1 << 4)
#define TIME_MAXERROR_VALID	(1 << 6)

typedef unsigned __int128 wide;

/* All fields are little endian */
static uint64_t field(const void *region, size_t at, int bytes)
{
	const volatile uint8_t *p = (const volatile uint8_t *)region + at;
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | p[bytes];
	return value;
}

/* This one must be read whole */
static uint32_t sequence(const void *region)
{
	return __atomic_load_n((const uint32_t *)((const char *)region + AT_SEQ_COUNT),
			       __ATOMIC_ACQUIRE);
}

static uint64_t counter_now(void)
{
	uint64_t c;

	_mm_lfence();
	c = __rdtsc();
	_mm_lfence();
	return c;
}

/* ticks * (rate >> shift), in 2^-64 s */
static wide ticks_by(uint64_t ticks, uint64_t rate, unsigned int shift)
{
	return (wide)ticks * rate >> shift;
}

static void to_time(wide t, struct vmclock_time *out)
{
	out->sec = t >> 64;
	out->nsec = (wide)(uint64_t)t * 1000000000 >> 64;
}

/* T1 + P (C - C1), and T_maxerr + P_maxerr |C - C1| rounded up */
static void calculate(const void *region, uint64_t counter, struct vmclock_time *t)
{
	uint64_t reference = field(region, AT_COUNTER, 8), flags = field(region, AT_FLAGS, 8);
	unsigned int shift = field(region, AT_PERIOD_SHIFT, 1);
	bool later = (int64_t)(counter - reference) >= 0;
	uint64_t ticks = later ? counter - reference : reference - counter;
	wide past = ticks_by(ticks, field(region, AT_PERIOD, 8), shift);
	wide error = ticks_by(ticks, field(region, AT_PERIOD_MAXERROR, 8), shift);
	wide base = (wide)field(region, AT_SEC, 8) << 64 | field(region, AT_FRAC, 8);
	struct vmclock_time grown;

	to_time(later ? base + past : base - past, t);
	to_time(error, &grown);
	t->counter = counter;
	t->bounded = flags & PERIOD_MAXERROR_VALID && flags & TIME_MAXERROR_VALID;
	t->maxerror_ns = field(region, AT_MAXERROR, 8) + grown.sec * 1000000000 + grown.nsec + 1;
	t->marker = field(region, AT_DISRUPTION, 8);
	t->status = field(region, AT_STATUS, 1);
}

static enum vmclock_use check(const void *region, size_t size)
{
	if (size < HEADER_END || field(region, AT_MAGIC, 4) != MAGIC ||
	    field(region, AT_SIZE, 4) < HEADER_END || field(region, AT_VERSION, 2) != 1)
		return VMCLOCK_NOT_ONE;
	if (field(region, AT_COUNTER_ID, 1) != COUNTER_X86_TSC)
		return VMCLOCK_NO_COUNTER;
	return VMCLOCK_OK;
}

static void read_fields(const void *region, size_t size, const uint64_t *counter,
			struct vmclock_time *t)
{
	unsigned int retries = 0;
	uint32_t seq;

	for (;; retries++) {
		memset(t, 0, sizeof(*t));
		while ((seq = sequence(region)) & 1)
			_mm_pause();
		t->use = check(region, size);
		t->time_type = field(region, AT_TIME_TYPE, 1);
		calculate(region, counter ? *counter : counter_now(), t);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (sequence(region) == seq)
			break;
	}
	if (t->use == VMCLOCK_OK && t->status != SYNCHRONIZED && t->status != FREERUNNING)
		t->use = VMCLOCK_NO_TIME;
	t->retries = retries;
}

void vmclock_read(const void *region, size_t size, struct vmclock_time *t)
{
	read_fields(region, size, NULL, t);
}

void vmclock_read_at(const void *region, size_t size, uint64_t counter, struct vmclock_time *t)
{
	read_fields(region, size, &counter, t);
}
