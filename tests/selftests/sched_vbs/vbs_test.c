// SPDX-License-Identifier: GPL-2.0
/*
 * The frame around a test: TAP, the process that watches over it, children.
 *
 * The test runs in a session of its own.  Its parent waits for it, kills the
 * whole session at the end or at the time-out, and only then puts back the
 * files that the test changed: also a test that crashes leaves nothing behind.
 */
#include <libgen.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "vbs_test.h"

#define MAX_RESTORE	16

struct saved_file {
	char path[128];
	char text[64];
};

/* Shared between the test and its watcher */
struct frame {
	unsigned int checks;
	unsigned int failed;
	unsigned int skipped;
	unsigned int nsaved;
	struct saved_file saved[MAX_RESTORE];
};

extern const struct vbs_testcase * const __start_vbs_tests[];
extern const struct vbs_testcase * const __stop_vbs_tests[];

static struct frame *frame;
static char **test_args;

/* One line of TAP, with the figures that decided it. */
static bool verdict(bool ok, const char *todo, const char *figures,
		    const char *fmt, va_list ap)
{
	printf("%sok %u - ", ok ? "" : "not ", ++frame->checks);
	vprintf(fmt, ap);
	printf("%s%s%s%s\n", figures ? ": " : "", figures ? figures : "",
	       !ok && todo ? " # TODO " : "", !ok && todo ? todo : "");
	frame->failed += !ok && !todo;
	return ok;
}

/*
 * With the argument "todo" the kernel is known not to keep the promise yet, and
 * a failure is no failure.
 */
static const char *known(void)
{
	return t_arg("todo", 0) ? "not in this kernel yet" : NULL;
}

static bool result(bool ok, const char *figures, const char *fmt, va_list ap)
{
	return verdict(ok, known(), figures, fmt, ap);
}

/*
 * A bound in time.  With the argument "debug" it is printed and not required: a
 * kernel that checks each lock and each access has interrupts off for longer
 * than 1 ms, and its bounds would be those of the checks.
 */
static bool bound(bool ok, const char *figures, const char *fmt, va_list ap)
{
	const char *todo = t_arg("debug", 0) ? "a debug kernel takes its time" : known();

	return verdict(ok, todo, figures, fmt, ap);
}

bool t_ok(bool ok, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(ok, NULL, fmt, ap);
	va_end(ap);
	return ok;
}

bool t_equal(s64 got, s64 want, const char *fmt, ...)
{
	char figures[64];
	va_list ap;

	snprintf(figures, sizeof(figures), "%jd, expected %jd", (intmax_t)got,
		 (intmax_t)want);
	va_start(ap, fmt);
	result(got == want, figures, fmt, ap);
	va_end(ap);
	return got == want;
}

/* t_equal() of what follows from time */
bool t_timely(s64 got, s64 want, const char *fmt, ...)
{
	char figures[64];
	va_list ap;

	snprintf(figures, sizeof(figures), "%jd, expected %jd", (intmax_t)got,
		 (intmax_t)want);
	va_start(ap, fmt);
	bound(got == want, figures, fmt, ap);
	va_end(ap);
	return got == want;
}

bool t_near(u64 got, u64 want, u64 eps, const char *fmt, ...)
{
	s64 off = got - want;
	bool ok = off <= (s64)eps && off >= -(s64)eps;
	char figures[96];
	va_list ap;

	snprintf(figures, sizeof(figures), "%.3f us, expected %.3f +- %.3f",
		 (s64)got / 1e3, (s64)want / 1e3, eps / 1e3);
	va_start(ap, fmt);
	bound(ok, figures, fmt, ap);
	va_end(ap);
	return ok;
}

bool t_at_most(s64 got, s64 limit, const char *fmt, ...)
{
	char figures[64];
	va_list ap;

	snprintf(figures, sizeof(figures), "%jd, at most %jd", (intmax_t)got,
		 (intmax_t)limit);
	va_start(ap, fmt);
	bound(got <= limit, figures, fmt, ap);
	va_end(ap);
	return got <= limit;
}

