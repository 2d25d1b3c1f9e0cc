/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Messages from one thread to another through shared memory; see vbs_channel(3).
 *
 * A ring of slots with one sender and one receiver, which may be in different processes,
 * or one of them in a guest (ivshmem). All of it is in this header. Functions return 0 or
 * an error number. How long a message takes between servers of SCHED_VBS:
 * vbsctl analyze --channel.
 *
 * The ends do not trust each other. How many slots there are, how large they are, and which
 * one is next, each end keeps for itself; what the other one writes is read once and checked.
 * Whatever it writes, an end touches nothing outside of the ring and of what it was given, and
 * ends its waits at its own deadline, or with EPROTO. What it copies may be torn.
 *
 * Slot i in lap L is the sender's while its turn is 2L, and the receiver's while it is 2L + 1,
 * modulo 2^32.
 */
#ifndef VBS_CHANNEL_H
#define VBS_CHANNEL_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VBS_CHANNEL_MAGIC	0x53425643U
#define VBS_CHANNEL_VERSION	1U
#define VBS_CHANNEL_LINE	64U		/* bytes that nobody shares by accident */
#define VBS_CHANNEL_SLOTS_MAX	(1U << 20)
#define VBS_CHANNEL_BYTES_MAX	(1U << 30)
/* So many wake-ups for nothing in one wait: an honest peer causes one at most */
#define VBS_CHANNEL_WAKES_MAX	16U

/* Newer machines of 32 bits have one futex only, that with a time of 64 */
#ifdef SYS_futex
#define VBS_CHANNEL_FUTEX	SYS_futex
#else
#define VBS_CHANNEL_FUTEX	SYS_futex_time64
#endif

/* vbs_channel::flags; both ends the same */
#define VBS_CHANNEL_POLL	0x1U	/* look, do not sleep: a futex does not cross to a guest */

struct vbs_channel_head {
	uint32_t magic, version, slots, bytes;
	uint32_t pad[12];
	uint32_t sender_sleeps, pad_sender[15];
	uint32_t receiver_sleeps, pad_receiver[15];
};

struct vbs_channel_slot {
	uint32_t turn;
	uint32_t len;		/* of data */
	uint64_t counter;	/* the sender's: a number, or an instant */
	unsigned char data[];
};

/* One end, private to its thread */
struct vbs_channel {
	struct vbs_channel_head *head;
	unsigned char *first;
	size_t stride;
	uint32_t slots, bytes;
	uint32_t index, lap;	/* of the next slot */
	uint32_t flags;
};

static inline size_t vbs_channel_stride(uint32_t bytes)
{
	return (sizeof(struct vbs_channel_slot) + bytes + VBS_CHANNEL_LINE - 1) &
	       ~(size_t)(VBS_CHANNEL_LINE - 1);
}

/* The memory that such a ring takes, or 0 if none is so large or so small */
static inline size_t vbs_channel_size(uint32_t slots, uint32_t bytes)
{
	if (!slots || slots > VBS_CHANNEL_SLOTS_MAX || !bytes || bytes > VBS_CHANNEL_BYTES_MAX)
		return 0;
	if ((SIZE_MAX - sizeof(struct vbs_channel_head)) / slots < vbs_channel_stride(bytes))
		return 0;
	return sizeof(struct vbs_channel_head) + slots * vbs_channel_stride(bytes);
}

static inline void vbs_channel_begin(struct vbs_channel *ch, void *mem, uint32_t slots,
				     uint32_t bytes)
{
	memset(ch, 0, sizeof(*ch));
	ch->head = (struct vbs_channel_head *)mem;
	ch->first = (unsigned char *)(ch->head + 1);
	ch->stride = vbs_channel_stride(bytes);
	ch->slots = slots;
	ch->bytes = bytes;
}

static inline struct vbs_channel_slot *vbs_channel_at(const struct vbs_channel *ch, uint32_t i)
{
	return (struct vbs_channel_slot *)(ch->first + i * ch->stride);
}

/*
 * A new ring in @size bytes at @mem, aligned to 8, and an end of it.
 * EINVAL: too small, misaligned, or not a ring.
 */
static inline int vbs_channel_create(struct vbs_channel *ch, void *mem, size_t size, uint32_t slots,
				     uint32_t bytes)
{
	size_t need = vbs_channel_size(slots, bytes);
	uint32_t i;

	if (!need || size < need || (uintptr_t)mem % 8)
		return EINVAL;
	vbs_channel_begin(ch, mem, slots, bytes);
	memset(ch->head, 0, sizeof(*ch->head));
	for (i = 0; i < slots; i++)
		__atomic_store_n(&vbs_channel_at(ch, i)->turn, 0, __ATOMIC_RELAXED);
	ch->head->version = VBS_CHANNEL_VERSION;
	ch->head->slots = slots;
	ch->head->bytes = bytes;
	__atomic_store_n(&ch->head->magic, VBS_CHANNEL_MAGIC, __ATOMIC_RELEASE);
	return 0;
}

