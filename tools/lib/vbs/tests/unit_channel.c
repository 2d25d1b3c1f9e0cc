// SPDX-License-Identifier: GPL-2.0
/* The ring of vbs_channel.h: what it carries, and what a peer can do to it that writes anything. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/tests/unit.h"

#include "vbs/client/vbs_channel.h"

#define PAGE	4096UL

/* Memory of a ring at the end of a mapping: what is behind it is nobody's */
struct bed {
	unsigned char *map, *mem;
	size_t mapped, size;
	struct vbs_channel a, b;	/* sender, receiver */
};

static void bed_open(struct bed *bed, uint32_t slots, uint32_t bytes)
{
	bed->size = vbs_channel_size(slots, bytes);
	bed->mapped = (bed->size + PAGE - 1) / PAGE * PAGE + 2 * PAGE;
	bed->map = mmap(NULL, bed->mapped, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(bed->map != MAP_FAILED);
	assert_int_equal(mprotect(bed->map + PAGE, bed->mapped - 2 * PAGE, PROT_READ | PROT_WRITE), 0);
	bed->mem = bed->map + bed->mapped - PAGE - bed->size;
	assert_int_equal(vbs_channel_create(&bed->a, bed->mem, bed->size, slots, bytes), 0);
	assert_int_equal(vbs_channel_attach(&bed->b, bed->mem, bed->size), 0);
}

static void bed_close(struct bed *bed)
{
	munmap(bed->map, bed->mapped);
}

static struct timespec in_ms(long ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

static void only_rings_are_made(void **state)
{
	_Alignas(8) unsigned char mem[512];
	struct vbs_channel ch;

	(void)state;
	assert_int_equal(vbs_channel_size(0, 1), 0);
	assert_int_equal(vbs_channel_size(1, 0), 0);
	assert_int_equal(vbs_channel_size(VBS_CHANNEL_SLOTS_MAX + 1, 1), 0);
	assert_int_equal(vbs_channel_size(1, VBS_CHANNEL_BYTES_MAX + 1), 0);
	assert_true(vbs_channel_size(VBS_CHANNEL_SLOTS_MAX, VBS_CHANNEL_BYTES_MAX) > 1ULL << 50);
	assert_int_equal(vbs_channel_size(1, 48), 192 + 64);
	assert_int_equal(vbs_channel_size(1, 49), 192 + 128);
	assert_int_equal(vbs_channel_create(&ch, mem, 255, 1, 48), EINVAL);
	assert_int_equal(vbs_channel_create(&ch, mem + 4, 256, 1, 48), EINVAL);
	assert_int_equal(vbs_channel_create(&ch, mem, 512, 0, 48), EINVAL);
	assert_int_equal(vbs_channel_create(&ch, mem, 256, 1, 48), 0);
}

static void only_rings_are_attached(void **state)
{
	struct vbs_channel ch;
	struct bed bed;

	(void)state;
	bed_open(&bed, 4, 100);
	assert_int_equal(vbs_channel_attach(&ch, bed.mem, bed.size - 1), EPROTO);
	assert_int_equal(vbs_channel_attach(&ch, bed.mem, 191), EINVAL);
	assert_int_equal(vbs_channel_attach(&ch, bed.mem + 4, bed.size), EINVAL);
	bed.a.head->slots = VBS_CHANNEL_SLOTS_MAX;
	bed.a.head->bytes = VBS_CHANNEL_BYTES_MAX;
	assert_int_equal(vbs_channel_attach(&ch, bed.mem, bed.size), EPROTO);
	bed.a.head->slots = 0;
	assert_int_equal(vbs_channel_attach(&ch, bed.mem, bed.size), EPROTO);
	bed.a.head->slots = 4;
	bed.a.head->bytes = 100;
	bed.a.head->version++;
	assert_int_equal(vbs_channel_attach(&ch, bed.mem, bed.size), EPROTO);
	bed.a.head->magic = 0;
	assert_int_equal(vbs_channel_attach(&ch, bed.mem, bed.size), EAGAIN);
	bed_close(&bed);
}

static void send_one(struct vbs_channel *ch, uint64_t n)
{
	assert_int_equal(vbs_channel_try_send(ch, &n, sizeof(n), n + 1), 0);
}

static void receive_one(struct vbs_channel *ch, uint64_t want)
{
	uint64_t n, counter;
	uint32_t len;

	assert_int_equal(vbs_channel_try_receive(ch, &n, sizeof(n), &len, &counter), 0);
	assert_int_equal(len, sizeof(n));
	assert_int_equal(n, want);
	assert_int_equal(counter, want + 1);
}

/* Also where the number of the lap goes round */
static void messages_come_in_order(void **state)
{
	uint64_t n, sent = 0, received = 0;
	struct bed bed;
	uint32_t i;

	(void)state;
	bed_open(&bed, 3, 8);
	bed.a.lap = bed.b.lap = UINT32_MAX - 2;
	for (i = 0; i < 3; i++)
		vbs_channel_at(&bed.a, i)->turn = 2 * bed.a.lap;
	for (i = 0; i < 20; i++) {
		while (sent < received + 3)
			send_one(&bed.a, sent++);
		assert_int_equal(vbs_channel_try_send(&bed.a, &n, 8, 0), EAGAIN);
		receive_one(&bed.b, received++);
		if (i % 3 == 0)
			receive_one(&bed.b, received++);
	}
	while (received < sent)
		receive_one(&bed.b, received++);
	assert_int_equal(vbs_channel_try_receive(&bed.b, &n, 8, NULL, NULL), EAGAIN);
	bed_close(&bed);
}

static void lengths_are_checked(void **state)
{
	unsigned char data[64] = { 0 };
	struct bed bed;
	uint32_t len;

	(void)state;
	bed_open(&bed, 2, 40);
	assert_int_equal(vbs_channel_try_send(&bed.a, data, 41, 0), EMSGSIZE);
	assert_int_equal(vbs_channel_send(&bed.a, data, 41, 0, NULL), EMSGSIZE);
	assert_int_equal(vbs_channel_try_send(&bed.a, data, 40, 0), 0);
	assert_int_equal(vbs_channel_try_send(&bed.a, NULL, 0, 0), 0);
	assert_int_equal(vbs_channel_try_receive(&bed.b, data, 39, &len, NULL), EMSGSIZE);
	assert_int_equal(vbs_channel_try_receive(&bed.b, data, 40, &len, NULL), 0);
	assert_int_equal(len, 40);
	assert_int_equal(vbs_channel_try_receive(&bed.b, data, 0, &len, NULL), 0);
	assert_int_equal(len, 0);
	bed_close(&bed);
}

static void waits_end_at_their_deadline(void **state)
{
	struct timespec until = in_ms(20);
	uint64_t n = 0;
	struct bed bed;
	int poll;

	(void)state;
	bed_open(&bed, 1, 8);
	for (poll = 0; poll <= 1; poll++) {
		bed.a.flags = bed.b.flags = poll ? VBS_CHANNEL_POLL : 0;
		assert_int_equal(vbs_channel_receive(&bed.b, &n, 8, NULL, NULL, &until), ETIMEDOUT);
		assert_true(vbs_channel_past(&until));
		send_one(&bed.a, 7);
		until = in_ms(20);
		assert_int_equal(vbs_channel_send(&bed.a, &n, 8, 0, &until), ETIMEDOUT);
		assert_true(vbs_channel_past(&until));
		receive_one(&bed.b, 7);
		until = in_ms(20);
	}
	assert_int_equal(vbs_channel_receive(&bed.b, &n, 8, NULL, NULL, NULL), EINVAL);
	bed_close(&bed);
}

#define CARRIED	200000

static void *carry(void *arg)
{
	struct vbs_channel *ch = arg;
	struct timespec until = in_ms(60000);
	uint64_t i;

	for (i = 0; i < CARRIED; i++) {
		if (vbs_channel_send(ch, &i, sizeof(i), i, ch->flags ? &until : NULL))
			return (void *)1;
	}
	return NULL;
}

static void check_carried(uint32_t slots, uint32_t flags)
{
	struct timespec until = in_ms(60000);
	uint64_t i, n, counter;
	pthread_t sender;
	struct bed bed;
	void *failed;

	bed_open(&bed, slots, 8);
	bed.a.flags = bed.b.flags = flags;
	assert_int_equal(pthread_create(&sender, NULL, carry, &bed.a), 0);
	for (i = 0; i < CARRIED; i++) {
		assert_int_equal(vbs_channel_receive(&bed.b, &n, 8, NULL, &counter, &until), 0);
		assert_true(n == i && counter == i);
	}
	pthread_join(sender, &failed);
	assert_null(failed);
	bed_close(&bed);
}

/* With one slot each message is a wake-up of either side, where none may be lost */
static void nothing_is_lost_between_threads(void **state)
{
	(void)state;
	check_carried(1, 0);
	check_carried(3, 0);
	check_carried(64, 0);
	check_carried(64, VBS_CHANNEL_POLL);
}

static void lengths_of_a_liar_are_refused(void **state)
{
	unsigned char data[256];
	struct bed bed;

	(void)state;
	bed_open(&bed, 1, 16);
	send_one(&bed.a, 1);
	vbs_channel_at(&bed.a, 0)->len = 17;
	assert_int_equal(vbs_channel_try_receive(&bed.b, data, sizeof(data), NULL, NULL), EPROTO);
	vbs_channel_at(&bed.a, 0)->len = UINT32_MAX;
	assert_int_equal(vbs_channel_receive(&bed.b, data, sizeof(data), NULL, NULL, NULL), EPROTO);
	bed_close(&bed);
}

static void turns_of_a_liar_are_refused(void **state)
{
	uint64_t n = 0;
	struct bed bed;

	(void)state;
	bed_open(&bed, 1, 16);
	vbs_channel_at(&bed.a, 0)->turn = 77;
	assert_int_equal(vbs_channel_try_send(&bed.a, &n, 8, 0), EPROTO);
	assert_int_equal(vbs_channel_send(&bed.a, &n, 8, 0, NULL), EPROTO);
	assert_int_equal(vbs_channel_try_receive(&bed.b, &n, 8, NULL, NULL), EPROTO);
	assert_int_equal(vbs_channel_receive(&bed.b, &n, 8, NULL, NULL, NULL), EPROTO);
	bed_close(&bed);
}

/* A process that writes all over the ring, sparing nothing, and wakes whoever sleeps on it */
static void scribble(struct bed *bed, uint32_t seed)
{
	uint32_t *word = (uint32_t *)bed->mem;
	static const uint32_t likely[] = { 0, 1, 2, 3, 4, 16, 17, UINT32_MAX };

	for (;;) {
		seed = seed * 1664525 + 1013904223;
		word[(seed >> 8) % (bed->size / 4)] = seed & 0x80 ? likely[seed % 8] : seed;
		if (!(seed >> 28))
			syscall(SYS_futex, word + (seed >> 8) % (bed->size / 4), FUTEX_WAKE, 1, NULL, NULL,
				0);
	}
}

static pid_t start_liar(struct bed *bed, uint32_t seed)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		scribble(bed, seed);
	return pid;
}

/* Whatever comes: one of these answers, nothing behind the buffer, and by the deadline */
static void check_answer(int err, const struct timespec *until, const unsigned char *data)
{
	struct timespec late = *until;

	assert_true(err == 0 || err == ETIMEDOUT || err == EPROTO || err == EMSGSIZE);
	late.tv_sec += 60;
	assert_false(vbs_channel_past(&late));
	assert_int_equal(data[16], 0xa5);
}

static void liars_reach_nothing_else(void **state)
{
	unsigned char data[17];
	struct timespec until;
	uint32_t seed;
	struct bed bed;
	int i, poll;
	pid_t pid;

	(void)state;
	data[16] = 0xa5;
	for (seed = 1; seed <= 6; seed++) {
		bed_open(&bed, 3, 16);
		poll = seed % 2;
		bed.a.flags = bed.b.flags = poll ? VBS_CHANNEL_POLL : 0;
		pid = start_liar(&bed, seed);
		for (i = 0; i < 3000; i++) {
			until = in_ms(i % 2);
			check_answer(vbs_channel_receive(&bed.b, data, 16, NULL, NULL, &until), &until, data);
			check_answer(vbs_channel_send(&bed.a, data, 16, i, &until), &until, data);
			/* As if it had begun anew: the turns fit again now and then */
			bed.a.lap = bed.b.lap = i % 3;
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		bed_close(&bed);
	}
}

static void *waker(void *arg)
{
	for (;;) {
		syscall(SYS_futex, arg, FUTEX_WAKE, 1, NULL, NULL, 0);
		pthread_testcancel();
		sched_yield();
	}
	return NULL;
}

/* Who waits without a deadline is not kept busy by a peer that has nothing to say */
static void wakes_for_nothing_end_a_wait(void **state)
{
	pthread_t thread;
	struct bed bed;
	uint64_t n;

	(void)state;
	bed_open(&bed, 1, 8);
	assert_int_equal(pthread_create(&thread, NULL, waker, &vbs_channel_at(&bed.a, 0)->turn), 0);
	assert_int_equal(vbs_channel_receive(&bed.b, &n, 8, NULL, NULL, NULL), EPROTO);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	bed_close(&bed);
}

static void memory_cannot_be_taken_away(void **state)
{
	char name[] = "/dev/shm/unit_channelXXXXXX";
	int fd = vbs_channel_memfd("ring", 4096);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_true(vbs_channel_sealed(fd));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 4096);
	close(fd);
	fd = mkstemp(name);
	if (fd < 0)
		return;
	unlink(name);
	assert_false(vbs_channel_sealed(fd));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_rings_are_made),
		cmocka_unit_test(only_rings_are_attached),
		cmocka_unit_test(messages_come_in_order),
		cmocka_unit_test(lengths_are_checked),
		cmocka_unit_test(waits_end_at_their_deadline),
		cmocka_unit_test(nothing_is_lost_between_threads),
		cmocka_unit_test(lengths_of_a_liar_are_refused),
		cmocka_unit_test(turns_of_a_liar_are_refused),
		cmocka_unit_test(liars_reach_nothing_else),
		cmocka_unit_test(wakes_for_nothing_end_a_wait),
		cmocka_unit_test(memory_cannot_be_taken_away),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
