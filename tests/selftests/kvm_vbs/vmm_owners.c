// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "vmm_machine.h"

#define RUNTIME		(1500 * US)
#define PERIOD		(10 * MS)
#define LENGTH		(500 * MS)
#define USER		1000
#define COPY		"/tmp/vbs_vmm_owners"

/* What the device model is asked, its answer, and what vCPU threads are told */
enum { ASK, SAYS, TELL, BACK };
enum { NOTHING, ANOTHER_THREAD, FORK, SHARE_MEMORY, CLOSE };
enum { GO_ON, RUN_ALL, FORK_TOO, ASIDE, HOLD };

static struct kvm_vbs_config config(unsigned int places)
{
	struct kvm_vbs_config c = vm_config(RUNTIME, PERIOD, MS, PERIOD);

	c.vcpus = places;
	return c;
}

static void configure(pid_t pid, unsigned int places)
{
	struct kvm_vbs_config c = config(places);

	t_equal(vm_configure_soon(pid, &c), 0, "configured, %u places", places);
}

/* ---- in the machine ------------------------------------------------------ */

/* Runs vCPU 0 till its guest has done it often; the thread's number is the answer. */
static void *second_thread(void *arg)
{
	struct machine *m = arg;

	m->word[SAYS] = syscall(SYS_gettid);
	while (m->word[TELL] == ASIDE)
		vmm_run(&m->vm.vcpu[0]);
	return NULL;
}

static void another_thread(struct machine *m)
{
	pthread_t t;

	m->word[SAYS] = 0;
	if (pthread_create(&t, NULL, second_thread, m))
		t_fatal("a thread");
	while (!m->word[SAYS])
		sleep_ns(MS);
}

/* A process of its own, with the files of the machine */
static void forked(struct machine *m)
{
	m->word[SAYS] = 0;
	if (!fork()) {
		m->word[SAYS] = 1000000 - vmm_run(&m->vm.vcpu[0]);
		for (;;)
			pause();
	}
	while (!m->word[SAYS])
		sleep_ns(MS);
}

static int sharer(void *arg)
{
	struct machine *m = arg;

	m->word[SAYS] = syscall(SYS_getpid);
	while (m->word[TELL] == ASIDE)
		vmm_run(&m->vm.vcpu[0]);
	for (;;)
		syscall(SYS_pause);
	return 0;
}

static void share_memory(struct machine *m)
{
	static char stack[65536] __attribute__((aligned(16)));

	m->word[SAYS] = 0;
	if (clone(sharer, stack + sizeof(stack), CLONE_VM | SIGCHLD, m) < 0)
		t_fatal("clone");
	while (!m->word[SAYS])
		sleep_ns(MS);
}

static void device(struct machine *m)
{
	for (;;) {
		while (m->word[ASK] == NOTHING)
			sleep_ns(MS);
		switch (m->word[ASK]) {
		case ANOTHER_THREAD:
			another_thread(m);
			break;
		case FORK:
			forked(m);
			break;
		case SHARE_MEMORY:
			share_memory(m);
			break;
		case CLOSE:
			vmm_close(&m->vm);
			break;
		}
		__sync_synchronize();
		m->word[ASK] = NOTHING;
	}
}

static void after(struct machine *m, unsigned int i)
{
	if (m->word[TELL] == FORK_TOO) {
		m->word[TELL] = GO_ON;
		if (!fork())
			for (;;)
				pause();
		m->word[BACK] = 1;
	}
	while (m->word[TELL] >= ASIDE)
		sleep_ns(MS);
	if (m->word[TELL] == RUN_ALL && !i)
		for (unsigned int k = 1; k < m->vcpus; k++)
			vmm_run(&m->vm.vcpu[k]);
}

/* All vCPUs are the first one's thread's. */
static void begin(struct machine *m, unsigned int i)
{
	while (i && m->word[TELL] == RUN_ALL)
		sleep_ns(MS);
}

/* ---- in the test --------------------------------------------------------- */

static u32 ask(struct machine *m, u32 what)
{
	m->word[ASK] = what;
	for (int i = 0; m->word[ASK] != NOTHING && i < 2000; i++)
		sleep_ns(MS);
	if (m->word[ASK] != NOTHING)
		t_fatal("the machine does not answer");
	return m->word[SAYS];
}

