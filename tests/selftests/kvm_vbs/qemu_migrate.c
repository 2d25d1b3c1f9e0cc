// SPDX-License-Identifier: GPL-2.0
/*
 * "vbsctl vm migrate" with two QEMUs of one host: a strict migration of a guest that writes too
 * fast is given up while it runs; that of one that does not write takes no longer than it may, and
 * how long it stood still is what this test's own trace has, and what the guest itself has seen;
 * whatever else goes wrong leaves the guest running where it is.  A neighbour has all of its
 * instances meanwhile.  "quick=1" leaves out what goes wrong elsewhere.
 */
#include <inttypes.h>
#include <sys/stat.h>
#include "host_time.h"
#include "qemu_time.h"
#include "vbs_measure.h"

#define VCPU_PERIOD	(1 * MS)
#define RESOURCES	"--vcpu 150us/1ms --dm 300us/1.5ms --guest-timelines"
#define MIGRATE		"vbsctl vm migrate %d unix:/tmp/%s.in --qmp /tmp/%s.mig "
#define MONITOR		"-chardev socket,id=mig,path=/tmp/%s.mig,server=on,wait=off " \
			"-mon chardev=mig,mode=control"
#define RECEIVE		"--destination 'vbsctl vm receive %d' "
#define SAYS		">/tmp/migrate.out 2>/tmp/migrate.err"
#define SLOW		(16 << 20)	/* bytes per second */
#define FAST		(128 << 20)
#define WRITES		16384		/* KiB */
#define REFUSED		(50 * MS)	/* --strict */
#define KEPT		(200 * MS)
/* The timeline's bounds, and 1500 ppm at each end of how long it may be since */
#define WIDTH		(2 * 16 * US + 2 * KEPT * 2 * 1500 / 1000000)
/* What more is not known of a vCPU that halts at both ends */
#define HALTED		(4 * VCPU_PERIOD)
#define NEIGHBOUR	(1 * MS)
#define NEIGHBOUR_PERIOD	(10 * MS)

static int fd;
static u32 site;
static pid_t neighbour;

/* ---- what is true: by a trace of this test's own -------------------------------- */

#define TRACE	"/sys/kernel/tracing/instances/%s/"

static void trace_set(const char *name, const char *file, const char *fmt, pid_t tid)
{
	char path[160];

	snprintf(path, sizeof(path), TRACE "%s", name, file);
	if (file_write(path, fmt, tid))
		t_fatal("%s", path);
}

/* One thread's event, of which a small buffer keeps the first or the last ones */
static void trace_one(const char *name, const char *event, pid_t tid, bool last)
{
	char path[160], file[64];

	snprintf(path, sizeof(path), TRACE, name);
	if (mkdir(path, 0700))
		t_fatal("%s", path);
	trace_set(name, "trace_clock", "x86-tsc", 0);
	trace_set(name, "buffer_size_kb", "16", 0);
	trace_set(name, "options/overwrite", last ? "1" : "0", 0);
	snprintf(file, sizeof(file), "events/kvm/%s/filter", event);
	trace_set(name, file, "common_pid == %d", tid);
	snprintf(file, sizeof(file), "events/kvm/%s/enable", event);
	trace_set(name, file, "1", 0);
}

/* The counter at the first or the last event */
static u64 traced(const char *name, const char *event, bool last)
{
	char path[160], line[512], mark[32];
	u64 at = 0;
	char *p;
	FILE *f;

	snprintf(mark, sizeof(mark), ": %s: ", event);
	snprintf(path, sizeof(path), TRACE "trace", name);
	f = fopen(path, "r");
	while (f && (last || !at) && fgets(line, sizeof(line), f)) {
		p = strstr(line, mark);
		if (!p)
			continue;
		*p = '\0';
		p = strrchr(line, ' ');
		if (p)
			at = strtoull(p, NULL, 10);
	}
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), TRACE, name);
	rmdir(path);
	if (!at)
		t_fatal("%s: nothing in the trace", name);
	return at;
}

static u64 between(u64 from, u64 to)
{
	struct timeline_entry e;
	struct time_span a, b;

	if (!host_entry(fd, site, &e))
		t_fatal("timeline %u", site);
	a = reads(&e, from);
	b = reads(&e, to);
	return (b.low + b.high) / 2 - (a.low + a.high) / 2;
}

/* ---- two machines, and what is said about them ---------------------------------- */

/* A bound that does not grow, so that it says as much in the end */
static void set_exactly(void)
{
	struct timeline_set set = tl_params(fd, site, 1000000, 0);

	set.counter_period_maxerror_rate_frac_sec = 0;
	t_equal(tl_ioctl(fd, TIMELINE_SET, &set), 0, "a bound of 8 us that does not grow");
}

/* In no server; its guest runs when it has come */
static struct qemu *waits(const char *name)
{
	char options[256], uri[64];

	snprintf(uri, sizeof(uri), "unix:/tmp/%s.in", name);
	snprintf(options, sizeof(options), MONITOR, name);
	return qemu_listens(name, "", options, false, uri);
}

