// SPDX-License-Identifier: GPL-2.0
/*
 * In a guest: lowers and raises the budget of one of its vCPUs with its load.
 * Its host allows it by "vbsctl vm run --guest-switch", which sets the cap, too.  What
 * it lowers goes to others at once, and what it raises again nobody can refuse.
 *
 *	follow CPU PERIOD_US LOW_US HIGH_US INTERVAL_MS
 *
 * A CPU that rests needs what it used, and half as much again. What one that never rests
 * needs cannot be seen: it gets the most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct look {
	double at;	/* s */
	double idle;	/* s */
};

static int cpu;

static struct look look(void)
{
	char want[16], name[16];
	unsigned long long field[5];
	struct timespec ts;
	struct look l = { 0 };
	FILE *f = fopen("/proc/stat", "r");

	snprintf(want, sizeof(want), "cpu%d", cpu);
	while (f && fscanf(f, "%15s %llu %llu %llu %llu %llu %*[^\n]", name, &field[0], &field[1],
			   &field[2], &field[3], &field[4]) == 6) {
		/* idle, and iowait */
		if (!__builtin_strcmp(name, want))
			l.idle = (double)(field[3] + field[4]) / sysconf(_SC_CLK_TCK);
	}
	if (f)
		fclose(f);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	l.at = ts.tv_sec + ts.tv_nsec / 1e9;
	return l;
}

/* Of the time since, in which this CPU had something to do */
static double load_since(struct look before, struct look now)
{
	return 1 - (now.idle - before.idle) / (now.at - before.at);
}

static double wanted(double load, double period, double low, double high)
{
	double budget = load * period * 1.5;

	if (load > 0.9 || budget > high)
		return high;
	return budget < low ? low : budget;
}

static int ask(double budget_us, double period_us)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/vbs/cpu%d/resource", cpu);
	f = fopen(path, "w");
	if (!f)
		return -1;
	fprintf(f, "%.0f %.0f", budget_us * 1000, period_us * 1000);
	return fclose(f);
}

int main(int argc, char **argv)
{
	double period, low, high, budget, has = 0;
	struct look before, now;

	if (argc != 6) {
		fprintf(stderr, "usage: follow CPU PERIOD_US LOW_US HIGH_US INTERVAL_MS\n");
		return 2;
	}
	cpu = atoi(argv[1]);
	period = atof(argv[2]);
	low = atof(argv[3]);
	high = atof(argv[4]);
	for (before = look();; before = now) {
		usleep(atoi(argv[5]) * 1000);
		now = look();
		budget = wanted(load_since(before, now), period, low, high);
		/* Not for every little bit */
		if (has && budget > has * 3 / 4 && budget < has * 5 / 4 && budget != high)
			continue;
		if (budget == has)
			continue;
		if (ask(budget, period)) {
			perror("follow: the host does not allow it, or more is booked here");
			return 1;
		}
		has = budget;
		printf("%.3f s: load %.0f %%, now %.0f us of each %.0f\n", now.at,
		       100 * load_since(before, now), budget, period);
		fflush(stdout);
	}
}
