// SPDX-License-Identifier: GPL-2.0
/* Errors, small files and time */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

void fatal(const char *fmt, ...)
{
	va_list args;

	fputs("sched: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	crowd_abandon();
	_exit(1);
}

void must(bool ok, const char *what)
{
	if (!ok)
		fatal("%s: %s", what, strerror(errno));
}

bool write_file_try(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

void write_file(const char *path, const char *text)
{
	must(write_file_try(path, text), path);
}

uint64_t file_number(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	unsigned long long value;
	char word[256];

	must(file, path);
	while (fscanf(file, "%255s", word) == 1) {
		if (strcmp(word, key))
			continue;
		must(fscanf(file, "%llu", &value) == 1, path);
		fclose(file);
		return value;
	}
	fatal("%s: no %s", path, key);
}

uint64_t kernel_bytes(void)
{
	static const char *const kinds[] = { "Slab:", "VmallocUsed:", "Percpu:" };
	uint64_t kib = 0;

	for (int i = 0; i < 3; i++)
		kib += file_number("/proc/meminfo", kinds[i]);
	return kib << 10;
}

void hrtick_set(bool on)
{
	const char *features = "/sys/kernel/debug/sched/features";

	if (!write_file_try(features, on ? "HRTICK_DL" : "NO_HRTICK_DL"))
		fatal("%s: no HRTICK_DL", features);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 * MS + ts.tv_nsec;
}

void sleep_ns(uint64_t ns)
{
	struct timespec ts = { ns / (1000 * MS), ns % (1000 * MS) };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		;
}