bool t_at_least(s64 got, s64 limit, const char *fmt, ...)
{
	char figures[64];
	va_list ap;

	snprintf(figures, sizeof(figures), "%jd, at least %jd", (intmax_t)got,
		 (intmax_t)limit);
	va_start(ap, fmt);
	bound(got >= limit, figures, fmt, ap);
	va_end(ap);
	return got >= limit;
}

void t_diag(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void t_skip(const char *fmt, ...)
{
	va_list ap;

	printf("ok %u # SKIP ", ++frame->checks);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	frame->skipped++;
}

void t_skip_all(const char *fmt, ...)
{
	va_list ap;

	printf("ok %u # SKIP ", ++frame->checks);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	frame->skipped++;
	exit(T_SKIP);
}

void t_fatal(const char *fmt, ...)
{
	char why[128];
	va_list ap;

	snprintf(why, sizeof(why), "cannot go on (%s)", strerror(errno));
	va_start(ap, fmt);
	result(false, why, fmt, ap);
	va_end(ap);
	exit(T_FAIL);
}

u64 t_arg(const char *key, u64 otherwise)
{
	size_t len = strlen(key);

	for (char **arg = test_args; *arg; arg++) {
		if (strncmp(*arg, key, len))
			continue;
		if ((*arg)[len] == '=')
			return strtoull(*arg + len + 1, NULL, 0);
		if (!(*arg)[len])
			return 1;
	}
	return otherwise;
}

u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

u64 cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

void sleep_until(u64 when)
{
	struct timespec ts = { .tv_sec = when / SEC, .tv_nsec = when % SEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

void sleep_ns(u64 ns)
{
	sleep_until(now_ns() + ns);
}

pid_t t_fork(void (*fn)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		t_fatal("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fn(arg);
	_exit(0);
}

int t_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			return -errno;
	return status;
}

void t_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	t_wait(pid);
}

void *t_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		t_fatal("mmap of %zu bytes", size);
	return p;
}

/* For children: drops every capability too */
void t_become(uid_t uid)
{
	if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(99);
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

pthread_mutex_t *pi_mutex_new(void)
{
	pthread_mutex_t *mutex = t_shared(sizeof(*mutex));
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(mutex, &attr);
	return mutex;
}

s64 stat_field(pid_t pid, int n)
{
	char path[64], text[1024], *p = text;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(path, text, sizeof(text)) < 0)
		t_fatal("%s: %m", path);
	while (--n && p)
		p = strchr(p, ' ') + 1;
	return p ? strtoll(p, NULL, 10) : 0;
}

void pin_to(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		t_fatal("sched_setaffinity(%d) to CPU %d", pid, cpu);
}

static long futex(volatile u32 *word, int op, u32 val)
{
	return syscall(SYS_futex, word, op, val, NULL, NULL, 0);
}

void gate_wait(volatile u32 *gate)
{
	while (!*gate)
		futex(gate, FUTEX_WAIT, 0);
}

void gate_open(volatile u32 *gate)
{
	*gate = 1;
	futex(gate, FUTEX_WAKE, INT_MAX);
}

bool have_vbs(void)
{
	return sched_get_priority_max(SCHED_VBS) == 0 && !access(VBS_PROC, R_OK);
}

void need_vbs(void)
{
	if (!have_vbs())
		t_skip_all("this kernel has no SCHED_VBS");
	if (geteuid())
		t_skip_all("needs root");
	if (books_empty(2 * SEC))
		t_fatal("something is booked before the test begins");
	/* Once: it waits for a grace period, which a test may hold up */
	if (t_arg("calibrated", 0) || !file_num(SYSCTL_VBS "release_cost_ns"))
		return;
	/* Instants are asserted to the ns of the budget that was asked for */
	file_restore(SYSCTL_VBS "release_cost_ns");
	if (file_write(SYSCTL_VBS "release_cost_ns", "0"))
		t_fatal("set the cost of a release to 0");
}

void need_cpus(int n)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < n)
		t_skip_all("needs %d CPUs", n);
}

