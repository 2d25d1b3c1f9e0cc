// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <string.h>
#include "vmm_machine.h"

#define PERIOD	(10 * MS)
#define VCPUS	SYSCTL_VBS "vm_vcpus"
#define PERIOD_MIN	SYSCTL_VBS "period_min_us"
#define ENABLE	SYSCTL_VBS "enable"

/* What the device model is asked: word[ASK]; what came of it: word[SAYS] */
enum { ASK, SAYS, POOL };
enum { NOTHING, ADD, BECOME_USER };

static void do_as_asked(struct machine *m)
{
	int ret = 0;

	for (;;) {
		while (m->word[ASK] == NOTHING)
			sleep_ns(MS);
		if (m->word[ASK] == BECOME_USER)
			t_become(1000);
		else
			ret = vmm_add_vcpu(&m->vm);
		m->word[SAYS] = -ret;
		__sync_synchronize();
		m->word[ASK] = NOTHING;
	}
}

static int ask(struct machine *m, u32 what)
{
	m->word[ASK] = what;
	for (int i = 0; m->word[ASK] != NOTHING && i < 2000; i++)
		sleep_ns(MS);
	if (m->word[ASK] != NOTHING)
		t_fatal("the machine does not answer");
	return m->word[SAYS];
}

/* The thread of vCPU 0 runs the other one once. */
static void run_the_other(struct machine *m, unsigned int i)
{
	if (i || m->word[POOL] != 1)
		return;
	vmm_boot(&m->vm, 1, guest_out);
	vmm_run(&m->vm.vcpu[1]);
	m->word[POOL] = 2;
}

static struct machine *new_machine(void)
{
	struct machine *m = machine_new(1, guest_out, 0);

	m->device = do_as_asked;
	m->after = run_the_other;
	machine_start(m);
	machine_go(m);
	return m;
}

static void configure(struct machine *m, u64 runtime, u32 vcpus, u32 flags, const char *what)
{
	struct kvm_vbs_config c = vm_config(runtime, PERIOD, MS / 2, PERIOD);

	c.vcpus = vcpus;
	c.flags = flags;
	t_equal(vm_configure_soon(m->pid, &c), 0, "%s", what);
}

