// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "tests/world.h"
#include "timeline/dev.h"
#include "timeline/ntp.h"
#include "timelines/timelines.h"

#define FASTER_PPM	10		/* the counter */
#define STATED_UNITS	1		/* 15.26 us */
#define BOOTED		(1000 * WORLD_SEC)
#define RANGE		(WORLD_SEC / 2)

struct world *world;

uint64_t world_counter(const struct world *w)
{
	return w->now + w->now / 1000000 * FASTER_PPM + w->counter_off;
}

int64_t world_truth(const struct world *w)
{
	bool leapt = w->leaps_at && w->now >= w->leaps_at;

	return w->begins + w->now - (leapt ? w->leap * (int64_t)WORLD_SEC : 0);
}

static int64_t projected(const struct timeline_set *s, uint64_t counter)
{
	return s->time_sec * WORLD_SEC + __timeline_mulhi(s->time_frac_sec, WORLD_SEC) +
	       timeline_diff_ns(s->counter_period_frac_sec, s->counter_period_shift,
				s->counter_value, counter);
}

static uint64_t grown(uint64_t error, const struct timeline_set *s, uint64_t counter)
{
	if (error == TIMELINE_UNBOUNDED)
		return error;
	return error + 1 + timeline_diff_ns(s->counter_period_maxerror_rate_frac_sec,
					    s->counter_period_shift, s->counter_value, counter);
}

void world_read(const struct world *w, struct timeline_time *tt)
{
	const struct timeline_set *s = &w->get.set;
	uint64_t counter = world_counter(w);
	int64_t ns = projected(s, counter);

	*tt = (struct timeline_time){ .sec = ns / (int64_t)WORLD_SEC, .nsec = ns % (int64_t)WORLD_SEC,
				      .status = s->clock_status, .counter = counter,
				      .err_low_ns = grown(s->err_low_ns, s, counter),
				      .err_high_ns = grown(s->err_high_ns, s, counter) };
}

static void judge(struct world *w)
{
	struct timeline_time tt;
	__int128 off;
	bool good;

	if (!w->get.updates)
		return;
	world_read(w, &tt);
	off = (__int128)world_truth(w) - (tt.sec * (int64_t)WORLD_SEC + tt.nsec);
	good = tt.status == TIMELINE_STATUS_SYNCHRONIZED;
	w->readings++;
	w->synchronized += good;
	if (good && tt.err_low_ns + tt.err_high_ns > w->widest)
		w->widest = tt.err_low_ns + tt.err_high_ns;
	if (tt.err_low_ns == TIMELINE_UNBOUNDED || tt.err_high_ns == TIMELINE_UNBOUNDED ||
	    (off >= -(__int128)tt.err_low_ns && off <= (__int128)tt.err_high_ns))
		return;
	w->first_outside = w->outside++ ? w->first_outside : w->now;
}

void world_judge_anew(struct world *w)
{
	w->readings = w->synchronized = 0;
	w->widest = 0;
}

/* To an instant, and what happens on the way */
static void pass_to(struct world *w, uint64_t end)
{
	struct world_event *e = w->event;

	while (w->now < end) {
		judge(w);
		w->now = end - w->now > RANGE ? w->now + RANGE : end;
		if (w->events && e->at < w->now)
			w->now = e->at;
		judge(w);
		while (w->events && e->at <= w->now) {
			void (*happens)(struct world *) = e->happens;

			memmove(e, e + 1, --w->events * sizeof(*e));
			if (happens)
				happens(w);
			else
				kill(getpid(), SIGTERM);
		}
	}
}

void world_pass(struct world *w, uint64_t ns)
{
	pass_to(w, w->now + ns);
}

void world_disrupt(struct world *w, uint64_t lost_ns)
{
	w->now += lost_ns;
	w->counter_off -= lost_ns + lost_ns / 1000000 * FASTER_PPM;
	w->monotonic_off -= lost_ns;
	w->not_before = world_counter(w);
	w->get.disruption++;
	w->get.set.clock_status = TIMELINE_STATUS_UNRELIABLE;
	w->get.set.err_low_ns = w->get.set.err_high_ns = TIMELINE_UNBOUNDED;
}

void world_counter_begins(struct world *w)
{
	w->counter_off -= world_counter(w) - WORLD_SEC;
	world_disrupt(w, 0);
	w->get.set.counter_value = world_counter(w);
}

