// SPDX-License-Identifier: GPL-2.0
/* Virtual machines without a device: memory, vCPUs, their first registers */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "vmm.h"

/*
 * Physical memory.  Page tables map the lowest 4 GB one to one; a vCPU's page holds
 * its stack, too.
 */
#define AT_REAL		0x0000
#define AT_PML4		0x1000
#define AT_PDPT		0x2000
#define AT_PD		0x3000		/* four of them */
#define AT_GDT		0x7000
#define AT_CODE		0x10000
#define AT_PAGES	0x20000
#define PAGE_STEP	0x10000
#define MEMORY		(AT_PAGES + VMM_VCPUS * PAGE_STEP)

#define PTE_TABLE	0x7		/* present, writable, user */
#define PTE_2M		0x87
#define GDT_CODE	0x00af9b000000ffffULL
#define GDT_DATA	0x00cf93000000ffffULL

extern const char __start_vmm_guest[], __stop_vmm_guest[];
extern const char guest_real_end[], guest_interrupt[];

_Static_assert(sizeof(struct vmm_page) <= PAGE_STEP - 2048, "room for a stack");

static u64 tsc_khz;

u8 *vmm_memory(void)
{
	return t_shared(MEMORY);
}

struct vmm_page *vmm_page(u8 *mem, unsigned int i)
{
	return (struct vmm_page *)(mem + AT_PAGES + i * PAGE_STEP);
}

static u64 code_at(const void *p)
{
	return AT_CODE + ((const char *)p - __start_vmm_guest);
}

static void fill_tables(u8 *mem)
{
	u64 *pml4 = (u64 *)(mem + AT_PML4), *pdpt = (u64 *)(mem + AT_PDPT);
	u64 *pd = (u64 *)(mem + AT_PD), *gdt = (u64 *)(mem + AT_GDT);
	u64 *gate = (u64 *)(mem + VMM_IDT) + 2 * VMM_VECTOR, to = code_at(guest_interrupt);

	pml4[0] = AT_PDPT | PTE_TABLE;
	for (u64 i = 0; i < 4; i++)
		pdpt[i] = (AT_PD + i * 0x1000) | PTE_TABLE;
	for (u64 i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | PTE_2M;
	gdt[1] = GDT_CODE;
	gdt[2] = GDT_DATA;
	gate[0] = (to & 0xffff) | 8 << 16 | 0x8e00ULL << 32 | (to >> 16) << 48;
	gate[1] = to >> 32;
	memcpy(mem + AT_REAL, guest_real_spin, guest_real_end - guest_real_spin);
	memcpy(mem + AT_CODE, __start_vmm_guest, __stop_vmm_guest - __start_vmm_guest);
}

static void must(int ret, const char *what)
{
	if (ret < 0)
		t_fatal("%s", what);
}

static void add_slot(struct vmm *vm, u32 slot, u64 at, void *mem, size_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot, .guest_phys_addr = at, .memory_size = size,
		.userspace_addr = (u64)(uintptr_t)mem,
	};

	must(ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region), "a memory slot");
}

/* One more, once */
void vmm_add_memory(struct vmm *vm, u64 at, void *mem, size_t size)
{
	add_slot(vm, 1, at, mem, size);
}

void vmm_open(struct vmm *vm, u8 *mem, bool irqchip)
{
	*vm = (struct vmm) { .mem = mem, .size = MEMORY, .irqchip = irqchip };
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	must(vm->kvm, "open /dev/kvm");
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	must(vm->fd, "KVM_CREATE_VM");
	must(ioctl(vm->fd, KVM_SET_TSS_ADDR, 0xfffbd000), "KVM_SET_TSS_ADDR");
	if (irqchip)
		must(ioctl(vm->fd, KVM_CREATE_IRQCHIP), "KVM_CREATE_IRQCHIP");
	fill_tables(mem);
	add_slot(vm, 0, 0, mem, MEMORY);
}

/* Its guest reads the TSC of the machine. */
static void same_tsc(int fd)
{
	u64 none = 0;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET,
		.addr = (u64)(uintptr_t)&none,
	};

	must(ioctl(fd, KVM_SET_DEVICE_ATTR, &attr), "the offset of the TSC");
}

static void all_features(struct vmm *vm, int fd)
{
	struct { struct kvm_cpuid2 head; struct kvm_cpuid_entry2 entry[128]; } cpuid = {
		.head.nent = 128,
	};

	must(ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid), "KVM_GET_SUPPORTED_CPUID");
	must(ioctl(fd, KVM_SET_CPUID2, &cpuid), "KVM_SET_CPUID2");
}

int vmm_add_vcpu(struct vmm *vm)
{
	struct vmm_vcpu *v = &vm->vcpu[vm->n];
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, vm->n);
	if (v->fd < 0)
		return -errno;
	v->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		t_fatal("map a vCPU");
	v->page = vmm_page(vm->mem, vm->n++);
	all_features(vm, v->fd);
	same_tsc(v->fd);
	if (vm->irqchip)
		must(ioctl(v->fd, KVM_GET_LAPIC, &v->lapic), "KVM_GET_LAPIC");
	return 0;
}

