/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every SCHED_VBS test uses: TAP output, children that never outlive a
 * test, the system calls, /proc/vbs and small files.
 *
 * A test is one file with one VBS_TEST(); its promise is the text given there.
 * Linked alone it is a program; all of them linked together form one program
 * that selects by the name it is called with.
 */
#ifndef VBS_TEST_H
#define VBS_TEST_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/types.h>
#include <linux/sched/vbs.h>

typedef uint64_t u64;
typedef int64_t s64;
typedef uint32_t u32;
typedef int32_t s32;

#define US	1000ULL
#define MS	1000000ULL
#define SEC	1000000000ULL
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE			6
#endif
#ifndef SCHED_FLAG_RESET_ON_FORK
#define SCHED_FLAG_RESET_ON_FORK	0x01
#define SCHED_FLAG_RECLAIM		0x02
#define SCHED_FLAG_DL_OVERRUN		0x04
#define SCHED_FLAG_KEEP_POLICY		0x08
#define SCHED_FLAG_KEEP_PARAMS		0x10
#define SCHED_FLAG_UTIL_CLAMP_MIN	0x20
#define SCHED_FLAG_UTIL_CLAMP_MAX	0x40
#endif

#define VBS_PROC	"/proc/vbs"
#define SYSCTL_VBS	"/proc/sys/kernel/sched_vbs_"
#define FAIR_SERVER	"/sys/kernel/debug/sched/fair_server/cpu0/runtime"

enum { T_PASS = 0, T_FAIL = 1, T_SKIP = 4 };

struct vbs_testcase {
	const char *file;
	const char *promise;
	unsigned int timeout;
	void (*run)(void);
};

#define VBS_TEST(text, seconds)						\
static void vbs_test_run(void);						\
static const struct vbs_testcase vbs_testcase = {			\
	.file = __BASE_FILE__, .promise = text,				\
	.timeout = seconds, .run = vbs_test_run,			\
};									\
static const struct vbs_testcase * const vbs_testcase_ptr		\
__attribute__((section("vbs_tests"), used)) = &vbs_testcase;		\
static void vbs_test_run(void)

#define printf_like(a, b)	__attribute__((format(printf, a, b)))

/* TAP */
bool t_ok(bool ok, const char *fmt, ...) printf_like(2, 3);
void t_diag(const char *fmt, ...) printf_like(1, 2);
void t_skip(const char *fmt, ...) printf_like(1, 2);
void t_skip_all(const char *fmt, ...) printf_like(1, 2) __attribute__((noreturn));
void t_fatal(const char *fmt, ...) printf_like(1, 2) __attribute__((noreturn));
bool t_equal(s64 got, s64 want, const char *fmt, ...) printf_like(3, 4);
bool t_timely(s64 got, s64 want, const char *fmt, ...) printf_like(3, 4);
bool t_near(u64 got, u64 want, u64 eps, const char *fmt, ...) printf_like(4, 5);
bool t_at_most(s64 got, s64 limit, const char *fmt, ...) printf_like(3, 4);
bool t_at_least(s64 got, s64 limit, const char *fmt, ...) printf_like(3, 4);

/* Arguments: "key=value" or "key" */
u64 t_arg(const char *key, u64 otherwise);

/* Requirements */
bool have_vbs(void);
void need_vbs(void);
void need_cpus(int n);

/* Time */
u64 now_ns(void);
u64 cpu_ns(void);
void sleep_until(u64 when);
void sleep_ns(u64 ns);

/* Children; all are killed when the test ends, whatever happens */
pid_t t_fork(void (*fn)(void *arg), void *arg);
void t_kill(pid_t pid);
int t_wait(pid_t pid);
void *t_shared(size_t size);
void t_become(uid_t uid);
void pin_to(pid_t pid, int cpu);

/* A mutex of several processes, with priority inheritance */
pthread_mutex_t *pi_mutex_new(void);
/* Field @n, counted from 1, of /proc/PID/stat; the name has no blanks here */
s64 stat_field(pid_t pid, int n);
#define STAT_PRIORITY	18

/* A gate that children wait at: closed until opened */
void gate_wait(volatile u32 *gate);
void gate_open(volatile u32 *gate);

/* System calls; 0 or -errno */
int vbs_setattr(pid_t pid, const struct vbs_sched_attr *attr);
int vbs_getattr(pid_t pid, struct vbs_sched_attr *attr);
struct vbs_sched_attr vbs_attr(u64 runtime, u64 period, u32 cap);
int vbs_enter(pid_t pid, u64 runtime, u64 period, u32 cap);
int vbs_join(pid_t pid, pid_t leader);
int vbs_leave(pid_t pid);
int set_fifo(pid_t pid, int priority);
int set_deadline(pid_t pid, u64 runtime, u64 period);
/* The same resource in either class; @cap is SCHED_VBS's, 0 keeps it */
int set_resource(int policy, pid_t pid, u64 runtime, u64 period, u32 cap);
/* The same, waiting for what earlier tasks still have booked */
void admit(int policy, pid_t pid, u64 runtime, u64 period, u32 cap);
const char *class_name(int policy);
void must_enter(pid_t pid, u64 runtime, u64 period, u32 cap);
u32 vbs_bw(u64 runtime, u64 period);

/*
 * vbs_setattr() must fail with @err, and leave the task and the books as they
 * were; one check of its own.
 */
void t_refused(int err, pid_t pid, const struct vbs_sched_attr *attr,
	       const char *fmt, ...) printf_like(4, 5);

/* Files */
int file_read(const char *path, char *buf, size_t size);
s64 file_num(const char *path);
int file_write(const char *path, const char *fmt, ...) printf_like(2, 3);
void file_restore(const char *path);
/* This program, for tests of exec */
void file_copy_self(const char *path, mode_t mode);

/* /proc/vbs: a key's value in the line of a CPU, or of a server by leader */
u64 cpu_key(int cpu, const char *key);
u64 head_key(const char *key);
/* All that admission grants there */
u64 cpu_room(int cpu);
/* The line of kind @kind, as "server ", whose @key is @val, or NULL; where a value is in one */
const char *find_line(const char *kind, const char *key, s64 val);
const char *line_key(const char *line, const char *key);
bool server_key(pid_t leader, const char *key, u64 *val);
u64 server_val(pid_t leader, const char *key);
bool server_state(pid_t leader, const char *state);
/* What all CPUs have booked, when that is 0 or @wait is over */
u64 books_empty(u64 wait);
/* What @cpu has booked, when that is @want or a second is over */
u64 booked_becomes(int cpu, u64 want);
u64 sysctl_vbs(const char *name);

#endif /* VBS_TEST_H */
