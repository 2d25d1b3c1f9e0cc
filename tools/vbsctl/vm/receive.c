// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl vm receive: at the destination of a migration.  The machine's servers are booked before
 * anything is sent.  What it says goes to 'vbsctl vm migrate' at the other end:
 *
 *	there: offer ...	here: booked ..., or nothing, and the reason on the standard error
 *	there: sent		all of the guest is here, as QEMU says
 *				here: entered ..., when the guest first runs
 *	there: done
 *	or:    stays		it has not come, and will not
 *
 * What was booked and started is undone if the guest stays there, and if the other end goes away without
 * a word and the guest does not come.  Once all of it is here, nothing is: it may be the only one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clocks.h"
#include "options.h"
#include "until_stopped.h"
#include "vbs/proc.h"
#include "vm/act.h"
#include "vm/crossing.h"
#include "vm/machines.h"
#include "vm/offer.h"
#include "vm/peer.h"
#include "vm/vm.h"

#define OFFER_NS	10000000000ULL	/* it is there when this is started */
#define LOOK_NS		2000000ULL
#define ALL_NS		2000000000ULL	/* from the first vCPU that runs to the last */
#define COMES_NS	10000000000ULL	/* when the other end has gone, which QEMU may not have */
#define ENDS_NS		10000000000ULL	/* a VMM that is asked to */

struct receiver {
	const struct command *cmd;
	struct vm_request req;		/* of the options; the offer has the rest */
	struct vm_offer offer;
	struct vm_deed deed;
	bool start, pi;
	bool started, configured;	/* which is to be undone */
	struct vm_request before;	/* what was replaced, and is to be there again */
	bool replaced;
	char text[2 * OFFER_LINE];
	size_t used;
	struct crossing crossing;
	bool traces, sees;		/* when the first vCPU runs, that one does */
	bool sent, told;		/* there, here */
	struct vm_instant entered;	/* the first vCPU */
	uint64_t seen;			/* when that was seen, 0: not yet */
};

