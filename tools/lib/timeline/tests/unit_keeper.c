// SPDX-License-Identifier: GPL-2.0
/* Who keeps CLOCK_REALTIME, what it states, and what of that is believed. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "timeline/ask.h"
#include "timeline/belief.h"
#include "timeline/keeper.h"

#define SEC	1000000000ULL

static char root[] = "/tmp/vbsctl-keeper.XXXXXX";

static const char *in_root(const char *fmt, ...)
{
	static char path[512];
	size_t n = snprintf(path, sizeof(path), "%s/", root);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + n, sizeof(path) - n, fmt, ap);
	va_end(ap);
	return path;
}

static void write_file(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	fclose(f);
}

struct process {
	int pid;
	const char *comm, *exe, *fd, *cmdline;	/* words divided by spaces */
	bool unprivileged, in_user_ns;
};

static void add(const struct process *p)
{
	char text[256];
	size_t i, n;

	mkdir(in_root("proc/%d", p->pid), 0755);
	mkdir(in_root("proc/%d/ns", p->pid), 0755);
	mkdir(in_root("proc/%d/fd", p->pid), 0755);
	n = snprintf(text, sizeof(text), "%s\n", p->comm);
	write_file(in_root("proc/%d/comm", p->pid), text, n);
	n = snprintf(text, sizeof(text), "Name:\t%s\nCapEff:\t%s\n", p->comm,
		     p->unprivileged ? "0000000000000000" : "0000000002000400");
	write_file(in_root("proc/%d/status", p->pid), text, n);
	assert_int_equal(symlink(p->in_user_ns ? "user:[2]" : "user:[1]",
				 in_root("proc/%d/ns/user", p->pid)), 0);
	assert_int_equal(symlink(p->exe ? p->exe : "/usr/sbin/x",
				 in_root("proc/%d/exe", p->pid)), 0);
	if (p->fd)
		assert_int_equal(symlink(p->fd, in_root("proc/%d/fd/5", p->pid)), 0);
	n = snprintf(text, sizeof(text), "%s ", p->cmdline ? p->cmdline : p->comm);
	for (i = 0; i < n; i++)
		text[i] = text[i] == ' ' ? '\0' : text[i];
	write_file(in_root("proc/%d/cmdline", p->pid), text, n);
}

static int empty_root(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
	mkdir(root, 0755);
	mkdir(in_root("proc"), 0755);
	mkdir(in_root("proc/self"), 0755);
	mkdir(in_root("proc/self/ns"), 0755);
	assert_int_equal(symlink("user:[1]", in_root("proc/self/ns/user")), 0);
	return 0;
}

static const char *found_with(const struct process *p)
{
	struct keepers found;

	empty_root(NULL);
	add(p);
	keepers_find(&found);
	assert_true(!found.kind || found.pid == p->pid);
	assert_null(found.second);
	return found.kind ? found.kind->name : "";
}

#define FOUND(name, ...) \
	assert_string_equal(found_with(&(struct process){ .pid = 7, __VA_ARGS__ }), name)

static void keepers_are_known(void **state)
{
	(void)state;
	FOUND("chronyd", .comm = "chronyd");
	FOUND("ntpd", .comm = "ntpd", .exe = "/usr/sbin/ntpd");
	FOUND("busybox ntpd", .comm = "ntpd", .exe = "/bin/busybox");
	FOUND("busybox ntpd", .comm = "ntpd", .exe = "/bin/busybox.nosuid");
	FOUND("ntpd-rs", .comm = "ntp-daemon");
	FOUND("systemd-timesyncd", .comm = "systemd-timesyn");
	FOUND("", .comm = "systemd-timesyncd");
	FOUND("", .comm = "chronyc");
	FOUND("phc2sys", .comm = "phc2sys", .cmdline = "phc2sys -s eth0 -w");
	FOUND("phc2sys", .comm = "phc2sys", .cmdline = "phc2sys -s eth0 -c CLOCK_REALTIME -O 0");
	FOUND("phc2sys", .comm = "phc2sys", .cmdline = "phc2sys -a -r");
	FOUND("phc2sys", .comm = "phc2sys", .cmdline = "phc2sys -ar -m");
	FOUND("phc2sys", .comm = "phc2sys", .cmdline = "phc2sys -c eth1 -cCLOCK_REALTIME -s eth0");
	FOUND("", .comm = "phc2sys", .cmdline = "phc2sys -s CLOCK_REALTIME -c eth0");
	FOUND("", .comm = "phc2sys", .cmdline = "phc2sys -s CLOCK_REALTIME -ceth0");
	FOUND("", .comm = "phc2sys", .cmdline = "phc2sys -a");
	FOUND("ptp4l", .comm = "ptp4l", .fd = "/dev/null");
	FOUND("", .comm = "ptp4l", .fd = "/dev/ptp0");
}

