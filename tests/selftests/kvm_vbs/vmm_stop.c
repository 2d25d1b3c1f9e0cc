// SPDX-License-Identifier: GPL-2.0
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "vmm_machine.h"

/*
 * The test is in a server with shorter periods, so that it looks at the machine in
 * all phases of the machine's budget.
 */
#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)
#define TEST_RUNTIME	(1100 * US)
#define TEST_PERIOD	(2 * MS)
#define PHASES		64ULL
#define GROUP		"/sys/fs/cgroup/vmm_stop"
#define LOOK		(50 * US)

/* A way to stop a machine, and to let it go on */
struct way {
	const char *name;
	void (*prepare)(struct machine *m);
	void (*finish)(struct machine *m);
	void (*stop)(struct machine *m);	/* returns when it stands still */
	void (*go_on)(struct machine *m);
	bool looks;				/* at intervals */
};

struct times {
	u64 waiting, running;	/* ns until it stands still, the worst, by what it did */
	u64 go_on;
	u64 waited, moved;	/* phases when it waited; when it did not stand still */
};

static u64 guest_looked(struct machine *m)
{
	return *(volatile u64 *)&machine_page(m, 0)->last;
}

/* Until it is in the guest again, or for too long */
static void until_guest_runs(struct machine *m, u64 from)
{
	u64 seen = guest_looked(m);

	while (guest_looked(m) == seen && now_ns() < from + 5 * PERIOD)
		sleep_ns(LOOK);
}

static bool waits(struct machine *m)
{
	const char *line = find_line("server ", "leader", m->tid[0]);
	const char *state = line ? line_key(line, "state") : NULL;

	return state && (!strncmp(state, "throttled ", 10) || !strncmp(state, "waiting ", 8));
}

static void add_stop(struct times *worst, bool waiting, u64 took)
{
	u64 *of = waiting ? &worst->waiting : &worst->running;

	*of = took > *of ? took : *of;
	worst->waited += waiting;
}

static void once(struct machine *m, const struct way *way, struct times *worst)
{
	bool waiting = waits(m);
	u64 from, took, seen;

	from = now_ns();
	way->stop(m);
	add_stop(worst, waiting, now_ns() - from);
	seen = guest_looked(m);
	sleep_ns(2 * PERIOD);
	worst->moved += guest_looked(m) != seen;
	from = now_ns();
	way->go_on(m);
	until_guest_runs(m, from);
	took = now_ns() - from;
	worst->go_on = took > worst->go_on ? took : worst->go_on;
}

static struct times measure(const struct way *way)
{
	struct machine *m = machine_new(1, guest_watch, 0);
	struct times worst = {};

	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	if (way->prepare)
		way->prepare(m);
	machine_go(m);
	/* Its instances begin anew each time that it goes on. */
	for (u64 i = 0; i < PHASES; i++) {
		sleep_ns(2 * PERIOD + i * PERIOD / PHASES);
		once(m, way, &worst);
	}
	t_equal(m->stats[0].err, 0, "%s: what ended its vCPU", way->name);
	if (way->finish)
		way->finish(m);
	machine_end(m);
	return worst;
}

/*
 * Where its device model is told first, that waits for the vCPU to use up its budget:
 * the vCPU's deadline is earlier.
 */
static void check_stops(const struct times *worst, u64 look, const char *what)
{
	t_diag("%s: stopped after %.3f us while it waits, %.3f while it runs; on after %.3f us",
	       what, worst->waiting / 1e3, worst->running / 1e3, worst->go_on / 1e3);
	t_at_least(worst->waited, PHASES / 2, "%s: phases in which it waited", what);
	t_at_least(PHASES - worst->waited, PHASES / 16, "%s: and in which it did not", what);
	t_equal(worst->moved, 0, "%s: times that the guest ran while it was stopped", what);
	t_at_most(worst->waiting, 2 * look + eps_start(4), "%s: ns until it is stopped", what);
	t_at_most(worst->running, 2 * look + RUNTIME + eps_ticks(RUNTIME) + eps_start(4),
		  "%s: ns until it is stopped while its budget lasts", what);
}

static void check(const struct way *way)
{
	struct times worst = measure(way);

	check_stops(&worst, way->looks ? LOOK : 0, way->name);
	/* It has slept for two periods: what it wakes up to is a new instance. */
	t_at_most(worst.go_on, 2 * LOOK + eps_start(4), "%s: ns until the guest runs again",
		  way->name);
}

/* ---- signals ------------------------------------------------------------- */

static void by_signal(struct machine *m)
{
	int status;

	kill(m->pid, SIGSTOP);
	if (waitpid(m->pid, &status, WUNTRACED) != m->pid || !WIFSTOPPED(status))
		t_fatal("it does not stop");
}

static void by_signal_on(struct machine *m)
{
	kill(m->pid, SIGCONT);
}

/* ---- ptrace -------------------------------------------------------------- */

static void wait_traced(struct machine *m)
{
	int status;

	if (waitpid(m->tid[0], &status, __WALL) != m->tid[0] || !WIFSTOPPED(status))
		t_fatal("it is not stopped");
}