/*
 * The other end, before the first message, once in the life of a ring.
 * EAGAIN: there is no ring, or not yet; EPROTO: it does not fit into @size, or has another
 * version; EINVAL: @mem is misaligned, or smaller than a head.
 */
static inline int vbs_channel_attach(struct vbs_channel *ch, void *mem, size_t size)
{
	struct vbs_channel_head *head = (struct vbs_channel_head *)mem;
	uint32_t slots, bytes;
	size_t need;

	if (size < sizeof(*head) || (uintptr_t)mem % 8)
		return EINVAL;
	if (__atomic_load_n(&head->magic, __ATOMIC_ACQUIRE) != VBS_CHANNEL_MAGIC)
		return EAGAIN;
	slots = __atomic_load_n(&head->slots, __ATOMIC_RELAXED);
	bytes = __atomic_load_n(&head->bytes, __ATOMIC_RELAXED);
	need = vbs_channel_size(slots, bytes);
	if (__atomic_load_n(&head->version, __ATOMIC_RELAXED) != VBS_CHANNEL_VERSION || !need ||
	    need > size)
		return EPROTO;
	vbs_channel_begin(ch, mem, slots, bytes);
	return 0;
}

static inline void vbs_channel_next(struct vbs_channel *ch)
{
	if (++ch->index == ch->slots) {
		ch->index = 0;
		ch->lap++;
	}
}

/* The slot's turn is @mine: 0; it is still @others: EAGAIN; EPROTO: the peer broke the rules */
static inline int vbs_channel_look(const uint32_t *turn, uint32_t mine, uint32_t others)
{
	uint32_t now = __atomic_load_n(turn, __ATOMIC_ACQUIRE);

	return now == mine ? 0 : now == others ? EAGAIN : EPROTO;
}

/* Gives the slot away. Who is about to sleep says so before it looks a last time. */
static inline void vbs_channel_give(const struct vbs_channel *ch, uint32_t *turn, uint32_t to,
				    const uint32_t *sleeps)
{
	__atomic_store_n(turn, to, __ATOMIC_RELEASE);
	if (ch->flags & VBS_CHANNEL_POLL)
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(sleeps, __ATOMIC_RELAXED))
		syscall(VBS_CHANNEL_FUTEX, turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/*
 * Sends @len bytes now.
 * EAGAIN: all slots are full; EMSGSIZE: more than a slot has room for; EPROTO.
 */
static inline int vbs_channel_try_send(struct vbs_channel *ch, const void *data, uint32_t len,
				       uint64_t counter)
{
	struct vbs_channel_slot *slot = vbs_channel_at(ch, ch->index);
	int err;

	if (len > ch->bytes)
		return EMSGSIZE;
	err = vbs_channel_look(&slot->turn, 2 * ch->lap, 2 * ch->lap - 1);
	if (err)
		return err;
	if (len)
		memcpy(slot->data, data, len);
	__atomic_store_n(&slot->len, len, __ATOMIC_RELAXED);
	memcpy(&slot->counter, &counter, sizeof(counter));
	vbs_channel_give(ch, &slot->turn, 2 * ch->lap + 1, &ch->head->receiver_sleeps);
	vbs_channel_next(ch);
	return 0;
}

/*
 * Receives now what is next, at most @size bytes; @len and @counter may be NULL.
 * EAGAIN: nothing is there; EMSGSIZE: it is longer, and stays; EPROTO.
 */
static inline int vbs_channel_try_receive(struct vbs_channel *ch, void *data, uint32_t size,
					  uint32_t *len, uint64_t *counter)
{
	struct vbs_channel_slot *slot = vbs_channel_at(ch, ch->index);
	int err = vbs_channel_look(&slot->turn, 2 * ch->lap + 1, 2 * ch->lap);
	uint32_t n;

	if (err)
		return err;
	n = __atomic_load_n(&slot->len, __ATOMIC_RELAXED);
	if (n > ch->bytes)
		return EPROTO;
	if (n > size)
		return EMSGSIZE;
	if (n)
		memcpy(data, slot->data, n);
	if (len)
		*len = n;
	if (counter)
		memcpy(counter, &slot->counter, sizeof(*counter));
	vbs_channel_give(ch, &slot->turn, 2 * (ch->lap + 1), &ch->head->sender_sleeps);
	vbs_channel_next(ch);
	return 0;
}

static inline int vbs_channel_past(const struct timespec *until)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec != until->tv_sec ? now.tv_sec > until->tv_sec : now.tv_nsec >= until->tv_nsec;
}

