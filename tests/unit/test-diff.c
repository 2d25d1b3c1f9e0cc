// SPDX-License-Identifier: GPL-2.0
/*
 * Core and model side by side under random strings of events.
 *
 *	test-diff [seconds]	for that long (20), seed printed
 *	test-diff -r FILE	replay one string, with a log
 *	test-diff -n NUMBER	that many strings
 *	test-diff -o ...	the guarantees alone, without the model
 *
 * Each string runs in a process of its own in batches; one that fails is made
 * shorter as long as it still fails, saved, and replayed with a log.
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "world.h"
#include "rand.h"

#define MAX_STRING	6000
#define BATCH		200

static struct world world;

/* Returns whether the strings that @seed and the next ones give all pass */
static bool passes(const u8 *data, size_t size, bool log)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (!log) {
			int null = open("/dev/null", O_WRONLY);

			dup2(null, 2);
		}
		world_run(&world, data, size, log);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return !status;
}

static size_t make_string(u64 seed, u8 *data)
{
	struct rnd r = { seed };
	size_t size = 100 + rnd_scaled(&r, 12);

	for (size_t i = 0; i < size; i++)
		data[i] = (u8)rnd_next(&r);
	return size;
}

/* ---- a shorter string that still fails ---- */

static bool try_without(u8 *data, size_t *size, size_t from, size_t len)
{
	u8 shorter[MAX_STRING];

	memcpy(shorter, data, from);
	memcpy(shorter + from, data + from + len, *size - from - len);
	if (passes(shorter, *size - len, false))
		return false;
	*size -= len;
	memcpy(data, shorter, *size);
	return true;
}

static bool try_zero(u8 *data, size_t size, size_t at)
{
	u8 old = data[at];

	if (!old)
		return false;
	for (u8 byte = 0; byte < min(old, (u8)4); byte++) {
		data[at] = byte;
		if (!passes(data, size, false))
			return true;
	}
	data[at] = old;
	return false;
}

static void shrink(u8 *data, size_t *size)
{
	bool again = true;

	for (size_t len = *size / 2; len; len /= 2)
		for (size_t from = 0; from + len <= *size;)
			if (!try_without(data, size, from, len))
				from += len;
	while (again) {
		again = false;
		for (size_t len = 8; len; len--)
			for (size_t from = 0; from + len <= *size;)
				if (try_without(data, size, from, len))
					again = true;
				else
					from++;
	}
	for (size_t i = 0; i < *size; i++)
		try_zero(data, *size, i);
}

static void save(const char *name, const u8 *data, size_t size)
{
	FILE *f = fopen(name, "wb");

	if (!f || fwrite(data, 1, size, f) != size)
		perror(name);
	else
		printf("# saved as %s\n", name);
	if (f)
		fclose(f);
}

static void report(u64 seed)
{
	u8 data[MAX_STRING];
	size_t size = make_string(seed, data);

	printf("# seed %llu fails, %zu bytes; shrinking\n", seed, size);
	fflush(stdout);
	if (!getenv("VBS_NO_SHRINK"))
		shrink(data, &size);
	save(getenv("VBS_SAVE") ?: "/tmp/vbs-diff.bin", data, size);
	fflush(stdout);
	dup2(1, 2);
	passes(data, size, true);
}

/* ---- many strings ---- */

/* The seed of the first string of a batch that fails, or 0 */
static u64 first_failure(u64 seed)
{
	u8 data[MAX_STRING];

	for (u64 i = seed; i < seed + BATCH; i++) {
		size_t size = make_string(i, data);

		if (!passes(data, size, false))
			return i;
	}
	return 0;
}

static bool batch_passes(u64 seed, unsigned long *events)
{
	u8 data[MAX_STRING];
	int fd[2], status;
	pid_t pid;

	if (pipe(fd))
		abort();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(open("/dev/null", O_WRONLY), 2);
		for (u64 i = seed; i < seed + BATCH; i++)
			world_run(&world, data, make_string(i, data), false);
		if (write(fd[1], &world_events, sizeof(world_events)) < 0)
			_exit(1);
		_exit(0);
	}
	close(fd[1]);
	*events = 0;
	if (read(fd[0], events, sizeof(*events)) < 0)
		perror("read");
	close(fd[0]);
	waitpid(pid, &status, 0);
	return !status;
}

static int replay(const char *name)
{
	static u8 data[1 << 20];
	FILE *f = fopen(name, "rb");
	size_t size;

	if (!f) {
		perror(name);
		return 2;
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	world_run(&world, data, size, true);
	printf("# passes\n");
	return 0;
}

static int run(u64 seconds, u64 number)
{
	u64 seed = rnd_seed("core against model"), strings = 0;
	unsigned long events = 0, batch;
	time_t end = time(NULL) + (time_t)seconds;

	while (number ? strings < number : time(NULL) < end) {
		if (!batch_passes(seed + strings, &batch)) {
			report(first_failure(seed + strings));
			printf("not ok 1 - core and model agree\n");
			return 1;
		}
		strings += BATCH;
		events += batch;
	}
	printf("# %llu strings, %lu events\n", strings, events);
	printf("ok 1 - core and model agree\n");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "-o")) {
		world_no_model = true;
		argc--;
		argv++;
	}
	if (argc == 3 && !strcmp(argv[1], "-r"))
		return replay(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "-n"))
		return run(0, strtoull(argv[2], NULL, 0));
	return run(argc > 1 ? strtoull(argv[1], NULL, 0) :
		   env_u64("VBS_SECONDS", 20), 0);
}