static struct machine *started(unsigned int vcpus, u32 tell)
{
	struct machine *m = machine_new(vcpus, guest_out, 0);

	m->device = device;
	m->begin = begin;
	m->after = after;
	m->word[TELL] = tell;
	machine_start(m);
	return m;
}

static u64 server_of(pid_t tid)
{
	struct vbs_sched_attr attr;

	if (vbs_getattr(tid, &attr) || attr.sched_policy != SCHED_VBS)
		return 0;
	return server_val(attr.sched_vbs_leader, "id");
}

static u64 charged(pid_t *tids, size_t n, u64 length)
{
	struct slices s;
	struct trace t;
	u64 sum;

	trace_start(EV_ACCOUNTS, 32);
	sleep_ns(length);
	t = trace_stop();
	s = service_of(&t, tids, n);
	sum = service_total(&s);
	slices_free(&s);
	free(t.ev);
	return sum;
}

static pid_t child_of(pid_t pid, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, tid);
	return file_num(path);
}

/*
 * z: what an instance has executed, in the kernel up to 3 budgets more, is paid by the
 * cap, which is one budget a period.
 */
static void all_is_free(const char *what)
{
	t_equal(books_empty(4 * PERIOD + 5 * MS), 0, "%s: booked after z", what);
	t_equal(cpu_key(0, "servers"), 0, "%s: servers", what);
}

/* Both are in the place then, and have one budget. */
static void changed_hands(void)
{
	struct machine *m = started(1, GO_ON);
	pid_t tid[2];
	u64 place;

	configure(m->pid, 1);
	machine_go(m);
	sleep_ns(5 * PERIOD);
	place = server_of(m->tid[0]);
	m->word[TELL] = ASIDE;
	sleep_ns(2 * PERIOD);
	tid[0] = m->tid[0];
	tid[1] = ask(m, ANOTHER_THREAD);
	sleep_ns(2 * PERIOD);
	t_equal(server_of(tid[1]), place, "another thread that runs the vCPU: its server");
	t_ok(in_role(tid[1], "vcpu"), "another thread that runs the vCPU: its role");
	t_near(charged(tid, 2, LENGTH), LENGTH * RUNTIME / PERIOD, 2 * RUNTIME,
	       "another thread that runs the vCPU: both are charged");
	m->word[TELL] = HOLD;
	sleep_ns(2 * PERIOD);
	m->word[TELL] = GO_ON;
	sleep_ns(5 * PERIOD);
	t_equal(server_of(tid[0]), place, "the first thread again: its server");
	t_near(charged(tid, 2, LENGTH), LENGTH * RUNTIME / PERIOD, 2 * RUNTIME,
	       "the first thread again: both are charged");
	t_equal(group_val(m->pid, "places"), 1, "places");
	t_equal(group_val(m->pid, "pooled"), 0, "pooled");
	machine_end(m);
	all_is_free("changed hands");
}

static void one_for_four(void)
{
	struct machine *m = started(4, RUN_ALL);
	u64 place;

	configure(m->pid, 4);
	machine_go(m);
	sleep_ns(5 * PERIOD);
	place = server_of(m->tid[0]);
	t_ok(in_role(m->tid[0], "vcpu"), "one thread for four vCPUs: its role");
	t_equal(group_val(m->pid, "pooled"), 3, "one thread for four vCPUs: counted");
	t_near(charged(m->tid, 1, LENGTH), LENGTH * RUNTIME / PERIOD, 2 * RUNTIME,
	       "one thread for four vCPUs: charged");
	t_equal(server_of(m->tid[0]), place, "and stays where it is");
	for (int i = 1; i < 4; i++)
		t_ok(in_role(m->tid[i], "dm"), "thread %d is a device-model thread so far", i);
	m->word[TELL] = GO_ON;
	sleep_ns(10 * PERIOD);
	for (int i = 1; i < 4; i++)
		t_ok(in_role(m->tid[i], "vcpu") && server_of(m->tid[i]) != place,
		     "thread %d runs vCPU %d itself: it has its place", i, i);
	t_near(charged(m->tid, 4, LENGTH), 4 * LENGTH * RUNTIME / PERIOD, 8 * RUNTIME,
	       "four threads for four vCPUs: charged");
	machine_end(m);
	all_is_free("one for four");
}