static const struct option options[] = {
	VM_OPTIONS,
	{ "pi", no_argument, NULL, 'P' },
	{ "start", no_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

/* What options say goes before what the machine has at the other end */
static int merge(struct receiver *r)
{
	struct vm_request *to = &r->req, *from = &r->offer.req;
	char numbers[512];
	const char *why;

	if (!to->vcpu.period && !to->cap) {
		to->vcpu = from->vcpu;
		to->cap = from->cap;
		if (!to->guest_period_min)
			to->guest_period_min = from->guest_period_min;
	}
	to->one |= from->one && !to->dm.period;
	if (!to->dm.period && !to->one) {
		to->dm = from->dm;
		to->dm_cap = to->dm_cap ? to->dm_cap : from->dm_cap;
	}
	to->vcpus = to->vcpus > from->vcpus || to->one ? to->vcpus : from->vcpus;
	to->align |= from->align;
	to->split |= from->split;
	to->strict |= from->strict;
	to->poll |= from->poll;
	to->guest_switch |= from->guest_switch;
	to->guest_timelines |= from->guest_timelines;
	to->pi = r->pi;
	why = vm_request_complete(to, numbers, sizeof(numbers));
	return why ? usage_error(r->cmd, "%s", why) : VC_OK;
}

static int hear_offer(struct receiver *r)
{
	char line[OFFER_LINE];
	const char *why = "nothing has come on the standard input: 'vbsctl vm migrate --destination' starts it";

	if (line_next(STDIN_FILENO, r->text, &r->used, line, OFFER_NS))
		why = vm_offer_read(line, &r->offer);
	return why ? failure(VC_FAIL, "%s", why) : merge(r);
}

/* The VMM outlives this, and a terminal or ssh that ends */
static void become(const struct receiver *r, char **argv, int gate)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char code;

	setsid();
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	code = vm_run_as(&r->req, argv);
	_exit(write(gate, &code, 1) == 1 ? code : VC_FAIL);
}

/* It has its servers when it has become the VMM, which closes the pipe; else it says why not */
static int start(struct receiver *r, char **argv)
{
	char code = VC_OK;
	int gate[2];

	if (pipe2(gate, O_CLOEXEC))
		return failure(VC_FAIL, "cannot start '%s': %s", argv[0], strerror(errno));
	r->deed.pid = fork();
	if (!r->deed.pid)
		become(r, argv, gate[1]);
	close(gate[1]);
	if (r->deed.pid < 0)
		code = failure(VC_FAIL, "cannot start '%s': %s", argv[0], strerror(errno));
	while (!code && read(gate[0], &code, 1) < 0 && errno == EINTR)
		;
	close(gate[0]);
	r->started = r->deed.pid > 0;
	return code;
}

static const struct vbs_group *group_of(const struct receiver *r, const struct vbs_snapshot *snap)
{
	return snap ? vbs_find_group(snap, r->deed.pid) : NULL;
}

/* Servers of vCPUs, or such in which there is one: a vCPU's thread joins its place as it first runs */
static unsigned int count_vcpus(const struct receiver *r, const struct vbs_snapshot *snap, bool inside)
{
	unsigned int n = 0;
	int i;

	for (i = 0; snap && i < snap->servers; i++)
		n += snap->server[i].group == r->deed.pid && !strcmp(snap->server[i].role, "vcpu") &&
		     (!inside || snap->server[i].members);
	return n;
}

/* A vCPU can be without one although there is one: where the VMM may not run */
static uint32_t places_for(const struct vbs_group *g, uint32_t vcpus)
{
	uint32_t placed = vcpus > g->unplaced ? vcpus - g->unplaced : 0;

	return g->places < placed ? g->places : placed;
}

/* Places for all that will come, and nobody of it who has none */
static int check_places(struct receiver *r)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_group *g = group_of(r, snap);
	int code = VC_OK;

	r->sees = count_vcpus(r, snap, false);
	if (!g)
		code = failure(VC_FAIL, "%s is in no servers", r->deed.object);
	else if (!r->start && !g->vms)
		code = failure(VC_FAIL, "%s runs no virtual machine to which a guest could come", r->deed.object);
	else if (count_vcpus(r, snap, true))
		code = failure(VC_FAIL, "%s runs a guest already, and waits for none", r->deed.object);
	else if (!r->req.one && (g->places < r->offer.req.vcpus || g->unplaced))
		code = failure(VC_BUSY, "%s has places for %u of the %u vCPUs that are to come", r->deed.object,
			       places_for(g, r->offer.req.vcpus), r->offer.req.vcpus);
	vbs_snapshot_free(snap);
	return code;
}

static bool is_configured(const struct receiver *r)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	bool is = group_of(r, snap);

	vbs_snapshot_free(snap);
	return is;
}

static int note_before(struct receiver *r)
{
	struct vm_machines all;
	int code = vm_machines_read(&all, r->deed.pid);

	if (code)
		return code;
	r->replaced = all.machines && all.machine[0].vcpu && all.machine[0].dm;
	if (r->replaced)
		vm_request_keep(&r->before, &all.machine[0]);
	vm_machines_free(&all);
	return VC_OK;
}

/* One that is in servers keeps them, unless options say otherwise */
static int book(struct receiver *r, char **argv, bool asked)
{
	int code;

	r->deed.object = argv[0];
	if (r->start)
		return start(r, argv);
	code = vm_find(r->cmd, argv[0], &r->deed.pid);
	if (code || (is_configured(r) && !asked))
		return code;
	r->configured = !is_configured(r);
	code = note_before(r);
	r->req.pi = vm_has_pi(r->deed.pid);
	if (!code)
		code = vm_act(&r->deed, &r->req);
	r->configured &= !code;
	r->replaced &= !code;
	return code;
}

