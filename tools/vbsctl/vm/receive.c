// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl vm receive: at the destination of a migration.  The machine's servers are booked before
 * anything is sent.  What it says goes to 'vbsctl vm migrate' at the other end:
 *
 *	there: offer ...	here: booked ..., or nothing, and the reason on the standard error
 *				here: entered ..., when the guest first runs
 *	there: done
 *
 * If the other end goes away before the guest has come, what was booked and started is undone.
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

struct receiver {
	const struct command *cmd;
	struct vm_request req;		/* of the options; the offer has the rest */
	struct vm_offer offer;
	struct vm_deed deed;
	bool start, pi;
	bool started, configured;	/* which is to be undone */
	char text[2 * OFFER_LINE];
	size_t used;
	struct crossing crossing;
	bool traces, told;
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
	}
	to->one |= from->one && !to->dm.period;
	if (!to->dm.period && !to->one) {
		to->dm = from->dm;
		to->dm_cap = to->dm_cap ? to->dm_cap : from->dm_cap;
	}
	to->vcpus = to->vcpus > from->vcpus || to->one ? to->vcpus : from->vcpus;
	to->align |= from->align;
	to->split |= from->split;
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

/* Places for all that will come, and nobody of it who has none */
static int check_places(const struct receiver *r)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_group *g = group_of(r, snap);
	int code = VC_OK;

	if (!g)
		code = failure(VC_FAIL, "%s is in no servers", r->deed.object);
	else if (!r->start && !g->vms)
		code = failure(VC_FAIL, "%s runs no virtual machine to which a guest could come", r->deed.object);
	else if (!r->req.one && (g->places < r->offer.req.vcpus || g->unplaced))
		code = failure(VC_BUSY, "%s has places for %u of the %u vCPUs that are to come", r->deed.object,
			       g->places - g->unplaced, r->offer.req.vcpus);
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
	r->req.pi = vm_has_pi(r->deed.pid);
	code = vm_act(&r->deed, &r->req);
	r->configured &= !code;
	return code;
}

static void undo(struct receiver *r)
{
	if (r->started) {
		kill(r->deed.pid, SIGTERM);
		waitpid(r->deed.pid, NULL, 0);
	} else if (r->configured) {
		vm_undo(&r->deed);
	}
}

static void say(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

/* A vCPU's thread joins its place as it first runs */
static bool all_run(const struct receiver *r)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_group *g = group_of(r, snap);
	unsigned int in = 0;
	int i;

	for (i = 0; g && i < snap->servers; i++)
		in += snap->server[i].group == g->pid && !strcmp(snap->server[i].role, "vcpu") &&
		      snap->server[i].members;
	in += g ? g->unplaced : 0;
	i = g && in >= g->vcpus;
	vbs_snapshot_free(snap);
	return i;
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

/* When the first is seen, and then all run: tells the other end when that was */
static void watch_entry(struct receiver *r)
{
	char line[OFFER_LINE];
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
	crossing_end(&r->crossing);
	r->told = true;
	vm_entered_write(&r->entered, line);
	say(line);
}

static bool has_gone(const struct receiver *r)
{
	return r->started ? waitpid(r->deed.pid, NULL, WNOHANG) == r->deed.pid : kill(r->deed.pid, 0) != 0;
}

/* Until the other end is content: VC_OK, or goes away before the guest has come */
static int await(struct receiver *r)
{
	char line[OFFER_LINE];

	for (;;) {
		if (line_next(STDIN_FILENO, r->text, &r->used, line, LOOK_NS))
			return strcmp(line, "done") ? VC_FAIL : VC_OK;
		if (errno == ECONNRESET)
			return r->told || !r->traces ? VC_OK : VC_FAIL;
		if (!r->told && r->traces)
			watch_entry(r);
		if (has_gone(r)) {
			r->started = r->configured = false;
			return failure(VC_FAIL, "%s has ended", r->deed.object);
		}
	}
}

static int receive(struct receiver *r)
{
	int code = check_places(r);

	if (code)
		return code;
	r->traces = crossing_first_entry(&r->crossing, r->deed.pid);
	if (!r->traces)
		failure(VC_OK, "warning: KVM's tracepoints cannot be used here, so nobody sees when the guest comes: %s",
			strerror(errno));
	say(r->traces ? "booked traced=1" : "booked traced=0");
	code = await(r);
	if (r->traces && !r->told)
		crossing_end(&r->crossing);
	return code;
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
	signal(SIGPIPE, SIG_IGN);
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
