// SPDX-License-Identifier: GPL-2.0
/* Reader of the sysctls and of the fair server's settings. */
#include <stddef.h>

#include "base/sysfile.h"
#include "vbs/machine.h"

#define FAIR_DIR	"/sys/kernel/debug/sched/fair_server/cpu0/"

void machine_defaults(struct machine *m)
{
	*m = (struct machine) {
		.rt_runtime = 950000,
		.rt_period = 1000000,
		.fair_runtime = 50000000,
		.fair_period = 1000000000,
		.limits = {
			.runtime_min = 10000,
			.runtime_max = 100000000,
			.period_min = 100000,
			.period_max = 1000000000,
			.slice = 1000000,
		},
	};
}

static bool read_scaled(const char *path, uint64_t scale, uint64_t *ns)
{
	int64_t v;

	if (sys_number(path, &v) || v < 0)
		return false;
	*ns = v * scale;
	return true;
}

static void read_rt(struct machine *m)
{
	int64_t runtime, period;

	if (sys_number("/proc/sys/kernel/sched_rt_runtime_us", &runtime) ||
	    sys_number("/proc/sys/kernel/sched_rt_period_us", &period) || period <= 0)
		return;
	m->rt_runtime = runtime;
	m->rt_period = period;
}

static void read_fair(struct machine *m)
{
	uint64_t runtime, period;

	if (!read_scaled(FAIR_DIR "runtime", 1, &runtime) ||
	    !read_scaled(FAIR_DIR "period", 1, &period) || !period)
		return;
	m->fair_runtime = runtime;
	m->fair_period = period;
	m->fair_known = true;
}

static void read_vbs(struct machine *m)
{
	const struct {
		const char *path;
		uint64_t scale;
		uint64_t *ns;
	} sysctls[] = {
		{ "/proc/sys/kernel/sched_vbs_period_min_us", 1000, &m->limits.period_min },
		{ "/proc/sys/kernel/sched_vbs_period_max_us", 1000, &m->limits.period_max },
		{ "/proc/sys/kernel/sched_vbs_runtime_max_us", 1000, &m->limits.runtime_max },
		{ "/proc/sys/kernel/sched_vbs_slice_us", 1000, &m->limits.slice },
		{ "/proc/sys/kernel/sched_vbs_release_cost_ns", 1, &m->release_cost },
	};
	size_t i, found = 0;

	for (i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++)
		found += read_scaled(sysctls[i].path, sysctls[i].scale, sysctls[i].ns);
	m->vbs = found == i;
}

void machine_read(struct machine *m)
{
	machine_defaults(m);
	read_rt(m);
	read_fair(m);
	read_vbs(m);
}