void file_restore(const char *path)
{
	struct saved_file *f = &frame->saved[frame->nsaved];

	for (unsigned int i = 0; i < frame->nsaved; i++)
		if (!strcmp(frame->saved[i].path, path))
			return;
	if (frame->nsaved == MAX_RESTORE)
		t_fatal("too many files to restore");
	if (file_read(path, f->text, sizeof(f->text)) < 0)
		t_skip_all("no %s", path);
	snprintf(f->path, sizeof(f->path), "%s", path);
	frame->nsaved++;
}

/* What a dead server had booked is free within a period: at most 1 s */
static void restore_files(void)
{
	struct saved_file *f;

	while (frame->nsaved) {
		f = &frame->saved[--frame->nsaved];
		for (int i = 0; i < 30; i++) {
			if (file_write(f->path, "%s", f->text) != -EBUSY)
				break;
			sleep_ns(50 * MS);
		}
	}
}

static volatile sig_atomic_t timed_out;

static void on_alarm(int sig)
{
	(void)sig;
	timed_out = 1;
}

static int run_inner(const struct vbs_testcase *tc)
{
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1);
	tc->run();
	if (!frame->checks)
		t_ok(false, "the test made no check");
	exit(frame->failed ? T_FAIL :
	     frame->skipped == frame->checks ? T_SKIP : T_PASS);
}

static int run_watched(const struct vbs_testcase *tc)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	int status = 0;
	pid_t pid;

	printf("TAP version 13\n# %s\n", tc->promise);
	sigaction(SIGALRM, &sa, NULL);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return T_FAIL;
	if (!pid)
		run_inner(tc);
	alarm(t_arg("timeout", tc->timeout));
	while (waitpid(pid, &status, 0) != pid && !timed_out)
		;
	/* Its first process is of the session until it has been waited for. */
	while (!kill(-pid, SIGKILL)) {
		sleep_ns(MS);
		waitpid(pid, &status, WNOHANG);
	}
	restore_files();
	if (timed_out || !WIFEXITED(status))
		t_ok(false, timed_out ? "ended within %u s" :
		     "ended by exit() within %u s", tc->timeout);
	printf("1..%u\n", frame->checks);
	if (frame->failed)
		return T_FAIL;
	return WEXITSTATUS(status);
}

static const char *test_name(const struct vbs_testcase *tc)
{
	static char name[64];
	char *dot;

	snprintf(name, sizeof(name), "%s", strrchr(tc->file, '/') ?
		 strrchr(tc->file, '/') + 1 : tc->file);
	dot = strrchr(name, '.');
	if (dot)
		*dot = '\0';
	return name;
}

static const struct vbs_testcase *find_test(const char *name)
{
	for (size_t i = 0; __start_vbs_tests + i < __stop_vbs_tests; i++)
		if (!strcmp(test_name(__start_vbs_tests[i]), name))
			return __start_vbs_tests[i];
	return NULL;
}

static int list_tests(void)
{
	for (size_t i = 0; __start_vbs_tests + i < __stop_vbs_tests; i++)
		printf("%-24s %s\n", test_name(__start_vbs_tests[i]),
		       __start_vbs_tests[i]->promise);
	return 0;
}

int main(int argc, char **argv)
{
	const struct vbs_testcase *tc = find_test(basename(argv[0]));

	/* what tests of exec execute */
	if (argc == 2 && !strcmp(argv[1], "policy"))
		return sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_args = argv + 1;
	if (!tc && argc > 1) {
		tc = find_test(argv[1]);
		test_args++;
	}
	if (!tc && __stop_vbs_tests - __start_vbs_tests == 1)
		tc = __start_vbs_tests[0];
	if (!tc)
		return list_tests();
	frame = mmap(NULL, sizeof(*frame), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (frame == MAP_FAILED)
		return T_FAIL;
	return run_watched(tc);
}
