// SPDX-License-Identifier: GPL-2.0
/*
 * A reader of /dev/vmclockN, written from what the driver of Linux 7 does: the
 * header comes by read(), the region by mmap() of one page at offset 0, and poll()
 * tells of a sequence count that differs from the one that read() saw last. Like
 * vmclock_reader.c it includes no header of the kernel's, nor of timelines.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include "vmclock_device.h"

#define MAGIC		0x4b4c4356
#define PAGE		4096
#define AT_SEQ_COUNT	0x0c
#define AT_FLAGS	0x18
#define AT_GENERATION	0x68
#define WHOLE		0x70

/* The fields that do not change */
struct header {
	uint32_t magic;
	uint32_t size;
	uint16_t version;
	uint8_t counter;
	uint8_t type;
};

static uint64_t word(const struct vmclock_device *d, size_t at)
{
	return __atomic_load_n((const uint64_t *)((const char *)d->region + at),
			       __ATOMIC_ACQUIRE);
}

int vmclock_open(struct vmclock_device *d, const char *path)
{
	struct header h;
	ssize_t n;
	int err = EPROTO;

	d->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (d->fd < 0)
		return -errno;
	n = read(d->fd, &h, sizeof(h));
	if (n != sizeof(h)) {
		err = n < 0 ? errno : EPROTO;
		goto close;
	}
	/* A region that is smaller than a page gets no device */
	if (h.magic != MAGIC || h.version != 1 || h.size < PAGE)
		goto close;
	d->size = h.size;
	d->region = mmap(NULL, d->size, PROT_READ, MAP_SHARED, d->fd, 0);
	if (d->region == MAP_FAILED) {
		err = errno;
		goto close;
	}
	return 0;
close:
	close(d->fd);
	return -err;
}

void vmclock_close(struct vmclock_device *d)
{
	munmap((void *)d->region, d->size);
	close(d->fd);
}

uint64_t vmclock_flags(const struct vmclock_device *d)
{
	return word(d, AT_FLAGS);
}

uint64_t vmclock_generation(const struct vmclock_device *d)
{
	return word(d, AT_GENERATION);
}

uint32_t vmclock_sequence(const struct vmclock_device *d)
{
	return __atomic_load_n((const uint32_t *)((const char *)d->region + AT_SEQ_COUNT),
			       __ATOMIC_ACQUIRE);
}

short vmclock_wait(const struct vmclock_device *d, int ms)
{
	struct pollfd p = { .fd = d->fd, .events = POLLIN | POLLRDNORM };

	return poll(&p, 1, ms) > 0 ? p.revents : 0;
}

bool vmclock_note(const struct vmclock_device *d)
{
	char whole[WHOLE];

	return pread(d->fd, whole, sizeof(whole), 0) == sizeof(whole) &&
	       !memcmp(whole, d->region, sizeof(whole));
}