/* The clocks.  Each reading takes a moment */
int clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t ns;

	if (!world || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
		return syscall(SYS_clock_gettime, clock, ts);
	world->now += 20;
	ns = clock == CLOCK_MONOTONIC_RAW ? world_counter(world) :
	     clock == CLOCK_REALTIME || clock == CLOCK_TAI ? (uint64_t)(world_truth(world) + world->realtime_off) :
	     world->now + BOOTED + world->monotonic_off;
	ts->tv_sec = ns / WORLD_SEC;
	ts->tv_nsec = ns % WORLD_SEC;
	return 0;
}

/* At its worst: a signal comes right before it, and its handler has run when it begins to wait */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *ts, struct timespec *left)
{
	uint64_t ns = ts->tv_sec * WORLD_SEC + ts->tv_nsec;

	(void)clock;
	(void)left;
	pass_to(world, flags ? ns - BOOTED - world->monotonic_off : world->now + ns);
	return 0;
}

/* The network */
static int server_of(int fd)
{
	struct sockaddr_in to = { 0 };
	socklen_t size = sizeof(to);

	if (fd < 0 || getpeername(fd, (struct sockaddr *)&to, &size) || to.sin_family != AF_INET)
		return -1;
	return ntohs(to.sin_port) - WORLD_PORT;
}

static int64_t shown(const struct world *w, const struct world_server *s, uint64_t at)
{
	struct world then = { .now = at, .begins = w->begins, .leap = w->leap,
			      .leaps_at = s->no_leap ? 0 : w->leaps_at };

	return world_truth(&then) + s->lie;
}

static int announced(const struct world *w, const struct world_server *s, uint64_t at)
{
	return w->leaps_at && at < w->leaps_at + s->leap_stale ? s->leap : NTP_LEAP_NONE;
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	int n = server_of(fd);
	struct world_server *s = &world->server[n];
	struct world_packet *p = &world->packet[world->packets];
	uint64_t at = world->now + s->way;
	struct ntp_packet q;

	(void)flags;
	if (n < 0 || n >= WORLD_SERVERS)
		return -1;
	s->asked_at[s->asked++ % 4096] = world->now;
	if (s->silent || world->packets == 64 || !ntp_read(data, size, &q))
		return size;
	q = (struct ntp_packet){ .version = 4, .mode = NTP_SERVER, .stratum = 1, .precision = -24,
				 .leap = announced(world, s, at), .root_dispersion = STATED_UNITS,
				 .origin = q.transmit,
				 .receive = ntp_from_ns(shown(world, s, at)) };
	q.transmit = q.receive + 1;
	*p = (struct world_packet){ .server = n, .arrives = at + s->way };
	ntp_write(p->data, &q);
	world->packets++;
	return size;
}

static int arrived(const struct world *w, int server)
{
	int i;

	for (i = 0; i < w->packets; i++) {
		if (w->packet[i].server == server && w->packet[i].arrives <= w->now)
			return i;
	}
	return -1;
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	int i = flags & MSG_ERRQUEUE ? -1 : arrived(world, server_of(fd));

	if (world->failures) {
		world->failures--;
		errno = ENOMEM;
		return -1;
	}
	/* As clock_nanosleep(), and nothing comes */
	if (i < 0 && server_of(fd) < 0 && !(flags & MSG_DONTWAIT))
		pass_to(world, world->now + 1000 * 3600 * WORLD_SEC);
	if (i < 0) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(m->msg_iov->iov_base, world->packet[i].data, sizeof(world->packet[i].data));
	m->msg_controllen = 0;
	world->packet[i] = world->packet[--world->packets];
	return sizeof(world->packet[i].data);
}

/* That happens, or comes */
static uint64_t next_instant(const struct world *w, uint64_t end)
{
	int i;

	if (w->events && w->event[0].at < end)
		end = w->event[0].at > w->now ? w->event[0].at : w->now;
	for (i = 0; i < w->packets; i++) {
		if (w->packet[i].arrives < end)
			end = w->packet[i].arrives;
	}
	return end;
}

static bool is_told_to_end(void)
{
	sigset_t waiting;

	return !sigpending(&waiting) && sigismember(&waiting, SIGTERM) == 1;
}

