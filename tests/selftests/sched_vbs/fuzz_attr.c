// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls about a crowd of tasks in every state, by root and by a user, some
 * of them with an allocation that fails.  What comes back is judged by the table
 * of the ABI; what failed has changed nothing; at the end nothing is booked.
 */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "vbs_oracle.h"
#include "vbs_measure.h"

#define CROWD		14
#define USER		1000
#define NOBODY		0x3ffffff0	/* above pid_max */
#define KTHREADD	2
#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define CALLER_PRIO	60		/* above whatever the crowd may be given */
#define SHOWN		10		/* wrong answers that are printed */

enum state { RUNS, BLOCKS, STOPPED, ZOMBIE, TRACED, STATES };

static struct {
	pid_t pid;
	enum state state;
	uid_t uid;
	bool dumpable;
} crowd[CROWD];

/* One call, made by a process of the user's or by this one */
struct call {
	volatile u32 asked, answered;
	int what;
	pid_t pid;
	struct vbs_sched_attr attr;
	cpu_set_t set;
	int fail;			/* the allocation that fails, if not 0 */
	volatile int got;
};

enum { SETATTR, SETAFFINITY, SETSCHEDULER, SETPARAM, CALLS };

static struct call *user_call;
static unsigned int seed, wrong, failed, done, expected[6];
static bool inject;

static unsigned int any(unsigned int n)
{
	return rand_r(&seed) % n;
}

/* The crowd */

static void live(void *arg)
{
	unsigned int i = (intptr_t)arg;

	signal(SIGXCPU, SIG_IGN);
	vbs_leave(0);
	if (crowd[i].uid)
		t_become(crowd[i].uid);
	prctl(PR_SET_DUMPABLE, crowd[i].dumpable);
	if (crowd[i].state == ZOMBIE)
		return;
	while (crowd[i].state == RUNS) {
		nops();
		if (i > RUNS)
			sleep_ns(100 * US);
	}
	for (;;)
		pause();
}

static void born(unsigned int i)
{
	siginfo_t info;
	int status;

	crowd[i].state = i < STATES ? i : any(STATES);
	crowd[i].uid = any(2) ? USER : 0;
	crowd[i].dumpable = any(4);
	crowd[i].pid = t_fork(live, (void *)(intptr_t)i);
	sleep_ns(2 * MS);
	if (crowd[i].state == ZOMBIE && waitid(P_PID, crowd[i].pid, &info, WEXITED | WNOWAIT))
		t_fatal("waitid");
	if (crowd[i].state == STOPPED)
		kill(crowd[i].pid, SIGSTOP);
	if (crowd[i].state == TRACED) {
		if (ptrace(PTRACE_SEIZE, crowd[i].pid, 0, 0) ||
		    ptrace(PTRACE_INTERRUPT, crowd[i].pid, 0, 0) ||
		    waitpid(crowd[i].pid, &status, __WALL) != crowd[i].pid)
			t_fatal("ptrace");
	}
}

static void replace(unsigned int i)
{
	t_kill(crowd[i].pid);
	born(i);
}

/* What is known of a task, as root sees it */
static struct oracle_task know(pid_t pid)
{
	struct oracle_task t = { .exists = true, .dumpable = true };
	u64 owner = 0;

	if (pid == NOBODY || vbs_getattr(pid, &t.attr))
		t.exists = false;
	for (unsigned int i = 0; i < CROWD; i++) {
		if (crowd[i].pid != pid)
			continue;
		t.uid = crowd[i].uid;
		t.dumpable = crowd[i].dumpable;
		t.zombie = crowd[i].state == ZOMBIE;
	}
	t.kthread = pid == KTHREADD;
	if (t.exists && !t.zombie && t.attr.sched_policy == SCHED_VBS &&
	    !server_key(t.attr.sched_vbs_leader, "owner", &owner))
		t_fatal("no server of %d, whose leader is %d", pid, t.attr.sched_vbs_leader);
	t.owner = owner;
	return t;
}

