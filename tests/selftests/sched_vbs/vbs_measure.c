// SPDX-License-Identifier: GPL-2.0
/* Error terms, spinning, and the pieces of CPU time that a task saw */
#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "vbs_measure.h"

#define SAMPLES		100
#define RELEASE_COST	SYSCTL_VBS "release_cost_ns"

struct samples {
	volatile u32 ready;
	u64 timer;
	u64 irq;
	u64 sw;
};

static struct eps eps;
static unsigned int rounds = 1;

/* About half a microsecond under icount, a tenth on real hardware */
void nops(void)
{
	asm volatile(".rept 500\n\tnop\n\t.endr");
}

void spin_forever(void *unused)
{
	(void)unused;
	for (;;)
		asm volatile(".rept 4000\n\tnop\n\t.endr");
}

void spin_until(u64 when)
{
	while (now_ns() < when)
		nops();
}

/* Few system calls: each look at the clock comes after half of what is left */
void burn(u64 cpu_time)
{
	u64 end = cpu_ns() + cpu_time;
	s64 left;

	while ((left = end - cpu_ns()) > 0)
		for (s64 n = left / 2; n > 0; n -= 600)
			nops();
}

void die_at(u64 when)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	struct itimerspec it = { .it_value = { when / SEC, when % SEC } };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &ev, &timer) ||
	    timer_settime(timer, TIMER_ABSTIME, &it, NULL))
		t_fatal("timer: %s", strerror(errno));
}

/* Sleeps end at phases that are spread over the tick */
static u64 worst_wakeup(void)
{
	u64 worst = 0, when, late;

	for (unsigned int i = 0; i < rounds * SAMPLES; i++) {
		when = now_ns() + MS + i % SAMPLES * 37 * US;
		sleep_until(when);
		late = now_ns() - when;
		worst = late > worst ? late : worst;
	}
	return worst;
}

/* In stretches too short for the fair server to want its share */
static u64 worst_interruption(void)
{
	u64 last, end, worst = 0, now;

	for (unsigned int i = 0; i < rounds; i++) {
		last = now_ns();
		end = last + 50 * MS;
		do {
			now = now_ns();
			worst = now - last > worst ? now - last : worst;
			last = now;
		} while (now < end);
		sleep_ns(50 * MS);
	}
	return worst;
}

static u64 yield_round(void)
{
	u64 start = now_ns();

	for (int i = 0; i < SAMPLES; i++)
		sched_yield();
	return (now_ns() - start) / SAMPLES;
}

static void partner(void *arg)
{
	struct samples *s = arg;

	while (!s->ready)
		sched_yield();
}

static void sampler(void *arg)
{
	struct samples *s = arg;
	pid_t other;

	if (sched_getcpu() >= 0)
		pin_to(0, sched_getcpu());
	if (set_fifo(0, 99))
		_exit(1);
	s->timer = worst_wakeup();
	s->irq = worst_interruption();
	other = t_fork(partner, s);
	sched_yield();
	s->sw = yield_round();		/* both switches of one round */
	s->ready = 1;
	t_wait(other);
}

static void nothing(void *unused)
{
	(void)unused;
}

/* Forks, exits, maps, unmaps, reads and signals, as a fair task */
static void make_noise(void *unused)
{
	size_t size = 4 << 20;
	int zero = open("/dev/zero", O_RDONLY);
	char *p;

	(void)unused;
	for (;;) {
		t_wait(t_fork(nothing, NULL));
		p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p != MAP_FAILED && read(zero, p, size) > 0)
			munmap(p, size);
		kill(getpid(), SIGCONT);
		setpriority(PRIO_PROCESS, 0, 1);
	}
}

const struct eps *eps_measure(void)
{
	struct samples *s = t_shared(sizeof(*s));

	if (t_wait(t_fork(sampler, s)))
		t_fatal("measuring the error terms");
	eps = (struct eps) { .timer = s->timer, .irq = s->irq,
			     .sw = (s->sw + 1) / 2, .unit = 1024 };
	t_diag("error terms: timer %.3f us, interruption %.3f us, switch %.3f us",
	       eps.timer / 1e3, eps.irq / 1e3, eps.sw / 1e3);
	return &eps;
}

const struct eps *eps_measure_long(void)
{
	rounds = 24;
	return eps_measure();
}

const struct eps *eps_measure_noisy(void)
{
	pid_t noise = t_fork(make_noise, NULL);

	eps_measure_long();
	t_kill(noise);
	return &eps;
}

/* Before any server is there: both change what a CPU can book */
u64 granted(void)
{
	u64 cost = t_arg("cost_ns", 0);

	if (!t_arg("fair", 1)) {
		file_restore(FAIR_SERVER);
		if (file_write(FAIR_SERVER, "0"))
			t_fatal("set the fair server to 0");
	}
	if (cost) {
		file_restore(RELEASE_COST);
		if (file_write(RELEASE_COST, "%ju", (uintmax_t)cost))
			t_fatal("set the cost of a release");
	}
	return cpu_room(0);
}

