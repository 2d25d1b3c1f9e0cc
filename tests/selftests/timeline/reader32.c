// SPDX-License-Identifier: GPL-2.0
/*
 * A program of 32 bits that reads, waits for, binds to and looks at a timeline.
 * Without a C library, as there may be none of 32 bits: it makes its own system
 * calls and looks into the vDSO itself. usage: reader32 ID; the exit status is
 * the number of the first check that fails.
 */
#include <elf.h>
#include <linux/timeline.h>

#define NR_EXIT			1
#define NR_OPEN			5
#define NR_IOCTL		54
#define NR_PRCTL		172
#define NR_CLOCK_GETTIME32	265
#define NR_CLOCK_GETTIME	403
#define NR_CLOCK_GETRES		406
#define NR_CLOCK_NANOSLEEP	407

#define NO_SUCH_CALL		38	/* a kernel without times of 32 bits */

struct timespec64 {
	long long sec, nsec;
};

struct timespec32 {
	int sec, nsec;
};

static Elf32_Ehdr *vdso;
static unsigned int id;

static int call(int nr, long a, long b, long c, long d, long e)
{
	int ret;

	asm volatile("int $0x80" : "=a"(ret) :
		     "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
	return ret;
}

static void must(int n, int good)
{
	if (!good)
		call(NR_EXIT, n, 0, 0, 0, 0);
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* A function of the vDSO, which is linked to address 0 */
static void *find(const char *name)
{
	char *base = (char *)vdso, *names = 0;
	Elf32_Phdr *ph = (void *)(base + vdso->e_phoff);
	Elf32_Word *hash = 0;
	Elf32_Sym *sym = 0;
	Elf32_Dyn *dyn;
	unsigned int i;

	while (ph->p_type != PT_DYNAMIC)
		ph++;
	for (dyn = (void *)(base + ph->p_offset); dyn->d_tag != DT_NULL; dyn++) {
		char *at = base + dyn->d_un.d_ptr;

		if (dyn->d_tag == DT_STRTAB)
			names = at;
		else if (dyn->d_tag == DT_SYMTAB)
			sym = (void *)at;
		else if (dyn->d_tag == DT_HASH)
			hash = (void *)at;
	}
	for (i = 0; hash && i < hash[1]; i++)
		if (sym[i].st_shndx && same(names + sym[i].st_name, name))
			return base + sym[i].st_value;
	return 0;
}

static int later(const struct timespec64 *a, long long sec, long long nsec)
{
	return a->sec < sec || (a->sec == sec && a->nsec <= nsec);
}

static void reads(void)
{
	int (*by_id)(int clock, struct timespec64 *ts) = find("__vdso_clock_gettime64");
	int (*with_bounds)(unsigned int id, struct timeline_time *tt) =
		find("__vdso_timeline_gettime");
	struct timespec64 a, b, res;
	struct timeline_time tt;
	struct timespec32 old;
	int ret;

	must(1, vdso && by_id && with_bounds);
	must(2, !call(NR_CLOCK_GETTIME, CLOCK_TIMELINE(id), (long)&a, 0, 0, 0));
	must(3, !call(NR_PRCTL, PR_TIMELINE_GETTIME, id, (long)&tt, 0, 0));
	must(4, later(&a, tt.sec, tt.nsec) && tt.status == TIMELINE_STATUS_SYNCHRONIZED);
	must(5, tt.err_low_ns >= 5000 && tt.err_low_ns < 1000000);
	must(6, !by_id(CLOCK_TIMELINE(id), &b) && later(&a, b.sec, b.nsec));
	must(7, !with_bounds(id, &tt) && later(&b, tt.sec, tt.nsec) && tt.counter);
	ret = call(NR_CLOCK_GETTIME32, CLOCK_TIMELINE(id), (long)&old, 0, 0, 0);
	must(8, !ret || ret == -NO_SUCH_CALL);
	a = (struct timespec64) { tt.sec, tt.nsec };
	must(9, ret || (later(&a, old.sec, old.nsec) && old.sec - tt.sec < 10));
	must(10, !call(NR_CLOCK_GETRES, CLOCK_TIMELINE(id), (long)&res, 0, 0, 0));
	must(11, !res.sec && res.nsec >= 1 && res.nsec <= 2);
}

static void waits(void)
{
	struct timespec64 begin, end, wait = { 0, 2000000 };

	call(NR_CLOCK_GETTIME, CLOCK_TIMELINE(id), (long)&begin, 0, 0, 0);
	must(20, !call(NR_CLOCK_NANOSLEEP, CLOCK_TIMELINE(id), 0, (long)&wait, 0, 0));
	call(NR_CLOCK_GETTIME, CLOCK_TIMELINE(id), (long)&end, 0, 0, 0);
	begin.nsec += wait.nsec;
	if (begin.nsec >= 1000000000) {
		begin.nsec -= 1000000000;
		begin.sec++;
	}
	must(21, later(&begin, end.sec, end.nsec));
}

static void binds(void)
{
	struct timeline_time tt;

	must(30, !call(NR_PRCTL, PR_SET_TIMELINE, id, 0, 0, 0));
	must(31, call(NR_PRCTL, PR_GET_TIMELINE, 0, 0, 0, 0) == (int)id);
	must(32, !call(NR_PRCTL, PR_TIMELINE_GETTIME, -2, (long)&tt, 0, 0) && tt.sec);
	must(33, !call(NR_PRCTL, PR_SET_TIMELINE, -1, 0, 0, 0));
	must(34, call(NR_PRCTL, PR_TIMELINE_GETTIME, -2, (long)&tt, 0, 0) == -22);
}

static void looks(void)
{
	struct timeline_get get = { .set.id = id };
	int fd = call(NR_OPEN, (long)"/dev/timeline", 0, 0, 0, 0);

	must(40, fd >= 0);
	must(41, !call(NR_IOCTL, fd, TIMELINE_GET, (long)&get, 0, 0));
	must(42, same(get.name, "narrow") && get.counter_hz && get.updates == 1);
}

__attribute__((used)) void start(long *stack)
{
	char **argv = (char **)(stack + 1), *digit;
	long *aux = stack + 1 + stack[0] + 1;

	must(90, stack[0] == 2);
	while (*aux++)
		;
	for (; *aux; aux += 2)
		if (*aux == AT_SYSINFO_EHDR)
			vdso = (void *)aux[1];
	for (digit = argv[1]; *digit; digit++)
		id = 10 * id + *digit - '0';
	reads();
	waits();
	binds();
	looks();
	call(NR_EXIT, 0, 0, 0, 0, 0);
}

asm(".globl _start\n_start:\txor %ebp, %ebp\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall start\n");
