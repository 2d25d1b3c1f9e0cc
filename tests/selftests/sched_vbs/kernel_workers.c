// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/vhost.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "vbs_measure.h"

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)
#define LENGTH		(1 * SEC)
#define ENTRIES		8

struct ring {
	int fd;
	unsigned char *sq;
	struct io_uring_sqe *sqe;
	struct io_uring_params p;
};

static void ring_open(struct ring *r, u32 flags)
{
	memset(r, 0, sizeof(*r));
	r->p.flags = flags;
	r->p.sq_thread_idle = 10000;	/* ms: its thread never sleeps here */
	r->fd = syscall(SYS_io_uring_setup, ENTRIES, &r->p);
	if (r->fd < 0)
		t_skip_all("no io_uring: %m");
	r->sq = mmap(NULL, r->p.sq_off.array + ENTRIES * sizeof(u32), PROT_READ | PROT_WRITE,
		     MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->sqe = mmap(NULL, ENTRIES * sizeof(*r->sqe), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		      IORING_OFF_SQES);
	if (r->sq == MAP_FAILED || r->sqe == MAP_FAILED)
		t_fatal("io_uring: mmap");
}

/* A read that blocks, so that a worker has it */
static void ring_read(struct ring *r, int fd)
{
	static char byte;
	u32 *tail = (u32 *)(r->sq + r->p.sq_off.tail);

	r->sqe[0] = (struct io_uring_sqe) {
		.opcode = IORING_OP_READ, .flags = IOSQE_ASYNC, .fd = fd,
		.addr = (unsigned long)&byte, .len = 1,
	};
	((u32 *)(r->sq + r->p.sq_off.array))[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0) != 1)
		t_fatal("io_uring_enter");
}

static void use_worker(void *arg)
{
	struct ring r;
	int fd[2];

	(void)arg;
	if (pipe(fd))
		t_fatal("pipe");
	ring_open(&r, 0);
	ring_read(&r, fd[0]);
	for (;;)
		pause();
}

static void use_poller(void *arg)
{
	struct ring r;

	(void)arg;
	ring_open(&r, IORING_SETUP_SQPOLL);
	/* Woken up, it looks for work for as long as the ring says. */
	for (;;) {
		sleep_ns(5 * MS);
		if (syscall(SYS_io_uring_enter, r.fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0) < 0)
			t_fatal("io_uring_enter");
	}
}

static void use_vhost(void *arg)
{
	int fd = open("/dev/vhost-net", O_RDWR);

	(void)arg;
	if (fd < 0 || ioctl(fd, VHOST_SET_OWNER, 0))
		t_fatal("/dev/vhost-net");
	for (;;)
		pause();
}

/* The thread of @pid that is not its first, or 0 */
static pid_t other_thread(pid_t pid)
{
	struct dirent *d;
	char path[64];
	pid_t tid = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.' && atoi(d->d_name) != pid)
			tid = atoi(d->d_name);
	if (dir)
		closedir(dir);
	return tid;
}

/* A member starts it after a while, so that it is one by then. */
struct start {
	volatile u32 gate;
	void (*use)(void *arg);
};

static void begin(void *arg)
{
	struct start *s = arg;

	gate_wait(&s->gate);
	s->use(NULL);
}

static pid_t member_with_worker(struct start *s, void (*use)(void *), const char *what)
{
	pid_t pid, tid = 0;

	s->gate = 0;
	s->use = use;
	pid = t_fork(begin, s);
	must_enter(pid, RUNTIME, PERIOD, 0);
	gate_open(&s->gate);
	for (int i = 0; !tid && i < 100; i++) {
		sleep_ns(10 * MS);
		tid = other_thread(pid);
	}
	t_ok(tid, "%s: there is a thread", what);
	t_equal(sched_getscheduler(tid), SCHED_VBS, "%s: its policy", what);
	t_equal(server_val(pid, "members"), 2, "%s: members of the server", what);
	return pid;
}

static void killed(pid_t pid, const char *what)
{
	u64 began = now_ns();

	t_kill(pid);
	t_at_most(now_ns() - began, PERIOD, "%s: ns until it was gone", what);
	t_equal(books_empty(SEC), 0, "%s: booked in the end", what);
}

/* It polls all the time: as long as it may, and no longer, in all phases of a kill. */
static void poller(struct start *s)
{
	struct slices sl;
	struct trace t;
	pid_t pid, tid;

	pid = member_with_worker(s, use_poller, "SQPOLL");
	tid = other_thread(pid);
	trace_start(EV_ACCOUNTS, 16);
	sleep_ns(LENGTH);
	t = trace_stop();
	sl = service_of(&t, &tid, 1);
	t_near(service_total(&sl), LENGTH / PERIOD * RUNTIME, RUNTIME + eps_budget(),
	       "SQPOLL: charged in 1 s");
	check_g2(&sl, (double)RUNTIME / PERIOD, RUNTIME, eps_budget(), "SQPOLL");
	slices_free(&sl);
	killed(pid, "SQPOLL");
	for (u64 phase = 0; phase < 16; phase++) {
		pid = t_fork(begin, s);
		must_enter(pid, RUNTIME, PERIOD, 0);
		sleep_ns(20 * MS + phase * PERIOD / 16);
		t_kill(pid);
	}
	t_equal(books_empty(SEC), 0, "SQPOLL: booked after kills in 16 phases");
}

VBS_TEST("workers of io_uring and vhost are members, stopped between works", 60)
{
	struct start *s;

	need_vbs();
	eps_measure();
	s = t_shared(sizeof(*s));
	killed(member_with_worker(s, use_worker, "io_uring"), "io_uring");
	poller(s);
	if (access("/dev/vhost-net", R_OK | W_OK))
		t_skip("no /dev/vhost-net");
	else
		killed(member_with_worker(s, use_vhost, "vhost"), "vhost");
}