static int migrates(struct qemu *from, struct qemu *to, const char *how)
{
	return shell(MIGRATE "--timeline site --json %s " RECEIVE SAYS,
		     from->pid, to->name, from->name, how, to->pid);
}

static bool says(const char *file, const char *text)
{
	char is[4096] = "";

	file_read(file, is, sizeof(is));
	if (strstr(is, text))
		return true;
	t_diag("%s: %s", file, is);
	return false;
}

/* Of the JSON object that it has printed */
static u64 told(const char *key)
{
	char is[4096] = "", quoted[64];
	const char *p;

	file_read("/tmp/migrate.out", is, sizeof(is));
	snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
	p = strstr(is, quoted);
	if (!p)
		t_diag("no %s: %s", key, is);
	return p ? strtoull(p + strlen(quoted), NULL, 10) : 0;
}

static void begins_to_read(struct qemu *q, unsigned int kib)
{
	guest_must(q, "guest_clock gap 32 %u >/tmp/gap & sleep 0.2", kib);
}

/* Of those that began in that time: no other program of its guest wants the vCPU then */
static u64 longest_gap(struct qemu *q, u64 from, u64 to)
{
	unsigned long long begun, ns;
	u64 longest = 0;
	char *line;

	guest_must(q, "killall guest_clock; sleep 0.2; cat /tmp/gap");
	for (line = strtok(q->said, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, "%llu %llu", &begun, &ns) == 2 && begun >= from && begun < to &&
		    ns > longest)
			longest = ns;
	return longest;
}

static void bandwidth(struct qemu *q, unsigned int bytes)
{
	qmp_do(q, "migrate-set-parameters", "'max-bandwidth': %u", bytes);
}

static void begin_neighbour(void)
{
	neighbour = t_fork(spin_forever, NULL);
	must_enter(neighbour, NEIGHBOUR, NEIGHBOUR_PERIOD, 0);
}

static void neighbour_had_all(void)
{
	u64 n = server_val(neighbour, "instances"), consumed = server_val(neighbour, "consumed");

	t_equal(server_val(neighbour, "misses"), 0, "the neighbour: misses in %ju instances",
		(uintmax_t)n);
	t_at_least(consumed, (n - 1) * NEIGHBOUR, "the neighbour: ns that it had");
}

/* It goes on where it is, which takes no time: its guest is asked, and QEMU */
static void stays(struct qemu *q, struct qemu *to, const char *what)
{
	guest_must(q, "true");
	qmp_do(q, "query-status", "%s", "");
	t_ok(strstr(q->reply, "\"running\"") && !q->stops,
	     "%s: it runs, and has been stopped %u times", what, q->stops);
	qemu_all_inside(q, what);
	if (to)
		t_ok(!find_line("group ", "pid", to->pid),
		     "%s: nothing is booked at the destination", what);
}

/* ---- what happens --------------------------------------------------------------- */

static void no_room(struct qemu *q, struct qemu *to)
{
	fill_cpus(100 * US);
	t_equal(migrates(q, to, "--relax"), 4, "no room at the destination: status");
	empty_cpus();
	stays(q, to, "no room at the destination");
	qmp_do(q, "query-migrate", "%s", "");
	t_ok(!strstr(q->reply, "status"), "no room at the destination: nothing has begun");
}

static void bad_requests(struct qemu *q, struct qemu *to)
{
	t_equal(shell("vbsctl vm migrate %d nowhere:1 --qmp /tmp/%s.mig --relax " RECEIVE SAYS,
		      q->pid, q->name, to->pid), 1, "an address that cannot be: status");
	stays(q, to, "an address that cannot be");
	t_equal(shell(MIGRATE "--relax " RECEIVE SAYS, q->pid, to->name, q->name, 1), 1,
		"a destination that runs no machine: status");
	t_ok(!find_line("group ", "pid", 1),
	     "a destination that runs no machine: nothing is booked for it");
	t_ok(shell(MIGRATE "--relax --timeline none " RECEIVE SAYS, q->pid, to->name, q->name,
		   to->pid), "a timeline that is not there");
	t_ok(shell(MIGRATE "--relax " RECEIVE SAYS, to->pid, q->name, to->name, q->pid),
	     "from one that is in no server");
	stays(q, to, "what cannot be");
}

static void destination_dies(struct qemu *q, struct qemu *to)
{
	bandwidth(q, SLOW / 8);
	shell("(sleep 1; kill -9 %d) &", to->pid);
	t_equal(migrates(q, to, "--relax"), 1, "the destination dies meanwhile: status");
	t_equal(qemu_wait_end(to), 128 + SIGKILL, "the destination dies meanwhile");
	t_ok(says("/tmp/migrate.err", "its guest runs on"), "the destination dies meanwhile: that is said");
	stays(q, NULL, "the destination dies meanwhile");
}

