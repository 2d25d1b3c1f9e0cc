// SPDX-License-Identifier: GPL-2.0
/*
 * Work for rates-vm.t.
 *	work allocate|locked N	a heap of its own, of which N times a piece is given back and another taken;
 *				locked: all memory is there, and stays, before the first
 *	work udp N		N bytes over the loopback, received as well
 *	work square N		N operations, each longer than the one before
 *	work sleep N		N operations of a microsecond or so, and after each thousand a sleep of 10 ms
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECES		4096
#define PIECE_MOST	8192
#define DATAGRAM	1024
#define PAGE		4096

static uint32_t chance(uint32_t below)
{
	static uint32_t seed = 1;

	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* As much of the heap as all pieces may take, and stay there */
static int lock_all(void)
{
	size_t size = PIECES * (PIECE_MOST + 64);
	char *all;

	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_MMAP_MAX, 0);
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		return 1;
	all = malloc(size);
	if (!all)
		return 1;
	memset(all, 1, size);
	free(all);
	return 0;
}

static int allocate(uint64_t n)
{
	static char *piece[PIECES];
	uint32_t i, size, at;

	while (n--) {
		i = chance(PIECES);
		free(piece[i]);
		size = 64 + chance(PIECE_MOST - 64);
		piece[i] = malloc(size);
		if (!piece[i])
			return 1;
		for (at = 0; at < size; at += PAGE)
			piece[i][at] = n;
	}
	return 0;
}

static int udp(uint64_t n)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);
	static char data[DATAGRAM];
	int in = socket(AF_INET, SOCK_DGRAM, 0), out = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(in, (void *)&to, len) || getsockname(in, (void *)&to, &len) || connect(out, (void *)&to, len))
		return 1;
	for (; n >= DATAGRAM; n -= DATAGRAM) {
		if (send(out, data, DATAGRAM, 0) != DATAGRAM || recv(in, data, DATAGRAM, 0) != DATAGRAM)
			return 1;
	}
	return 0;
}

static void spin(uint64_t n)
{
	while (n--)
		__asm__ volatile("");
}

static int square(uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		spin(i);
	return 0;
}

static int sleep_between(uint64_t n)
{
	const struct timespec rest = { 0, 10000000 };
	uint64_t i;

	for (i = 1; i <= n; i++) {
		spin(1000);
		if (i % 1000 == 0)
			nanosleep(&rest, NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t n = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
	const char *what = n ? argv[1] : "";

	if (!strcmp(what, "allocate"))
		return allocate(n);
	if (!strcmp(what, "locked"))
		return lock_all() || allocate(n);
	if (!strcmp(what, "udp"))
		return udp(n);
	if (!strcmp(what, "square"))
		return square(n);
	if (!strcmp(what, "sleep"))
		return sleep_between(n);
	fputs("usage: work allocate|locked|udp|square|sleep N\n", stderr);
	return 2;
}