/* With what it has started in turn: it leads a session of its own */
static void end_started(const struct receiver *r)
{
	uint64_t end = now_ns() + ENDS_NS;

	kill(-r->deed.pid, SIGTERM);
	kill(r->deed.pid, SIGTERM);
	while (!waitpid(r->deed.pid, NULL, WNOHANG)) {
		if (now_ns() >= end) {
			kill(-r->deed.pid, SIGKILL);
			kill(r->deed.pid, SIGKILL);
		}
		sleep_until(now_ns() + LOOK_NS);
	}
}

static void undo(struct receiver *r)
{
	struct vm_deed deed = r->deed;

	deed.passing = true;
	if (r->started)
		end_started(r);
	else if (r->configured)
		vm_undo(&r->deed);
	else if (r->replaced)
		vm_act(&deed, &r->before);
}

static void say(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

static bool all_run(const struct receiver *r)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_group *g = group_of(r, snap);
	bool all = g && count_vcpus(r, snap, true) + g->unplaced >= g->vcpus;

	vbs_snapshot_free(snap);
	return all;
}

static bool one_runs(const struct receiver *r)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	bool does = count_vcpus(r, snap, true);

	vbs_snapshot_free(snap);
	return does;
}

static bool one_vcpu(const struct receiver *r)
{
	return r->req.one || r->offer.req.vcpus == 1;
}

/* One that has come halted may have been there before the first that is seen inside */
static void note_entry(struct receiver *r)
{
	uint64_t slack = 2 * r->req.vcpu.period;
	struct moment now = { 0 };

	r->seen = now_ns();
	if (*r->offer.timeline && moment_read(r->offer.timeline, &now))
		crossing_instant(&r->crossing, &now, slack, &r->entered);
	if (!one_vcpu(r))
		r->entered.low += slack;
}

/* By now all are there */
static void note_last(struct receiver *r)
{
	struct moment now;
	int64_t since;

	if (one_vcpu(r) || !r->entered.known)
		return;
	r->entered.known = moment_read(r->offer.timeline, &now);
	since = now.at.ns + (int64_t)now.at.high - r->entered.ns;
	if (since > (int64_t)r->entered.high)
		r->entered.high = since;
}

static void tell_entered(struct receiver *r)
{
	char line[OFFER_LINE];

	if (r->traces)
		crossing_end(&r->crossing);
	r->told = true;
	vm_entered_write(&r->entered, line);
	say(line);
}

/* When the first is seen, and then all run: tells the other end when that was */
static void watch_traced(struct receiver *r)
{
	bool late;

	if (!r->seen) {
		if (!crossing_look(&r->crossing))
			return;
		note_entry(r);
	}
	late = now_ns() - r->seen > ALL_NS;
	if (!one_vcpu(r) && !late && !all_run(r))
		return;
	if (late)
		r->entered.known = false;
	note_last(r);
	tell_entered(r);
}

static void watch_entry(struct receiver *r)
{
	if (r->told)
		return;
	if (r->traces)
		watch_traced(r);
	else if (r->sees && one_runs(r))
		tell_entered(r);
}

static bool has_gone(const struct receiver *r)
{
	return r->started ? waitpid(r->deed.pid, NULL, WNOHANG) == r->deed.pid : kill(r->deed.pid, 0) != 0;
}

static int has_ended(struct receiver *r)
{
	r->started = r->configured = r->replaced = false;
	return failure(VC_FAIL, "%s has ended", r->deed.object);
}

/* All of the guest is here, or may be and cannot be seen in what was started for it: nothing is undone */
static int leave(struct receiver *r)
{
	r->started = r->configured = r->replaced = false;
	return failure(VC_UNKNOWN, "%s, and its guest is not seen to run here: %s stays as it is, and command 'query-status' of QMP tells",
		       stopped ? "this is stopped" : "the other end has gone", r->deed.object);
}

/* Without a word: QEMU there may be about to send the last of it */
static int other_end_gone(struct receiver *r)
{
	uint64_t end = now_ns() + COMES_NS;

	while (!r->told && now_ns() < end && !stopped) {
		if (has_gone(r))
			return has_ended(r);
		watch_entry(r);
		sleep_until(now_ns() + LOOK_NS);
	}
	if (r->told)
		return VC_OK;
	if (r->sent || (r->started && !r->sees && !r->traces))
		return leave(r);
	return failure(VC_FAIL, "%s, and the guest has not come: what was booked for %s is undone",
		       stopped ? "this is stopped" : "the other end has gone", r->deed.object);
}