static void strict_is_given_up(struct qemu *q, struct qemu *to)
{
	u64 before, from, until;

	qemu_vcpus(q);
	before = server_val(q->vcpu[0], "misses");
	bandwidth(q, SLOW);
	begins_to_read(q, WRITES);
	from = tl_now(site);
	t_equal(migrates(q, to, "--strict 50ms --passes 3"), 1, "it writes too fast: status");
	until = tl_now(site);
	t_ok(says("/tmp/migrate.err", "it has not stopped"), "it writes too fast: that is said");
	t_ok(says("/tmp/migrate.out", "\"moved\": false"), "it writes too fast: in JSON, too");
	t_at_most(longest_gap(q, from, until), REFUSED,
		  "it writes too fast: ns between two of its readings");
	stays(q, to, "it writes too fast");
	t_diag("it writes too fast: its server has missed %" PRIu64 " deadlines, %" PRIu64 " before",
	       server_val(q->vcpu[0], "misses"), before);
	bandwidth(q, FAST);
}

static void took_no_longer(const char *what, u64 width)
{
	u64 least = told("downtime_least_ns"), most = told("downtime_most_ns");

	t_diag("%s: %" PRIu64 " to %" PRIu64 " ns, QEMU: %" PRIu64 " ms", what, least, most,
	       told("qemu_downtime_ms"));
	t_at_least(least, MS, "%s: ns that it stood still, at least", what);
	t_at_most(most, KEPT, "%s: ns that it stood still, at most", what);
	t_at_most(most - least, width, "%s: ns by which both differ", what);
	t_equal(told("instances_lost"), (most + VCPU_PERIOD - 1) / VCPU_PERIOD,
		"%s: instances", what);
}

/* A guest that only reads a clock is inside but for the standstill, so all can be compared */
static void strict_is_kept(struct qemu *q, struct qemu *to)
{
	u64 true_ns, gap, from;

	qemu_vcpus(q);
	qemu_vcpus(to);
	trace_one("gone", "kvm_exit", q->vcpu[0], true);
	trace_one("come", "kvm_entry", to->vcpu[0], false);
	begins_to_read(q, 0);
	from = tl_now(site);
	t_equal(migrates(q, to, "--strict 200ms"), 0, "it reads: status");
	true_ns = between(traced("gone", "kvm_exit", true), traced("come", "kvm_entry", false));
	gap = longest_gap(to, from, tl_now(site));
	took_no_longer("it reads", WIDTH);
	t_ok(told("downtime_least_ns") <= true_ns && true_ns <= told("downtime_most_ns"),
	     "it reads: the true %" PRIu64 " ns are in what was measured", true_ns);
	t_at_least(gap, told("downtime_least_ns"), "it reads: ns between two of its readings");
	qemu_all_inside(to, "it reads");
	t_equal(qemu_wait_end(q), 0, "it reads: the source has ended");
}

/* One that halts does not stand still: its last exit is long ago when QEMU stops it */
static void idle_is_no_standstill(struct qemu *q, struct qemu *to)
{
	guest_must(q, "true");
	t_equal(migrates(q, to, "--strict 200ms"), 0, "it halts: status");
	took_no_longer("it halts", WIDTH + HALTED);
	guest_must(to, "true");
	t_equal(qemu_wait_end(q), 0, "it halts: the source has ended");
}

/*
 * QEMU at the other end answers, and a vCPU there joins its server: the source does not
 * end before.
 */
static void without_tracing(struct qemu *q, struct qemu *to)
{
	shell("umount /sys/kernel/tracing");
	t_equal(migrates(q, to, "--relax"), 0, "nobody traces: status");
	t_ok(says("/tmp/migrate.err", "nobody measures when the guest comes"),
	     "nobody traces: that is said");
	shell("mount -t tracefs none /sys/kernel/tracing");
	guest_must(to, "true");
	qemu_all_inside(to, "nobody traces");
	t_equal(qemu_wait_end(q), 0, "nobody traces: the source has ended");
}

VBS_TEST("a strict migration keeps its limit, or is given up while its guest runs", 290)
{
	char monitor[128];
	struct qemu *q, *to, *last;

	need_qemu();
	fd = tl_open();
	site = tl_make(fd, "site", TIMELINE_GUEST | TIMELINE_STEP);
	set_exactly();
	snprintf(monitor, sizeof(monitor), MONITOR, "here");
	q = qemu_start("here", "vbsctl vm run " RESOURCES " --", monitor);
	qemu_boots(q, "here");
	begin_neighbour();
	to = waits("there");
	if (!t_arg("quick", 0)) {
		no_room(q, to);
		bad_requests(q, to);
		destination_dies(q, to);
		to = waits("there");
	}
	strict_is_given_up(q, to);
	/* Its guest will not come */
	qemu_wait_end(to);
	to = waits("there");
	strict_is_kept(q, to);
	last = waits("further");
	idle_is_no_standstill(to, last);
	to = waits("home");
	without_tracing(last, to);
	neighbour_had_all();
	qemu_end(to);
	t_kill(neighbour);
	tl_destroy_all(fd);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
