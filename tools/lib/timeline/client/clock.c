// SPDX-License-Identifier: GPL-2.0
/*
 * Finding and reading a timeline.
 *
 * The kernel's calls take an id, and an id can come to be another timeline's.  What tells
 * is the generation in the table, where an id has its place modulo the size.  The kernel
 * writes a new one before anybody can read by it, so who looks after a reading and finds
 * the old one has not read a later timeline.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "system.h"

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

bool clock_is_gone(const struct tl_clock *clock)
{
	const struct timeline_entry *e = clock->entry;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load(&e->magic) != TIMELINE_MAGIC || load(&e->generation) != clock->generation;
}

static int look_up(struct tl_clock *c, const char *name)
{
	struct timeline_lookup look = { 0 };
	int err;

	if (strlen(name) >= sizeof(look.name))
		return -ENOENT;
	strcpy(look.name, name);
	err = sys_ioctl(c->fd, TIMELINE_LOOKUP, &look);
	c->id = look.id;
	c->generation = look.generation;
	return err;
}

/* Of an id, whose generation counts if it is known */
static int describe(struct tl_clock *c)
{
	struct timeline_get get = { .set.id = c->id };
	int err = sys_ioctl(c->fd, TIMELINE_GET, &get);

	if (err)
		return err == -EINVAL ? -ENOENT : err;
	/* It takes a place for whatever is there */
	if (get.set.id != c->id || (c->generation && c->generation != get.set.generation))
		return -ENOENT;
	c->generation = get.set.generation;
	c->type = get.time_type;
	c->flags = get.flags;
	memcpy(c->name, get.name, sizeof(c->name));
	c->entry = c->table + c->id % TIMELINE_MAX_IDS;
	return 0;
}

static int begin(struct tl_clock *c)
{
	c->fd = sys_open();
	if (c->fd < 0)
		return c->fd;
	c->table = sys_map(c->fd);
	return c->table ? 0 : -errno;
}

EXPORT void tl_close(struct tl_clock *clock)
{
	if (!clock)
		return;
	if (clock->table)
		sys_unmap(clock->table);
	if (clock->fd >= 0)
		close(clock->fd);
	free(clock);
}

/* By name, or by id if that is NULL */
static int find(struct tl_clock **clock, const char *name, unsigned int id)
{
	struct tl_clock *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->id = id;
	err = begin(c);
	if (!err && name)
		err = look_up(c, name);
	if (!err)
		err = describe(c);
	if (err)
		tl_close(c);
	else
		*clock = c;
	return err;
}

EXPORT int tl_open(struct tl_clock **clock, const char *name)
{
	return find(clock, name, 0);
}

EXPORT int tl_open_id(struct tl_clock **clock, unsigned int id)
{
	return id < TIMELINE_SELF ? find(clock, NULL, id) : -ENOENT;
}

EXPORT int tl_open_bound(struct tl_clock **clock)
{
	return tl_open_id(clock, sys_bound());
}

EXPORT const char *tl_name(const struct tl_clock *clock)
{
	return clock->name;
}

EXPORT unsigned int tl_id(const struct tl_clock *clock)
{
	return clock->id;
}

EXPORT int tl_clockid(const struct tl_clock *clock)
{
	return CLOCK_TIMELINE(clock->id);
}

EXPORT unsigned int tl_type(const struct tl_clock *clock)
{
	return clock->type;
}

EXPORT unsigned int tl_flags(const struct tl_clock *clock)
{
	return clock->flags;
}

EXPORT int tl_read(const struct tl_clock *clock, struct timeline_time *tt)
{
	struct timeline_time read;
	int err = sys_gettime(clock->id, &read);

	if (err == -EINVAL || (!err && clock_is_gone(clock)))
		return -ENODEV;
	if (!err)
		*tt = read;
	return err;
}

EXPORT int tl_bind(const struct tl_clock *clock)
{
	unsigned int before = sys_bound();
	int err = sys_bind(clock->id);

	if (err)
		return err == -EINVAL ? -ENODEV : err;
	if (!clock_is_gone(clock))
		return 0;
	sys_bind(before);
	return -ENODEV;
}

EXPORT int tl_unbind(void)
{
	return sys_bind(TIMELINE_NONE);
}

EXPORT int tl_sleep_until(const struct tl_clock *clock, int64_t ns)
{
	struct timespec at = { ns / 1000000000, ns % 1000000000 };

	if (clock_is_gone(clock))
		return -ENODEV;
	if (ns < 0)
		at = (struct timespec){ 0 };
	return sys_sleep_until(tl_clockid(clock), &at);
}
