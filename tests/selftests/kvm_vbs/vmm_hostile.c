// SPDX-License-Identifier: GPL-2.0
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "vmm_attack.h"
#include "tl_test.h"
#include "vmm_machine.h"

/*
 * Two machines of two vCPUs, whose guests attack their host, beside a server of
 * 2 ms in 10 ms and a task of SCHED_OTHER that always have work.
 */
#define MACHINES	2
#define VCPUS		2
#define JUDGE_RUNTIME	(2 * MS)
#define JUDGE_PERIOD	(10 * MS)
#define SETTLE		(30 * MS)
#define STRETCH_MS	700
#define MOST_NOBODYS	8	/* percent of any stretch */
#define LEAST_FAIR	27
#define COST		SYSCTL_VBS "release_cost_ns"
#define EVENTS		(EV_ACCOUNTS | EV_BIT(EV_ADMIT) | EV_BIT(EV_LEAVE))

static const struct { u64 runtime, period; } resource[MACHINES] = {
	{ 1 * MS, 10 * MS }, { 700 * US, 7 * MS },
};

static const char * const names[ATTACK_MAX] = {
	"busy loop", "port I/O", "MMIO", "CPUID", "hypercalls", "MSRs", "PAUSE",
	"one-shot timers", "timers and HLT", "periodic timer", "PIT", "IPIs to itself",
	"IPIs and HLT", "INIT and SIPI", "HLT, no interrupts", "exits at budget's end",
	"triple faults", "fresh memory", "nested guests",
	"what guests may ask",
};

/* ---- an attacker's process ----------------------------------------------- */

static void *fresh;
static u64 booted[VCPUS];		/* its argument then */

/* In the machine's words, for the test: what the guests do */
static void tell(struct machine *m, unsigned int i, u64 arg)
{
	booted[i] = arg;
	m->word[i] = 1 + (arg & ((1 << ATTACK_BITS) - 1));
}

static void on_signal(int sig)
{
	(void)sig;
}

static void prepare(struct machine *m)
{
	struct kvm_pit_config pit = {};

	if (ioctl(m->vm.fd, KVM_CREATE_PIT2, &pit))
		t_fatal("KVM_CREATE_PIT2");
	fresh = mmap(NULL, VMM_FRESH_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fresh == MAP_FAILED)
		t_fatal("1 GB of addresses");
	vmm_add_memory(&m->vm, VMM_FRESH, fresh, VMM_FRESH_SIZE);
	signal(SIGUSR1, on_signal);
}

static void begin(struct machine *m, unsigned int i)
{
	tell(m, i, m->arg);
}

static u64 asked(struct machine *m, unsigned int i)
{
	return *(volatile u64 *)&machine_page(m, i)->arg;
}

/* Takes vCPUs out of their guests for another attack, or out of a HLT for ever */
static void device(struct machine *m)
{
	gate_wait(&m->gate);
	for (;;) {
		for (unsigned int i = 0; i < VCPUS; i++)
			if (asked(m, i) != booted[i] || m->word[i] == 1 + ATTACK_HALT_DEAF)
				syscall(SYS_tgkill, m->pid, m->tid[i], SIGUSR1);
		sleep_ns(MS);
	}
}

static void wake_up(struct machine *m, unsigned int i)
{
	struct kvm_mp_state state = { KVM_MP_STATE_RUNNABLE };

	if (ioctl(m->vm.vcpu[i].fd, KVM_SET_MP_STATE, &state))
		t_fatal("KVM_SET_MP_STATE");
}

static void after(struct machine *m, unsigned int i)
{
	struct kvm_run *run = m->vm.vcpu[i].run;
	size_t half = VMM_FRESH_SIZE / 2;
	u64 arg = asked(m, i);

	if (run->exit_reason == KVM_EXIT_IO && run->io.port == VMM_PORT_DISCARD)
		madvise((u8 *)fresh + i * half, half, MADV_DONTNEED);
	if (arg != booted[i]) {
		tell(m, i, arg);
		vmm_boot(&m->vm, i, guest_attack);
	} else if (run->exit_reason == KVM_EXIT_INTR && m->word[i] == 1 + ATTACK_HALT_DEAF) {
		wake_up(m, i);
	}
}

