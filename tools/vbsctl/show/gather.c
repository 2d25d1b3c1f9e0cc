// SPDX-License-Identifier: GPL-2.0
/* The facts for vbsctl check, from the running kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "show/judge.h"
#include "vbs/attr.h"
#include "vbs/task.h"

enum answer config_value(const char *config, const char *symbol)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%s=", symbol);
	if (!config)
		return UNKNOWN;
	return strstr(config, line) ? YES : NO;
}

static char *read_pipe(const char *command)
{
	FILE *pipe = popen(command, "r");
	size_t used = 0, n, size = 1 << 20;
	char *buf = malloc(size);

	while (pipe && buf && (n = fread(buf + used, 1, size - used - 1, pipe)) > 0)
		used += n;
	if (pipe)
		pclose(pipe);
	if (buf)
		buf[used] = 0;
	return buf;
}

/* /proc/config.gz, or where distributions put the file; NULL if nowhere */
static char *read_config(const char *release)
{
	char path[256], *config;

	snprintf(path, sizeof(path), "/boot/config-%s", release);
	config = sys_read(path);
	if (config)
		return config;
	snprintf(path, sizeof(path), "/lib/modules/%s/config", release);
	config = sys_read(path);
	if (config || access(sys_path("/proc/config.gz"), R_OK))
		return config;
	snprintf(path, sizeof(path), "exec gzip -dc < '%s' 2>&1", sys_path("/proc/config.gz"));
	return read_pipe(path);
}

static void gather_config(struct facts *facts)
{
	char *config = read_config(facts->release);

	facts->irq_time = config_value(config, "CONFIG_IRQ_TIME_ACCOUNTING");
	facts->paravirt_time = config_value(config, "CONFIG_PARAVIRT_TIME_ACCOUNTING");
	free(config);
}

/* The resolution is one nanosecond if the timers do not wait for the tick */
static enum answer have_hrtimers(void)
{
	struct timespec res;

	if (clock_getres(CLOCK_MONOTONIC, &res))
		return UNKNOWN;
	return !res.tv_sec && res.tv_nsec == 1 ? YES : NO;
}

static enum answer is_vm(void)
{
	char *info = sys_read("/proc/cpuinfo");
	enum answer vm = info && strstr(info, " hypervisor") ? YES : NO;

	free(info);
	return vm;
}

void gather(struct facts *facts)
{
	struct utsname uts;

	memset(facts, 0, sizeof(*facts));
	if (!uname(&uts)) {
		snprintf(facts->release, sizeof(facts->release), "%s", uts.release);
		facts->preempt_rt = strstr(uts.version, "PREEMPT_RT") ? YES : NO;
	}
	facts->policy = vbs_policy_known();
	facts->vbs = vbs_snapshot_read();
	facts->proc_err = facts->vbs ? 0 : errno;
	machine_read(&facts->machine);
	gather_config(facts);
	facts->hrtimers = have_hrtimers();
	facts->in_vm = is_vm();
	facts->privileged = have_cap_sys_nice();
}
