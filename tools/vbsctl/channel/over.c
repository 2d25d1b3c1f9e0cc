// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/channel_options.h"
#include "channel/over.h"

#define OVER_MAGIC	0x52564f56U
#define PAGE		4096
#define LOOK_NS		1000000ULL
#define PROCESS_MAX	3600000000000ULL	/* ns, as of an option */

/* The first page; @magic is set when the rest is there */
struct over {
	_Atomic uint32_t magic, there;
	uint32_t slots;
	uint64_t slot, message, reply, process;
	uint64_t calibrate, count;
};

static struct field *field_of(struct over *o)
{
	return (struct field *)((char *)o + PAGE);
}

static void *ring_of(struct over *o, size_t size, int n)
{
	return (char *)o + 2 * PAGE + n * ((size + PAGE - 1) & ~(size_t)(PAGE - 1));
}

static struct over *map(const char *path, size_t *size)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	void *mem;

	if (fd < 0)
		return NULL;
	mem = fstat(fd, &st) ? MAP_FAILED : mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	*size = st.st_size;
	return mem == MAP_FAILED ? NULL : mem;
}

/* The size of a ring, if both are in there; else 0 with errno */
static size_t ring_size(const struct measure *m, size_t size)
{
	size_t ring = vbs_channel_size(m->channel.slots, m->channel.slot);

	if (ring && ring <= size && 2 * (ring + PAGE) + 2 * PAGE <= size)
		return ring;
	errno = ENOSPC;
	return 0;
}

struct field *over_open(const struct measure *m, struct ends *ends)
{
	size_t size, ring;
	struct over *o = map(m->over, &size);
	struct vbs_channel other;

	ring = o ? ring_size(m, size) : 0;
	if (!ring)
		return NULL;
	memset(o, 0, 2 * PAGE);
	if (!ring_make_in(m, ring_of(o, ring, 0), ring, &ends[SENDER].message, &other) ||
	    !ring_make_in(m, ring_of(o, ring, 1), ring, &other, &ends[SENDER].reply))
		return NULL;
	o->slots = m->channel.slots;
	o->slot = m->channel.slot;
	o->message = m->channel.message;
	o->reply = m->channel.reply;
	o->process = m->channel.process;
	o->calibrate = m->calibrate;
	o->count = m->count;
	o->magic = OVER_MAGIC;
	return field_of(o);
}

static bool comes(const _Atomic uint32_t *word, uint32_t value, uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	while (*word != value && now_ns() < end)
		sleep_until(now_ns() + LOOK_NS);
	if (*word == value)
		return true;
	errno = ETIMEDOUT;
	return false;
}

bool over_await(const struct field *f, uint64_t ns)
{
	const struct over *o = (const struct over *)((const char *)f - PAGE);

	return comes(&o->there, 1, ns);
}

/* All that measure asks for is so, and nothing else has a place at this end: who answers trusts nobody */
static bool sensible(const struct measure *m)
{
	const struct channel *c = &m->channel;

	return c->slots && c->slots <= MEASURE_SLOTS_MAX && c->slot && c->slot <= MEASURE_SLOT_MAX &&
	       c->reply && c->reply <= c->slot * c->slots && c->message &&
	       c->message <= CHANNEL_MESSAGE_MAX && c->process <= PROCESS_MAX &&
	       m->calibrate <= CALIBRATE_MAX && m->count <= MEASURE_COUNT_MAX;
}

struct field *over_attach(const char *path, uint64_t ns, struct measure *m, struct ends *ends)
{
	size_t size, ring;
	struct over *o = map(path, &size);

	if (!o || !comes(&o->magic, OVER_MAGIC, ns))
		return NULL;
	m->over = path;
	m->channel = (struct channel){ .slots = o->slots, .slot = o->slot, .message = o->message,
				       .reply = o->reply, .process = o->process, .polls = true };
	m->calibrate = o->calibrate;
	m->count = o->count;
	errno = EPROTO;
	ring = sensible(m) ? ring_size(m, size) : 0;
	if (!ring)
		return NULL;
	errno = vbs_channel_attach(&ends->message, ring_of(o, ring, 0), ring);
	if (!errno)
		errno = vbs_channel_attach(&ends->reply, ring_of(o, ring, 1), ring);
	if (errno)
		return NULL;
	ends->message.flags = ends->reply.flags = VBS_CHANNEL_POLL;
	o->magic = 0;	/* the next one is another */
	o->there = 1;
	return field_of(o);
}
