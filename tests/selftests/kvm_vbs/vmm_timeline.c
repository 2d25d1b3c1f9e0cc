// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of timelines in a guest, as its host writes them.  Read here as the guest's
 * vDSO would, and compared with what this machine reads at the same counter value.
 */
#include <sys/ioctl.h>
#include "host_time.h"
#include "vmm_call.h"

#define AT		0x90000ULL	/* the last of VMM_VCPUS pages, which no vCPU has */
#define BESIDE		64		/* bytes around them, which must stay */
#define COOKIE		0x1122334455667788ULL
#define FIRST		TIMELINE_IDS	/* the id of the first entry */
#define WATCHES		"/proc/sys/user/max_timeline_watches"

static int fd;

static struct timeline_entry *entry(struct machine *m, unsigned int i)
{
	return (struct timeline_entry *)(m->mem + AT) + i;
}

static void fresh_pages(struct machine *m, u64 cookie)
{
	memset(m->mem + AT - BESIDE, 0x5a, 2 * 4096 + 2 * BESIDE);
	memset(m->mem + AT, 0, 2 * 4096);
	for (int i = 0; i < TIMELINE_GUEST_IDS; i++)
		entry(m, i)->cookie = cookie;
}

static s64 timeline_call(struct machine *m, u64 op, u64 a1, u64 a2)
{
	return guest_call(m, 0, KVM_HC_TIMELINE, op, a1, a2);
}

static s64 give(struct machine *m, u64 at, u64 cookie)
{
	return timeline_call(m, KVM_TIMELINE_REGISTER, at, cookie);
}

static struct machine *with_pages(void)
{
	struct machine *m = calls_new(1, KVM_VBS_GUEST_TIMELINE);

	fresh_pages(m, COOKIE);
	t_equal(give(m, AT, COOKIE), 0, "two pages registered");
	return m;
}

