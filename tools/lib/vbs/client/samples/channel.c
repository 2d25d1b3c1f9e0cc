// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers through a ring in a file that two programs share:
 *
 *	channel send FILE		makes the ring, sends a number every 10 ms
 *	channel receive FILE		prints what comes, and how old it is
 *
 * FILE is one of /dev/shm, or the memory of an ivshmem-plain device: in a guest
 * /sys/bus/pci/devices/ADDRESS/resource2, on the host the file that QEMU's
 * memory-backend-file has. A futex does not cross between host and guest: say "poll"
 * as the last argument on both sides. What is printed as age is one of two clocks then,
 * unless both read the same timeline; see libtimeline(3).
 *
 * Put both into servers (vbsctl run --res 1ms/10ms -- channel ...), and vbsctl analyze --channel
 * says how old a number can be.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <vbs_channel.h>

#define SLOTS	16
#define EVERY	10000000	/* ns */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static struct timespec at_ns(uint64_t ns)
{
	return (struct timespec){ ns / 1000000000, ns % 1000000000 };
}

static int send_numbers(struct vbs_channel *ch)
{
	uint64_t n, due = now_ns();
	struct timespec until;
	int err;

	for (n = 1;; n++) {
		due += EVERY;
		until = at_ns(due);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		err = vbs_channel_try_send(ch, &n, sizeof(n), now_ns());
		if (err && err != EAGAIN)
			return err;	/* EAGAIN: nobody takes them, this one is left out */
	}
}

static int receive_numbers(struct vbs_channel *ch)
{
	uint64_t n, sent;
	struct timespec until;
	uint32_t len;
	int err;

	for (;;) {
		until = at_ns(now_ns() + 1000000000);
		err = vbs_channel_receive(ch, &n, sizeof(n), &len, &sent, &until);
		if (err == ETIMEDOUT)
			continue;
		if (err || len != sizeof(n))
			return err ? err : EPROTO;
		printf("%llu, %llu ns old\n", (unsigned long long)n, (unsigned long long)(now_ns() - sent));
	}
}

static void *map(const char *file, int create, size_t size)
{
	int fd = open(file, create ? O_RDWR | O_CREAT : O_RDWR, 0600);
	void *mem;

	/* A file of /dev/shm gets its size; a device has one, and refuses */
	if (fd >= 0 && create && ftruncate(fd, size))
		perror(file);
	mem = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return mem;
}

int main(int argc, char **argv)
{
	int sends = argc > 2 && !strcmp(argv[1], "send"), err;
	size_t size = vbs_channel_size(SLOTS, sizeof(uint64_t));
	struct vbs_channel ch;
	void *mem;

	if (argc < 3) {
		fprintf(stderr, "usage: channel send|receive FILE [poll]\n");
		return 2;
	}
	mem = map(argv[2], sends, size);
	if (mem == MAP_FAILED) {
		perror(argv[2]);
		return 1;
	}
	err = sends ? vbs_channel_create(&ch, mem, size, SLOTS, sizeof(uint64_t)) :
		      vbs_channel_attach(&ch, mem, size);
	if (!err) {
		ch.flags = argc > 3 ? VBS_CHANNEL_POLL : 0;
		err = sends ? send_numbers(&ch) : receive_numbers(&ch);
	}
	fprintf(stderr, "channel: %s\n", strerror(err));
	return 1;
}
