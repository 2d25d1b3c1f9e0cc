// SPDX-License-Identifier: GPL-2.0
/*
 * The pages that a guest has registered are away, as those that a migration has yet to
 * bring are: who writes them waits for them.  The others wait, too, and hear signals.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "host_time.h"
#include "vmm_call.h"

#define AT	0x90000ULL	/* the last of VMM_VCPUS pages, which no vCPU has */
#define SIZE	(2 * 4096)
#define COOKIE	0x1122334455667788ULL

/* word[ASK] counts what the device model is asked for; word[WHO] waits for a page */
enum { ASK, SAYS, WHO };

static void on_signal(int sig)
{
	(void)sig;
}

static void take_away(struct machine *m, int uffd)
{
	u8 *at = m->mem + AT;
	struct uffdio_register reg = {
		.range = { (u64)(uintptr_t)at, SIZE }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (ioctl(uffd, UFFDIO_REGISTER, &reg) || madvise(at, SIZE, MADV_REMOVE))
		t_fatal("take pages away");
}

static void bring(struct machine *m, int uffd)
{
	struct uffdio_range range = { (u64)(uintptr_t)(m->mem + AT), SIZE };

	if (ioctl(uffd, UFFDIO_UNREGISTER, &range))
		t_fatal("UFFDIO_UNREGISTER");
}

static void pager(struct machine *m)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_THREAD_ID };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffd_msg msg;

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		t_fatal("userfaultfd");
	signal(SIGUSR1, on_signal);
	for (;;) {
		if (m->word[ASK] != m->word[SAYS]) {
			if (m->word[ASK] % 2)
				take_away(m, uffd);
			else
				bring(m, uffd);
			m->word[SAYS] = m->word[ASK];
		}
		if (read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
		    msg.event == UFFD_EVENT_PAGEFAULT)
			m->word[WHO] = msg.arg.pagefault.feat.ptid;
		sleep_ns(MS);
	}
}

static void ask(struct machine *m)
{
	m->word[ASK]++;
	for (int i = 0; m->word[SAYS] != m->word[ASK] && i < 2000; i++)
		sleep_ns(MS);
	if (m->word[SAYS] != m->word[ASK])
		t_fatal("the device model does not answer");
}

static struct timeline_entry *entry(struct machine *m, unsigned int i)
{
	return (struct timeline_entry *)(m->mem + AT) + i;
}

static bool is_valid(struct machine *m)
{
	return entry(m, 0)->counter_id == TIMELINE_COUNTER_X86_TSC;
}

static void give_pages(struct machine *m)
{
	memset(m->mem + AT, 0, SIZE);
	for (int i = 0; i < TIMELINE_GUEST_IDS; i++)
		entry(m, i)->cookie = COOKIE;
	t_equal(guest_call(m, 0, KVM_HC_TIMELINE, KVM_TIMELINE_REGISTER, AT, COOKIE), 0,
		"two pages registered");
	for (int i = 0; i < 1000 && !is_valid(m); i++)
		sleep_ns(MS);
	t_ok(is_valid(m), "and filled");
}

/* Does its guest go on? */
static bool runs(struct machine *m, unsigned int i)
{
	struct vmm_page *p = machine_page(m, i);

	p->piece[0].from = KVM_HC_TIMELINE;
	p->piece[0].to = KVM_TIMELINE_PROBE;
	__sync_synchronize();
	p->n++;
	for (int n = 0; n < 100 && p->count != p->n; n++)
		sleep_ns(MS);
	return p->count == p->n;
}

/* Until KVM_RUN of vCPU @i has returned for a signal, in ns; a second at most */
static u64 hears(struct machine *m, unsigned int i)
{
	u64 before = m->stats[i].interrupted, sent = now_ns();

	if (syscall(SYS_tgkill, m->pid, m->tid[i], SIGUSR1))
		t_fatal("tgkill");
	for (int n = 0; n < 1000 && m->stats[i].interrupted == before; n++)
		sleep_ns(MS);
	return m->stats[i].interrupted == before ? SEC : m->stats[i].heard - sent;
}

static void while_one_waits(struct machine *m, int fd, u32 id)
{
	unsigned int other;

	ask(m);
	/* Which they look at before they go on */
	tl_set(fd, id, 2000000, 0);
	for (int i = 0; i < 1000 && !m->word[WHO]; i++)
		sleep_ns(MS);
	if (m->word[WHO] != (u32)m->tid[0] && m->word[WHO] != (u32)m->tid[1])
		t_fatal("no vCPU waits for the page");
	other = m->word[WHO] == (u32)m->tid[0];
	t_ok(!runs(m, other), "the other one does not go on by what the pages were");
	for (int i = 0; i < 5; i++)
		t_at_most(hears(m, other), 10 * MS, "ns until the other vCPU hears a signal");
	t_ok(!runs(m, other), "and still does not");
	ask(m);
	t_ok(runs(m, other), "it does when they are there");
}

VBS_TEST("while a vCPU waits for a page, others neither use it as it was nor miss signals", 60)
{
	struct machine *m = machine_new(2, guest_calls, 0);
	int fd;
	u32 id;

	need_vbs();
	need_kvm_vbs();
	fd = tl_open();
	id = tl_make(fd, "away", TIMELINE_GUEST | TIMELINE_STEP);
	m->device = pager;
	calls_start(m, KVM_VBS_GUEST_TIMELINE);
	give_pages(m);
	while_one_waits(m, fd, id);
	give_pages(m);
	machine_end(m);
	tl_destroy(fd, id);
}