/* KVM asks for the same memory; who shares that may run it, and is in its place. */
static void other_processes(void)
{
	struct machine *m = started(1, GO_ON);
	u64 place;
	pid_t pid;

	configure(m->pid, 1);
	machine_go(m);
	sleep_ns(5 * PERIOD);
	place = server_of(m->tid[0]);
	t_equal(ask(m, FORK) - 1000000, EIO, "another process runs the vCPU");
	pid = child_of(m->pid, m->pid);
	t_ok(in_role(pid, "dm"), "it is where its parent is");
	t_kill(pid);
	m->word[TELL] = ASIDE;
	sleep_ns(2 * PERIOD);
	pid = ask(m, SHARE_MEMORY);
	sleep_ns(2 * PERIOD);
	t_equal(server_of(pid), place, "one with the same memory is in the vCPU's place");
	t_near(charged(&pid, 1, LENGTH), LENGTH * RUNTIME / PERIOD, 2 * RUNTIME,
	       "and is charged there");
	m->word[TELL] = HOLD;
	sleep_ns(2 * PERIOD);
	m->word[TELL] = FORK_TOO;
	while (!m->word[BACK])
		sleep_ns(MS);
	t_equal(server_of(child_of(m->pid, m->tid[0])), place,
		"a child of the vCPU's thread is in its server, as of any member");
	kill(pid, SIGKILL);
	t_equal(vm_undo(m->pid), 0, "undone");
	t_equal(server_of(child_of(m->pid, m->tid[0])), 0, "that child is in none then");
	all_is_free("other processes");
	machine_end(m);
}

/* The VM is over while its process lives. */
static void closed(void)
{
	struct machine *m = started(1, GO_ON);

	configure(m->pid, 2);
	machine_go(m);
	sleep_ns(5 * PERIOD);
	if (!machine_stop(m))
		t_fatal("the vCPU does not stop");
	ask(m, CLOSE);
	all_is_free("the VM is closed");
	t_equal(sched_getscheduler(m->pid), SCHED_OTHER, "the VM is closed: policy");
	t_equal(group_key(m->pid, "vms", &(u64){ 0 }), false, "the VM is closed: a group");
	machine_end(m);
}

/* ---- exec ---------------------------------------------------------------- */

static void exec_sleep(void *unused)
{
	(void)unused;
	sleep_ns(20 * MS);
	execlp("sleep", "sleep", "100", NULL);
	_exit(99);
}

static void exec_copy(void *unused)
{
	(void)unused;
	sleep_ns(20 * MS);
	t_become(USER);
	execl(COPY, COPY, "policy", NULL);
	_exit(99);
}

static void executed(void)
{
	pid_t pid = t_fork(exec_sleep, NULL);

	configure(pid, 2);
	sleep_ns(50 * MS);
	t_equal(group_val(pid, "places"), 2, "exec keeps the group: places");
	t_ok(in_role(pid, "dm"), "and its process is the device model");
	t_kill(pid);
	all_is_free("exec");
	file_copy_self(COPY, 04755);
	pid = t_fork(exec_copy, NULL);
	configure(pid, 2);
	t_equal(t_wait(pid) >> 8 & 0xff, SCHED_OTHER,
		"policy after a user's exec of a set-uid program");
	all_is_free("a set-uid program");
	file_copy_self(COPY, 0755);
	pid = t_fork(exec_copy, NULL);
	configure(pid, 2);
	t_equal(t_wait(pid) >> 8 & 0xff, SCHED_VBS, "policy after a user's exec of any other");
	all_is_free("any other program");
	unlink(COPY);
}

VBS_TEST("a place is its vCPU's, whoever runs it, and all is undone with the VM or process", 90)
{
	need_vbs();
	need_kvm_vbs();
	eps_measure();
	changed_hands();
	one_for_four();
	other_processes();
	closed();
	executed();
}
