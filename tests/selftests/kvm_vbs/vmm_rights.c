// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "vmm_machine.h"

#define MANAGER		1000
#define VMM		1001
#define STRANGER	1002

#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)

/* ---- who asks ------------------------------------------------------------ */

enum caller { ROOT, ROOT_WITHOUT, MANAGER_WITH, MANAGER_WITHOUT, VMM_ITSELF, NS_ROOT, WHO_MAX };

static const struct {
	const char *name;
	uid_t uid;
	bool cap;
} callers[WHO_MAX] = {
	[ROOT]			= { "root", 0, true },
	[ROOT_WITHOUT]		= { "root without CAP_SYS_NICE", 0, false },
	[MANAGER_WITH]		= { "a user with CAP_SYS_NICE", MANAGER, true },
	[MANAGER_WITHOUT]	= { "a user", MANAGER, false },
	[VMM_ITSELF]		= { "the VMM's user", VMM, false },
	[NS_ROOT]		= { "root of a namespace", MANAGER, false },
};

static void only_cap(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (cap >= 0) {
		data[cap / 32].permitted = 1U << cap % 32;
		data[cap / 32].effective = data[cap / 32].permitted;
	}
	if (syscall(SYS_capset, &head, data))
		_exit(98);
}

/* For children */
static void become(enum caller who)
{
	if (callers[who].uid) {
		prctl(PR_SET_KEEPCAPS, 1);
		t_become(callers[who].uid);
	}
	only_cap(callers[who].cap ? CAP_SYS_NICE : -1);
	if (who == NS_ROOT && unshare(CLONE_NEWUSER))
		_exit(97);
}

/* ---- which way ----------------------------------------------------------- */

enum way { BY_PID, BY_PIDFD, BY_PID_0, BY_VM_OF_OTHER, WAY_MAX };

static const char * const ways[WAY_MAX] = {
	"/dev/kvm with its pid", "/dev/kvm with a pidfd", "/dev/kvm with pid 0", "its VM's file",
};

static const struct kvm_vbs_config good = {
	.version = KVM_VBS_VERSION,
	.vcpus = 1,
	.vcpu = { .runtime = RUNTIME, .period = PERIOD },
	.dm = { .runtime = MS, .period = PERIOD },
};

static int dev_kvm;		/* opened by root: what matters is who calls */

static int its_file(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);

	return syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

/* The machine's file descriptor of its VM is in word[0] of it. */
struct asked {
	enum caller who;
	struct kvm_vbs_config cfg;
	int fd;
};

static int ask(struct asked *a)
{
	pid_t pid = fork();

	if (!pid) {
		become(a->who);
		_exit(ioctl(a->fd, KVM_VBS_CONFIG, &a->cfg) ? errno : 0);
	}
	return (t_wait(pid) >> 8) & 0xff;
}

static struct asked question(struct machine *m, enum caller who, enum way way, u32 flags)
{
	struct asked a = { .who = who, .cfg = good, .fd = dev_kvm };

	a.cfg.flags = flags;
	a.cfg.pid = m->pid;
	if (way == BY_PIDFD) {
		a.cfg.flags |= KVM_VBS_PIDFD;
		a.cfg.pid = syscall(SYS_pidfd_open, m->pid, 0);
	} else if (way == BY_PID_0) {
		a.cfg.pid = 0;
	} else if (way == BY_VM_OF_OTHER) {
		a.cfg.pid = 0;
		a.fd = its_file(m->pid, m->word[0]);
	}
	return a;
}

static void answered(struct asked *a)
{
	if (a->cfg.flags & KVM_VBS_PIDFD)
		close(a->cfg.pid);
	if (a->fd != dev_kvm)
		close(a->fd);
}

static int expected(enum caller who, enum way way)
{
	if (way == BY_PID_0)
		return -EINVAL;
	if (way == BY_VM_OF_OTHER)
		return -EIO;
	return callers[who].cap ? 0 : -EPERM;
}

/* ---- machines ------------------------------------------------------------ */

enum { VM_FILE, ORDER, ANSWER, USER };
enum { NOTHING, SWITCH, RAISE, LEAVE, JOIN, CONFIGURE, FILE_CONFIGURE };

