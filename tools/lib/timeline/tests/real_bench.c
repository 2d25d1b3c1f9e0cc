// SPDX-License-Identifier: GPL-2.0
/*
 * Debian's chronyd and ntpd, as they are, on simulated networks, faster than time (real_host.h),
 * and beside them, on the very packets of chronyd, the client and RADclock's rules: a table, the
 * same as DIRECTORY/keepers.json, drawings, and whether the goals are met by the readings of all
 * seeds together; what 1 % of a single day's readings are off by is mostly chance.
 * same as DIRECTORY/keepers.json, drawings, and whether the goals are met, in each of the seeds.
 *	real_bench DIRECTORY LIBRARY CHRONYD NTPD [SEEDS [NETWORK]...]
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timeline/ask.h"
#include "timeline/exchanges.h"
#include "timeline/tests/net_peers.h"
#include "timeline/tests/net_sim.h"
#include "timeline/tests/plot.h"

#define SETTLED		3600.0	/* s: what is before is not judged */
#define READINGS	100000
#define DRAWN		2500
#define SEEDS		8
#define LIMIT		600	/* s that a program may take */
#define PATH		4096

/* What somebody did, with all seeds: |error| and claim, both sides, in ns */
struct run {
	double error[READINGS], claim[READINGS];
	int n, beyond;
	int before;		/* readings of the seeds before */
	double median, p99, width;
};

/* Of each seed, ours to chronyd's */
struct ratios {
	double least, most;
};

/* How many times chronyd's ours may be; 0: there is no such goal */
struct goal {
	const char *network;
	double median, p99, width;
};

static const struct goal goals[] = {
	{ "lan", 0.8, 0.8, 1.25 }, { "xen", 0.8, 0.8, 1.25 }, { "wave", 0.8, 0.8, 1.25 },
	{ "wan", 0.8, 0.8, 0 }, { "loss", 0.8, 0.8, 0 }, { "congest", 0.8, 0.8, 0 },
	{ "shift", 0.05, 0.05, 0 }, { "jumps", 0, 0.8, 0 }, { "lan-1", 0, 0, 1.0 },
};

struct bench {
	const char *directory, *preload, *chronyd, *ntpd;
	int seeds, networks, missed, outside;
	char **only;	/* networks; none: all */
	char misses[8192];
	FILE *json;
};

static bool write_file(const char *directory, const char *name, const char *text)
{
	char path[PATH];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "w");
	if (!f)
		return false;
	fputs(text, f);
	return !fclose(f);
}

static int log2_of(double s)
{
	return (int)lround(log2(s));
}

/* As Debian has them, but for the poll, and that nothing is left on this machine */
static bool write_settings(const struct bench *b, const struct sim_spec *spec)
{
	char text[3 * PATH];
	int poll = log2_of(spec->poll);

	snprintf(text, sizeof(text),
		 "server 10.0.0.1 iburst minpoll %d maxpoll %d\nmakestep 1 3\ncmdport %d\n"
		 "bindcmdaddress 127.0.0.1\nbindcmdaddress /\npidfile %s/chronyd.pid\n",
		 poll, poll, ASK_CHRONY_PORT, b->directory);
	if (!write_file(b->directory, "chrony.conf", text))
		return false;
	/* It asks no more often than each 8 s */
	poll = poll < 3 ? 3 : poll;
	snprintf(text, sizeof(text),
		 "server 10.0.0.1 iburst minpoll %d maxpoll %d\ndriftfile %s/drift\n", poll, poll,
		 b->directory);
	return write_file(b->directory, "ntp.conf", text) && write_file(b->directory, "drift", "0\n");
}