void vmm_close(struct vmm *vm)
{
	for (unsigned int i = 0; i < vm->n; i++) {
		munmap(vm->vcpu[i].run, ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
		close(vm->vcpu[i].fd);
	}
	close(vm->fd);
	close(vm->kvm);
	vm->n = 0;
}

/*
 * In the bootstrap processor's state, whichever it is, with the local APIC that it was made
 * with: what is pending there, from whoever sent it, is for the guest of before.
 */
static void set_running(struct vmm *vm, struct vmm_vcpu *v)
{
	struct kvm_mp_state state = { KVM_MP_STATE_RUNNABLE };

	if (!vm->irqchip)
		return;
	must(ioctl(v->fd, KVM_SET_LAPIC, &v->lapic), "KVM_SET_LAPIC");
	must(ioctl(v->fd, KVM_SET_MP_STATE, &state), "KVM_SET_MP_STATE");
}

/* What was on its way into the guest when it left: a fault of before is nobody's now. */
static void forget_events(struct vmm_vcpu *v)
{
	struct kvm_vcpu_events e;

	must(ioctl(v->fd, KVM_GET_VCPU_EVENTS, &e), "KVM_GET_VCPU_EVENTS");
	memset(&e.exception, 0, sizeof(e.exception));
	e.interrupt.injected = 0;
	e.nmi.injected = 0;
	e.nmi.pending = 0;
	memset(&e.smi, 0, sizeof(e.smi));
	must(ioctl(v->fd, KVM_SET_VCPU_EVENTS, &e), "KVM_SET_VCPU_EVENTS");
}

void vmm_boot(struct vmm *vm, unsigned int i, guest_fn *guest)
{
	struct vmm_vcpu *v = &vm->vcpu[i];
	u64 page = AT_PAGES + i * PAGE_STEP;
	struct kvm_regs regs = {
		.rip = code_at(guest), .rflags = 2, .rdi = page,
		.rsp = page + PAGE_STEP - 8,	/* as if it were called */
	};
	struct kvm_segment data = {
		.limit = ~0U, .selector = 16, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1,
	};
	struct kvm_sregs s;

	must(ioctl(v->fd, KVM_GET_SREGS, &s), "KVM_GET_SREGS");
	s.cr0 = 0x80050033;
	s.cr3 = AT_PML4;
	s.cr4 = 0x20;
	s.cr8 = 0;
	s.efer = 0x500;
	s.ds = data;
	s.es = data;
	s.fs = data;
	s.gs = data;
	s.ss = data;
	s.cs = (struct kvm_segment) {
		.limit = ~0U, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1,
	};
	s.gdt = (struct kvm_dtable) { .base = AT_GDT, .limit = 23 };
	s.idt = (struct kvm_dtable) { .base = VMM_IDT, .limit = 16 * (VMM_VECTOR + 1) - 1 };
	must(ioctl(v->fd, KVM_SET_SREGS, &s), "KVM_SET_SREGS");
	must(ioctl(v->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	forget_events(v);
	set_running(vm, v);
}

void vmm_boot_real(struct vmm *vm, unsigned int i, const char *guest)
{
	struct vmm_vcpu *v = &vm->vcpu[i];
	struct kvm_regs regs = { .rip = AT_REAL + (guest - guest_real_spin), .rflags = 2 };
	struct kvm_sregs s;

	must(ioctl(v->fd, KVM_GET_SREGS, &s), "KVM_GET_SREGS");
	s.cs.base = 0;
	s.cs.selector = 0;
	must(ioctl(v->fd, KVM_SET_SREGS, &s), "KVM_SET_SREGS");
	must(ioctl(v->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	forget_events(v);
	set_running(vm, v);
}

int vmm_run(struct vmm_vcpu *v)
{
	return ioctl(v->fd, KVM_RUN, 0) ? -errno : 0;
}

void vmm_interrupt(struct vmm *vm, unsigned int i)
{
	struct kvm_msi msi = { .address_lo = 0xfee00000 | i << 12, .data = VMM_VECTOR };

	must(ioctl(vm->fd, KVM_SIGNAL_MSI, &msi), "KVM_SIGNAL_MSI");
}

static u64 khz(void)
{
	int fd;

	if (tsc_khz)
		return tsc_khz;
	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		int vm = ioctl(fd, KVM_CREATE_VM, 0), vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);

		tsc_khz = ioctl(vcpu, KVM_GET_TSC_KHZ);
		close(vcpu);
		close(vm);
		close(fd);
	}
	return tsc_khz;
}

u64 vmm_ticks(u64 ns)
{
	return (unsigned __int128)ns * khz() / 1000000;
}

u64 vmm_ns(u64 ticks)
{
	return (unsigned __int128)ticks * 1000000 / khz();
}

void need_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		t_skip_all("no /dev/kvm: %s", strerror(errno));
	close(fd);
}

bool have_kvm_vbs(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int ret = ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_VBS);

	close(fd);
	return ret == 1;
}

void need_kvm_vbs(void)
{
	need_kvm();
	if (!have_kvm_vbs())
		t_skip_all("this KVM has no KVM_CAP_VBS");
}