enum word { WORD_NONE, WORD_DONE, WORD_STAYS, WORD_GONE };

static enum word hear(struct receiver *r)
{
	char line[OFFER_LINE];

	if (!line_next(STDIN_FILENO, r->text, &r->used, line, LOOK_NS))
		return errno == ECONNRESET || stopped ? WORD_GONE : WORD_NONE;
	if (!strcmp(line, "done"))
		return WORD_DONE;
	r->sent |= !strcmp(line, "sent");
	return strcmp(line, "sent") ? WORD_STAYS : WORD_NONE;
}

/* Until the other end is content: VC_OK, or it is clear that the guest does not come */
static int await(struct receiver *r)
{
	enum word word;

	for (;;) {
		word = hear(r);
		if (word == WORD_GONE)
			return other_end_gone(r);
		if (word != WORD_NONE)
			return word == WORD_DONE ? VC_OK : VC_FAIL;
		watch_entry(r);
		if (has_gone(r))
			return has_ended(r);
	}
}

static int receive(struct receiver *r)
{
	char line[OFFER_LINE];
	int code = check_places(r);

	if (code)
		return code;
	r->traces = crossing_first_entry(&r->crossing, r->deed.pid);
	if (!r->traces)
		failure(VC_OK, "warning: KVM's tracepoints cannot be used here, so nobody measures when the guest comes: %s",
			strerror(errno));
	snprintf(line, sizeof(line), "booked traced=%d sees=%d", r->traces, r->sees);
	say(line);
	code = await(r);
	if (r->traces && !r->told)
		crossing_end(&r->crossing);
	return code;
}

/* What was booked is undone then.  Who has started this may have made it deaf to the terminal */
static void mind_signals(void)
{
	void (*before)(int sig) = signal(SIGINT, SIG_IGN);

	stop_on_signals();
	if (before == SIG_IGN)
		signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

static int receive_main(const struct command *cmd, int argc, char **argv)
{
	struct receiver r = { .cmd = cmd, .deed = { .verb = "receive", .quiet = true } };
	bool asked;
	int c, code;

	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		r.pi |= c == 'P';
		r.start |= c == 'e';
		if (c == 'P' || c == 'e')
			continue;
		code = vm_request_option(cmd, options, c, &r.req);
		if (code)
			return code;
	}
	if (optind == argc || (!r.start && optind != argc - 1))
		return usage_error(cmd, "give one machine that waits for its guest, or --start and a command");
	if (r.pi && !r.start)
		return usage_error(cmd, "--pi: a running VMM has its mutexes already; that is for --start");
	asked = r.req.vcpu.period || r.req.cap || r.req.dm.period;
	mind_signals();
	code = hear_offer(&r);
	if (!code)
		code = book(&r, argv + optind, asked);
	if (!code)
		code = receive(&r);
	if (code)
		undo(&r);
	return code;
}

const struct command vm_receive = {
	.name = "vm receive",
	.summary = "book the servers of a machine that is to come",
	.help =
	"Usage: vbsctl vm receive [OPTION]... PID|NAME\n"
	"       vbsctl vm receive [OPTION]... --start [--] COMMAND [ARGUMENT]...\n\n"
	"  --start               start the VMM, as vm run does, to which the guest comes\n"
	VM_OPTIONS_HELP
	"  --pi                  with --start: make the VMM's mutexes inherit\n\n"
	"It is what --destination of 'vbsctl vm migrate' runs: it reads what the machine has,\n"
	"and books that, but for what options say otherwise; a VMM that is in servers\n"
	"already keeps them.  If the guest does not come, it undoes that.\n\n"
	"  vbsctl vm migrate web1 tcp:b:4444 --strict 50ms --destination 'ssh b vbsctl vm receive web1'\n",
	.run = receive_main,
};