static inline int vbs_channel_poll(const uint32_t *turn, uint32_t mine, uint32_t others,
				   const struct timespec *until)
{
	unsigned int looks = 0;
	int err;

	if (!until)
		return EINVAL;
	for (;;) {
		err = vbs_channel_look(turn, mine, others);
		if (err != EAGAIN)
			return err;
		if (!(looks++ % 16) && vbs_channel_past(until))
			return ETIMEDOUT;
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#endif
	}
}

/* The kernel takes a time that has as many bits as a long, or where that has 32 one of 64 */
static inline long vbs_channel_futex_wait(const uint32_t *turn, uint32_t value, const struct timespec *until)
{
	long call = VBS_CHANNEL_FUTEX;

#ifdef SYS_futex_time64
	if (sizeof(until->tv_sec) > sizeof(long))
		call = SYS_futex_time64;
#endif
	return syscall(call, turn, FUTEX_WAIT_BITSET, value, until, NULL, FUTEX_BITSET_MATCH_ANY);
}

static inline int vbs_channel_sleep(uint32_t *turn, uint32_t mine, uint32_t others, uint32_t *sleeps,
				    const struct timespec *until)
{
	unsigned int wakes;
	int err = 0;

	for (wakes = 0; wakes < VBS_CHANNEL_WAKES_MAX; wakes++) {
		__atomic_store_n(sleeps, 1, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		err = vbs_channel_look(turn, mine, others);
		if (err == EAGAIN && vbs_channel_futex_wait(turn, others, until) && errno != EAGAIN)
			err = errno;
		__atomic_store_n(sleeps, 0, __ATOMIC_RELAXED);
		if (err != EAGAIN)
			return err;
		err = vbs_channel_look(turn, mine, others);
		if (err != EAGAIN)
			return err;
	}
	return EPROTO;
}

static inline int vbs_channel_wait(const struct vbs_channel *ch, uint32_t *turn, uint32_t mine,
				   uint32_t others, uint32_t *sleeps, const struct timespec *until)
{
	int err = vbs_channel_look(turn, mine, others);

	if (err != EAGAIN)
		return err;
	return ch->flags & VBS_CHANNEL_POLL ? vbs_channel_poll(turn, mine, others, until) :
					      vbs_channel_sleep(turn, mine, others, sleeps, until);
}

/*
 * The same as the two above, but they wait until CLOCK_MONOTONIC is @until, without an end if
 * that is NULL, which polling does not take (EINVAL).
 * ETIMEDOUT; EINTR: a signal came; EPROTO.
 */
static inline int vbs_channel_send(struct vbs_channel *ch, const void *data, uint32_t len,
				   uint64_t counter, const struct timespec *until)
{
	int err;

	if (len > ch->bytes)
		return EMSGSIZE;
	err = vbs_channel_wait(ch, &vbs_channel_at(ch, ch->index)->turn, 2 * ch->lap, 2 * ch->lap - 1,
			       &ch->head->sender_sleeps, until);
	if (!err)
		err = vbs_channel_try_send(ch, data, len, counter);
	return err == EAGAIN ? EPROTO : err;	/* it has taken back what it gave */
}

static inline int vbs_channel_receive(struct vbs_channel *ch, void *data, uint32_t size, uint32_t *len,
				      uint64_t *counter, const struct timespec *until)
{
	int err = vbs_channel_wait(ch, &vbs_channel_at(ch, ch->index)->turn, 2 * ch->lap + 1, 2 * ch->lap,
				   &ch->head->receiver_sleeps, until);

	if (!err)
		err = vbs_channel_try_receive(ch, data, size, len, counter);
	return err == EAGAIN ? EPROTO : err;
}

/* Memory for a ring that no peer can take away again: a descriptor, or -1 with errno */
static inline int vbs_channel_memfd(const char *name, size_t size)
{
	int fd = syscall(SYS_memfd_create, name, 1U | 2U);	/* MFD_CLOEXEC | MFD_ALLOW_SEALING */
	int err;

	if (fd < 0)
		return -1;
	/* F_ADD_SEALS: F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW */
	if (!ftruncate(fd, size) && !fcntl(fd, 1024 + 9, 1 | 2 | 4))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* Nobody can make the file shorter, on which an access beyond its end would be a SIGBUS */
static inline int vbs_channel_sealed(int fd)
{
	int seals = fcntl(fd, 1024 + 10);	/* F_GET_SEALS */

	return seals >= 0 && (seals & 2);
}

#ifdef __cplusplus
}
#endif

#endif
