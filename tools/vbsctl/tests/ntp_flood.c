// SPDX-License-Identifier: GPL-2.0
/*
 * Answers of a server that nobody has asked for, by somebody who knows which port its client
 * uses but does not see what that asks: many a second, and how many of them were sent.
 *
 *	ntp_flood SERVER:PORT CLIENT:PORT RATE SECONDS
 *
 * It sends in the server's name, for which it has to be on the way, and root.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "timeline/ntp.h"

#define BURSTS	1000	/* a second */
#define MOST	128	/* packets in one */

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif

static struct sockaddr_in address(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const char *colon = strchr(text, ':');
	char host[16];

	snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - text) : 0, text);
	if (inet_pton(AF_INET, host, &a.sin_addr) == 1)
		a.sin_port = htons(atoi(colon + 1));
	return a;
}

static int open_between(struct sockaddr_in server, struct sockaddr_in client)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, size = NTP_SIZE;

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&server, sizeof(server)) ||
	    connect(fd, (struct sockaddr *)&client, sizeof(client))) {
		perror("ntp_flood");
		return -1;
	}
	return fd;
}

/* Good answers but for what was asked */
static void fill(uint8_t *packets, int n)
{
	struct ntp_packet p = { .version = 4, .mode = NTP_SERVER, .stratum = 1, .precision = -29 };
	int i;

	for (i = 0; i < n; i++) {
		p.origin = (uint64_t)rand() << 32 | rand();
		p.receive = p.transmit = ntp_from_ns(time(NULL) * 1000000000LL);
		ntp_write(packets + i * NTP_SIZE, &p);
	}
}

static long flood(int fd, int burst, long bursts)
{
	static uint8_t packets[MOST * NTP_SIZE];
	struct timespec at;
	long i, sent = 0;

	fill(packets, burst);
	clock_gettime(CLOCK_MONOTONIC, &at);
	for (i = 0; i < bursts; i++) {
		if (send(fd, packets, burst * NTP_SIZE, 0) == burst * NTP_SIZE)
			sent += burst;
		at.tv_nsec += 1000000000 / BURSTS;
		at.tv_sec += at.tv_nsec / 1000000000;
		at.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
	return sent;
}

int main(int argc, char **argv)
{
	int fd, burst = argc == 5 ? atoi(argv[3]) / BURSTS : 0;

	if (burst < 1 || burst > MOST) {
		fprintf(stderr, "usage: ntp_flood SERVER:PORT CLIENT:PORT RATE SECONDS\n");
		return 2;
	}
	fd = open_between(address(argv[1]), address(argv[2]));
	if (fd < 0)
		return 1;
	printf("%ld\n", flood(fd, burst, atof(argv[4]) * BURSTS));
	return 0;
}