/* Requests */

static pid_t some_pid(void)
{
	switch (any(24)) {
	case 0:
		return NOBODY;
	case 1:
		return KTHREADD;
	default:
		return crowd[any(CROWD)].pid;
	}
}

static u64 near(u64 val)
{
	return val + any(3) - 1;
}

static u64 some_runtime(void)
{
	static const u64 limits[] = { 10 * US, 100 * MS, 0, 1 * MS, 5 * MS };

	return any(3) ? (10 + any(3000)) * US : near(limits[any(ARRAY_SIZE(limits))]);
}

static u64 some_period(u64 runtime)
{
	static const u64 limits[] = { 100 * US, SEC, 0, 10 * MS };

	if (!any(4))
		return near(any(2) ? runtime : limits[any(ARRAY_SIZE(limits))]);
	return runtime * (1 + any(60)) + any(100);
}

static u32 some_cap(u64 runtime, u64 period)
{
	switch (any(5)) {
	case 0:
		return near(VBS_BW_UNIT);
	case 1:
		return period ? near(vbs_bw(runtime, period)) : 1;
	case 2:
		return period ? 2 * vbs_bw(runtime, period) : any(VBS_BW_UNIT);
	case 3:
		return near(VBS_BW_UNIT / 10);
	default:
		return 0;
	}
}

static u64 some_flags(void)
{
	u64 flags = 0;

	if (!any(3))
		flags = 1ULL << any(7);
	if (!any(4))
		flags |= SCHED_FLAG_VBS_ALIGN;
	if (!any(3))
		flags |= SCHED_FLAG_RESET_ON_FORK;
	if (!any(24))
		flags |= 1ULL << any(64);
	return flags;
}

static struct vbs_sched_attr some_join(void)
{
	struct vbs_sched_attr attr = vbs_attr(0, 0, 0);

	attr.sched_flags = SCHED_FLAG_VBS_JOIN | (any(4) ? 0 : some_flags());
	attr.sched_vbs_leader = any(12) ? some_pid() : (int)any(3) - 1;
	if (!any(8))
		attr.sched_runtime = any(2);
	if (!any(8))
		attr.sched_vbs_cap = any(2);
	if (!any(8))
		attr.sched_deadline = any(2);
	return attr;
}

static struct vbs_sched_attr some_resource(void)
{
	u64 runtime = some_runtime(), period = some_period(runtime);
	struct vbs_sched_attr attr = vbs_attr(runtime, period, some_cap(runtime, period));

	attr.sched_flags = some_flags();
	if (!any(5))
		attr.sched_deadline = any(3) ? period : near(period);
	if (!any(20))
		attr.sched_priority = any(100);
	if (!any(20))
		attr.sched_nice = (int)any(40) - 20;
	attr.sched_vbs_leader = (int)any(3) - 1;
	return attr;
}

/* Out of the class, with or without what belongs to it */
static struct vbs_sched_attr some_other_class(void)
{
	static const u32 policies[] = { SCHED_OTHER, SCHED_OTHER, SCHED_BATCH, SCHED_IDLE,
					SCHED_FIFO, SCHED_DEADLINE, 7, 9, UINT32_MAX };
	struct vbs_sched_attr attr = vbs_attr(0, 0, 0);

	attr.sched_policy = policies[any(ARRAY_SIZE(policies))];
	attr.sched_priority = attr.sched_policy == SCHED_FIFO ? any(CALLER_PRIO) : 0;
	if (attr.sched_policy == SCHED_DEADLINE) {
		attr.sched_runtime = any(1000) * US;
		attr.sched_deadline = 10 * MS;
		attr.sched_period = 10 * MS;
	}
	if (!any(6))
		attr.sched_vbs_cap = any(3);
	if (!any(6))
		attr.sched_flags = some_flags();
	return attr;
}

