// SPDX-License-Identifier: GPL-2.0
/* A process that is a virtual machine, and how it gets into servers */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "vmm_machine.h"

#define DM_RUNTIME	(1 * MS)
#define DM_PERIOD	(10 * MS)

struct machine *machine_new(unsigned int vcpus, guest_fn *guest, u64 arg)
{
	struct machine *m = t_shared(sizeof(*m));

	m->vcpus = vcpus;
	m->guest = guest;
	m->arg = arg;
	m->mem = vmm_memory();
	return m;
}

struct vmm_page *machine_page(struct machine *m, unsigned int i)
{
	return vmm_page(m->mem, i);
}

static void boot(struct machine *m, unsigned int i)
{
	if (m->guest)
		vmm_boot(&m->vm, i, m->guest);
	else
		vmm_boot_real(&m->vm, i, m->real);
}

/* After KVM_RUN; false if the vCPU is to run no more */
static bool handle(struct machine *m, unsigned int i, int ret)
{
	struct vmm_stats *s = &m->stats[i];
	struct kvm_run *run = m->vm.vcpu[i].run;

	if (ret == -EINTR) {
		s->heard = s->left;
		s->interrupted++;
		run->immediate_exit = 0;
		return true;
	}
	if (ret) {
		s->err = ret;
		return false;
	}
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		return run->io.port != VMM_PORT_STOP;
	case KVM_EXIT_MMIO:
	case KVM_EXIT_HLT:
		return true;
	case KVM_EXIT_SHUTDOWN:
		boot(m, i);
		return true;
	}
	s->err = run->exit_reason;
	if (m->again)
		boot(m, i);
	return m->again;
}

static void run_vcpu(struct machine *m, unsigned int i)
{
	struct vmm_stats *s = &m->stats[i];
	u64 now, stay;
	int ret;

	do {
		now = now_ns();
		stay = s->left ? now - s->left : 0;
		s->user_worst = stay > s->user_worst ? stay : s->user_worst;
		s->entered = now;
		ret = vmm_run(&m->vm.vcpu[i]);
		s->left = now_ns();
		s->exits++;
		if (m->after)
			m->after(m, i);
	} while (handle(m, i, ret));
}

struct vcpu_arg {
	struct machine *m;
	unsigned int i;
};

static void *vcpu_thread(void *p)
{
	struct vcpu_arg *arg = p;
	struct machine *m = arg->m;

	m->tid[arg->i] = syscall(SYS_gettid);
	__sync_fetch_and_add(&m->ready, 1);
	gate_wait(&m->gate);
	if (m->begin)
		m->begin(m, arg->i);
	run_vcpu(m, arg->i);
	__sync_fetch_and_sub(&m->ready, 1);
	return NULL;
}

static void machine_process(void *p)
{
	struct machine *m = p;
	struct vcpu_arg arg[VMM_VCPUS];
	pthread_t thread;
	int err;

	vmm_open(&m->vm, m->mem, m->irqchip);
	for (unsigned int i = 0; i < m->vcpus; i++) {
		err = vmm_add_vcpu(&m->vm);
		if (err)
			t_fatal("vCPU %u: %s", i, strerror(-err));
		vmm_page(m->mem, i)->arg = m->arg;
		boot(m, i);
	}
	if (m->prepare)
		m->prepare(m);
	for (unsigned int i = 0; i < m->vcpus; i++) {
		arg[i] = (struct vcpu_arg) { m, i };
		if (pthread_create(&thread, NULL, vcpu_thread, &arg[i]))
			t_fatal("a thread");
	}
	if (m->device)
		m->device(m);
	for (;;)
		pause();
}

struct bound_thread {
	struct machine *m;
	int cpu, word;
};

static void *bound_thread(void *p)
{
	struct bound_thread t = *(struct bound_thread *)p;

	pin_to(0, t.cpu);
	t.m->word[t.word] = syscall(SYS_gettid);
	for (;;)
		sleep_ns(MS);
	return NULL;
}

void machine_thread_on(struct machine *m, int cpu, int word)
{
	struct bound_thread arg = { m, cpu, word };
	pthread_t t;

	if (pthread_create(&t, NULL, bound_thread, &arg))
		t_fatal("a thread");
	while (!m->word[word])
		sleep_ns(MS);
}

void machine_start(struct machine *m)
{
	m->pid = t_fork(machine_process, m);
	for (int i = 0; m->ready < m->vcpus && i < 2000; i++)
		sleep_ns(MS);
	if (m->ready < m->vcpus)
		t_fatal("the machine does not start");
	sleep_ns(5 * MS);	/* all asleep at the gate */
}

void machine_go(struct machine *m)
{
	gate_open(&m->gate);
}

bool machine_stop(struct machine *m)
{
	for (unsigned int i = 0; i < m->vcpus; i++)
		machine_page(m, i)->stop = 1;
	for (int i = 0; m->ready && i < 1000; i++)
		sleep_ns(MS);
	return !m->ready;
}

void machine_end(struct machine *m)
{
	t_kill(m->pid);
}

u64 guest_gap(struct machine *m, unsigned int i)
{
	struct vmm_page *p = machine_page(m, i);
	u64 worst = 0, gap;

	for (u64 k = 1; k < p->n; k++) {
		gap = p->piece[k].from - p->piece[k - 1].to;
		worst = gap > worst ? gap : worst;
	}
	return vmm_ns(worst);
}

/* @from and @to in ticks */
u64 guest_ran(struct machine *m, unsigned int i, u64 from, u64 to)
{
	struct vmm_page *p = machine_page(m, i);
	u64 sum = 0, a, b;

	for (u64 k = 0; k < p->n; k++) {
		a = p->piece[k].from < from ? from : p->piece[k].from;
		b = p->piece[k].to > to ? to : p->piece[k].to;
		sum += b > a ? b - a : 0;
	}
	return vmm_ns(sum);
}