static void attach(struct machine *m)
{
	if (ptrace(PTRACE_ATTACH, m->tid[0], 0, 0))
		t_fatal("PTRACE_ATTACH");
	wait_traced(m);
}

static void detach(struct machine *m)
{
	if (ptrace(PTRACE_DETACH, m->tid[0], 0, 0))
		t_fatal("PTRACE_DETACH");
}

static void seize(struct machine *m)
{
	if (ptrace(PTRACE_SEIZE, m->tid[0], 0, 0))
		t_fatal("PTRACE_SEIZE");
}

static void interrupt(struct machine *m)
{
	if (ptrace(PTRACE_INTERRUPT, m->tid[0], 0, 0))
		t_fatal("PTRACE_INTERRUPT");
	wait_traced(m);
}

/* Who traces a thread has to wait for it before its process is over. */
static void let_go(struct machine *m)
{
	interrupt(m);
	detach(m);
}

static void cont(struct machine *m)
{
	if (ptrace(PTRACE_CONT, m->tid[0], 0, 0))
		t_fatal("PTRACE_CONT");
}

/* ---- the freezer --------------------------------------------------------- */

static void into_group(struct machine *m)
{
	if (file_write(GROUP "/cgroup.procs", "%d", m->pid))
		t_fatal("move it into a group");
}

static bool frozen(void)
{
	char text[256];

	return file_read(GROUP "/cgroup.events", text, sizeof(text)) > 0 &&
	       strstr(text, "frozen 1");
}

static void freeze(struct machine *m)
{
	u64 end = now_ns() + 5 * PERIOD;

	(void)m;
	file_write(GROUP "/cgroup.freeze", "1");
	while (!frozen() && now_ns() < end)
		sleep_ns(LOOK);
}

static void thaw(struct machine *m)
{
	(void)m;
	file_write(GROUP "/cgroup.freeze", "0");
}

/* ---- as VMMs do it: immediate_exit, then a signal ------------------------ */

enum { PAUSE, PAUSED };

static void on_signal(int sig)
{
	(void)sig;
}

/* What the signal handler of a VMM does, by the device model */
static void pauser(struct machine *m)
{
	signal(SIGUSR1, on_signal);
	for (;;) {
		gate_wait(&m->word[PAUSE]);
		m->vm.vcpu[0].run->immediate_exit = 1;
		syscall(SYS_tgkill, m->pid, m->tid[0], SIGUSR1);
		while (m->word[PAUSE])
			sleep_ns(MS);
	}
}

/* It enters no more, and says so, without waiting for what it has no use for. */
static void when_paused(struct machine *m, unsigned int i)
{
	struct vmm_vcpu *v = &m->vm.vcpu[i];

	while (m->word[PAUSE]) {
		v->run->immediate_exit = 1;
		if (vmm_run(v) != -EINTR)
			t_fatal("KVM_RUN enters in spite of immediate_exit");
		gate_open(&m->word[PAUSED]);
		sleep_ns(MS);
	}
	v->run->immediate_exit = 0;
	m->word[PAUSED] = 0;
}

static void pause_once(struct machine *m, struct times *worst)
{
	bool waiting = waits(m);
	u64 from = now_ns(), seen;

	gate_open(&m->word[PAUSE]);
	gate_wait(&m->word[PAUSED]);
	add_stop(worst, waiting, now_ns() - from);
	seen = guest_looked(m);
	sleep_ns(2 * PERIOD);
	worst->moved += guest_looked(m) != seen;
	m->word[PAUSE] = 0;
}

static void as_vmms_do(void)
{
	struct machine *m = machine_new(1, guest_watch, 0);
	struct times worst = {};

	m->device = pauser;
	m->after = when_paused;
	machine_start(m);
	machine_into_servers(m, RUNTIME, PERIOD);
	machine_go(m);
	for (u64 i = 0; i < PHASES; i++) {
		sleep_ns(2 * PERIOD + i * PERIOD / PHASES);
		pause_once(m, &worst);
	}
	machine_end(m);
	check_stops(&worst, 0, "immediate_exit and a signal");
}

/* Alone: its machines have servers of their own, or none. */
static void enter(void)
{
	struct vbs_sched_attr attr = vbs_attr(TEST_RUNTIME, TEST_PERIOD, 0);

	attr.sched_flags = SCHED_FLAG_RESET_ON_FORK;
	if (vbs_setattr(0, &attr))
		t_fatal("the test's own server");
}

VBS_TEST("SIGSTOP, ptrace, the freezer and a pause stop a machine at once, in all phases", 120)
{
	static const struct way ways[] = {
		{ "SIGSTOP", NULL, NULL, by_signal, by_signal_on, false },
		{ "PTRACE_ATTACH", NULL, NULL, attach, detach, false },
		{ "PTRACE_INTERRUPT", seize, let_go, interrupt, cont, false },
		{ "the freezer", into_group, NULL, freeze, thaw, true },
	};

	need_vbs();
	need_kvm();
	eps_measure_long();
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		t_skip_all("no cgroup v2");
	enter();
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		check(&ways[i]);
	as_vmms_do();
	vbs_leave(0);
	rmdir(GROUP);
}