static void some_call(struct call *c)
{
	c->what = any(8) ? SETATTR : any(CALLS);
	c->pid = some_pid();
	c->attr = any(4) ? some_resource() : any(2) ? some_join() : some_other_class();
	CPU_ZERO(&c->set);
	if (any(2))
		CPU_SET(0, &c->set);
	if (any(2))
		CPU_SET(1 + any(3), &c->set);
	c->fail = inject && !any(4) ? 1 + any(6) : 0;
}

/* Making a call */

static void fail_nth(int n)
{
	if (inject)
		file_write(FAIL_NTH, "%d", n);
}

static int make(const struct call *c)
{
	struct sched_param param = { c->attr.sched_priority };
	long err;

	if (c->fail)
		fail_nth(c->fail);
	switch (c->what) {
	case SETATTR:
		err = syscall(SYS_sched_setattr, c->pid, &c->attr, 0);
		break;
	case SETAFFINITY:
		err = syscall(SYS_sched_setaffinity, c->pid, sizeof(c->set), &c->set);
		break;
	case SETSCHEDULER:
		err = syscall(SYS_sched_setscheduler, c->pid, c->attr.sched_policy, &param);
		break;
	default:
		err = syscall(SYS_sched_setparam, c->pid, &param);
	}
	err = err ? -errno : 0;
	if (c->fail)
		fail_nth(0);
	return err;
}

static void make_calls_as_user(void *unused)
{
	(void)unused;
	t_become(USER);
	for (u32 n = 1;; n++) {
		while (user_call->asked != n)
			syscall(SYS_futex, &user_call->asked, 0, n - 1, NULL, NULL, 0);
		user_call->got = make(user_call);
		user_call->answered = n;
		syscall(SYS_futex, &user_call->answered, 1, 1, NULL, NULL, 0);
	}
}

static int make_as(uid_t uid, const struct call *c)
{
	u32 n = user_call->asked;

	if (!uid)
		return make(c);
	user_call->what = c->what;
	user_call->pid = c->pid;
	user_call->attr = c->attr;
	user_call->set = c->set;
	user_call->fail = c->fail;
	user_call->asked = n + 1;
	syscall(SYS_futex, &user_call->asked, 1, 1, NULL, NULL, 0);
	while (user_call->answered != n + 1)
		syscall(SYS_futex, &user_call->answered, 0, n, NULL, NULL, 0);
	return user_call->got;
}

/* Judging it */

static void show(const struct call *c, uid_t uid, const struct oracle_task *t, int got,
		 const char *why)
{
	const struct vbs_sched_attr *a = &c->attr, *b = &t->attr;

	if (wrong++ >= SHOWN)
		return;
	t_diag("call %u: %s: uid %u gets %s", done, why, uid, got ? strerrorname_np(-got) : "0");
	t_diag("  call %d policy %d flags %#jx prio %u nice %d (%ju, %ju, %ju) cap %u leader %d fail %d",
	       c->what, (int)a->sched_policy, (uintmax_t)a->sched_flags, a->sched_priority,
	       a->sched_nice, (uintmax_t)a->sched_runtime, (uintmax_t)a->sched_deadline,
	       (uintmax_t)a->sched_period, a->sched_vbs_cap, a->sched_vbs_leader, c->fail);
	t_diag("  target %d uid %u exists %d: policy %u flags %#jx (%ju, %ju) cap %u leader %d owner %u",
	       c->pid, t->uid, t->exists, b->sched_policy, (uintmax_t)b->sched_flags,
	       (uintmax_t)b->sched_runtime, (uintmax_t)b->sched_period, b->sched_vbs_cap,
	       b->sched_vbs_leader, t->owner);
}

static bool any_deadline(void)
{
	for (unsigned int i = 0; i < CROWD; i++)
		if (sched_getscheduler(crowd[i].pid) == SCHED_DEADLINE)
			return true;
	return false;
}

