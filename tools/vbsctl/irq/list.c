// SPDX-License-Identifier: GPL-2.0
/* vbsctl irq list: threads of devices, and what of interrupts is nobody's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/format.h"
#include "base/parse.h"
#include "base/sysfile.h"
#include "irq/sample.h"
#include "options.h"
#include "show/json_server.h"
#include "show/table.h"
#include "vbs/attr.h"

/* One interval: what its two ends tell */
struct view {
	struct irq_threads all;
	struct irq_sample from, to;
	struct vbs_snapshot *snap;	/* or NULL */
};

static uint64_t length(const struct view *v)
{
	uint64_t ns = v->to.when - v->from.when;

	return ns ? ns : 1;
}

static uint64_t rate(const struct view *v, int i)
{
	return (v->to.count[i] - v->from.count[i]) * 1000000000 / length(v);
}

static uint64_t ran(const struct view *v, int i)
{
	return v->to.ran[i] - v->from.ran[i];
}

static const struct vbs_server *server_of(const struct view *v, pid_t tid)
{
	const struct vbs_server *s = v->snap ? vbs_find_leader(v->snap, tid) : NULL;
	struct vbs_sched_attr attr;

	if (s || !v->snap || vbs_getattr(tid, &attr) || attr.sched_policy != SCHED_VBS)
		return s;
	return vbs_find_leader(v->snap, attr.sched_vbs_leader);
}

/* The last two of what /proc/PID/stat has behind the name that this needs: 40 and 41 */
static struct text class_of(pid_t tid)
{
	static const char *const name[] = {
		"OTHER", "FIFO", "RR", "BATCH", "", "IDLE", "DEADLINE", "EXT", "VBS"
	};
	char path[64], *stat, *at;
	unsigned int priority, policy;
	struct text t = { "-" };

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	stat = sys_read(path);
	at = stat ? strrchr(stat, ')') : NULL;
	for (int i = 0; at && i < 38; i++)
		at = strchr(at + 1, ' ');
	if (at && sscanf(at, " %u %u", &priority, &policy) == 2 &&
	    policy < sizeof(name) / sizeof(*name))
		snprintf(t.s, sizeof(t.s), priority ? "%s %u" : "%s", name[policy], priority);
	free(stat);
	return t;
}

static void print_thread(const struct view *v, int i)
{
	const struct irq_thread *t = &v->all.thread[i];
	const struct vbs_server *s = server_of(v, t->tid);
	char cpus[64], id[16] = "-", count[24] = "-";

	fmt_cpus(&t->allowed, cpus, sizeof(cpus));
	if (s)
		snprintf(id, sizeof(id), "%u", s->id);
	if (t->line >= 0)
		snprintf(count, sizeof(count), "%" PRIu64, rate(v, i));
	printf("%-12s %7d %-7s %8s %6s %-8s %5s %-17s %s\n", irq_name(t).s, (int)t->tid, cpus, count,
	       fmt_percent(ran(v, i), length(v), 2, ROUND_NEAREST).s, class_of(t->tid).s, id,
	       s ? table_resource(s).s : "-", table_comm(t->comm).s);
}

/* Hundredths, so that no more than is known is said */
static void print_cpu(const struct view *v, int cpu)
{
	const struct irq_cpu_times *a = &v->from.cpu[cpu], *b = &v->to.cpu[cpu];

	if (cpu >= v->from.cpus || !a->online || !b->online)
		return;
	printf("CPU %d: nobody's are hard interrupts, %s %%, and softirqs, %s %%; ksoftirqd, which is in no server, had %s %%\n",
	       cpu, fmt_percent(b->irq - a->irq, length(v), 0, ROUND_NEAREST).s,
	       fmt_percent(b->softirq - a->softirq, length(v), 0, ROUND_NEAREST).s,
	       fmt_percent(b->ksoftirqd - a->ksoftirqd, length(v), 2, ROUND_NEAREST).s);
}

static void print_text(const struct view *v)
{
	int i;

	if (!v->all.count)
		puts("No interrupt and no network queue has a thread: the kernel's parameter threadirqs and\n"
		     "/sys/class/net/DEV/threaded give them some.");
	else
		printf("%-12s %7s %-7s %8s %6s %-8s %5s %-17s %s\n", "LINE", "THREAD", "CPUS", "RATE/S",
		       "CPU %", "CLASS", "ID", "BUDGET/PERIOD", "NAME");
	for (i = 0; i < v->all.count; i++)
		print_thread(v, i);
	for (i = 0; i < v->to.cpus; i++)
		print_cpu(v, i);
}