static int obey(struct machine *m)
{
	struct kvm_vbs_config c = good;

	switch (m->word[ORDER]) {
	case SWITCH:
		return vbs_enter(m->tid[0], RUNTIME / 2, PERIOD, 0);
	case RAISE:
		return vbs_enter(m->tid[0], 3 * RUNTIME, PERIOD, 0);
	case LEAVE:
		return vbs_leave(m->tid[0]);
	case JOIN:
		return vbs_join(m->tid[0], m->pid);
	case CONFIGURE:
		c.pid = m->pid;
		return ioctl(m->vm.kvm, KVM_VBS_CONFIG, &c) ? -errno : 0;
	case FILE_CONFIGURE:
		return ioctl(m->vm.fd, KVM_VBS_CONFIG, &c) ? -errno : 0;
	}
	return -EINVAL;
}

/* The VMM gives up its rights, and does what its guest wants. */
static void device(struct machine *m)
{
	m->word[VM_FILE] = m->vm.fd;
	if (m->word[USER])
		t_become(m->word[USER]);
	for (;;) {
		while (!m->word[ORDER])
			sleep_ns(MS);
		m->word[ANSWER] = -obey(m);
		__sync_synchronize();
		m->word[ORDER] = NOTHING;
	}
}

static int order(struct machine *m, u32 what)
{
	m->word[ORDER] = what;
	for (int i = 0; m->word[ORDER] && i < 2000; i++)
		sleep_ns(MS);
	if (m->word[ORDER])
		t_fatal("the machine does not answer");
	return m->word[ANSWER];
}

static struct machine *machine_of(uid_t uid)
{
	struct machine *m = machine_new(1, guest_out, 0);

	m->word[USER] = uid;
	m->device = device;
	machine_start(m);
	machine_go(m);
	sleep_ns(5 * MS);
	return m;
}

/* ---- the matrix ---------------------------------------------------------- */

static char text[2][1 << 16];

static void look(int which)
{
	if (file_read(VBS_PROC, text[which], sizeof(text[which])) < 0)
		t_fatal("read " VBS_PROC);
}

/* What was asked only, or refused, has changed nothing. */
static void nothing_changes(struct machine *m, struct asked *a, int want, const char *what)
{
	int policy = sched_getscheduler(m->tid[0]), got;

	look(0);
	got = ask(a);
	look(1);
	if (got != want)
		t_equal(got, want, "%s", what);
	else
		t_ok(!strcmp(text[0], text[1]) && sched_getscheduler(m->tid[0]) == policy,
		     "%s: %s, and nothing changes", what, want ? strerrorname_np(want) : "it fits");
}

static void is_owned_by(struct machine *m, uid_t uid, const char *what)
{
	t_equal(sched_getscheduler(m->tid[0]), SCHED_VBS, "%s: the vCPU's policy", what);
	t_equal(server_val(m->tid[0], "owner"), uid, "%s: owner of the vCPU's server", what);
	t_equal(server_val(m->pid, "owner"), uid, "%s: owner of the device model's", what);
	t_equal(group_val(m->pid, "owner"), uid, "%s: owner of the group", what);
	t_equal(vm_undo(m->pid), 0, "%s: undone", what);
	if (books_empty(SEC))
		t_fatal("something is booked");
}

static void cell(struct machine *m, uid_t uid, enum caller who, enum way way)
{
	int want = -expected(who, way);
	struct asked a;
	char what[128];

	snprintf(what, sizeof(what), "%s, by %s, for user %u", callers[who].name, ways[way], uid);
	a = question(m, who, way, KVM_VBS_TEST);
	nothing_changes(m, &a, want, what);
	a.cfg.flags &= ~KVM_VBS_TEST;
	if (want) {
		nothing_changes(m, &a, want, what);
	} else {
		t_equal(ask(&a), 0, "%s", what);
		is_owned_by(m, callers[who].uid, what);
	}
	answered(&a);
}

static void matrix(uid_t uid)
{
	struct machine *m = machine_of(uid);

	for (enum caller who = 0; who < WHO_MAX; who++)
		for (enum way way = 0; way < WAY_MAX; way++)
			cell(m, uid, who, way);
	machine_end(m);
}

/* ---- what a VMM may ------------------------------------------------------ */

