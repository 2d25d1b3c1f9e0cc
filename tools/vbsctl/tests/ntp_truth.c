// SPDX-License-Identifier: GPL-2.0
/*
 * An NTP server whose truth is a function of the counter: T(c) = t0 + p (c - c0), where p
 * changes after each piece of a script; in exact integers, so that whoever knows the
 * script knows the truth.
 *
 *	ntp_truth [OPTION]... PORT		serve until killed
 *	ntp_truth [OPTION]... --judge		exchanges on stdin, the same with the truth
 *	ntp_truth --start			print C0,T0 of now
 *
 *	--at C0,T0		counter, ns since 1970 (CLOCK_MONOTONIC_RAW is the counter)
 *	--rate PPM:SECONDS[,...]	the script, over and over
 *	--lie NS		it is off by that, and does not say so
 *	--stated NS		what it says: its root dispersion
 *	--drop PERCENT		of the requests
 *	--late USEC		it waits before it answers
 *	--code TEXT		a kiss of death instead of an answer
 *	--leap N		the leap indicator
 *	--flood N		before each answer, so many that are forged
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <time.h>
#include <unistd.h>

#include <linux/timeline.h>

#include "timeline/exchanges.h"
#include "timeline/ntp_server.h"
#include "timeline/source.h"
#include "timeline/trace.h"

#define PIECES	16
#define NSEC	1000000000ULL
#define UNIT	((__int128)1 << TE_PERIOD_BITS)

struct piece {
	uint64_t period;	/* 2^-48 ns per tick of a ns */
	uint64_t ticks;
};

struct truth {
	uint64_t c0;
	int64_t t0;
	struct piece piece[PIECES];
	int pieces;
	int64_t lie, stated;
	int drop, late, leap, flood;
	const char *code;
	unsigned int seed;
};

/* In 2^-48 ns */
static __int128 truth_at(const struct truth *t, uint64_t counter)
{
	uint64_t left = counter - t->c0, part;
	__int128 sum = t->t0 * UNIT;
	int i;

	for (i = 0; left; i = (i + 1) % t->pieces) {
		part = left < t->piece[i].ticks ? left : t->piece[i].ticks;
		sum += (__int128)t->piece[i].period * part;
		left -= part;
	}
	return sum;
}

static void take_rate(struct truth *t, char *text)
{
	char *piece, *save = NULL, *colon;
	struct piece *p;

	t->pieces = 0;
	for (piece = strtok_r(text, ",", &save); piece && t->pieces < PIECES;
	     piece = strtok_r(NULL, ",", &save)) {
		colon = strchr(piece, ':');
		p = &t->piece[t->pieces++];
		p->period = (1 + strtod(piece, NULL) * 1e-6) * 0x1p48;
		p->ticks = (colon ? strtod(colon + 1, NULL) : 3600) * 1e9;
		if (!p->ticks)
			exit(2);
	}
}

static void read_clock(void *arg, struct ntp_reading *r)
{
	const struct truth *t = arg;

	r->ns = (int64_t)(truth_at(t, source_counter(TIMELINE_COUNTER_RAW)) / UNIT) + t->lie;
	r->error_ns = t->stated;
	r->synchronized = t->leap != NTP_LEAP_UNKNOWN;
	r->leap = t->leap;
}

static void kiss(const char *code, const uint8_t *request, uint8_t reply[NTP_SIZE])
{
	struct ntp_packet p;

	ntp_read(request, NTP_SIZE, &p);
	p = (struct ntp_packet){ .version = 4, .mode = NTP_SERVER, .origin = p.transmit,
				 .leap = NTP_LEAP_UNKNOWN,
				 .reference_id = (uint32_t)code[0] << 24 | code[1] << 16 |
						 code[2] << 8 | code[3] };
	ntp_write(reply, &p);
}

/* Answers of somebody who does not see the request */
static void flood(int fd, const struct truth *t, const struct sockaddr *to, socklen_t size,
		  const uint8_t reply[NTP_SIZE])
{
	uint8_t forged[NTP_SIZE];
	int i;

	memcpy(forged, reply, sizeof(forged));
	for (i = 0; i < t->flood; i++) {
		memcpy(forged + 24, &i, sizeof(i));
		forged[34] ^= 1;
		sendto(fd, forged, sizeof(forged), 0, to, size);
	}
}

static void serve_one(int fd, struct truth *t)
{
	struct ntp_reading received, answered;
	uint8_t packet[512], reply[NTP_SIZE];
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	ssize_t n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &size);

	read_clock(t, &received);
	if (n < NTP_SIZE || rand_r(&t->seed) % 100 < t->drop)
		return;
	if (t->late)
		usleep(rand_r(&t->seed) % t->late);
	read_clock(t, &answered);
	if (!ntp_reply(packet, n, &received, &answered, reply))
		return;
	if (t->code)
		kiss(t->code, packet, reply);
	flood(fd, t, (struct sockaddr *)&from, size, reply);
	sendto(fd, reply, sizeof(reply), 0, (struct sockaddr *)&from, size);
}

static int serve(struct truth *t, const char *port)
{
	int fd = ntp_listen(NULL, port);

	if (fd < 0) {
		perror(port);
		return 1;
	}
	for (;;)
		serve_one(fd, t);
}

static int judge(const struct truth *t)
{
	char head[TRACE_TEXT];
	struct exchanges_head h;
	struct exchanges_line line;
	unsigned int number = 1;
	bool end = false;

	if (!fgets(head, sizeof(head), stdin) || !exchanges_begin(head) ||
	    exchanges_read_head(head, &h))
		return 1;
	exchanges_write_head(stdout, &h);
	for (;;) {
		if (exchanges_read_line(stdin, &h, &line, &number, &end) || end)
			return !end;
		line.x.truth_ns = truth_at(t, line.x.after) / UNIT;
		line.x.has_truth = true;
		exchanges_write_line(stdout, &line);
	}
}

static int print_start(void)
{
	printf("%" PRIu64 ",%lld\n", source_counter(TIMELINE_COUNTER_RAW),
	       time(NULL) * (long long)NSEC);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "at", 1, NULL, 'a' }, { "rate", 1, NULL, 'r' }, { "lie", 1, NULL, 'l' },
		{ "stated", 1, NULL, 's' }, { "drop", 1, NULL, 'd' }, { "late", 1, NULL, 't' },
		{ "code", 1, NULL, 'c' }, { "leap", 1, NULL, 'p' }, { "flood", 1, NULL, 'f' },
		{ "judge", 0, NULL, 'j' }, { "start", 0, NULL, 'S' }, { 0 }
	};
	struct truth t = { .piece = { { UNIT, 3600 * NSEC } }, .pieces = 1, .seed = getpid() };
	bool judged = false;
	char *comma;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			t.c0 = strtoull(optarg, &comma, 10);
			t.t0 = strtoll(comma + 1, NULL, 10);
			break;
		case 'r':
			take_rate(&t, optarg);
			break;
		case 'l':
			t.lie = strtoll(optarg, NULL, 10);
			break;
		case 's':
			t.stated = strtoll(optarg, NULL, 10);
			break;
		case 'd':
			t.drop = atoi(optarg);
			break;
		case 't':
			t.late = atoi(optarg);
			break;
		case 'c':
			t.code = optarg;
			break;
		case 'p':
			t.leap = atoi(optarg);
			break;
		case 'f':
			t.flood = atoi(optarg);
			break;
		case 'j':
			judged = true;
			break;
		case 'S':
			return print_start();
		default:
			return 2;
		}
	}
	return judged ? judge(&t) : optind < argc ? serve(&t, argv[optind]) : 2;
}
