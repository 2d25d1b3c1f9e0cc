// SPDX-License-Identifier: GPL-2.0
#include "vmm_machine.h"

/*
 * A machine is configured with periods of 40 ms and of 10 ms, in turn; root forbids
 * periods below 20 ms, and allows them again, all the time.
 */
#define LIMIT		SYSCTL_VBS "period_min_us"
#define SHORT		(10 * MS)
#define LONG		(40 * MS)
#define PLACES		4

static volatile u32 *set;

static void limits(void *unused)
{
	(void)unused;
	for (;;) {
		if (!file_write(LIMIT, "20000"))
			(*set)++;
		file_write(LIMIT, "100");
	}
}

/* The caps stay the same: what is booked does not matter here. */
static int configure(struct machine *m, u64 period)
{
	struct kvm_vbs_config c = vm_config(MS, period, MS, period);

	c.vcpus = PLACES;
	c.vcpu.cap = VBS_BW_UNIT / 8;
	c.dm.cap = VBS_BW_UNIT / 8;
	return vm_configure(m->pid, &c);
}

static u32 servers_with(u64 period)
{
	static char proc[1 << 16];
	char what[64];
	u32 n = 0;

	if (file_read(VBS_PROC, proc, sizeof(proc)) < 0)
		t_fatal("read " VBS_PROC);
	snprintf(what, sizeof(what), " period=%ju ", (uintmax_t)period);
	for (const char *at = proc; (at = strstr(at, what)); at++)
		n++;
	return n;
}

VBS_TEST("KVM_VBS_CONFIG is all or nothing, also where a limit changes meanwhile", 60)
{
	u32 done = 0, refused = 0, half = 0, wrong = 0;
	u64 end = now_ns() + t_arg("seconds", 10) * SEC;
	struct machine *m;
	int err;

	need_vbs();
	need_kvm_vbs();
	need_cpus(2);
	file_restore(LIMIT);
	set = t_shared(sizeof(*set));
	m = machine_new(1, guest_out, 0);
	machine_start(m);
	t_equal(configure(m, LONG), 0, "configured");
	t_fork(limits, NULL);
	while (now_ns() < end) {
		wrong += configure(m, LONG) != 0;
		err = configure(m, SHORT);
		done += !err;
		refused += err == -EINVAL;
		wrong += err && err != -EINVAL;
		half += servers_with(err ? LONG : SHORT) != PLACES + 1;
	}
	t_at_least(done, 10, "times that it was configured");
	t_at_least(refused, 10, "times that it was refused");
	t_at_least(*set, 10, "times that the limit was set");
	t_equal(half, 0, "times that some servers had something else");
	t_equal(wrong, 0, "times that it failed otherwise");
	machine_end(m);
}