static void nobody_poses_as_one(void **state)
{
	(void)state;
	FOUND("", .comm = "chronyd", .unprivileged = true);
	FOUND("", .comm = "chronyd", .in_user_ns = true);
	FOUND("", .comm = "phc2sys", .unprivileged = true);
}

static void two_are_two_but_not_two_of_a_kind(void **state)
{
	struct keepers found;

	empty_root(state);
	add(&(struct process){ .pid = 8, .comm = "chronyd" });
	add(&(struct process){ .pid = 9, .comm = "chronyd" });
	keepers_find(&found);
	assert_string_equal(found.kind->name, "chronyd");
	assert_null(found.second);
	add(&(struct process){ .pid = 10, .comm = "phc2sys" });
	keepers_find(&found);
	assert_non_null(found.second);
}

/* 7 bits of exponent, 25 of a coefficient */
static void put_float(uint8_t *p, double v)
{
	int exponent;
	int32_t coefficient = (int32_t)ldexp(frexp(v, &exponent), 24);
	uint32_t word = (uint32_t)(exponent + 1) << 25 | ((uint32_t)coefficient & 0x1ffffff);

	p[0] = word >> 24;
	p[1] = word >> 16;
	p[2] = word >> 8;
	p[3] = word;
}

static void fill_report(uint8_t *p, double correction, double delay, double dispersion)
{
	memset(p, 0, ASK_CHRONY_SIZE);
	p[0] = 6;
	p[1] = 2;
	p[5] = 33;
	p[7] = 5;
	p[19] = 42;
	p[53] = 2;
	put_float(p + 68, correction);
	put_float(p + 92, delay);
	put_float(p + 96, dispersion);
}

static void a_report_bounds_the_clock(void **state)
{
	uint8_t p[ASK_CHRONY_SIZE], request[ASK_CHRONY_SIZE];
	uint64_t ns = 0;

	(void)state;
	ask_fill_tracking(request, 42);
	assert_int_equal(request[0], 6);
	assert_int_equal(request[1], 1);
	assert_int_equal(request[5], 33);
	assert_int_equal(request[11], 42);
	fill_report(p, 0.02, 0.004, 0.001);
	assert_int_equal(ask_read_tracking(p, sizeof(p), 42, &ns), 0);
	assert_in_range(ns, 23000000, 23000100);
	fill_report(p, -0.02, 0.004, 0.001);
	assert_int_equal(ask_read_tracking(p, sizeof(p), 42, &ns), 0);
	assert_in_range(ns, 23000000, 23000100);
	fill_report(p, 0, 0, 0x1p-30);
	assert_int_equal(ask_read_tracking(p, sizeof(p), 42, &ns), 0);
	assert_in_range(ns, 1, 3);
}

static void other_reports_bound_nothing(void **state)
{
	static const struct { int at, value, err; } wrong[] = {
		{ 0, 5, EPROTO }, { 1, 1, EPROTO }, { 5, 34, EPROTO }, { 7, 1, EPROTO },
		{ 9, 1, EPROTO }, { 19, 41, EPROTO }, { 53, 0, EAGAIN }, { 53, 16, EAGAIN },
		{ 55, 3, EAGAIN },
	};
	uint8_t p[ASK_CHRONY_SIZE];
	uint64_t ns;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fill_report(p, 0, 0, 0.001);
		p[wrong[i].at] = wrong[i].value;
		assert_int_equal(ask_read_tracking(p, sizeof(p), 42, &ns), wrong[i].err);
	}
	fill_report(p, 0, 0, 0.001);
	assert_int_equal(ask_read_tracking(p, sizeof(p) - 1, 42, &ns), EPROTO);
	fill_report(p, 17, 0, 0.001);
	assert_int_equal(ask_read_tracking(p, sizeof(p), 42, &ns), EAGAIN);
}

static void an_answer_of_ntpd_bounds_the_clock(void **state)
{
	uint8_t p[ASK_NTP_SIZE] = { 4 << 3 | 4, 2, [6] = 0x01, [10] = 0x02 };
	uint64_t nonce = 0x123456789abcdef0, ns;

	(void)state;
	memcpy(p + 24, &nonce, 8);
	assert_int_equal(ask_read_ntp(p, sizeof(p), nonce, &ns), 0);
	/* 2^-8 s / 2 + 2^-7 s */
	assert_in_range(ns, 9765625, 9765640);
	assert_int_equal(ask_read_ntp(p, sizeof(p), nonce + 1, &ns), EPROTO);
	assert_int_equal(ask_read_ntp(p, 47, nonce, &ns), EPROTO);
	p[1] = 0;
	assert_int_equal(ask_read_ntp(p, sizeof(p), nonce, &ns), EAGAIN);
	p[1] = 2;
	p[0] |= 3 << 6;
	assert_int_equal(ask_read_ntp(p, sizeof(p), nonce, &ns), EAGAIN);
}

