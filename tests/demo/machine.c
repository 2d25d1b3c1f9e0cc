// SPDX-License-Identifier: GPL-2.0
/*
 * machine watch|storm MS: a virtual machine monitor with one vCPU, and a guest without
 * a system. "watch" spins and looks at its TSC: in the end it prints the longest time
 * in ns in which its guest did not run. The guest of "storm" does one after the other
 * of what costs its host most, and its device model spins.
 */
#include <linux/kvm.h>
#include <pthread.h>
#include "vmm.h"

static guest_fn * const storms[] = {
	guest_out, guest_mmio, guest_cpuid, guest_hypercall, guest_pause, guest_triple,
};

static struct vmm vm;
static bool storm;
static volatile bool over;

static u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Until the guest has seen that it is to stop, or has had enough */
static void run(guest_fn *guest)
{
	struct vmm_vcpu *v = &vm.vcpu[0];

	v->page->stop = 0;
	vmm_boot(&vm, 0, guest);
	while (!vmm_run(v)) {
		if (v->run->exit_reason == KVM_EXIT_SHUTDOWN)
			return;
		if (v->run->exit_reason == KVM_EXIT_IO && v->run->io.port == VMM_PORT_STOP)
			return;
	}
}

static void *vcpu(void *unused)
{
	for (unsigned int i = 0; storm && !over; i++)
		run(storms[i % (sizeof(storms) / sizeof(storms[0]))]);
	if (!storm)
		run(guest_watch);
	return unused;
}

/* A storm takes 50 ms. */
static void device_model(u64 end)
{
	u64 next = now();

	while (storm && now() < end) {
		if (now() < next)
			continue;
		vm.vcpu[0].page->stop = 1;
		next += 50000000;
	}
	while (now() < end)
		usleep(10000);
	over = true;
	vm.vcpu[0].page->stop = 1;
}

int main(int argc, char *argv[])
{
	pthread_t thread;

	if (argc != 3) {
		fprintf(stderr, "usage: machine watch|storm MS\n");
		return 2;
	}
	storm = !strcmp(argv[1], "storm");
	vmm_open(&vm, vmm_memory(), false);
	if (vmm_add_vcpu(&vm))
		t_fatal("a vCPU");
	if (pthread_create(&thread, NULL, vcpu, NULL))
		t_fatal("a thread");
	device_model(now() + atoll(argv[2]) * 1000000);
	pthread_join(thread, NULL);
	if (!storm)
		printf("%llu\n", (unsigned long long)vmm_ns(vm.vcpu[0].page->worst));
	return 0;
}