/* The signal's handler runs while it waits, as in the kernel */
static int end_it(void)
{
	sigset_t term, before;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &term, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = EINTR;
	return -1;
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask)
{
	uint64_t end, ns = ts ? ts->tv_sec * WORLD_SEC + ts->tv_nsec : UINT64_MAX / 2;
	int ready = 0;
	nfds_t i;

	end = world->now + ns;
	do {
		if (!world->failures || !n)
			pass_to(world, next_instant(world, end));
		for (i = 0; i < n; i++) {
			fds[i].revents = world->failures || arrived(world, server_of(fds[i].fd)) >= 0 ?
					 POLLIN : 0;
			ready += !!fds[i].revents;
		}
		if (mask && !sigismember(mask, SIGTERM) && is_told_to_end())
			return end_it();
	} while (!ready && world->now < end);
	return ready;
}

/* Who keeps CLOCK_REALTIME has told it of the leap second on the day */
int adjtimex(struct timex *tx)
{
	*tx = (struct timex){ .maxerror = 1000 };
	if (!world->leap || !world->leaps_at)
		return TIME_OK;
	if (world->now < world->leaps_at)
		return world->leap > 0 ? TIME_INS : TIME_DEL;
	return world->leap > 0 && world->now < world->leaps_at + WORLD_SEC ? TIME_OOP : TIME_WAIT;
}

/* The kernel */
int timeline_dev_open(void)
{
	return dup(STDERR_FILENO);
}

static int set(struct world *w, const struct timeline_set *s)
{
	int64_t after = world_counter(w) - s->counter_value;

	if (after < 0 || s->counter_value < w->not_before)
		return ESTALE;
	w->get.set = *s;
	w->get.set.counter_id = TIMELINE_COUNTER_RAW;
	w->get.updates++;
	w->sets++;
	return 0;
}

int timeline_ioctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	if (world->gone)
		return EINVAL;
	switch (request) {
	case TIMELINE_LOOKUP:
		((struct timeline_lookup *)arg)->id = world->get.set.id;
		((struct timeline_lookup *)arg)->generation = world->get.set.generation;
		return 0;
	case TIMELINE_GET:
		*(struct timeline_get *)arg = world->get;
		return 0;
	case TIMELINE_SET:
		return set(world, arg);
	default:
		return 0;
	}
}

int timeline_gettime(unsigned int id, struct timeline_time *tt)
{
	if (world->gone || id != world->get.set.id)
		return EINVAL;
	world_read(world, tt);
	return 0;
}

void world_begin(int64_t begins_s)
{
	int i;

	if (!world)
		world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*world = (struct world){ .begins = begins_s * WORLD_SEC, .counter_off = 77 * WORLD_SEC };
	world->get = (struct timeline_get){
		.set = { .id = 65, .generation = 3, .counter_id = TIMELINE_COUNTER_RAW },
		.name = WORLD_NAME, .time_type = TIMELINE_TIME_UTC, .flags = TIMELINE_STEP,
		.counter_hz = WORLD_SEC, .disruption = 40,
	};
	for (i = 0; i < WORLD_SERVERS; i++)
		world->server[i].way = 1000000;
}

void world_at(uint64_t ns, void (*happens)(struct world *w))
{
	int i = world->events++;

	for (; i && world->event[i - 1].at > ns; i--)
		world->event[i] = world->event[i - 1];
	world->event[i] = (struct world_event){ ns, happens };
}

/* message.c's are the tests' own; what was said last is kept there */
extern char last_message[];

static int run(int argc, char **argv)
{
	static const struct command *const commands[] = { &timeline_sync, &timeline_serve };
	const struct command *cmd = NULL;
	size_t i;
	int code;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(commands[i]->name + strlen("timeline "), argv[0]))
			cmd = commands[i];
	}

	optind = 1;
	code = cmd->run(cmd, argc, argv);
	snprintf(world->said, sizeof(world->said), "%s", last_message);
	return code;
}

int world_run(const char *first, ...)
{
	char *argv[24] = { (char *)first };
	int argc = 1, status;
	va_list ap;
	pid_t pid;

	va_start(ap, first);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	pid = fork();
	if (!pid)
		alarm(30);
	if (!pid)
		_exit(run(argc, argv));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}
