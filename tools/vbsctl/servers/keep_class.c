// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that probe their rights ask for SCHED_FIFO, and then for what they had before,
 * which sched_setscheduler(2) cannot describe for SCHED_VBS.  A filter lets both calls
 * succeed and do nothing.  sched_setattr(2) goes through: its arguments are in memory,
 * which a filter does not see, and who speaks of SCHED_VBS uses it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "command.h"
#include "servers/keep_class.h"

#ifdef __x86_64__
#define NATIVE_ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH	AUDIT_ARCH_AARCH64
#elif defined(__i386__)
#define NATIVE_ARCH	AUDIT_ARCH_I386
#elif defined(__arm__)
#define NATIVE_ARCH	AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH	AUDIT_ARCH_RISCV64
#endif

#ifdef NATIVE_ARCH
/* 32-bit programs on x86-64 */
#define I386_SETPARAM		154
#define I386_SETSCHEDULER	156

#define LOAD(field)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define EQUAL(k, yes, no)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (yes), (no))
#define RETURN(k)	BPF_STMT(BPF_RET | BPF_K, (k))

static struct sock_filter filter[] = {
	LOAD(arch),
	EQUAL(NATIVE_ARCH, 0, 3),
	LOAD(nr),
	EQUAL(__NR_sched_setscheduler, 6, 0),
	EQUAL(__NR_sched_setparam, 5, 4),
	/* Another architecture */
	EQUAL(AUDIT_ARCH_I386, 0, 3),
	LOAD(nr),
	EQUAL(I386_SETSCHEDULER, 2, 0),
	EQUAL(I386_SETPARAM, 1, 0),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_ERRNO),	/* of 0: success */
};

static const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

static int install(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? errno : 0;
}

/* Without CAP_SYS_ADMIN, the price is that exec gives no privileges any more */
int keep_class(void)
{
	int err = install();

	if (err == EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = install();
	return err ? failure(VC_FAIL, "--keep-class: cannot install a filter of system calls: %s",
			     strerror(err)) : VC_OK;
}
#else
int keep_class(void)
{
	return failure(VC_FAIL, "--keep-class: not on this architecture");
}
#endif
