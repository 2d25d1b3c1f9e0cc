// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl vm migrate: a guest to another VMM.  The destination's servers are booked first; without
 * room there nothing is begun.  A strict migration is given up, without the guest having stopped, if it
 * would stand still for longer than it may.  The VMM here ends only after the other QEMU has said that it
 * has the guest, and the other vbsctl, if it can see that, that the guest runs.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/format.h"
#include "base/parse.h"
#include "clocks.h"
#include "json_out.h"
#include "options.h"
#include "show/table.h"
#include "timelines/timelines.h"
#include "until_stopped.h"
#include "vbs/task.h"
#include "vm/crossing.h"
#include "vm/machines.h"
#include "vm/offer.h"
#include "vm/peer.h"
#include "vm/qmp.h"
#include "vm/transfer.h"
#include "vm/vm.h"

#define BOOKED_NS	60000000000ULL	/* for the other host to answer */
#define ENTERED_NS	30000000000ULL
#define LEAST_LIMIT	2000000		/* ns: of it QEMU takes whole ms */
#define PASSES		8
#define WITHIN_NS	300000000000ULL

struct migration {
	const char *object, *destination, *socket, *timeline;
	pid_t pid;
	struct transfer_plan plan;
	uint64_t limit, reserve;	/* ns, strict */
	bool strict, has_reserve, keep, json;
	struct vm_offer offer;
	uint64_t period;		/* of a vCPU's server */
	struct qmp qmp;
	struct peer peer;
	bool sees, traced, traces;	/* there: the guest that comes, and when; here */
	struct crossing crossing;
	struct vm_instant left;
	struct transfer_look look;
	struct vm_standstill stood;
};

static int read_source(struct migration *m)
{
	struct vm_machines all;
	int code = vm_machines_read(&all, m->pid);

	if (code)
		return code;
	if (!all.machines || !all.machine[0].vcpu || !all.machine[0].dm) {
		code = failure(VC_FAIL, "%s has no virtual machine in servers that is shown to you; 'vbsctl vm attach' puts it there",
			       m->object);
	} else {
		vm_request_keep(&m->offer.req, &all.machine[0]);
		m->period = all.machine[0].vcpu->period;
	}
	vm_machines_free(&all);
	return code;
}

static int no_qmp(const struct migration *m, const char *path, int err)
{
	struct task_info listener;

	if (err == EXDEV) {
		task_read(m->qmp.listener, &listener);
		return failure(VC_FAIL, "cannot migrate %s: %s is process %d's (%s), and not that of %d", m->object, path,
			       (int)m->qmp.listener, listener.comm, (int)m->pid);
	}
	if (err == ETIMEDOUT)
		return failure(VC_FAIL, "cannot migrate %s: %s does not greet; a socket serves one client, so libvirt's is taken: --qmp names another (-qmp unix:PATH,server=on,wait=off)",
			       m->object, path);
	return failure(err == EACCES ? VC_PERM : VC_FAIL, "cannot migrate %s: %s: %s", m->object, path, strerror(err));
}

static int reach_source(struct migration *m)
{
	struct json_object *o;
	char path[160], status[256];
	int err;

	if (m->socket)
		snprintf(path, sizeof(path), "%s", m->socket);
	else if (!qmp_socket(m->pid, path, sizeof(path)))
		return failure(VC_FAIL, "cannot migrate %s: its command line names no socket of QMP; --qmp does",
			       m->object);
	err = qmp_open(&m->qmp, path, m->pid);
	if (err)
		return no_qmp(m, path, err);
	o = qmp_ask(&m->qmp, "query-status", NULL);
	snprintf(status, sizeof(status), "%s", o ? qmp_word(o, "status") : m->qmp.why);
	json_object_put(o);
	if (!strcmp(status, "running"))
		return VC_OK;
	return failure(VC_FAIL, "cannot migrate %s: its guest does not run: %s", m->object, status);
}

/* The destination has refused, in words of its own, or has gone */
static int refused(struct migration *m)
{
	int code;

	peer_say(&m->peer, "stays");
	code = peer_end(&m->peer);
	failure(VC_FAIL, "%s stays: its destination has not booked what it needs; its guest runs on", m->object);
	return code ? code : VC_FAIL;
}

