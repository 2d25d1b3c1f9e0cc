// SPDX-License-Identifier: GPL-2.0
/*
 * The two processes of a measurement.
 *
 * Each reads its CPU clock where it waits: what it has used between two readings is the
 * work of the stage between them. Of a sleep, the way into it belongs to the stage before
 * and the way out to the one after; it is not known how much each is, so both have
 * all of it. Who polls works from the first look that finds something.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "channel/measure.h"

/* A peer that is silent for so long has ended */
#define SILENCE		(60 * 1000000000ULL)

static void raise_to(_Atomic uint64_t *most, uint64_t value)
{
	if (value > atomic_load(most))
		atomic_store(most, value);
}

void phase_set(struct field *f, enum phase phase)
{
	atomic_store(&f->phase, phase);
	syscall(SYS_futex, &f->phase, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void phase_wait(struct field *f, enum phase phase)
{
	uint32_t now;

	while (now = atomic_load(&f->phase), now < phase)
		syscall(SYS_futex, &f->phase, FUTEX_WAIT, now, NULL, NULL, 0);
}

static void break_off(struct field *f, int err)
{
	atomic_store(&f->broken, err);
	phase_set(f, PHASE_DONE);
}

bool ring_make_in(const struct measure *m, void *mem, size_t size, struct vbs_channel *in, struct vbs_channel *out)
{
	memset(mem, 0, size);	/* its pages are there before it counts */
	if (vbs_channel_create(in, mem, size, m->channel.slots, m->channel.slot) ||
	    vbs_channel_attach(out, mem, size))
		return false;
	in->flags = out->flags = m->channel.polls ? VBS_CHANNEL_POLL : 0;
	return true;
}

/* Slots of the ring of that many bytes */
static bool ring_make(const struct measure *m, struct vbs_channel *in, struct vbs_channel *out)
{
	size_t size = vbs_channel_size(m->channel.slots, m->channel.slot);
	int fd = size ? vbs_channel_memfd("vbsctl-channel", size) : -1;
	void *mem = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	return mem != MAP_FAILED && ring_make_in(m, mem, size, in, out);
}

bool ends_make(const struct measure *m, struct ends *sender, struct ends *receiver)
{
	return ring_make(m, &sender->message, &receiver->message) &&
	       ring_make(m, &receiver->reply, &sender->reply);
}

/* One side at work */
struct player {
	const struct measure *m;
	struct field *f;
	struct ends *ends;
	enum channel_side side;
	unsigned char *data;
	uint64_t mark;		/* CPU clock, where the stage began */
	uint64_t wait;		/* CPU time of the last wait */
};

static uint64_t lap(struct player *p)
{
	uint64_t now = cpu_ns(), used = now - p->mark;

	p->mark = now;
	return used;
}

/* Until the next slot is this end's */
static int wait_for(struct vbs_channel *ch, bool to_send)
{
	uint32_t *turn = &vbs_channel_at(ch, ch->index)->turn;
	uint32_t lap_turn = 2 * ch->lap;
	struct timespec until = at_ns(now_ns() + SILENCE);

	return to_send ?
	       vbs_channel_wait(ch, turn, lap_turn, lap_turn - 1, &ch->head->sender_sleeps, &until) :
	       vbs_channel_wait(ch, turn, lap_turn + 1, lap_turn, &ch->head->receiver_sleeps, &until);
}

/* The CPU time of a wait: a sleep's, or nothing where it is spent by looking */
static int timed_wait(struct player *p, struct vbs_channel *ch, bool to_send)
{
	int err = wait_for(ch, to_send);
	uint64_t used = lap(p);

	p->wait = p->m->channel.polls ? 0 : used;
	return err;
}

static uint32_t piece(const struct measure *m, uint64_t bytes, uint64_t at)
{
	return bytes - at < m->channel.slot ? bytes - at : m->channel.slot;
}

/* What a slot costs with its waits, and the sum of all without the first one's */
static int send_all(struct player *p, struct vbs_channel *ch, uint64_t bytes, uint64_t counter,
		    uint64_t *used)
{
	uint64_t at, slot, wait = 0;
	int err = 0;

	for (at = 0; at < bytes && !err; at += p->m->channel.slot) {
		slot = 0;
		if (vbs_channel_look(&vbs_channel_at(ch, ch->index)->turn, 2 * ch->lap, 2 * ch->lap - 1)) {
			slot = lap(p);
			err = timed_wait(p, ch, true);
			wait = p->wait;
		}
		if (!err)
			err = vbs_channel_try_send(ch, p->data, piece(p->m, bytes, at), counter);
		slot += lap(p);
		*used += slot + wait;
		raise_to(&p->f->works.slot[p->side], slot + 2 * wait);
		wait = 0;
	}
	return err;
}

static int receive_all(struct player *p, struct vbs_channel *ch, uint64_t bytes, uint64_t *counter,
		       uint64_t *used)
{
	uint64_t at, slot;
	int err = 0;

	for (at = 0; at < bytes && !err; at += p->m->channel.slot) {
		err = timed_wait(p, ch, false);
		if (!err)
			err = vbs_channel_try_receive(ch, p->data, p->m->channel.slot, NULL, counter);
		slot = lap(p) + p->wait;
		*used += slot;
		raise_to(&p->f->works.slot[p->side], slot + p->wait);
	}
	return err;
}

static bool player_begin(struct player *p)
{
	p->data = malloc(p->m->channel.slot);
	if (!p->data)
		return false;
	memset(p->data, 0x5a, p->m->channel.slot);
	p->mark = cpu_ns();
	return true;
}

/* Sleeps or looks until a message is due, and how late that was seen */
static void wait_until(struct player *p, uint64_t due)
{
	const struct timespec ts = at_ns(due);

	if (p->m->channel.polls) {
		while (now_ns() < due)
			work_some();
		lap(p);
		return;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	if (atomic_load(&p->f->phase) == PHASE_CALIBRATE)
		raise_to(&p->f->late, now_ns() - due);
}

/* One message and its reply; the time is in *took, of a round trip here, of one way there */
static int exchange(struct player *p, uint64_t due, uint64_t *took)
{
	uint64_t a = 0, d = 0, counter;
	int err;

	lap(p);
	wait_until(p, due);
	err = send_all(p, &p->ends->message, p->m->channel.message, due, &a);
	if (!err && p->m->channel.reply) {
		err = receive_all(p, &p->ends->reply, p->m->channel.reply, &counter, &d);
		*took = now_ns() - due;
		a += p->wait;
		d += lap(p);
	}
	raise_to(&p->f->works.stage[0], a);
	raise_to(&p->f->works.stage[2], d);
	return err;
}

/* Random phases: what is between two messages is at least @every, and up to both periods more */
static int exchanges(struct player *p, uint64_t n, uint64_t *took, uint64_t *seed)
{
	const struct resource *res = p->m->channel.res;
	uint64_t every = atomic_load(&p->f->every), due = now_ns(), i;
	int err = 0;

	for (i = 0; i < n && !err && !atomic_load(&p->f->broken); i++) {
		if (!every || due + every < now_ns())
			due = now_ns();
		due += every + random_below(seed, res[SENDER].period + res[RECEIVER].period);
		err = exchange(p, due, &took[i]);
	}
	return err;
}

void sender_play(const struct measure *m, struct field *f, struct ends *ends)
{
	struct player p = { .m = m, .f = f, .ends = ends, .side = SENDER };
	uint64_t seed = m->seed;
	int err;

	if (!player_begin(&p))
		return break_off(f, ENOMEM);
	phase_wait(f, PHASE_CALIBRATE);
	err = exchanges(&p, m->calibrate, m->took, &seed);
	if (!err && atomic_load(&f->phase) < PHASE_READY)
		phase_set(f, PHASE_READY);
	phase_wait(f, PHASE_RUN);
	if (!err)
		err = exchanges(&p, m->count, m->took, &seed);
	if (err)
		break_off(f, err);
	/* Of one way, the receiver is done last */
	if (m->channel.reply)
		phase_set(f, PHASE_DONE);
	phase_wait(f, PHASE_DONE);
}

static void process(const struct measure *m)
{
	uint64_t end = cpu_ns() + m->channel.process;

	while (m->channel.process && cpu_ns() < end)
		work_some();
}

static int serve(struct player *p, uint64_t *took)
{
	uint64_t b = 0, due = 0;
	int err = receive_all(p, &p->ends->message, p->m->channel.message, &due, &b);

	if (err)
		return err;
	process(p->m);
	if (p->m->channel.reply)
		err = send_all(p, &p->ends->reply, p->m->channel.reply, due, &b);
	else
		*took = now_ns() - due;
	b += lap(p) + p->wait;
	raise_to(&p->f->works.stage[1], b);
	return err;
}

static uint64_t *took_of(const struct measure *m, uint64_t i)
{
	return &m->took[i < m->calibrate ? i : i - m->calibrate];
}

void receiver_play(const struct measure *m, struct field *f, struct ends *ends)
{
	struct player p = { .m = m, .f = f, .ends = ends, .side = RECEIVER };
	uint64_t i, unused, n = m->calibrate + m->count;
	int err = 0;

	if (!player_begin(&p))
		return break_off(f, ENOMEM);
	for (i = 0; i < n && !err && !atomic_load(&f->broken); i++)
		err = serve(&p, m->channel.reply ? &unused : took_of(m, i));
	if (err)
		break_off(f, err);
	else if (!m->channel.reply)
		phase_set(f, PHASE_DONE);
	/* Who is elsewhere is not woken from here, and has nothing more to do */
	if (!m->over)
		phase_wait(f, PHASE_DONE);
}