static u64 with_text(const char *text)
{
	static char proc[1 << 16];
	u64 n = 0;

	if (file_read("/proc/vbs", proc, sizeof(proc)) < 0)
		t_fatal("/proc/vbs");
	for (const char *at = proc; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static void show(void)
{
	static char proc[1 << 16];

	file_read("/proc/vbs", proc, sizeof(proc));
	for (char *line = strtok(proc, "\n"); line; line = strtok(NULL, "\n"))
		t_diag("%.120s", line);
}

/* The VMM is not who has configured it: it commands none of its servers. */
static void owners(void)
{
	struct machine *m = new_machine();

	configure(m, 2 * MS, 1, 0, "one place");
	ask(m, BECOME_USER);
	t_equal(ask(m, ADD), 0, "the VMM, a user now, adds a vCPU");
	t_equal(group_val(m->pid, "places"), 2, "places");
	t_equal(with_text(" role=vcpu owner=0 "), 2, "places of who has configured");
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}

static void no_room(void)
{
	struct machine *m = new_machine();

	configure(m, 8 * MS, 1, 0, "80 % for each vCPU");
	t_equal(ask(m, ADD), 0, "a second one is created");
	t_equal(group_val(m->pid, "unplaced"), 0, "on the other CPU");
	t_equal(ask(m, ADD), 0, "a third one, too");
	t_equal(group_val(m->pid, "unplaced"), 1, "which has no place");
	configure(m, 2 * MS, 1, 0, "20 % for each");
	/* What a server has had is booked until its instance ends. */
	sleep_ns(2 * PERIOD);
	configure(m, 2 * MS, 1, 0, "and once more");
	t_equal(group_val(m->pid, "unplaced"), 0, "all have");
	t_equal(group_val(m->pid, "places"), 3, "places");
	configure(m, 4 * MS, 1, KVM_VBS_STRICT, "40 %, or no vCPU");
	if (!t_equal(ask(m, ADD), 0, "a fourth one"))
		show();
	t_equal(ask(m, ADD), EBUSY, "a fifth one is refused");
	t_equal(group_val(m->pid, "vcpus"), 4, "vCPUs");
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}

/* The VMM makes vCPUs as it likes; what they get is what an administrator allows. */
static void as_many_as_it_likes(void)
{
	struct machine *m;

	t_equal(file_write(VCPUS, "2"), 0, "servers for two vCPUs of a process");
	m = new_machine();
	configure(m, MS, 1, 0, "10 % for each");
	for (int i = 0; i < 3; i++)
		t_equal(ask(m, ADD), 0, "one more vCPU");
	t_equal(group_val(m->pid, "places"), 2, "places");
	t_equal(group_val(m->pid, "unplaced"), 2, "vCPUs without");
	configure(m, MS, 3, 0, "three are asked for");
	t_equal(group_val(m->pid, "places"), 4, "as many as there are now");
	machine_end(m);
	t_equal(file_write(VCPUS, "16"), 0, "as it was");
	t_equal(books_empty(SEC), 0, "booked in the end");
}

/* Nothing is booked for a vCPU that comes then, and it is created all the same. */
static void while_off(void)
{
	struct machine *m = new_machine();

	configure(m, MS, 1, 0, "10 % for each");
	t_equal(file_write(ENABLE, "0"), 0, "the class is turned off");
	t_equal(books_empty(SEC), 0, "booked then");
	t_equal(ask(m, ADD), 0, "one more vCPU");
	t_equal(books_empty(100 * MS), 0, "booked for it");
	t_equal(group_val(m->pid, "places"), 0, "places");
	t_equal(group_val(m->pid, "unplaced"), 1, "it has none");
	t_equal(file_write(ENABLE, "1"), 0, "it is turned on");
	configure(m, MS, 1, 0, "once more");
	t_equal(group_val(m->pid, "places"), 2, "places");
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}

/* Its server is switched to what a new limit allows, and a vCPU comes later. */
static void beyond_new_limits(void)
{
	struct machine *m = new_machine();
	struct kvm_vbs_config c = vm_config(100 * US, 500 * US, MS / 2, PERIOD);

	t_equal(vm_configure_soon(m->pid, &c), 0, "100 us in 500 us");
	sleep_ns(50 * MS);
	t_equal(vbs_enter(m->tid[0], MS, PERIOD, 0), 0, "switched to a longer period");
	t_equal(file_write(PERIOD_MIN, "1000"), 0, "no shorter period than 1 ms");
	t_equal(ask(m, ADD), 0, "one more vCPU");
	t_equal(group_val(m->pid, "unplaced"), 1, "has no server with a shorter one");
	machine_end(m);
	t_equal(file_write(PERIOD_MIN, "100"), 0, "as it was");
	t_equal(books_empty(SEC), 0, "booked in the end");
}

static void pooled(void)
{
	struct machine *m = new_machine();
	u64 id;

	configure(m, 2 * MS, 2, 0, "two places");
	t_equal(ask(m, ADD), 0, "a second vCPU");
	sleep_ns(50 * MS);
	id = server_val(m->tid[0], "id");
	m->word[POOL] = 1;
	for (int i = 0; m->word[POOL] == 1 && i < 2000; i++)
		sleep_ns(MS);
	t_equal(m->word[POOL], 2, "the first one's thread has run it");
	t_equal(group_val(m->pid, "pooled"), 1, "counted");
	t_equal(server_val(m->tid[0], "id"), id, "and stays where it was");
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}

static void bind_to(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	t_equal(sched_setaffinity(tid, sizeof(set), &set), 0, "bound to CPU %d", cpu);
}

/* With its thread, and without anybody when a CPU goes */
static void moves(void)
{
	struct machine *m = new_machine();
	int cpu;

	/* SCHED_DEADLINE's test of a CPU that goes counts its fair server, too: 5 % less. */
	configure(m, 2 * MS, 3, 0, "three places");
	sleep_ns(50 * MS);
	cpu = server_val(m->tid[0], "cpu");
	bind_to(m->tid[0], !cpu);
	t_equal(server_val(m->tid[0], "cpu"), !cpu, "a place moves with its thread");
	bind_to(m->tid[0], 0);
	sleep_ns(2 * PERIOD);
	if (!t_equal(file_write("/sys/devices/system/cpu/cpu1/online", "0"), 0, "CPU 1 goes"))
		show();
	t_equal(cpu_key(0, "servers"), 4, "all servers are on CPU 0");
	t_equal(group_val(m->pid, "places"), 3, "places");
	t_equal(file_write("/sys/devices/system/cpu/cpu1/online", "1"), 0, "CPU 1 comes");
	machine_end(m);
	t_equal(books_empty(SEC), 0, "booked in the end");
}

VBS_TEST("each vCPU has a place of who configured it, as far as there is room, which moves", 100)
{
	need_vbs();
	need_kvm_vbs();
	need_cpus(2);
	file_restore(VCPUS);
	file_restore(PERIOD_MIN);
	file_restore(ENABLE);
	owners();
	no_room();
	as_many_as_it_likes();
	while_off();
	beyond_new_limits();
	pooled();
	moves();
}