static int book_destination(struct migration *m)
{
	char line[OFFER_LINE];
	int traced, sees;

	vm_offer_write(&m->offer, line);
	if (!peer_start(&m->peer, m->destination))
		return failure(VC_FAIL, "cannot start '%s': %s", m->destination, strerror(errno));
	if (!peer_say(&m->peer, line) || !peer_line(&m->peer, line, BOOKED_NS) ||
	    sscanf(line, "booked traced=%d sees=%d", &traced, &sees) != 2)
		return refused(m);
	m->traced = traced;
	m->sees = traced || sees;
	return VC_OK;
}

static void begin_measuring(struct migration *m)
{
	m->traces = m->timeline && crossing_last_exit(&m->crossing, m->pid);
	if (m->timeline && !m->traces)
		failure(VC_OK, "warning: KVM's tracepoints cannot be used here, so nobody sees when the guest goes: %s",
			strerror(errno));
}

/* Once the guest has stopped nothing more comes, so the timeline is read soon after its last exit */
static void look_for_exit(void *arg)
{
	struct migration *m = arg;
	struct moment now;

	if (m->traces && crossing_look(&m->crossing) && moment_read(m->timeline, &now))
		crossing_instant(&m->crossing, &now, 2 * m->period, &m->left);
}

/* A signal changes nothing any more */
static bool hear_entered(struct migration *m, char line[OFFER_LINE])
{
	uint64_t end = now_ns() + ENTERED_NS, now;

	while ((now = now_ns()) < end) {
		if (peer_line(&m->peer, line, end - now))
			return true;
		if (errno != EINTR)
			break;
	}
	return false;
}

/* What the other end has seen; false if it has not seen the guest */
static bool has_entered(struct migration *m)
{
	struct vm_instant entered;
	char line[OFFER_LINE];

	look_for_exit(m);
	if (!m->sees)
		return true;
	if (!hear_entered(m, line) || !vm_entered_read(line, &entered))
		return false;
	vm_standstill_of(&m->left, &entered, &m->stood);
	if (m->stood.contradiction)
		failure(VC_OK, "warning: by %s its guest has come before it has gone: one of the hosts' is wrong",
			m->timeline);
	return true;
}

static bool peer_is_there(void *arg)
{
	struct migration *m = arg;

	return !peer_gone(&m->peer);
}

static void print_standstill(const struct migration *m)
{
	const struct vm_standstill *s = &m->stood;

	if (!s->known) {
		printf("%s has moved; by QEMU its guest stood still for %" PRIu64 "ms, which nobody has measured\n",
		       table_comm(m->object).s, m->look.stood);
		return;
	}
	printf("%s has moved; its guest stood still for %s to %s by %s: %" PRIu64 " instances of %s at most\n",
	       table_comm(m->object).s, fmt_short(s->least).s, fmt_short(s->most).s, m->timeline,
	       vm_instances_lost(s, m->period), fmt_time(m->period).s);
}

enum moved { MOVED_NOT, MOVED, MOVED_UNKNOWN };

static void print_json(const struct migration *m, enum moved moved)
{
	struct json_object *o = json_list(NULL, NULL);

	if (moved == MOVED_UNKNOWN)
		json_object_object_add(o, "moved", NULL);
	else
		json_flag(o, "moved", moved == MOVED);
	json_num(o, "pid", m->pid);
	json_num(o, "passes", m->look.passes);
	json_num(o, "period_ns", m->period);
	json_num(o, "sent_bytes", m->look.sent);
	if (m->strict)
		json_num(o, "limit_ns", m->limit);
	if (moved == MOVED)
		json_num(o, "qemu_downtime_ms", m->look.stood);
	if (m->stood.known) {
		json_num(o, "downtime_ns", m->stood.ns);
		json_num(o, "downtime_least_ns", m->stood.least);
		json_num(o, "downtime_most_ns", m->stood.most);
		json_num(o, "instances_lost", vm_instances_lost(&m->stood, m->period));
	}
	json_print(o);
}

#define FIND_OUT	"command 'query-status' of QMP tells at either end, and only where nobody else runs it does 'cont' let it go on"

static int not_seen(const struct migration *m)
{
	if (m->json)
		print_json(m, MOVED_UNKNOWN);
	return failure(VC_UNKNOWN, "it is not known whether %s runs there: QEMU there has it, but its guest is not seen to run; here it stands still. " FIND_OUT,
		       m->object);
}