u64 eps_budget(void)
{
	return eps.timer + eps.irq;
}

u64 eps_start(unsigned int releases)
{
	return eps_budget() + releases * 2 * eps.sw + eps.unit;
}

#define CHUNK	(64 << 10)

u64 kernel_busy(size_t bytes)
{
	static char buf[CHUNK];
	static struct iovec iov[IOV_MAX];
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	size_t n = (bytes + CHUNK - 1) / CHUNK;
	u64 start;

	if (n > IOV_MAX)
		t_fatal("%zu bytes in one call", bytes);
	memset(buf, 1, sizeof(buf));
	for (size_t i = 0; i < n; i++)
		iov[i] = (struct iovec) { buf, CHUNK };
	if (n)
		iov[n - 1].iov_len = bytes - (n - 1) * CHUNK;
	start = now_ns();
	if (readv(zero, iov, n) != (ssize_t)bytes)
		t_fatal("readv of %zu bytes", bytes);
	start = now_ns() - start;
	close(zero);
	return start;
}

size_t kernel_busy_bytes(u64 ns)
{
	size_t bytes = 4 << 20;

	kernel_busy(bytes);
	return (double)bytes * ns / kernel_busy(bytes);
}

/*
 * Who writes to an eventfd wakes all that wait for it with interrupts off. So many
 * copies of it wait in so many epolls, with fewer than 1024 files.
 */
#define WAIT_COPIES	500
#define WAIT_EPOLLS	60

static int crowded;

void irqs_off_prepare(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int copy[WAIT_COPIES], epoll;

	crowded = eventfd(0, EFD_NONBLOCK);
	for (int i = 0; i < WAIT_COPIES; i++) {
		copy[i] = dup(crowded);
		if (copy[i] < 0)
			t_fatal("dup %d: %s", i, strerror(errno));
	}
	for (int n = 0; n < WAIT_EPOLLS; n++) {
		epoll = epoll_create1(0);
		for (int i = 0; i < WAIT_COPIES; i++)
			if (epoll_ctl(epoll, EPOLL_CTL_ADD, copy[i], &ev))
				t_fatal("epoll_ctl %d %d: %s", n, i, strerror(errno));
	}
	irqs_off();	/* from now on all have had their event */
}

u64 irqs_off(void)
{
	u64 one = 1, began = now_ns();

	if (write(crowded, &one, sizeof(one)) != sizeof(one))
		t_fatal("write to an eventfd: %s", strerror(errno));
	return now_ns() - began;
}

struct rec *rec_new(void)
{
	return t_shared(sizeof(struct rec));
}

static void rec_add(struct rec *r, u64 from, u64 to)
{
	if (r->n < REC_MAX)
		r->p[r->n++] = (struct piece) { from, to };
}

void rec_until(struct rec *r, u64 when)
{
	u64 from = now_ns(), last = from, now;

	do {
		nops();
		now = now_ns();
		if (now - last > REC_GAP) {
			rec_add(r, from, last);
			from = now;
		}
		last = now;
	} while (now < when);
	rec_add(r, from, last);
	r->done = 1;
}

u64 rec_len(const struct rec *r, unsigned int i)
{
	return i < r->n ? r->p[i].to - r->p[i].from : 0;
}

u64 rec_total(const struct rec *r)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < r->n; i++)
		sum += rec_len(r, i);
	return sum;
}

u64 rec_longest_gap(const struct rec *r)
{
	u64 worst = 0, gap;

	for (unsigned int i = 1; i < r->n; i++) {
		gap = r->p[i].from - r->p[i - 1].to;
		worst = gap > worst ? gap : worst;
	}
	return worst;
}

void rec_print(const struct rec *r, u64 t0, unsigned int max)
{
	for (unsigned int i = 0; i < r->n && i < max; i++)
		t_diag("ran %9.3f .. %9.3f ms: %.3f ms",
		       (s64)(r->p[i].from - t0) / 1e6,
		       (s64)(r->p[i].to - t0) / 1e6, rec_len(r, i) / 1e6);
}

/* Ticks in a stretch: their time is on the clock and nobody's */
u64 eps_ticks(u64 len)
{
	return (len / MS + 1) * eps.irq;
}

/* Piece @i must be from @t0 + @from to @t0 + @to */
void rec_check(const struct rec *r, unsigned int i, u64 t0, u64 from, u64 to,
	       u64 eps_allowed, const char *what)
{
	if (i >= r->n) {
		t_ok(false, "%s: there is no piece %u", what, i);
		return;
	}
	t_near(r->p[i].from - t0, from, eps_allowed, "%s: starts", what);
	t_near(r->p[i].to - t0, to, eps_allowed + eps_ticks(to - from), "%s: ends", what);
}