static void run_program(const struct bench *b, char **argv)
{
	char path[PATH];
	int fd;

	snprintf(path, sizeof(path), "%s/keeper.log", b->directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	dup2(fd, 1);
	dup2(fd, 2);
	/* Without it they would keep the clock of this machine */
	if (access(b->preload, R_OK))
		_exit(126);
	alarm(LIMIT);
	setenv("LD_PRELOAD", b->preload, 1);
	execv(argv[0], argv);
	_exit(127);
}

static bool run(const struct bench *b, const struct sim_spec *spec, int seed, int port, char **argv)
{
	char text[PATH + 64];
	int status;
	pid_t pid;

	snprintf(text, sizeof(text), "%s %d %d %s/keeper.exchanges", spec->name, seed, port,
		 b->directory);
	setenv("REAL_HOST", text, 1);
	pid = fork();
	if (!pid)
		run_program(b, argv);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "%s did not run to its end: %s/keeper.log\n", argv[0], b->directory);
		return false;
	}
	return true;
}

static void add(struct run *r, double error, double claim)
{
	if (r->n == READINGS)
		return;
	r->error[r->n] = fabs(error);
	r->claim[r->n++] = claim;
	r->beyond += claim > 0 && 2 * fabs(error) > claim;
}

/* The client on the packets of somebody else */
struct follower {
	struct ts_pool pool;
	struct te_clock clock;
	bool bounded;
	int outside;
	struct run run;
};

struct runs {
	struct follower ours, exact;	/* exact: told that the server rounds up */
	struct radclock rules;
	struct run radclock, chronyd, ntpd;
	struct score drawn, drawn_chronyd;
	struct ratios median, p99;
};

static void begin(struct follower *f, const struct sim_spec *spec, bool rounds_up)
{
	struct te_config config = { .hz = SIM_HZ, .memory_ns = TE_MEMORY_MAX, .network = true,
				    .wander_ppb = spec->wander * 1000, .rounds_up = rounds_up };

	memset(&f->pool, 0, sizeof(f->pool));
	f->bounded = false;
	ts_init(&f->pool, &config, 1, 0, SIM_PIVOT);
}

static void draw(struct score *s, double at, double error, double low, double high)
{
	if (!s->reading)
		s->reading = calloc(DRAWN, sizeof(*s->reading));
	if (s->readings < DRAWN)
		s->reading[s->readings++] = (struct reading){ at, error, low, high, true };
}

/* Just before the update; from the moment from which on it is judged */
static void read_ours(struct follower *f, const struct ntp_exchange *x, double at, struct score *s)
{
	uint64_t low, high;
	int64_t time, error;

	if (!f->bounded)
		return;
	te_read(&f->clock, x->after, &time, &low, &high);
	error = time - x->truth_ns;
	f->outside += error - 1 > (int64_t)low || error + (int64_t)high < 0;
	if (at < 0)
		return;
	add(&f->run, error, (double)low + (double)high);
	if (s)
		draw(s, at, error, low, high);
}

static void take(struct follower *f, const struct ntp_exchange *x)
{
	if (ts_take(&f->pool, 0, x) == NTP_TAKEN)
		f->bounded = ts_clock(&f->pool, x->after, &f->clock) == TS_OK;
}

/* When the level has shifted, or all has settled */
static double judged_from(const struct sim_spec *spec)
{
	return spec->shift_at ? spec->shift_at : SETTLED;
}

static double at_of(const struct sim_spec *spec, const struct ntp_exchange *x)
{
	return (x->truth_ns - SIM_PIVOT * 1000000000) / 1e9 - judged_from(spec);
}

static void follow(struct runs *r, const struct sim_spec *spec, const struct ntp_exchange *x,
		   bool drawn)
{
	double at = at_of(spec, x);
	int64_t ns;

	read_ours(&r->ours, x, at, drawn ? &r->drawn : NULL);
	read_ours(&r->exact, x, at, NULL);
	if (at >= 0) {
		radclock_read(&r->rules, x->after, &ns);
		add(&r->radclock, ns - x->truth_ns, 0);
	}
	take(&r->ours, x);
	take(&r->exact, x);
	radclock_take(&r->rules, x);
}