static int lost(const struct migration *m)
{
	bool gone = kill(m->pid, 0) && errno == ESRCH;

	if (m->json)
		print_json(m, MOVED_UNKNOWN);
	return failure(VC_UNKNOWN, "it is not known whether %s runs there or here: %s; its VMM here, %d, %s. " FIND_OUT,
		       m->object, m->look.why, (int)m->pid, gone ? "has ended" : "is there");
}

/* Its connection may end before its answer comes: then it has */
static void end_source(struct migration *m)
{
	if (!m->keep && !qmp_do(&m->qmp, "quit", NULL) && !m->qmp.lost)
		failure(VC_OK, "warning: the VMM here stays, with a guest that stands still: %s", m->qmp.why);
}

/* The source's VMM ends, and what it has booked with it */
static int finish(struct migration *m)
{
	peer_say(&m->peer, "sent");
	if (!has_entered(m))
		return not_seen(m);
	peer_say(&m->peer, "done");
	end_source(m);
	if (m->json)
		print_json(m, MOVED);
	else
		print_standstill(m);
	if (m->strict && m->stood.known && m->stood.least > m->limit)
		return failure(VC_FAIL, "that is longer than the %s that it may: QEMU's estimate was too low, and --reserve makes it stricter",
			       fmt_time(m->limit).s);
	return VC_OK;
}

static int does_not_go_on(const struct migration *m, const char *why)
{
	return failure(VC_FAIL, "%s stays, but its guest does not run here, but is '%s': %s; command 'cont' of QMP lets it go on",
		       m->object, m->look.guest, why);
}

static int gave_up(struct migration *m)
{
	if (strcmp(m->look.guest, "running"))
		return does_not_go_on(m, "it would stand still for too long");
	return failure(VC_FAIL, "%s stays: after %" PRIu64 " passes %" PRIu64 " KiB of what its guest has written are still to be sent, and it would stand still for longer than %s; it %s",
		       m->object, m->look.passes, m->look.left / 1024, fmt_time(m->limit).s,
		       m->qmp.stopped ? "had stopped when it was given up, and runs on" : "has not stopped");
}

static int failed(struct migration *m)
{
	const char *why = stopped ? "stopped" : *m->look.why ? m->look.why : m->look.status;

	if (strcmp(m->look.guest, "running"))
		return does_not_go_on(m, why);
	return failure(VC_FAIL, "%s stays, and its guest runs on: %s", m->object, why);
}

/* What there is at the other end is undone */
static int stays(struct migration *m, enum transfer_verdict verdict)
{
	peer_say(&m->peer, "stays");
	if (m->json)
		print_json(m, MOVED_NOT);
	return verdict == TRANSFER_HOPELESS ? gave_up(m) : failed(m);
}

static int transfer(struct migration *m)
{
	enum transfer_verdict verdict;
	int code;

	begin_measuring(m);
	m->plan.has_stopped = look_for_exit;
	m->plan.there = peer_is_there;
	m->plan.arg = m;
	verdict = transfer_run(&m->qmp, &m->plan, &m->look);
	code = verdict == TRANSFER_DONE ? finish(m) : verdict == TRANSFER_LOST ? lost(m) : stays(m, verdict);
	if (m->traces)
		crossing_end(&m->crossing);
	return code;
}

static int find_timeline(const struct migration *m)
{
	struct timeline_get get;
	int code, fd;

	if (!m->timeline)
		return VC_OK;
	fd = timeline_open(&code);
	if (fd < 0)
		return code;
	code = timeline_get_named(fd, m->timeline, &get);
	close(fd);
	return code;
}

static int migrate(struct migration *m)
{
	int code = find_timeline(m);

	if (!code)
		code = read_source(m);
	if (!code)
		code = reach_source(m);
	if (code)
		return code;
	stop_on_signals();
	snprintf(m->offer.timeline, sizeof(m->offer.timeline), "%s", m->timeline ? m->timeline : "");
	code = book_destination(m);
	if (!code) {
		code = transfer(m);
		peer_end(&m->peer);
	}
	qmp_close(&m->qmp);
	return code;
}