/* A consistent copy, as a reader takes it */
static bool copy_entry(struct machine *m, unsigned int i, struct timeline_entry *e)
{
	u32 seq;

	for (int n = 0; n < 1000; n++) {
		seq = __atomic_load_n(&entry(m, i)->seq_count, __ATOMIC_ACQUIRE);
		*e = *entry(m, i);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(seq & 1) && seq == __atomic_load_n(&entry(m, i)->seq_count, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

static bool is_valid(struct machine *m, unsigned int i)
{
	struct timeline_entry e;

	return copy_entry(m, i, &e) && e.counter_id == TIMELINE_COUNTER_X86_TSC;
}

/* A guest's TSC is ours and @offset */
static void same_time(struct machine *m, unsigned int i, u32 id, u64 offset, const char *what)
{
	struct timeline_entry ours, theirs;
	u64 now = tl_counter();
	struct time_span h, g;

	if (!host_entry(fd, id, &ours) || !copy_entry(m, i, &theirs))
		t_fatal("%s: no entry", what);
	h = reads(&ours, now);
	g = reads(&theirs, now + offset);
	t_ok(theirs.counter_id == TIMELINE_COUNTER_X86_TSC && g.low <= h.low && g.high >= h.high,
	     "%s: what the guest reads contains what the host does (%lld, %lld ns more)", what,
	     (long long)(h.low - g.low), (long long)(g.high - h.high));
	t_at_most((g.high - g.low) - (h.high - h.low), 20, "%s: ns that it is wider", what);
}

static bool soon(bool (*is)(struct machine *, unsigned int), struct machine *m, unsigned int i,
		 bool want)
{
	for (int n = 0; n < 3000 && is(m, i) != want; n++)
		sleep_ns(MS);
	return is(m, i) == want;
}

/* ---- who may --------------------------------------------------------------- */

static void only_if_allowed(void)
{
	struct kvm_vbs_config cfg = vm_config(2 * MS, 10 * MS, MS, 10 * MS);
	struct machine *m = calls_new(1, 0);
	u32 id = tl_make(fd, "allowed", TIMELINE_GUEST);

	fresh_pages(m, COOKIE);
	t_equal(timeline_call(m, KVM_TIMELINE_PROBE, 0, 0), -1000, "not allowed: PROBE");
	t_equal(give(m, AT, COOKIE), -1000, "not allowed: REGISTER");
	cfg.flags = KVM_VBS_GUEST_TIMELINE;
	t_equal(vm_configure_soon(m->pid, &cfg), 0, "allowed");
	t_equal(timeline_call(m, KVM_TIMELINE_PROBE, 0, 0), TIMELINE_GUEST_IDS, "PROBE");
	t_equal(give(m, AT, COOKIE), 0, "REGISTER");
	t_ok(soon(is_valid, m, 0, true), "then there is an entry");
	cfg.flags = 0;
	t_equal(vm_configure_soon(m->pid, &cfg), 0, "not allowed any more");
	t_ok(soon(is_valid, m, 0, false), "then there is none");
	machine_end(m);
	tl_destroy(fd, id);
}

/* ---- what there is ---------------------------------------------------------- */

static void all_of_them(void)
{
	u32 open = tl_make(fd, "open", TIMELINE_GUEST), hidden = tl_make(fd, "hidden", 0);
	u32 late;
	struct machine *m = with_pages();
	struct timeline_entry e;

	t_ok(soon(is_valid, m, 0, true), "one that guests may read");
	copy_entry(m, 0, &e);
	t_equal(e.id, FIRST, "its id");
	t_ok(!strcmp(e.host_name, "open"), "its name");
	t_ok(e.cookie == COOKIE && e.magic == TIMELINE_MAGIC, "cookie and magic");
	t_equal(entry(m, 1)->magic, 0, "none that they may not");
	same_time(m, 0, open, 0, "one");
	late = tl_make(fd, "late", TIMELINE_GUEST | TIMELINE_STEP);
	t_ok(soon(is_valid, m, 1, true), "one that is made later");
	same_time(m, 1, late, 0, "a later one");
	tl_set(fd, late, 2000000, 7);
	sleep_ns(50 * MS);
	same_time(m, 1, late, 0, "set anew");
	tl_destroy(fd, late);
	t_ok(soon(is_valid, m, 1, false), "one that is gone");
	copy_entry(m, 1, &e);
	t_equal(e.clock_status, TIMELINE_STATUS_UNKNOWN, "its status");
	t_ok(!strcmp(e.host_name, "late") && e.id == FIRST + 1, "it keeps its name");
	late = tl_make(fd, "later", TIMELINE_GUEST);
	t_ok(soon(is_valid, m, 2, true), "another name gets another entry");
	machine_end(m);
	tl_destroy(fd, open);
	tl_destroy(fd, hidden);
	tl_destroy(fd, late);
}

/* ---- only inside KVM_RUN ---------------------------------------------------- */

static struct timeline_entry outside;

static void note_outside(struct machine *m, unsigned int i)
{
	if (m->word[0])
		*(struct timeline_entry *)(m->mem + AT + 2 * 4096 + BESIDE) = *entry(m, i);
}

static void not_outside(void)
{
	u32 id = tl_make(fd, "inside", TIMELINE_GUEST);
	struct machine *m = machine_new(1, guest_calls, 0);
	struct timeline_entry before, after;

	m->after = note_outside;
	calls_start(m, KVM_VBS_GUEST_TIMELINE);
	fresh_pages(m, COOKIE);
	t_equal(give(m, AT, COOKIE), 0, "two pages registered");
	t_ok(soon(is_valid, m, 0, true), "inside: valid");
	copy_entry(m, 0, &before);
	m->word[0] = 1;
	guest_call(m, 0, CALL_EXIT, 0, 0, 0);
	outside = *(struct timeline_entry *)(m->mem + AT + 2 * 4096 + BESIDE);
	t_equal(outside.counter_id, TIMELINE_COUNTER_RAW, "outside: no counter");
	t_equal(outside.clock_status, TIMELINE_STATUS_UNRELIABLE, "outside: status");
	t_ok(!strcmp(outside.host_name, "inside"), "outside: its name");
	t_ok(outside.seq_count != before.seq_count && !(outside.seq_count & 1),
	     "outside: another sequence count");
	t_ok(soon(is_valid, m, 0, true), "inside again: valid");
	copy_entry(m, 0, &after);
	t_ok(after.disruption_marker == before.disruption_marker &&
	     after.step_marker == before.step_marker, "inside again: the markers are the same");
	same_time(m, 0, id, 0, "inside again");
	machine_end(m);
	tl_destroy(fd, id);
}

/* ---- what is not the guest's page any more ----------------------------------- */

static bool around_is_whole(struct machine *m)
{
	for (int i = 0; i < BESIDE; i++)
		if (m->mem[AT - 1 - i] != 0x5a)
			return false;
	return true;
}

static void ends_with_cookie(void)
{
	u32 id = tl_make(fd, "cookie", TIMELINE_GUEST | TIMELINE_STEP);
	struct machine *m = with_pages();
	static u8 want[2 * 4096];

	t_ok(soon(is_valid, m, 0, true), "valid");
	memset(m->mem + AT, 0xa5, 2 * 4096);
	memset(want, 0xa5, sizeof(want));
	for (int i = 0; i < 20; i++) {
		tl_set(fd, id, 3000000 + i, 0);
		guest_call(m, 0, CALL_EXIT, 0, 0, 0);
	}
	t_ok(!memcmp(m->mem + AT, want, sizeof(want)) && around_is_whole(m),
	     "a page with another cookie is not written");
	fresh_pages(m, COOKIE + 1);
	t_equal(give(m, AT, COOKIE + 1), 0, "registered with another");
	t_ok(soon(is_valid, m, 0, true), "and valid again");
	same_time(m, 0, id, 0, "again");
	t_equal(timeline_call(m, KVM_TIMELINE_UNREGISTER, 0, 0), 0, "UNREGISTER");
	t_ok(!is_valid(m, 0), "not valid after it");
	machine_end(m);
	tl_destroy(fd, id);
}

/* An entry keeps its name over registrations, wherever the page says so */
static void names_stay(void)
{
	u32 a = tl_make(fd, "a", TIMELINE_GUEST), b = tl_make(fd, "b", TIMELINE_GUEST);
	struct machine *m = calls_new(1, KVM_VBS_GUEST_TIMELINE);
	struct timeline_entry e;

	fresh_pages(m, COOKIE);
	entry(m, 3)->magic = TIMELINE_MAGIC;
	strcpy(entry(m, 3)->host_name, "b");
	entry(m, 5)->magic = TIMELINE_MAGIC;
	strcpy(entry(m, 5)->host_name, "elsewhere");
	t_equal(give(m, AT, COOKIE), 0, "pages with names of another host");
	t_ok(soon(is_valid, m, 3, true), "one whose name this host has");
	same_time(m, 3, b, 0, "by its name");
	t_ok(is_valid(m, 0), "one that is new gets a free entry");
	same_time(m, 0, a, 0, "a new one");
	copy_entry(m, 5, &e);
	t_equal(e.clock_status, TIMELINE_STATUS_UNKNOWN, "one that this host does not have");
	t_equal(e.id, FIRST + 5, "its id");
	fresh_pages(m, COOKIE);
	for (int i = 0; i < 2; i++) {
		entry(m, i)->magic = TIMELINE_MAGIC;
		strcpy(entry(m, i)->host_name, "b");
	}
	t_equal(give(m, AT, COOKIE), -EINVAL, "one name twice");
	machine_end(m);
	tl_destroy(fd, a);
	tl_destroy(fd, b);
}

static void wrong_pages(void)
{
	struct machine *m = calls_new(1, KVM_VBS_GUEST_TIMELINE);

	fresh_pages(m, COOKIE);
	t_equal(give(m, AT + 8, COOKIE), -EINVAL, "not aligned");
	t_equal(give(m, AT, 0), -EINVAL, "no cookie");
	t_equal(give(m, AT, COOKIE + 1), -EINVAL, "not the cookie that is there");
	t_equal(give(m, 0x9f000, COOKIE), -EINVAL, "the second page beyond memory");
	t_equal(give(m, VMM_MMIO, COOKIE), -EINVAL, "where there is no memory");
	t_equal(give(m, 0xfffbd000, COOKIE), -EINVAL, "a slot of KVM's own");
	t_equal(give(m, ~0xfffULL, COOKIE), -EINVAL, "the end of the numbers");
	t_equal(give(m, ~0x1fffULL, COOKIE), -EINVAL, "just before");
	t_equal(timeline_call(m, 99, 0, 0), -1000, "no such operation");
	t_equal(give(m, AT, COOKIE), 0, "and the right ones");
	machine_end(m);
}

/* ---- what the guest needs ----------------------------------------------------- */

static struct timeline_demand demand(int file, u32 id)
{
	struct timeline_demand arg = { .id = id };

	t_equal(tl_ioctl(file, TIMELINE_DEMAND, &arg), 0, "TIMELINE_DEMAND");
	return arg;
}

static s64 request(struct machine *m, u64 id, u64 accuracy)
{
	sleep_ns(10 * MS);
	return timeline_call(m, KVM_TIMELINE_REQUEST, id, accuracy);
}

static void demands(u32 id, u64 accuracy, u32 watchers, u32 guests, const char *what)
{
	struct timeline_demand d = demand(fd, id);

	t_ok(d.accuracy_ns == accuracy && d.watchers == watchers && d.guests == guests,
	     "%s: %ju ns by %u, %u of them guests", what, (uintmax_t)d.accuracy_ns, d.watchers,
	     d.guests);
}

static void requests(void)
{
	u32 id = tl_make(fd, "wanted", TIMELINE_GUEST), hidden = tl_make(fd, "hidden", 0);
	struct machine *m = calls_new(1, KVM_VBS_GUEST_TIMELINE);
	unsigned int refused = 0;

	t_equal(request(m, FIRST, 5000), -EPERM, "a request without pages");
	fresh_pages(m, COOKIE);
	t_equal(give(m, AT, COOKIE), 0, "two pages registered");
	demands(id, 0, 0, 0, "nobody");
	t_equal(request(m, FIRST, 5000), 0, "a request");
	demands(id, 5000, 1, 1, "one guest");
	t_equal(request(m, FIRST, 3000), 0, "another replaces it");
	demands(id, 3000, 1, 1, "the same guest");
	for (int i = 0; i < 5; i++)
		refused += guest_call(m, 0, KVM_HC_TIMELINE | CALL_TWICE, KVM_TIMELINE_REQUEST,
				      FIRST, 1000 + i) == -EAGAIN;
	t_at_least(refused, 1, "of five that follow another at once, refused");
	t_equal(request(m, FIRST + 1, 5000), -EINVAL, "of a timeline that there is not");
	t_equal(request(m, hidden, 5000), -EINVAL, "by an id of the host's");
	t_equal(request(m, ~0ULL, 5000), -EINVAL, "of none");
	t_equal(request(m, FIRST, 0), 0, "nothing any more");
	demands(id, 0, 0, 0, "nobody again");
	t_equal(request(m, FIRST, 7000), 0, "a request");
	machine_end(m);
	for (int i = 0; i < 1000 && demand(fd, id).watchers; i++)
		sleep_ns(MS);
	demands(id, 0, 0, 0, "the machine is gone");
	tl_destroy(fd, id);
	tl_destroy(fd, hidden);
}

/* What the user of its VMM may watch, its guests may, too, and no more */
static void no_room(void)
{
	u32 a = tl_make(fd, "a", TIMELINE_GUEST), b = tl_make(fd, "b", TIMELINE_GUEST);
	struct machine *m = calls_new(1, KVM_VBS_GUEST_TIMELINE);

	file_restore(WATCHES);
	t_equal(file_write(WATCHES, "1"), 0, "one watch for a user");
	fresh_pages(m, COOKIE);
	t_equal(give(m, AT, COOKIE), 0, "two pages registered");
	t_equal(request(m, FIRST, 5000), 0, "a request");
	t_equal(request(m, FIRST + 1, 5000), -ENOSPC, "another: the user has no more");
	demands(b, 0, 0, 0, "it is not there");
	t_equal(request(m, FIRST, 3000), 0, "the first may change");
	t_equal(request(m, FIRST, 0), 0, "nothing any more");
	t_equal(request(m, FIRST + 1, 5000), 0, "then there is room");
	demands(b, 5000, 1, 1, "the other");
	machine_end(m);
	tl_destroy(fd, a);
	tl_destroy(fd, b);
}

/* ---- calls about others ------------------------------------------------------ */

static u32 times_written(struct machine *m)
{
	struct timeline_entry e;

	/* Whoever was told enters the guest anew meanwhile */
	sleep_ns(20 * MS);
	if (!copy_entry(m, 0, &e))
		t_fatal("an entry that is always being written");
	return e.seq_count;
}

/* Each vCPU that is told leaves its guest, to write its pages */
static void not_disturbed(void)
{
	struct kvm_vbs_config cfg = vm_config(2 * MS, 10 * MS, MS, 10 * MS), bad = cfg;
	u32 id = tl_make(fd, "quiet", TIMELINE_GUEST), before;
	struct machine *m = with_pages(), *other = machine_new(1, guest_watch, 0);

	machine_start(other);
	bad.vcpu.runtime = 20 * MS;
	t_ok(soon(is_valid, m, 0, true), "valid");
	before = times_written(m);
	for (int i = 0; i < 5; i++) {
		t_equal(vm_configure(other->pid, &bad), -EINVAL, "refused: more than a period");
		bad.flags = KVM_VBS_TEST;
	}
	bad = cfg;
	bad.vcpu.runtime = 9 * MS;
	t_equal(vm_configure(other->pid, &bad), -EBUSY, "refused: no room");
	bad = cfg;
	bad.flags = KVM_VBS_TEST;
	t_equal(vm_configure(other->pid, &bad), 0, "only a test");
	t_equal(times_written(m), before, "what is refused, or a test, makes nobody write his pages");
	t_equal(vm_configure(other->pid, &cfg), 0, "one that is done");
	t_ok(times_written(m) != before, "makes them be looked at");
	machine_end(other);
	machine_end(m);
	tl_destroy(fd, id);
}

/* ---- another counter --------------------------------------------------------- */

static void move_tsc(struct machine *m, unsigned int i)
{
	u64 offset = (u64)m->word[1] << 32;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET,
		.addr = (u64)(uintptr_t)&offset,
	};

	if (m->word[1] && ioctl(m->vm.vcpu[i].fd, KVM_SET_DEVICE_ATTR, &attr))
		t_fatal("move the TSC");
}

static void moved_counter(void)
{
	u32 id = tl_make(fd, "moved", TIMELINE_GUEST);
	struct machine *m = machine_new(2, guest_calls, 0);
	struct timeline_entry before, after;

	m->after = move_tsc;
	calls_start(m, KVM_VBS_GUEST_TIMELINE);
	fresh_pages(m, COOKIE);
	t_equal(give(m, AT, COOKIE), 0, "two pages registered");
	t_ok(soon(is_valid, m, 0, true), "valid");
	copy_entry(m, 0, &before);
	m->word[1] = 5;
	guest_call(m, 0, CALL_EXIT, 0, 0, 0);
	sleep_ns(30 * MS);
	t_ok(!is_valid(m, 0), "vCPUs with different counters: not valid");
	guest_call(m, 1, CALL_EXIT, 0, 0, 0);
	t_ok(soon(is_valid, m, 0, true), "both moved: valid");
	same_time(m, 0, id, 5ULL << 32, "another counter");
	copy_entry(m, 0, &after);
	t_ok(after.disruption_marker != before.disruption_marker,
	     "another counter: another disruption marker");
	machine_end(m);
	tl_destroy(fd, id);
}

VBS_TEST("pages of timelines in a guest: right, while it runs, and nobody else's memory", 100)
{
	need_vbs();
	need_kvm_vbs();
	fd = tl_open();
	only_if_allowed();
	all_of_them();
	not_outside();
	ends_with_cookie();
	names_stay();
	wrong_pages();
	requests();
	no_room();
	not_disturbed();
	moved_counter();
}
