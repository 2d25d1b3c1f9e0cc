// SPDX-License-Identifier: GPL-2.0
/* What a hostile guest does, from its user mode: most of it makes its vCPU exit, often */
#include <cpuid.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include "tool.h"

static volatile uint32_t *device;

static void do_busy(void)
{
	for (volatile int i = 0; i < 1000; i++)
		;
}

static void do_cpuid(void)
{
	uint32_t a, b, c, d;

	__cpuid(0, a, b, c, d);
	(void)(a + b + c + d);
}

/* One that there is not, and from user mode. The instruction goes with the vendor. */
static bool on_amd;

static void do_hypercall(void)
{
	uint64_t a = 99;

	if (on_amd)
		__asm__ __volatile__("vmmcall" : "+a"(a) : : "memory");
	else
		__asm__ __volatile__("vmcall" : "+a"(a) : : "memory");
}

/* One-shot timers, the next as soon as the last has expired; HLT in between */
static void do_timer(void)
{
	struct timespec ts = { 0, 10 * US };

	nanosleep(&ts, NULL);
}

static void do_mmio(void)
{
	(void)*device;
}

static const struct {
	const char *name;
	void (*once)(void);
} kinds[] = {
	{ "busy", do_busy }, { "cpuid", do_cpuid }, { "hypercall", do_hypercall },
	{ "timer", do_timer }, { "mmio", do_mmio },
};

static bool cpu_is_amd(void)
{
	uint32_t a, b, c, d;

	__cpuid(0, a, b, c, d);
	return b == signature_AMD_ebx && c == signature_AMD_ecx;
}

int storm(int argc, char **argv)
{
	uint64_t end = now_ns() + number(argv[1]) * SEC, n = 0;

	(void)argc;
	on_amd = cpu_is_amd();
	prctl(PR_SET_TIMERSLACK, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(argv[0], kinds[i].name))
			continue;
		if (kinds[i].once == do_mmio)
			device = bar_of_disk();
		for (; n % 16 || now_ns() < end; n++)
			kinds[i].once();
		printf("n=%ju\n", (uintmax_t)n);
		return 0;
	}
	fatal("no storm %s", argv[0]);
}
