/* SPDX-License-Identifier: GPL-2.0 */
/* What the guests of the experiments run. Each command prints KEY=VALUE words, times in ns. */
#ifndef _TESTS_EXPERIMENTS_TOOL_H
#define _TESTS_EXPERIMENTS_TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define US	1000ULL
#define MS	1000000ULL
#define SEC	1000000000ULL
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Prints one line and ends with status 1 */
void fatal(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
uint64_t now_ns(void);
/* FIFO, so that the guest's own scheduler is not measured, too */
void be_fifo(int priority);
uint64_t number(const char *text);
uint32_t *bar_of_disk(void);

/* Counts by ns, four bins per octave; the worst is exact */
struct spread {
	uint64_t n, sum, worst;
	uint64_t bin[256];
};

void spread_add(struct spread *s, uint64_t ns);
/* n=, avg=, max=, p50=, p99= and hist=[[ns,count],...] */
void spread_print(const struct spread *s);

int supply(int argc, char **argv);
int storm(int argc, char **argv);
int mmio(int argc, char **argv);
int lock(int argc, char **argv);
int charge(int argc, char **argv);
int flood(int argc, char **argv);
int packets(int argc, char **argv);
int clock_reads(int argc, char **argv);
int clock_once(int argc, char **argv);
int clock_history(int argc, char **argv);
int clock_agree(int argc, char **argv);
int clock_act(int argc, char **argv);
int clock_wake(int argc, char **argv);
int clock_apart(int argc, char **argv);

#endif