struct kvm_vbs_config vm_config(u64 runtime, u64 period, u64 dm_runtime, u64 dm_period)
{
	return (struct kvm_vbs_config) {
		.version = KVM_VBS_VERSION,
		.vcpu = { .runtime = runtime, .period = period },
		.dm = { .runtime = dm_runtime, .period = dm_period },
	};
}

int vm_configure(pid_t pid, struct kvm_vbs_config *cfg)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	cfg->pid = pid;
	err = ioctl(fd, KVM_VBS_CONFIG, cfg) ? -errno : 0;
	close(fd);
	return err;
}

int vm_undo(pid_t pid)
{
	struct kvm_vbs_config cfg = vm_config(0, 0, 0, 0);

	return vm_configure(pid, &cfg);
}

/* What dead servers held is free within a period */
void machine_into_servers(struct machine *m, u64 runtime, u64 period)
{
	struct kvm_vbs_config cfg = vm_config(runtime, period, DM_RUNTIME, DM_PERIOD);
	int err = -EBUSY;

	if (t_arg("plain", 0)) {
		for (unsigned int i = 0; i < m->vcpus; i++)
			must_enter(m->tid[i], runtime, period, 0);
		return;
	}
	for (int i = 0; i < 40 && err == -EBUSY; i++) {
		err = vm_configure(m->pid, &cfg);
		if (err)
			sleep_ns(50 * MS);
	}
	errno = -err;
	if (err)
		t_fatal("KVM_VBS_CONFIG");
}

int vm_configure_soon(pid_t pid, const struct kvm_vbs_config *cfg)
{
	struct kvm_vbs_config c = *cfg;
	int err = -EBUSY;

	for (int i = 0; i < 40 && err == -EBUSY; i++) {
		err = vm_configure(pid, &c);
		if (err)
			sleep_ns(5 * MS);
	}
	return err;
}

static char text[2][1 << 18];

static const char *proc_vbs(int which)
{
	if (file_read(VBS_PROC, text[which], sizeof(text[which])) < 0)
		t_fatal("read " VBS_PROC);
	return text[which];
}

/* But for what passes by itself: times, and what servers have consumed */
static void drop_counters(char *p)
{
	static const char * const keys[] = { " until_ns=", " consumed=", " instances=",
					     " state=", " lost=", " release_max_ns=",
					     " misses=", " overruns=", " overrun_worst=",
					     " switch_worst=", " release_worst=",
					     " skipped=", " fair=" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		for (char *at = p; (at = strstr(at, keys[i]));) {
			at += strlen(keys[i]);
			size_t n = strcspn(at, "\n ");

			memmove(at, at + n, strlen(at + n) + 1);
		}
}

void books_note(void)
{
	proc_vbs(0);
	drop_counters(text[0]);
}

/* The first lines that differ */
static void tell_difference(void)
{
	const char *a = text[0], *b = text[1];
	size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

	while (n == m && *a && !strncmp(a, b, n)) {
		a += n + (a[n] != 0);
		b += m + (b[m] != 0);
		n = strcspn(a, "\n");
		m = strcspn(b, "\n");
	}
	t_diag("before: %.*s", (int)n, a);
	t_diag("now: %.*s", (int)m, b);
}

bool books_same(void)
{
	bool same;

	proc_vbs(1);
	drop_counters(text[1]);
	same = !strcmp(text[0], text[1]);
	if (!same)
		tell_difference();
	return same;
}

void vm_refused(int err, pid_t pid, const struct kvm_vbs_config *cfg, const char *fmt, ...)
{
	struct kvm_vbs_config asked = *cfg;
	char what[256];
	va_list ap;
	int got;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	books_note();
	got = vm_configure(pid, &asked);
	if (got != -err)
		t_ok(false, "%s: %s, expected %s", what,
		     got ? strerrorname_np(-got) : "succeeded",
		     err ? strerrorname_np(err) : "success");
	else
		t_ok(books_same(), "%s: %s, and nothing changes", what,
		     err ? strerrorname_np(err) : "it would fit");
}

bool group_key(pid_t pid, const char *key, u64 *val)
{
	const char *line = find_line("group ", "pid", pid);
	const char *p = line ? line_key(line, key) : NULL;

	if (p)
		*val = strtoull(p, NULL, 0);
	return p;
}

u64 group_val(pid_t pid, const char *key)
{
	u64 val;

	if (!group_key(pid, key, &val))
		t_fatal("no %s of the group of %d in " VBS_PROC, key, pid);
	return val;
}

static bool line_has_role(const char *line, const char *role)
{
	const char *is = line_key(line, "role");

	return is && !strncmp(is, role, strlen(role)) && is[strlen(role)] == ' ';
}

bool in_role(pid_t tid, const char *role)
{
	struct vbs_sched_attr attr;
	const char *line;

	if (vbs_getattr(tid, &attr) || attr.sched_policy != SCHED_VBS)
		return false;
	line = find_line("server ", "leader", attr.sched_vbs_leader);
	return line && line_has_role(line, role);
}

struct stops stops_of(const struct trace *t, u64 server)
{
	struct stops s = {};

	for (size_t i = 0; i < t->n; i++) {
		const struct trace_event *e = &t->ev[i];

		if (e->kind == EV_RELEASE && e->f[RELEASE_SERVER] == (s64)server)
			s.releases++;
		if (e->kind == EV_EXHAUST && e->f[EXHAUST_SERVER] == (s64)server &&
		    e->f[EXHAUST_WHY] < WHY_MAX)
			s.why[e->f[EXHAUST_WHY]]++;
	}
	return s;
}