static struct machine *attacker(void)
{
	struct machine *m = machine_new(VCPUS, guest_attack, ATTACK_BUSY);

	m->irqchip = true;
	m->again = true;
	m->prepare = prepare;
	m->begin = begin;
	m->device = device;
	m->after = after;
	machine_start(m);
	return m;
}

/* ---- the test ------------------------------------------------------------ */

static struct machine *vm[MACHINES];
static struct crowd *judge;
static pid_t fair;
static int fd;

static void set_attack(unsigned int k, enum vmm_attack a)
{
	u64 arg = a | vmm_ticks(resource[k].runtime) << ATTACK_BITS;

	for (unsigned int i = 0; i < VCPUS; i++)
		machine_page(vm[k], i)->arg = arg;
}

/* Who waits for a turn in its attack has it in its own budget. */
static bool attacks(unsigned int k, enum vmm_attack a)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		for (int n = 0; vm[k]->word[i] != 1U + a; n++) {
			if (n == 1000)
				return false;
			sleep_ns(MS);
		}
	return true;
}

/* Of all stretches of the test */
struct result {
	struct g1 g1;
	u64 time;
	u64 nobodys;
	u64 fair;
	double most_nobodys, least_fair;	/* of a stretch, in percent */
	s64 excess[MACHINES][VCPUS];
	u64 vcpus;
	u64 idle[MACHINES][ATTACK_MAX];	/* stretches without one round of it */
};

static void worst_s64(s64 *a, s64 b)
{
	*a = b > *a ? b : *a;
}

static void add_g1(struct g1 *a, const struct g1 *g)
{
	a->instances = g->instances < a->instances ? g->instances : a->instances;
	worst_s64(&a->instance, g->instance);
	worst_s64(&a->run, g->run);
	worst_s64(&a->tardiness, g->tardiness);
	a->broken += g->broken;
	a->misses = g->misses;
	a->lost = g->lost;
}

static u64 charged_to_all(const struct trace *t)
{
	u64 sum = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->ev[i].kind == EV_RUNTIME)
			sum += t->ev[i].f[RUNTIME_NS];
	return sum;
}

/* Everything that ran as SCHED_VBS but for the others */
static struct slices service_of_vcpu(const struct trace *t, unsigned int k, unsigned int i)
{
	pid_t others[1 + MACHINES * (VCPUS + 1)];
	size_t n = 0;

	others[n++] = judge->pid[0];
	for (unsigned int a = 0; a < MACHINES; a++) {
		others[n++] = vm[a]->pid;
		for (unsigned int b = 0; b < VCPUS; b++)
			if (a != k || b != i)
				others[n++] = vm[a]->tid[b];
	}
	return service_vbs_except(t, others, n);
}

static u64 add_excess(struct result *r, const struct trace *t)
{
	u64 sum = 0;

	for (unsigned int k = 0; k < MACHINES; k++)
		for (unsigned int i = 0; i < VCPUS; i++) {
			struct slices s = t_arg("free", 0) ? service_of(t, &vm[k]->tid[i], 1) :
							     service_of_vcpu(t, k, i);

			worst_s64(&r->excess[k][i], service_excess(&s, resource[k].runtime /
						    (double)resource[k].period));
			sum += service_total(&s);
			slices_free(&s);
		}
	return sum;
}

static u64 rounds(unsigned int k, enum vmm_attack a)
{
	struct vmm_page *p0 = machine_page(vm[k], 0), *p1 = machine_page(vm[k], 1);

	return p0->count + (a == ATTACK_INIT ? 0 : p1->count);
}

/* Who had what */
struct shares {
	u64 wall;
	u64 vcpus;
	u64 fair;
	u64 nobodys;	/* interrupts, mostly */
};

static struct shares shares_of(struct result *r, const struct trace *t)
{
	struct slices s = service_of(t, &fair, 1);
	struct shares sh = {
		.wall = t->ev[t->n - 1].ts - t->ev[0].ts,
		.vcpus = add_excess(r, t),
		.fair = service_total(&s),
	};

