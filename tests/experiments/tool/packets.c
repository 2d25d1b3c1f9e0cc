// SPDX-License-Identifier: GPL-2.0
/*
 * Stress by network: frames for all guests whose QEMU takes them as datagrams (-netdev
 * socket,udp=), as fast as they can be sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tool.h"

#define LENGTH	64

/* Until it is killed. Ports from @argv[0] on, as many as @argv[1] says */
int packets(int argc, char **argv)
{
	uint16_t first = number(argv[0]), n = number(argv[1]);
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned char frame[LENGTH] = { 0 };

	(void)argc;
	/* To all, of a local source and an experimental type */
	memset(frame, 0xff, 6);
	memcpy(frame + 6, "\x02\0\0\0\0\x01\x88\xb5", 8);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (;;) {
		for (uint16_t i = 0; i < n; i++) {
			to.sin_port = htons(first + i);
			if (sendto(fd, frame, LENGTH, 0, (void *)&to, sizeof(to)) < 0 &&
			    errno != ECONNREFUSED && errno != ENOBUFS)
				fatal("send: %s", strerror(errno));
		}
	}
}