static int must_be(const struct call *c, uid_t uid, const struct oracle_task *t, bool *busy)
{
	struct oracle_task leader = know(c->attr.sched_vbs_leader);
	struct oracle_call o = {
		.caller = uid, .target = t, .leader = &leader, .attr = &c->attr,
		.runtime_max = sysctl_vbs("runtime_max_us") * US,
		.period_min = sysctl_vbs("period_min_us") * US,
		.period_max = sysctl_vbs("period_max_us") * US,
		.cost = sysctl_vbs("release_cost_ns"),
		.spare = cpu_key(0, "spare"), .deadline = any_deadline(),
	};

	return oracle_setattr(&o, busy);
}

static bool has_changed(const struct oracle_task *was, const struct oracle_task *is)
{
	return was->exists && memcmp(&was->attr, &is->attr, sizeof(is->attr));
}

/* What an accepted resource looks like afterwards */
static bool is_in_force(const struct vbs_sched_attr *asked, const struct vbs_sched_attr *is)
{
	if (is->sched_policy != SCHED_VBS)
		return false;
	if (asked->sched_flags & SCHED_FLAG_VBS_JOIN)
		return is->sched_vbs_leader > 0;
	return is->sched_runtime == asked->sched_runtime &&
	       is->sched_period == asked->sched_period &&
	       (!asked->sched_vbs_cap || is->sched_vbs_cap == asked->sched_vbs_cap) &&
	       !(is->sched_flags & SCHED_FLAG_VBS_ALIGN) ==
	       !(asked->sched_flags & SCHED_FLAG_VBS_ALIGN);
}

/* A zombie has what a living task has, but nothing is ever granted to it */
static bool is_right(const struct oracle_task *was, int got, int want, bool busy)
{
	if (was->zombie)
		return got == -ESRCH || (got && got == want);
	return got == want || (busy && got == -EBUSY);
}

/* What another class would keep is not what a member has */
static bool keeps_nothing(const struct call *c, const struct oracle_task *was)
{
	u64 flags = c->attr.sched_flags;

	return was->exists && was->attr.sched_policy == SCHED_VBS &&
	       c->attr.sched_policy != SCHED_VBS && (flags & SCHED_FLAG_KEEP_PARAMS) &&
	       !(flags & SCHED_FLAG_KEEP_POLICY);
}

static void judge_setattr(const struct call *c, uid_t uid, const struct oracle_task *was,
			  const struct oracle_task *is, int got, int want, bool busy)
{
	if (keeps_nothing(c, was) && got != -EINVAL)
		show(c, uid, was, got, "KEEP_PARAMS keeps nothing of a member's");
	if (c->attr.sched_policy != SCHED_VBS || want == ORACLE_UNKNOWN)
		return;
	expected[want == -ESRCH ? 0 : want == -EINVAL ? 1 : want == -EPERM ? 2 :
		 want == -ERANGE ? 3 : busy ? 4 : 5]++;
	if (c->fail && got == -ENOMEM)
		return;
	if (!is_right(was, got, want, busy))
		show(c, uid, was, got, want ? strerrorname_np(-want) : "0 is right");
	else if (!got && !is_in_force(&c->attr, &is->attr))
		show(c, uid, is, got, "it is not in force");
}

/* setscheduler() and setparam() have no resource to give, and take none */
static void judge_legacy(const struct call *c, uid_t uid, const struct oracle_task *was, int got)
{
	bool member = was->exists && was->attr.sched_policy == SCHED_VBS;

	if (c->what == SETSCHEDULER && c->attr.sched_policy == SCHED_VBS && !got)
		show(c, uid, was, got, "sched_setscheduler(8) is refused");
	if (c->what == SETPARAM && member && !got)
		show(c, uid, was, got, "sched_setparam() of a member is refused");
	if (c->what == SETAFFINITY && member && !CPU_ISSET(0, &c->set) && !got)
		show(c, uid, was, got, "a member stays on a CPU that there is");
}