static struct json_object *json_percent(uint64_t part, uint64_t whole)
{
	return json_object_new_double_s(0, fmt_percent(part, whole, 4, ROUND_NEAREST).s);
}

static struct json_object *json_thread(const struct view *v, int i)
{
	const struct irq_thread *t = &v->all.thread[i];
	const struct vbs_server *s = server_of(v, t->tid);
	struct json_object *o = json_object_new_object();
	char cpus[4096];

	json_num(o, "tid", t->tid);
	json_comm(o, t->comm);
	json_str(o, "kind", t->line >= 0 ? "irq" : "napi");
	if (t->line >= 0) {
		json_num(o, "irq", t->line);
		json_num(o, "interrupts_per_s", rate(v, i));
	} else {
		json_str(o, "device", t->dev);
		json_num(o, "queue", t->queue);
	}
	fmt_cpus(&t->allowed, cpus, sizeof(cpus));
	json_str(o, "cpus", cpus);
	json_num(o, "ran_ns", ran(v, i));
	json_object_object_add(o, "ran_percent", json_percent(ran(v, i), length(v)));
	json_str(o, "class", class_of(t->tid).s);
	json_object_object_add(o, "server", s ? json_server(s) : NULL);
	return o;
}

static struct json_object *json_times(const struct view *v, int cpu)
{
	const struct irq_cpu_times *a = &v->from.cpu[cpu], *b = &v->to.cpu[cpu];
	struct json_object *o = json_object_new_object();

	json_num(o, "id", cpu);
	json_num(o, "irq_ns", b->irq - a->irq);
	json_num(o, "softirq_ns", b->softirq - a->softirq);
	json_num(o, "ksoftirqd_ns", b->ksoftirqd - a->ksoftirqd);
	return o;
}

static void print_json(const struct view *v)
{
	struct json_object *threads = json_object_new_array(), *cpus = json_object_new_array();
	struct json_object *o = json_list("threads", threads);
	int i;

	for (i = 0; i < v->all.count; i++)
		json_object_array_add(threads, json_thread(v, i));
	for (i = 0; i < v->to.cpus && i < v->from.cpus; i++)
		if (v->from.cpu[i].online && v->to.cpu[i].online)
			json_object_array_add(cpus, json_times(v, i));
	json_num(o, "interval_ns", length(v));
	json_object_object_add(o, "uncharged", cpus);
	json_print(o);
}

static int watch_for(struct view *v, uint64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };
	int code = irq_threads_read(&v->all);

	if (code)
		return code;
	code = irq_sample_take(&v->from, &v->all);
	if (code)
		return code;
	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
	v->snap = vbs_snapshot_read();
	return irq_sample_take(&v->to, &v->all);
}

static int list(uint64_t ns, bool json)
{
	struct view v = { 0 };
	int code = watch_for(&v, ns);

	if (!code && json)
		print_json(&v);
	else if (!code)
		print_text(&v);
	vbs_snapshot_free(v.snap);
	irq_sample_free(&v.from);
	irq_sample_free(&v.to);
	irq_threads_free(&v.all);
	return code;
}

static int list_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	uint64_t ns = 1000000000;
	const char *why = NULL;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "d:jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		json |= c == 'j';
		if (c == 'd')
			why = parse_time(optarg, &ns);
		if (!why && (ns < 1000000 || ns > 3600000000000))
			why = "write 1ms to 3600s";
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (optind < argc)
		return usage_error(cmd, "'%s': it takes no operands", argv[optind]);
	return list(ns, json);
}

const struct command irq_list = {
	.name = "irq list",
	.summary = "show them, what they use, and what of interrupts is nobody's",
	.help =
	"Usage: vbsctl irq list [OPTION]...\n\n"
	"  -d, --delay TIME     over which rates are measured: 1s\n"
	"  -j, --json           the same as JSON\n\n"
	"LINE is the number of an interrupt, or a network device and its queue, as join and\n"
	"leave take it.  What interrupts and softirqs take outside of threads is charged to\n"
	"nobody; it is what admission has to leave free.\n\n"
	"  vbsctl irq list\n"
	"  vbsctl irq list --json | jq '.threads[] | select(.server == null)'\n",
	.run = list_main,
};
