// SPDX-License-Identifier: GPL-2.0
/*
 * guest NAME SECONDS: a virtual machine monitor whose guest, without a system, reads a
 * timeline of the host by the pages that the host keeps filled for it. The monitor
 * lets it read, then does not run it for so many seconds, and lets it read at
 * once. A line for each: the counter; time, error below and above, and status as the
 * guest has read them; the same of the host at that value of the counter; the marker.
 */
#include <fcntl.h>
#include <string.h>
#include <linux/kvm_vbs_para.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "vmm_guest.h"
/* For guests as well: after what they are compiled with */
#include <vdso/timeline.h>

#define AT	0x90000UL		/* two pages that no vCPU has */
#define COOKIE	0x76627364656d6fULL
#define ENTRIES	(2 * 4096 / sizeof(struct timeline_entry))

static struct vmm vm;

static inline IN_GUEST long call_host(unsigned long op, unsigned long a1, unsigned long a2)
{
	long ret = KVM_HC_TIMELINE;

	asm volatile("vmmcall" : "+a"(ret) : "b"(op), "c"(a1), "d"(a2), "S"(0) : "memory");
	return ret;
}

/* A reading after each exit. @count: the host has refused, or its entry is none now */
GUEST void guest_reads(struct vmm_page *p)
{
	const struct timeline_entry *e = (void *)AT;
	struct timeline_time *tt = (void *)&p->piece[0];
	u32 seq;

	if (call_host(KVM_TIMELINE_REGISTER, AT, COOKIE))
		p->count = 1;
	for (;; out(VMM_PORT)) {
		do {
			seq = timeline_read_begin(e);
			timeline_read(e, tsc(), tt);
			if (e->counter_id != TIMELINE_COUNTER_X86_TSC)
				p->count = 1;
		} while (timeline_read_retry(e, seq));
	}
}

static const struct timeline_entry *entry_named(const char *name)
{
	struct timeline_lookup arg = { 0 };
	int fd = open("/dev/timeline", O_RDONLY | O_CLOEXEC);
	const struct timeline_entry *table;

	strncpy(arg.name, name, sizeof(arg.name) - 1);
	if (fd < 0 || ioctl(fd, TIMELINE_LOOKUP, &arg))
		t_fatal("timeline %s", name);
	table = mmap(NULL, 2 * 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (table == MAP_FAILED)
		t_fatal("the table");
	return &table[arg.id % TIMELINE_MAX_IDS];
}

/* While the guest stands still nothing but an update changes what we read */
static struct timeline_time host_reads(const struct timeline_entry *e, u64 counter)
{
	struct timeline_time tt;
	u32 seq;

	do {
		seq = timeline_read_begin(e);
		timeline_read(e, counter, &tt);
	} while (timeline_read_retry(e, seq));
	return tt;
}

static void reading(const struct timeline_entry *e)
{
	struct vmm_vcpu *v = &vm.vcpu[0];
	struct timeline_time g, h;

	if (vmm_run(v) || v->run->exit_reason != KVM_EXIT_IO || v->page->count)
		t_fatal("the guest could not read (exit %u)", v->run->exit_reason);
	memcpy(&g, &v->page->piece[0], sizeof(g));
	h = host_reads(e, g.counter);
	printf("%llu %lld %u %llu %llu %u %lld %u %llu %llu %u %llu\n", g.counter, g.sec, g.nsec,
	       g.err_low_ns, g.err_high_ns, g.status, h.sec, h.nsec, h.err_low_ns, h.err_high_ns,
	       h.status, g.disruption);
	fflush(stdout);
}

int main(int argc, char *argv[])
{
	const struct timeline_entry *e;
	struct timeline_entry *pages;

	if (argc != 3) {
		fprintf(stderr, "usage: guest NAME SECONDS\n");
		return 2;
	}
	e = entry_named(argv[1]);
	vmm_open(&vm, vmm_memory(), false);
	if (vmm_add_vcpu(&vm))
		t_fatal("a vCPU");
	pages = (struct timeline_entry *)(vm.mem + AT);
	for (size_t i = 0; i < ENTRIES; i++)
		pages[i].cookie = COOKIE;
	vmm_boot(&vm, 0, guest_reads);
	for (int i = 0; i < 3; i++)
		reading(e);
	sleep(atoi(argv[2]));
	reading(e);
	reading(e);
	return 0;
}
