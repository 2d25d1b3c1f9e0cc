// SPDX-License-Identifier: GPL-2.0
/* The bound on waits for a VMM's lock, what is proposed, and libvirt's descriptions. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "vm/domain.h"
#include "vm/lock.h"
#include "vm/request.h"

#define OUTSIDE_VBS	1725000ULL

static struct vm_lock lock_of(uint64_t vl, uint64_t vp, uint64_t dl, uint64_t dp, bool pi)
{
	const struct resource vcpu = { vl, vp }, dm = { dl, dp };
	struct vm_lock lock;

	vm_lock_of(&lock, &vcpu, &dm, pi);
	return lock;
}

/* Measured: a main loop that holds the lock for 60 of each 100 us, the worst of 1000 waits */
#define HOLD	60000ULL

static void bounds_hold_what_was_measured(void **state)
{
	static const struct {
		uint64_t vl, vp, dl, dp;
		bool pi;
		uint64_t worst;
	} rows[] = {
		{ 2000 * US, 10 * MS, 1000 * US, 10 * MS, true, 9118 * US },
		{ 2000 * US, 10 * MS, 100 * US, 1 * MS, true, 1094 * US },
		{ 200 * US, 1 * MS, 200 * US, 2 * MS, false, 1847 * US },
		{ 200 * US, 1 * MS, 200 * US, 2 * MS, true, 1851 * US },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vm_lock lock = lock_of(rows[i].vl, rows[i].vp, rows[i].dl, rows[i].dp, rows[i].pi);

		assert_true(lock.once);
		/* What the model adds: a hold on either side, and 100 us of its clock */
		assert_in_range(rows[i].worst, lock.wait, lock.wait + 2 * HOLD + 100 * US);
	}
}

static void without_a_bound_none_is_claimed(void **state)
{
	(void)state;
	assert_false(lock_of(2 * MS, 10 * MS, 1 * MS, 10 * MS, false).once);	/* 20 035 us */
	assert_false(lock_of(2 * MS, 10 * MS, 100 * US, 1 * MS, false).once);	/* 12 730 us */
	assert_true(vm_lock_is_worse(&(struct vm_lock){ .once = false }));
}

static void a_lock_in_one_server(void **state)
{
	struct vm_lock lock = lock_of(3 * MS, 10 * MS, 0, 0, false);

	(void)state;
	assert_true(lock.one);
	assert_int_equal(lock.wait, 7 * MS);
	assert_false(lock.once);
}

/* With the hold of the model it stays below what a machine outside of VBS has */
static void the_default_is_not_worse_than_none(void **state)
{
	static const uint64_t periods[] = { 100 * US, 500 * US, 1 * MS, 1400 * US, 10 * MS, 100 * MS };
	char why[512];
	size_t i;
	int pi;

	(void)state;
	for (i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		for (pi = 0; pi <= 1; pi++) {
			struct vm_request req = { .vcpu = { periods[i] / 5, periods[i] }, .pi = pi };
			struct vm_lock lock;

			if (vm_request_complete(&req, why, sizeof(why))) {
				assert_false(pi);
				assert_true(periods[i] >= 1500 * US);
				continue;
			}
			vm_lock_of(&lock, &req.vcpu, &req.dm, pi);
			assert_true(lock.once);
			assert_in_range(lock.wait + 2 * HOLD, 0, OUTSIDE_VBS);
		}
	}
}

static void what_is_proposed_instead_is_taken(void **state)
{
	struct vm_request req = { .vcpu = { 30 * MS, 100 * MS } }, next = { 0 };
	char why[512], *at, text[64];
	const char *said = vm_request_complete(&req, why, sizeof(why));

	(void)state;
	assert_non_null(said);
	at = strstr(said, "--vcpu ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "--vcpu %63[^)]", text), 1);
	assert_null(vm_request_take(&next, "vcpu", text));
	assert_null(vm_request_complete(&next, why, sizeof(why)));
	assert_int_equal(next.vcpu.runtime, 300 * US);
}

struct feed {
	int fd;
	const char *text;
	size_t piece;
};