static void one_call(void)
{
	struct call c = {};
	uid_t uid = any(2) ? USER : 0;
	struct oracle_task was, is;
	u64 booked = cpu_key(0, "booked");
	bool busy = false;
	int want, got;

	some_call(&c);
	was = know(c.pid);
	want = must_be(&c, uid, &was, &busy);
	got = make_as(uid, &c);
	is = know(c.pid);
	done++;
	if (c.what == SETATTR)
		judge_setattr(&c, uid, &was, &is, got, want, busy);
	else
		judge_legacy(&c, uid, &was, got);
	if (!got)
		return;
	failed++;
	if (has_changed(&was, &is))
		show(&c, uid, &is, got, "it failed and the task has changed");
	if (cpu_key(0, "booked") > booked)
		show(&c, uid, &is, got, "it failed and something is booked");
}

/* Sizes that the caller does not have, or no kernel has */
static void getattr_call(void)
{
	static char buf[8192];
	unsigned int size = any(4) ? any(4200) : 40 + any(40), flags = any(8) ? 0 : any(3);
	pid_t pid = any(8) ? some_pid() : -1 - (pid_t)any(3);
	long got;

	memset(buf, 0x5a, sizeof(buf));
	got = syscall(SYS_sched_getattr, pid, buf, size, flags) ? -errno : 0;
	if (pid < 0 || flags || size < 48 || size > 4096)
		wrong += got != -EINVAL;
	else if (pid == NOBODY)
		wrong += got != -ESRCH;
	else
		wrong += got != 0;
	for (unsigned int i = got ? 0 : size; i < sizeof(buf); i++)
		if (buf[i] != 0x5a) {
			t_diag("sched_getattr(%d, %u, %u) = %ld wrote byte %u", pid, size, flags,
			       got, i);
			wrong++;
			break;
		}
}

static void begin(void)
{
	pid_t user_caller;

	need_vbs();
	seed = t_arg("seed", 1);
	inject = !access(FAIL_NTH, W_OK) && !file_write(FAILSLAB "ignore-gfp-wait", "N");
	if (inject)
		/* each would print its stack */
		file_write(FAILSLAB "verbose", "0");
	else
		t_diag("this kernel has no CONFIG_FAILSLAB: no allocation fails");
	user_call = t_shared(sizeof(*user_call));
	user_caller = t_fork(make_calls_as_user, NULL);
	if (set_fifo(user_caller, CALLER_PRIO) || set_fifo(0, CALLER_PRIO))
		t_fatal("set_fifo");
	for (unsigned int i = 0; i < CROWD; i++)
		born(i);
}

VBS_TEST("every call says what the table says, and changes nothing if it fails", 4000)
{
	u64 end;

	begin();
	end = now_ns() + t_arg("seconds", 60) * SEC;
	while (now_ns() < end) {
		for (int i = 0; i < 20; i++)
			one_call();
		getattr_call();
		replace(any(CROWD));
	}
	for (unsigned int i = 0; i < CROWD; i++)
		t_kill(crowd[i].pid);
	/* Any class but SCHED_VBS may be given to kthreadd, who stays */
	if (vbs_leave(KTHREADD))
		t_fatal("kthreadd: %m");
	sleep_ns(20 * MS);
	t_diag("%u calls, %u failed; expected: ESRCH %u, EINVAL %u, EPERM %u, ERANGE %u, room in doubt %u, 0 %u",
	       done, failed, expected[0], expected[1], expected[2], expected[3], expected[4],
	       expected[5]);
	t_equal(wrong, 0, "wrong answers");
	t_at_least(done, 1000, "calls");
	for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++)
		t_at_least(expected[i], 20, "calls of kind %u", i);
	t_equal(books_empty(5 * SEC), 0, "booked when all are gone");
	t_equal(cpu_key(0, "servers"), 0, "servers when all are gone");
	t_equal(cpu_key(0, "deadline"), 0, "what DEADLINE has when all are gone");
}
