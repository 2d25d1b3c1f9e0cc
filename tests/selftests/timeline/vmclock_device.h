/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VMCLOCK_DEVICE_H
#define VMCLOCK_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A device of VMClock as its readers use it */
struct vmclock_device {
	int fd;
	uint32_t size;		/* of the region, as its header has it */
	const void *region;	/* one page */
};

enum { VMCLOCK_GENERATION = 1 << 8, VMCLOCK_NOTIFIES = 1 << 9 };

/* Opens, reads the header, maps the region; 0 or -errno, -EPROTO if it is none */
int vmclock_open(struct vmclock_device *d, const char *path);
void vmclock_close(struct vmclock_device *d);
uint64_t vmclock_flags(const struct vmclock_device *d);
uint64_t vmclock_generation(const struct vmclock_device *d);
uint32_t vmclock_sequence(const struct vmclock_device *d);
/* What poll() says within so many ms; and take note of the present state by read() */
short vmclock_wait(const struct vmclock_device *d, int ms);
bool vmclock_note(const struct vmclock_device *d);

#endif /* VMCLOCK_DEVICE_H */