static void *write_pieces(void *arg)
{
	struct feed *f = arg;
	size_t left = strlen(f->text), n;

	for (; left; left -= n, f->text += n) {
		n = left < f->piece ? left : f->piece;
		if (write(f->fd, f->text, n) != (ssize_t)n)
			break;
	}
	close(f->fd);
	return NULL;
}

static const char *read_domain(const char *text, size_t piece, struct vm_domain *d)
{
	struct feed f = { .text = text, .piece = piece };
	const char *why;
	pthread_t thread;
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	f.fd = fd[1];
	assert_int_equal(pthread_create(&thread, NULL, write_pieces, &f), 0);
	why = vm_domain_read(fd[0], d);
	pthread_join(thread, NULL);
	close(fd[0]);
	return why;
}

#define DOMAIN(body) \
	"<domain type='kvm'><name>a &amp; b</name><vcpu current='2'>8</vcpu>" body "</domain>"

static void domains_come_in_pieces(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 1000 };
	struct vm_domain d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		assert_null(read_domain(DOMAIN("<cputune><vcpupin vcpu='0' cpuset='1-2'/>"
					       "<emulatorpin cpuset='5'/></cputune>"), pieces[i], &d));
		assert_string_equal(d.name, "a & b");
		assert_int_equal(d.vcpus, 2);
		assert_true(d.kvm && d.pinned);
		assert_int_equal(d.cpus.word[0], 0x26);
	}
}

static void other_namespaces_are_not_the_domains(void **state)
{
	struct vm_domain d;

	(void)state;
	assert_null(read_domain(DOMAIN("<o:vcpu xmlns:o='u'>9</o:vcpu><o:name xmlns:o='u'>x</o:name>"
				       "<vcpu xmlns='u'>9</vcpu><devices><vcpu>9</vcpu></devices>"
				       "<name.x>y</name.x>"), 16, &d));
	assert_string_equal(d.name, "a & b");
	assert_int_equal(d.vcpus, 2);
	assert_non_null(read_domain("<o:domain xmlns:o='u'><name>x</name><vcpu>1</vcpu></o:domain>", 16, &d));
}

static void depth_and_length_have_no_end(void **state)
{
	static char text[200000];
	struct vm_domain d;
	int i;

	(void)state;
	strcpy(text, "<domain type='kvm'>");
	for (i = 0; i < 500; i++)
		strcat(text, "<domain><vcpu>");
	strcat(text, "<name>deep</name>");
	for (i = 0; i < 500; i++)
		strcat(text, "</vcpu></domain>");
	strcat(text, "<an-element-whose-name-is-longer-than-any-that-is-looked-for><name>n</name>"
	       "</an-element-whose-name-is-longer-than-any-that-is-looked-for><name>last</name><vcpu>4</vcpu></domain>");
	assert_null(read_domain(text, 4096, &d));
	assert_string_equal(d.name, "last");
	assert_int_equal(d.vcpus, 4);
}

static void what_is_no_domain_is_refused(void **state)
{
	struct vm_domain d;

	(void)state;
	assert_non_null(read_domain("<!DOCTYPE domain><domain/>", 5, &d));
	assert_non_null(read_domain("<domain><name>x</name><vcpu>0</vcpu></domain>", 5, &d));
	assert_non_null(read_domain("<domain><vcpu>1</vcpu></domain>", 5, &d));
	assert_non_null(read_domain("no", 5, &d));
	assert_non_null(read_domain(DOMAIN("") "x", 5, &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_hold_what_was_measured),
		cmocka_unit_test(without_a_bound_none_is_claimed),
		cmocka_unit_test(a_lock_in_one_server),
		cmocka_unit_test(the_default_is_not_worse_than_none),
		cmocka_unit_test(what_is_proposed_instead_is_taken),
		cmocka_unit_test(domains_come_in_pieces),
		cmocka_unit_test(other_namespaces_are_not_the_domains),
		cmocka_unit_test(depth_and_length_have_no_end),
		cmocka_unit_test(what_is_no_domain_is_refused),
	};

	return cmocka_run_group_tests_name("machines", tests, NULL, NULL);
}