	sh.nobodys = sh.wall - charged_to_all(t);
	slices_free(&s);
	return sh;
}

static void add_shares(struct result *r, const struct shares *sh)
{
	double percent = 100. * sh->fair / sh->wall;

	r->time += sh->wall;
	r->nobodys += sh->nobodys;
	r->fair += sh->fair;
	r->vcpus += sh->vcpus;
	r->least_fair = percent < r->least_fair ? percent : r->least_fair;
	percent = 100. * sh->nobodys / sh->wall;
	r->most_nobodys = percent > r->most_nobodys ? percent : r->most_nobodys;
}

static void tell_file(pid_t pid, pid_t tid, const char *file)
{
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, file);
	if (file_read(path, text, sizeof(text)) > 0)
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			t_diag("  %s: %s", file, line);
}

/* A machine that did nothing: where its threads are, and what their servers have */
static void tell_idle(unsigned int k)
{
	for (unsigned int i = 0; i < VCPUS; i++) {
		const struct vmm_stats *s = &vm[k]->stats[i];
		const char *line = find_line("server ", "leader", vm[k]->tid[i]);

		t_diag("idle: machine %u, vCPU %u: word %u, rounds %ju, %ju exits, left %ju, entered %ju, now %ju, err %d",
		       k, i, vm[k]->word[i], (uintmax_t)machine_page(vm[k], i)->count,
		       (uintmax_t)s->exits, (uintmax_t)s->left, (uintmax_t)s->entered,
		       (uintmax_t)now_ns(), s->err);
		t_diag("  %.*s", line ? (int)strcspn(line, "\n") : 0, line ? line : "");
		tell_file(vm[k]->pid, vm[k]->tid[i], "stack");
		tell_file(vm[k]->pid, vm[k]->tid[i], "sched");
	}
	tell_file(vm[k]->pid, vm[k]->pid, "stack");
}

static void begin_attacks(const enum vmm_attack *a)
{
	for (unsigned int k = 0; k < MACHINES; k++)
		set_attack(k, a[k]);
	for (unsigned int k = 0; k < MACHINES; k++)
		if (!attacks(k, a[k])) {
			tell_idle(k);
			t_fatal("machine %u does not begin: %s", k, names[a[k]]);
		}
	sleep_ns(SETTLE);
}

static void stretch(struct result *r, const enum vmm_attack *a, u64 length)
{
	u64 did[MACHINES];
	struct shares sh;
	struct trace t;
	struct g1 g;

	begin_attacks(a);
	tl_set(fd, tl_at(fd, 0), 1000000 + now_ns() / SEC, 0);
	for (unsigned int k = 0; k < MACHINES; k++)
		did[k] = rounds(k, a[k]);
	trace_start(EVENTS, t_arg("megabytes", 64));
	sleep_ns(length);
	for (unsigned int k = 0; k < MACHINES; k++) {
		did[k] = rounds(k, a[k]) - did[k];
		if (!did[k]) {
			r->idle[k][a[k]]++;
			tell_idle(k);
		}
	}
	g = crowd_g1(judge, &t);
	add_g1(&r->g1, &g);
	sh = shares_of(r, &t);
	add_shares(r, &sh);
	free(t.ev);
	t_diag("%-22s|%-22s|%8ju|%8ju|%6.2f|%6.2f|%6.2f|%7.3f|%7.3f", names[a[0]], names[a[1]],
	       (uintmax_t)did[0], (uintmax_t)did[1], 100. * sh.vcpus / sh.wall,
	       100. * sh.fair / sh.wall, 100. * sh.nobodys / sh.wall, g.instance / 1e3,
	       g.tardiness / 1e3);
}

static void check_machine(const struct result *r, unsigned int k)
{
	u64 runtime = resource[k].runtime;
	double u = runtime / (double)resource[k].period;

	for (unsigned int i = 0; i < VCPUS; i++)
		t_at_most(r->excess[k][i], 2 * runtime * (1 - u) + 3 * runtime + eps_budget(),
			  "machine %u, vCPU %u: ns beyond u L in any window", k, i);
	for (unsigned int a = 0; a < ATTACK_MAX; a++)
		if (r->idle[k][a])
			t_ok(false, "machine %u: %ju stretches without one round of: %s", k,
			     (uintmax_t)r->idle[k][a], names[a]);
}