/* On its own VM, with pid 0: the rights are the caller's there, too. */
static void for_itself(void)
{
	struct machine *m = machine_of(0);

	t_equal(order(m, FILE_CONFIGURE), 0, "root's VMM configures itself by its VM");
	is_owned_by(m, 0, "root's VMM");
	machine_end(m);
	m = machine_of(VMM);
	t_equal(order(m, FILE_CONFIGURE), EPERM, "a user's VMM, itself");
	t_equal(group_key(m->pid, "owner", &(u64){ 0 }), false, "it is not in servers");
	machine_end(m);
}

/* The manager's servers are not for a VMM to change which its guest has taken over. */
static void of_another(uid_t owner)
{
	struct machine *m = machine_of(VMM);
	struct asked a = question(m, owner ? MANAGER_WITH : ROOT, BY_PID, 0);
	u64 runtime;

	t_equal(ask(&a), 0, "user %u's servers for a user's VMM", owner);
	t_equal(server_val(m->tid[0], "owner"), owner, "their owner");
	t_equal(order(m, SWITCH), EPERM, "the VMM asks for less");
	t_equal(order(m, RAISE), EPERM, "for more");
	t_equal(order(m, CONFIGURE), EPERM, "for another configuration");
	t_equal(order(m, FILE_CONFIGURE), EPERM, "by its VM");
	runtime = server_val(m->tid[0], "runtime");
	t_equal(runtime, RUNTIME, "and has what it had");
	t_equal(order(m, LEAVE), 0, "it leaves, as any member may");
	t_equal(order(m, SWITCH), EPERM, "and does not come back");
	t_equal(order(m, JOIN), EPERM, "nor to the device model");
	t_equal(group_val(m->pid, "places"), 1, "its place is kept");
	machine_end(m);
	if (books_empty(SEC))
		t_fatal("something is booked");
}

/* ---- who sees what ------------------------------------------------------- */

struct seen {
	unsigned int group, used, empty;
};

static unsigned int count(const char *lines, const char *kind, const char *with)
{
	unsigned int n = 0;

	for (const char *p = lines; p; p = strchr(p, '\n')) {
		char line[1024];

		p += *p == '\n';
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
		n += !strncmp(line, kind, strlen(kind)) && strstr(line, with);
		if (!*p)
			break;
	}
	return n;
}

static void reader(struct seen *s, uid_t uid)
{
	if (uid)
		t_become(uid);
	look(0);
	s->group = count(text[0], "group ", "pid=");
	s->used = count(text[0], "server ", " role=") - count(text[0], "server ", " leader=0 ");
	s->empty = count(text[0], "server ", " leader=0 ");
}

static void sees(uid_t uid, struct seen want, const char *who)
{
	struct seen *s = t_shared(sizeof(*s));
	pid_t pid = fork();

	if (!pid) {
		reader(s, uid);
		_exit(0);
	}
	t_wait(pid);
	t_equal(s->group, want.group, "%s: lines of groups", who);
	t_equal(s->used, want.used, "%s: lines of servers with members", who);
	t_equal(s->empty, want.empty, "%s: lines of empty places", who);
	munmap(s, sizeof(*s));
}

/* A place in use is seen by who may look into its thread, an empty one by its owner. */
static void visible(void)
{
	struct machine *m = machine_of(VMM);
	struct asked a = question(m, MANAGER_WITH, BY_PID, 0);

	a.cfg.vcpus = 3;
	t_equal(ask(&a), 0, "a manager's servers, two places more than vCPUs");
	sleep_ns(2 * PERIOD);
	sees(0, (struct seen) { 1, 2, 2 }, "root");
	sees(MANAGER, (struct seen) { 1, 0, 2 }, "the manager, who has no rights any more");
	sees(VMM, (struct seen) { 0, 2, 0 }, "the VMM's user");
	sees(STRANGER, (struct seen) { 0, 0, 0 }, "a stranger");
	machine_end(m);
}

VBS_TEST("KVM_VBS_CONFIG is for CAP_SYS_NICE, whoever's the VMM; servers are the caller's", 60)
{
	need_vbs();
	need_kvm_vbs();
	dev_kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (dev_kvm < 0)
		t_fatal("/dev/kvm");
	matrix(0);
	matrix(VMM);
	for_itself();
	of_another(0);
	of_another(MANAGER);
	visible();
}