static FILE *open_exchanges(const struct bench *b, struct exchanges_head *head)
{
	char path[PATH], text[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/keeper.exchanges", b->directory);
	f = fopen(path, "r");
	if (f && fgets(text, sizeof(text), f) && !exchanges_read_head(text, head))
		return f;
	if (f)
		fclose(f);
	return NULL;
}

/* An exchange and the comment that is the keeper's word; false at the end */
static bool next_line(FILE *f, const struct exchanges_head *head, struct exchanges_line *line,
		      int64_t *error, uint64_t *claim)
{
	unsigned int number = 1;
	bool end = false;
	char text[128];

	return !exchanges_read_line(f, head, line, &number, &end) && !end &&
	       fgets(text, sizeof(text), f) &&
	       sscanf(text, "# realtime %" SCNd64 " %" SCNu64, error, claim) == 2;
}

/* What a program left behind; of chronyd's packets others make what they can */
static bool judge(const struct bench *b, const struct sim_spec *spec, struct run *keeper,
		  struct runs *r)
{
	int every = spec->hours * 3600 / spec->poll / DRAWN + 1, n = 0;
	bool first = keeper == &r->chronyd, drawn;
	struct exchanges_line line = { 0 };
	struct exchanges_head head;
	int64_t error;
	uint64_t claim;
	double at;
	FILE *f = open_exchanges(b, &head);

	while (f && next_line(f, &head, &line, &error, &claim)) {
		at = at_of(spec, &line.x);
		drawn = !keeper->before && ++n % every == 0;
		if (at >= 0)
			add(keeper, error, 2.0 * claim);
		if (first && at >= 0 && drawn)
			draw(&r->drawn_chronyd, at, error, claim, claim);
		if (first)
			follow(r, spec, &line.x, drawn);
	}
	if (f)
		fclose(f);
	return keeper->n > 0;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of the readings from @from on, which are put in order */
static void sum_up(struct run *r, int from)
{
	int n = r->n - from;

	qsort(r->error + from, n, sizeof(double), ascending);
	qsort(r->claim + from, n, sizeof(double), ascending);
	r->median = r->error[from + n / 2];
	r->p99 = r->error[from + n * 99 / 100];
	r->width = r->claim[from + n / 2];
}

static void widen(struct ratios *r, double ratio)
{
	r->least = r->least ? fmin(r->least, ratio) : ratio;
	r->most = fmax(r->most, ratio);
}

/* A seed is over */
static void compare(struct runs *r)
{
	sum_up(&r->ours.run, r->ours.run.before);
	sum_up(&r->chronyd, r->chronyd.before);
	r->ours.run.before = r->ours.run.n;
	r->chronyd.before = r->chronyd.n;
	widen(&r->median, r->ours.run.median / r->chronyd.median);
	widen(&r->p99, r->ours.run.p99 / r->chronyd.p99);
}

static bool run_both(const struct bench *b, const struct sim_spec *spec, int seed, struct runs *r)
{
	char chrony[PATH], ntp[PATH], pid[PATH];
	char *chronyd[] = { (char *)b->chronyd, "-d", "-u", "root", "-F", "0", "-f", chrony, NULL };
	char *ntpd[] = { (char *)b->ntpd, "-n", "-g", "-c", ntp, "-p", pid, NULL };

	snprintf(chrony, sizeof(chrony), "%s/chrony.conf", b->directory);
	snprintf(ntp, sizeof(ntp), "%s/ntp.conf", b->directory);
	snprintf(pid, sizeof(pid), "%s/ntpd.pid", b->directory);
	begin(&r->ours, spec, false);
	begin(&r->exact, spec, true);
	radclock_start(&r->rules, SIM_HZ, fmax(1e3, (spec->jitter + spec->even) / 20));
	if (!write_settings(b, spec) || !run(b, spec, seed, ASK_CHRONY_PORT, chronyd) ||
	    !judge(b, spec, &r->chronyd, r) || !run(b, spec, seed, ASK_NTP_PORT, ntpd) ||
	    !judge(b, spec, &r->ntpd, r))
		return false;
	compare(r);
	return true;
}

static void print_run(const struct run *r)
{
	printf(" %8.2f %8.2f", r->median / 1e3, r->p99 / 1e3);
}

static void print_ratios(const struct ratios *r, double all)
{
	printf(" %4.2f (%4.2f-%4.2f)", all, r->least, r->most);
}

static void print_runs(const struct sim_spec *spec, const struct runs *r)
{
	const struct run *ours = &r->ours.run, *chronyd = &r->chronyd;

	printf("%-8s %6d |", spec->name, chronyd->n);
	print_run(ours);
	printf(" |");
	print_run(chronyd);
	printf(" |");
	print_ratios(&r->median, ours->median / chronyd->median);
	print_ratios(&r->p99, ours->p99 / chronyd->p99);
	printf(" |");
	print_run(&r->ntpd);
	printf(" |");
	print_run(&r->radclock);
	printf(" | %8.1f %5d | %8.1f %4.2f %4.2f | %8.1f %5d | %8.1f %5d |\n", ours->width / 1e3,
	       r->ours.outside, r->exact.run.width / 1e3, ours->width / chronyd->width,
	       r->exact.run.width / chronyd->width, chronyd->width / 1e3, chronyd->beyond,
	       r->ntpd.width / 1e3, r->ntpd.beyond);
	fflush(stdout);
}

static void write_run(FILE *f, const char *name, const struct run *r, const char *end)
{
	fprintf(f, "\"%s\": { \"median_error_ns\": %.0f, \"p99_error_ns\": %.0f, \"median_claim_ns\": %.0f, \"beyond_claim\": %d }%s",
		name, r->median, r->p99, r->width, r->beyond, end);
}

static void write_runs(struct bench *b, const struct sim_spec *spec, const struct runs *r)
{
	fprintf(b->json, "%s\n  { \"network\": \"%s\", \"readings\": %d, \"outside\": %d, ",
		b->networks++ ? "," : "", spec->name, r->chronyd.n, r->ours.outside);
	write_run(b->json, "bank", &r->ours.run, ", ");
	write_run(b->json, "bank_rounds_up", &r->exact.run, ", ");
	write_run(b->json, "chronyd", &r->chronyd, ", ");
	write_run(b->json, "ntpd", &r->ntpd, ", ");
	write_run(b->json, "radclock", &r->radclock, " }");
}

static void miss(struct bench *b, const struct sim_spec *spec, const char *what, double ratio,
		 double most)
{
	if (!most || ratio <= most)
		return;
	b->missed++;
	snprintf(b->misses + strlen(b->misses), sizeof(b->misses) - strlen(b->misses),
		 "missed: %s: %s %.2f times chronyd's, %.2f is the goal\n", spec->name, what,
		 ratio, most);
}

static void check_goals(struct bench *b, const struct sim_spec *spec, const struct runs *r)
{
	const struct goal *g = goals, *end = goals + sizeof(goals) / sizeof(goals[0]);

	b->outside += r->ours.outside + r->exact.outside;
	while (g < end && strcmp(g->network, spec->name))
		g++;
	if (g == end)
		return;
	miss(b, spec, "median", r->ours.run.median / r->chronyd.median, g->median);
	miss(b, spec, "99 %", r->ours.run.p99 / r->chronyd.p99, g->p99);
	miss(b, spec, "width, --rounds-up,", r->exact.run.width / r->chronyd.width, g->width);
}

static bool draw_runs(const struct bench *b, const struct sim_spec *spec, struct runs *r)
{
	char file[64];

	snprintf(file, sizeof(file), "keepers-%s", spec->name);
	r->drawn.median_width = r->ours.run.width;
	return plot_scores(b->directory,
			   &(struct plot){ file, spec->name, spec->what,
					   spec->hours * 3600 - judged_from(spec), &r->drawn,
					   &r->drawn_chronyd, "chronyd" });
}

static bool bench(struct bench *b, const struct sim_spec *spec, struct runs *r)
{
	/* The longest is one that needs no other */
	int seed, seeds = spec->hours > 100 ? 1 : b->seeds;
	bool ok = true;

	memset(r, 0, sizeof(*r));
	for (seed = 1; ok && seed <= seeds; seed++)
		ok = run_both(b, spec, seed, r);
	if (ok) {
		sum_up(&r->ours.run, 0);
		sum_up(&r->exact.run, 0);
		sum_up(&r->radclock, 0);
		sum_up(&r->chronyd, 0);
		sum_up(&r->ntpd, 0);
		print_runs(spec, r);
		write_runs(b, spec, r);
		check_goals(b, spec, r);
		ok = draw_runs(b, spec, r);
	}
	free(r->drawn.reading);
	free(r->drawn_chronyd.reading);
	return ok;
}

static void print_header(void)
{
	static const char form[] = "%-8s %6s | %8s %8s | %8s %8s | %16s %16s | %8s %8s | %8s %8s | %8s %5s | %8s %4s %4s | %8s %5s | %8s %5s |\n";

	printf("Readings just before the next update, after an hour, or after the shift. Times in us.\n\n");
	printf(form, "", "", "bank", "", "chronyd", "", "bank / chronyd", "(each seed)", "ntpd", "",
	       "radclock", "", "bound", "", "rounds", "/chr", "r.up", "chronyd", "", "ntpd", "");
	printf(form, "NETWORK", "N", "|ERROR|", "99 %", "|ERROR|", "99 %", "MEDIAN", "99 %",
	       "|ERROR|", "99 %", "|ERROR|", "99 %", "WIDTH", "OUT", "UP", "", "", "CLAIM", "OUT",
	       "CLAIM", "OUT");
}

static bool is_wanted(const struct bench *b, const struct sim_spec *spec)
{
	char **name = b->only;

	while (*name && strcmp(*name, spec->name))
		name++;
	return spec->servers == 1 && (*name || !*b->only);
}

static bool bench_all(struct bench *b)
{
	static struct runs r;
	char path[PATH];
	bool ok = true;
	int i;

	snprintf(path, sizeof(path), "%s/keepers.json", b->directory);
	b->json = fopen(path, "w");
	if (!b->json) {
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
		return false;
	}
	fprintf(b->json, "{ \"format\": 1, \"runs\": [");
	print_header();
	for (i = 0; ok && i < sim_specs_n; i++) {
		if (is_wanted(b, &sim_specs[i]))
			ok = bench(b, &sim_specs[i], &r);
	}
	fprintf(b->json, "\n], \"missed\": %d }\n", b->missed);
	return !fclose(b->json) && ok;
}

int main(int argc, char **argv)
{
	static struct bench b;

	if (argc < 5) {
		fprintf(stderr, "usage: real_bench DIRECTORY LIBRARY CHRONYD NTPD [SEEDS [NETWORK]...]\n");
		return 2;
	}
	b = (struct bench){ .directory = argv[1], .preload = argv[2], .chronyd = argv[3],
			    .ntpd = argv[4], .seeds = argc > 5 ? atoi(argv[5]) : SEEDS,
			    .only = argv + (argc > 5 ? 6 : argc) };
	if (!bench_all(&b))
		return 1;
	printf("\nchronyd and ntpd are Debian's, and run as they are; OUT: readings further off than is claimed.\n"
	       "rounds up: --rounds-up, which takes what is on the wire at its word, as chronyd does.\n"
	       "radclock: the rules of 2009. Drawings: %s/keepers-*.svg\n%sReadings of ours outside of their bound: %d. Goals missed: %d\n",
	       b.directory, b.misses, b.outside, b.missed);
	return b.outside || b.missed;
}