static const char *take_value(int c, struct migration *m)
{
	const char *why;

	switch (c) {
	case 's':
		m->strict = true;
		why = parse_time(optarg, &m->limit);
		return !why && m->limit < LEAST_LIMIT ? "less than 2ms is no limit that QEMU could keep" : why;
	case 'R':
		m->has_reserve = true;
		return parse_time(optarg, &m->reserve);
	case 'w':
		return parse_time(optarg, &m->plan.within);
	case 'P':
		return parse_count(optarg, &m->plan.passes);
	case 'd':
		m->destination = optarg;
		return NULL;
	case 't':
		m->timeline = optarg;
		return strlen(optarg) < OFFER_NAME ? NULL : "no timeline has so long a name";
	case 'q':
		m->socket = optarg;
		return NULL;
	default:
		return NULL;
	}
}

/* Of the time that the guest may stand still a quarter is for what QEMU does not estimate: devices */
static int check(const struct command *cmd, struct migration *m)
{
	if (m->strict == m->plan.relax)
		return usage_error(cmd, "--strict TIME, which may fail, or --relax, which does not mind how long it takes");
	if (!m->destination)
		return usage_error(cmd, "--destination is missing: the command that books there, as in 'ssh b vbsctl vm receive web1'");
	if (!m->strict)
		return VC_OK;
	if (!m->has_reserve)
		m->reserve = m->limit / 4;
	if (m->reserve + LEAST_LIMIT / 2 > m->limit)
		return usage_error(cmd, "--reserve leaves nothing of the %s", fmt_time(m->limit).s);
	m->plan.limit = m->limit - m->reserve;
	return VC_OK;
}

static const struct option options[] = {
	{ "strict", required_argument, NULL, 's' },
	{ "relax", no_argument, NULL, 'r' },
	{ "destination", required_argument, NULL, 'd' },
	{ "timeline", required_argument, NULL, 't' },
	{ "reserve", required_argument, NULL, 'R' },
	{ "passes", required_argument, NULL, 'P' },
	{ "within", required_argument, NULL, 'w' },
	{ "qmp", required_argument, NULL, 'q' },
	{ "keep", no_argument, NULL, 'k' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int migrate_main(const struct command *cmd, int argc, char **argv)
{
	struct migration m = { .plan = { .passes = PASSES, .within = WITHIN_NS } };
	const char *why;
	int c, code;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		m.plan.relax |= c == 'r';
		m.keep |= c == 'k';
		m.json |= c == 'j';
		why = take_value(c, &m);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	code = check(cmd, &m);
	if (code)
		return code;
	if (optind != argc - 2)
		return usage_error(cmd, "give one machine and where it goes, as in web1 tcp:b:4444");
	m.object = argv[optind];
	m.plan.uri = argv[optind + 1];
	code = vm_find(cmd, m.object, &m.pid);
	return code ? code : migrate(&m);
}

const struct command vm_migrate = {
	.name = "vm migrate",
	.summary = "move a guest to another VMM, here or on another host",
	.help =
	"Usage: vbsctl vm migrate --strict TIME|--relax --destination COMMAND [OPTION]...\n"
	"                         PID|NAME URI\n\n"
	"  --strict TIME         only if the guest stands still for no longer than that\n"
	"  --relax               however long that is\n"
	"  --destination COMMAND books at the other end, by a shell: 'vbsctl vm receive ...',\n"
	"                        there or through ssh\n"
	"  --timeline NAME       that both hosts have, to measure how long it stood still\n"
	"  --reserve TIME        of --strict, for what QEMU does not estimate; a quarter\n"
	"  --passes N            give up after so many passes over the memory (8)\n"
	"  --within TIME         or after that time (5min)\n"
	"  --qmp PATH            socket of QMP; without it that of QEMU's command line\n"
	"  --keep                leave the source's VMM, with a guest that stands still\n"
	"  -j, --json            what came of it, as JSON\n\n"
	"The destination books first, what the machine has here: without room there nothing\n"
	"is begun.  A strict migration that is given up has not stopped the guest.  URI is\n"
	"QEMU's, of the VMM there that was started with -incoming.\n"
	"Exit status: 0 it has moved, 1 it stays, 4 no room there, 7 it is not known.\n\n"
	"  vbsctl vm migrate web1 tcp:b:4444 --strict 50ms --timeline lab \\\n"
	"      --destination 'ssh b vbsctl vm receive web1'\n",
	.run = migrate_main,
};
