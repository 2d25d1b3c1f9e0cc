// SPDX-License-Identifier: GPL-2.0
/*
 * In a guest of a test: datagrams, as fast as the device takes them.
 *
 *	guest_send ADDRESS PORT BYTES	ends when the device has taken them all
 */
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM	1400
#define LOOK_US		200

static int send_all(int fd, const struct sockaddr_in *to, uint64_t bytes)
{
	static char data[DATAGRAM];
	uint64_t len;

	for (; bytes; bytes -= len) {
		len = bytes < DATAGRAM ? bytes : DATAGRAM;
		if (sendto(fd, data, len, 0, (const void *)to, sizeof(*to)) != (ssize_t)len) {
			perror("sendto");
			return 1;
		}
	}
	return 0;
}

/* A datagram counts as sent until the device gives its memory back */
static int wait_taken(int fd)
{
	int left;

	for (;;) {
		if (ioctl(fd, SIOCOUTQ, &left)) {
			perror("SIOCOUTQ");
			return 1;
		}
		if (!left)
			return 0;
		usleep(LOOK_US);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 4 || fd < 0 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "guest_send ADDRESS PORT BYTES\n");
		return 2;
	}
	to.sin_port = htons(atoi(argv[2]));
	return send_all(fd, &to, strtoull(argv[3], NULL, 0)) || wait_taken(fd);
}
