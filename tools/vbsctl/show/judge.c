// SPDX-License-Identifier: GPL-2.0
/* Judgement of the facts that vbsctl check has gathered. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "command.h"
#include "show/judge.h"

struct findings {
	struct finding *item;
	int count;
};

static void add(struct findings *f, const char *topic, enum severity severity,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void add(struct findings *f, const char *topic, enum severity severity,
		const char *fmt, ...)
{
	struct finding *item = &f->item[f->count++];
	va_list ap;

	item->topic = topic;
	item->severity = severity;
	va_start(ap, fmt);
	vsnprintf(item->words, sizeof(item->words), fmt, ap);
	va_end(ap);
}

static void judge_policy(const struct facts *facts, struct findings *f)
{
	if (facts->policy)
		add(f, "policy", GOOD, "kernel %s knows scheduling policy 8, SCHED_VBS",
		    facts->release);
	else
		add(f, "policy", BAD, "kernel %s does not know scheduling policy 8: boot one with CONFIG_SCHED_VBS=y",
		    facts->release);
}

static void judge_proc(const struct facts *facts, struct findings *f)
{
	if (facts->vbs)
		add(f, "/proc/vbs", GOOD, "format version %u", facts->vbs->version);
	else if (facts->proc_err == ENOENT)
		add(f, "/proc/vbs", BAD, "there is none%s", facts->policy ?
		    ": is /proc mounted?" : "");
	else if (facts->proc_err == EPROTO)
		add(f, "/proc/vbs", BAD, "its format is not version %d: vbsctl and kernel do not match",
		    PROC_VBS_VERSION);
	else
		add(f, "/proc/vbs", BAD, "cannot be read: %s", strerror(facts->proc_err));
}

static void judge_sysctls(const struct machine *m, struct findings *f)
{
	if (!m->vbs) {
		add(f, "sysctls", BAD, "there are no kernel.sched_vbs_*");
		return;
	}
	add(f, "sysctls", GOOD, "periods %s to %s, budgets up to %s, slice %s",
	    fmt_time(m->limits.period_min).s, fmt_time(m->limits.period_max).s, fmt_time(m->limits.runtime_max).s,
	    fmt_time(m->limits.slice).s);
	if (m->release_cost)
		add(f, "release cost", GOOD, "%s per instance are charged",
		    fmt_time(m->release_cost).s);
	else
		add(f, "release cost", NOTE, "kernel.sched_vbs_release_cost_ns is 0: switches between servers are not charged to them");
}

static void judge_timers(const struct facts *facts, struct findings *f)
{
	if (facts->hrtimers == YES)
		add(f, "timers", GOOD, "high-resolution timers are active");
	else
		add(f, "timers", BAD, "high-resolution timers are off (CONFIG_HIGH_RES_TIMERS, highres=, clock source): budgets end at ticks");
}

static void judge_config(struct findings *f, const char *symbol, enum answer value,
			 const char *lack)
{
	if (value == YES)
		add(f, symbol, GOOD, "set");
	else if (value == NO)
		add(f, symbol, WARN, "not set: %s", lack);
	else
		add(f, symbol, NOTE, "not known: no kernel configuration to read");
}

static void judge_rt(const struct machine *m, struct findings *f)
{
	if (m->rt_runtime < 0)
		add(f, "rt_runtime", WARN, "kernel.sched_rt_runtime_us is -1: FIFO and DEADLINE tasks are not limited; servers count it as 95 %%");
	else
		add(f, "rt_runtime", GOOD, "real-time tasks may use %s %% of each CPU",
		    fmt_percent(m->rt_runtime, m->rt_period, 2, ROUND_NEAREST).s);
	if (!m->fair_known)
		add(f, "fair server", NOTE, "not readable (debugfs, root only); by default it has 5 %%");
	else
		add(f, "fair server", GOOD, "%s of each CPU for ordinary tasks",
		    fmt_resource(m->fair_runtime, m->fair_period).s);
}

static void judge_kernel(const struct facts *facts, struct findings *f)
{
	add(f, "PREEMPT_RT", facts->preempt_rt == YES ? GOOD : NOTE, "%s",
	    facts->preempt_rt == YES ? "yes" :
	    "no: latencies include the longest non-preemptible section of the kernel");
	add(f, "privilege", facts->privileged ? GOOD : NOTE, "%s", facts->privileged ?
	    "CAP_SYS_NICE is in effect" :
	    "no CAP_SYS_NICE: new servers take root; the owner of one may switch it");
}

static void judge_capacity(const struct vbs_snapshot *vbs, struct findings *f)
{
	uint64_t capacity = 0, spare = 0;
	int i, online = 0;

	for (i = 0; i < vbs->cpus; i++) {
		if (!vbs->cpu[i].online)
			continue;
		online++;
		capacity += vbs->cpu[i].capacity;
		spare += vbs->cpu[i].spare;
	}
	add(f, "capacity", capacity ? GOOD : WARN, "%s on %d CPU%s, of which %s are spare",
	    fmt_bw(capacity).s, online, online == 1 ? "" : "s", fmt_bw(spare).s);
}

static int verdict(const struct facts *facts, const struct findings *f)
{
	int i;

	if (!facts->policy || facts->proc_err == ENOENT)
		return VC_NOVBS;
	for (i = 0; i < f->count; i++) {
		if (f->item[i].severity == BAD)
			return VC_FAIL;
	}
	return VC_OK;
}

int judge(const struct facts *facts, struct finding *finding, int *count)
{
	struct findings f = { finding, 0 };

	judge_policy(facts, &f);
	judge_proc(facts, &f);
	if (facts->policy)
		judge_sysctls(&facts->machine, &f);
	judge_timers(facts, &f);
	judge_config(&f, "CONFIG_IRQ_TIME_ACCOUNTING", facts->irq_time,
		     "a server pays for the interrupts that hit it");
	if (facts->in_vm == YES)
		judge_config(&f, "CONFIG_PARAVIRT_TIME_ACCOUNTING", facts->paravirt_time,
			     "a server pays for time that the host took");
	judge_rt(&facts->machine, &f);
	judge_kernel(facts, &f);
	if (facts->vbs)
		judge_capacity(facts->vbs, &f);
	*count = f.count;
	return verdict(facts, &f);
}