static const struct keeper_kind chronyd = { .name = "chronyd", .claim = CLAIM_TRACKING };
static const struct keeper_kind ntpd = { .name = "ntpd", .claim = CLAIM_NTP };
static const struct keeper_kind timesyncd = { .name = "timesyncd", .why = "states none" };

/* Whether a keeper is believed by what the kernel says */
static bool believed(const struct keeper_kind *kind, const struct timex *tx)
{
	struct belief b = { .keepers = { .kind = kind, .pid = 7 },
			    .clock_state = tx->status & STA_UNSYNC ? TIME_ERROR : TIME_OK };

	belief_take(&b, tx, SEC);
	return !b.why;
}

#define BELIEVED(kind, ...) believed(kind, &(struct timex){ __VA_ARGS__ })

static void the_kernel_must_not_contradict(void **state)
{
	(void)state;
	assert_true(BELIEVED(&ntpd, .status = STA_PLL, .maxerror = 16));
	assert_false(BELIEVED(&ntpd, .status = STA_PLL | STA_UNSYNC, .maxerror = 16));
	assert_false(BELIEVED(&ntpd, .status = 0, .maxerror = 16));
	assert_false(BELIEVED(&ntpd, .status = STA_PLL, .maxerror = 16000000));
	assert_false(BELIEVED(&ntpd, .status = STA_PLL | STA_PPSTIME, .maxerror = 16));
	assert_true(BELIEVED(&chronyd, .status = STA_UNSYNC, .maxerror = 300));
	assert_true(BELIEVED(&chronyd, .maxerror = 300));
	/* Somebody else has set the clock */
	assert_false(BELIEVED(&chronyd, .status = STA_UNSYNC, .maxerror = 16000000));
	assert_false(BELIEVED(&timesyncd, .status = STA_PLL, .maxerror = 16));
	assert_false(BELIEVED(NULL, .maxerror = 16));
}

static void look(struct belief *b, long maxerror, long offset, uint64_t now)
{
	struct timex tx = { .status = STA_PLL, .maxerror = maxerror, .offset = offset };

	belief_take(b, &tx, now);
}

static void a_liar_is_not_believed_again(void **state)
{
	struct belief b = { .keepers = { .kind = &ntpd, .pid = 7 } };

	(void)state;
	look(&b, 9000, 300, 10 * SEC);
	assert_null(b.why);
	/* Falls, but to something; grows; falls to 0 with nothing to correct */
	look(&b, 7001, 300, 11 * SEC);
	assert_null(b.why);
	look(&b, 7501, 300, 12 * SEC);
	assert_null(b.why);
	look(&b, 500, 0, 13 * SEC);
	assert_null(b.why);
	look(&b, 4000, 300, 20 * SEC);
	assert_false(b.lied);
	/* A 0 of 3 s ago */
	look(&b, 1500, 300, 23 * SEC);
	assert_true(b.lied);
	assert_non_null(b.why);
	look(&b, 8000, 300, 24 * SEC);
	assert_false(b.lied);
	assert_non_null(b.why);
	/* Another process of that name begins anew */
	b.keepers.pid = 8;
	look(&b, 8500, 300, 25 * SEC);
	assert_null(b.why);
}

static void what_is_pending_counts(void **state)
{
	struct timex us = { .offset = -300 }, ns = { .offset = 300, .status = STA_NANO };

	(void)state;
	assert_in_range(belief_pending(&us), 400000, 400001);
	assert_in_range(belief_pending(&ns), 400, 401);
	assert_int_equal(belief_pending(&(struct timex){ 0 }), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keepers_are_known),
		cmocka_unit_test(nobody_poses_as_one),
		cmocka_unit_test(two_are_two_but_not_two_of_a_kind),
		cmocka_unit_test(a_report_bounds_the_clock),
		cmocka_unit_test(other_reports_bound_nothing),
		cmocka_unit_test(an_answer_of_ntpd_bounds_the_clock),
		cmocka_unit_test(the_kernel_must_not_contradict),
		cmocka_unit_test(a_liar_is_not_believed_again),
		cmocka_unit_test(what_is_pending_counts),
	};
	char command[128];
	int failed;

	if (!mkdtemp(root))
		return 1;
	setenv("VBSCTL_ROOT", root, 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command) || failed;
}
