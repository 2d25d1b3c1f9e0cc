// SPDX-License-Identifier: GPL-2.0
/* vbsctl check: is this a kernel with SCHED_VBS, and is it set up for it? */
#include <stdio.h>

#include "base/format.h"
#include "commands.h"
#include "json_out.h"
#include "options.h"
#include "show/json_server.h"
#include "show/judge.h"

static const char *const severity_names[] = {
	[GOOD] = "ok", [NOTE] = "note", [WARN] = "warning", [BAD] = "missing",
};

static void print_capacities(const struct vbs_snapshot *vbs)
{
	int i;

	for (i = 0; vbs && i < vbs->cpus; i++) {
		if (vbs->cpu[i].online)
			printf("         CPU %d: capacity %s, spare %s\n", vbs->cpu[i].id,
			       fmt_bw(vbs->cpu[i].capacity).s, fmt_bw(vbs->cpu[i].spare).s);
	}
}

static void print_findings(const struct facts *facts, const struct finding *f, int n, int code)
{
	int i;

	for (i = 0; i < n; i++)
		printf("%-8s %s: %s\n", severity_names[f[i].severity], f[i].topic, f[i].words);
	print_capacities(facts->vbs);
	printf("%s\n", code == VC_OK ? "SCHED_VBS is ready." :
	       code == VC_NOVBS ? "This kernel has no SCHED_VBS." :
	       "SCHED_VBS is there, but something that it needs is not.");
}

static void json_findings(const struct facts *facts, const struct finding *f, int n, int code)
{
	struct json_object *findings = json_object_new_array(), *item, *o;
	struct json_object *cpus = json_object_new_array();
	int i;

	for (i = 0; i < n; i++) {
		item = json_object_new_object();
		json_str(item, "topic", f[i].topic);
		json_str(item, "severity", severity_names[f[i].severity]);
		json_str(item, "words", f[i].words);
		json_object_array_add(findings, item);
	}
	for (i = 0; facts->vbs && i < facts->vbs->cpus; i++)
		json_object_array_add(cpus, json_cpu(&facts->vbs->cpu[i]));
	o = json_list("findings", findings);
	json_str(o, "kernel", facts->release);
	json_object_object_add(o, "cpus", cpus);
	json_num(o, "status", code);
	json_print(o);
}

static int check(bool json)
{
	struct finding finding[FINDINGS_MAX];
	struct facts facts;
	int n, code;

	gather(&facts);
	code = judge(&facts, finding, &n);
	if (json)
		json_findings(&facts, finding, n, code);
	else
		print_findings(&facts, finding, n, code);
	vbs_snapshot_free((struct vbs_snapshot *)facts.vbs);
	return code;
}

static int check_main(const struct command *cmd, int argc, char **argv)
{
	bool json;
	int code;

	if (!option_json_only(cmd, argc, argv, &json, &code))
		return code;
	if (optind < argc)
		return usage_error(cmd, "'%s': check takes no operands", argv[optind]);
	return check(json);
}

const struct command cmd_check = {
	.name = "check",
	.summary = "say whether this kernel has SCHED_VBS and is set up for it",
	.help =
	"Usage: vbsctl check [OPTION]...\n\n"
	"  -j, --json           the findings as JSON\n\n"
	"Exit status: 0 ready, 1 something that SCHED_VBS needs is missing, 3 a kernel\n"
	"without SCHED_VBS.  Notes and warnings do not change it.\n\n"
	"  vbsctl check\n",
	.run = check_main,
};