/*
 * Errors are those of a machine where nobody attacks.  The fair task has what the judge
 * and the vCPUs leave, but for what follows from what these do.
 */
static void check(const struct result *r)
{
	check_g1(&r->g1, t_arg("stretch_ms", STRETCH_MS) * MS / JUDGE_PERIOD - 2, eps_budget(),
		 eps_start(1 + MACHINES * (VCPUS + 1)));
	for (unsigned int k = 0; k < MACHINES; k++)
		check_machine(r, k);
	t_diag("of %.1f s: vCPUs %.2f %%, the fair task %.2f %%, nobody %.2f %%", r->time / 1e9,
	       100. * r->vcpus / r->time, 100. * r->fair / r->time, 100. * r->nobodys / r->time);
	t_at_most(r->most_nobodys * 100, MOST_NOBODYS * 100,
		  "1/100 %% of a stretch that nobody was charged for");
	t_at_least(r->least_fair * 100, LEAST_FAIR * 100,
		   "1/100 %% of a stretch that the fair task had");
}

static void into_server(unsigned int k)
{
	struct kvm_vbs_config cfg = vm_config(resource[k].runtime, resource[k].period, MS, 10 * MS);

	cfg.flags = KVM_VBS_GUEST_SWITCH | KVM_VBS_GUEST_TIMELINE;
	if (vm_configure_soon(vm[k]->pid, &cfg))
		t_fatal("KVM_VBS_CONFIG");
}

/*
 * Guests may switch where a release has a cost, which the judge has to bear, too: only
 * while they do.  Afterwards they are what they were.
 */
static void ask_for_all(struct result *r, u64 length)
{
	static const enum vmm_attack both[] = { ATTACK_ASK, ATTACK_ASK };

	file_restore(COST);
	t_equal(file_write(COST, "1000"), 0, "a release costs 1 us");
	stretch(r, both, length);
	t_equal(file_write(COST, "0"), 0, "a release costs nothing");
	for (unsigned int k = 0; k < MACHINES && !t_arg("free", 0); k++)
		into_server(k);
}

static void into_servers(void)
{
	judge = crowd_new(1, vbs_bw(JUDGE_RUNTIME, JUDGE_PERIOD), JUDGE_PERIOD, JUDGE_PERIOD);
	crowd_go(judge);
	for (unsigned int k = 0; k < MACHINES && !t_arg("free", 0); k++)
		into_server(k);
}

VBS_TEST("two hostile guests leave a server its budgets and get no more than their own", 300)
{
	struct result r = { .g1.instances = SIZE_MAX, .least_fair = 100 };
	u64 length = t_arg("stretch_ms", STRETCH_MS) * MS, end;

	need_vbs();
	need_kvm();
	trace_need(EVENTS);
	eps_measure_long();
	for (unsigned int k = 0; k < MACHINES; k++) {
		vm[k] = attacker();
		machine_go(vm[k]);
	}
	into_servers();
	fd = tl_open();
	tl_make(fd, "any", TIMELINE_GUEST);
	fair = t_fork(spin_forever, NULL);
	end = now_ns() + t_arg("seconds", 30) * SEC;
	t_diag("of two machines: what they do|rounds|vCPUs %%|fair %%|nobody %%|us off|us late");
	ask_for_all(&r, length);
	for (unsigned int n = 0; n < t_arg("attacks", ATTACK_ASK) || now_ns() < end; n++) {
		unsigned int a = n % ATTACK_ASK, b = (a + n / ATTACK_ASK * 5) % ATTACK_ASK;

		stretch(&r, (enum vmm_attack[]){ a, b }, length);
	}
	check(&r);
	for (unsigned int k = 0; k < MACHINES; k++)
		machine_end(vm[k]);
	tl_destroy_all(fd);
}
