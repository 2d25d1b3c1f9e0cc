// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: aligned release, at multiples of pi on a clock that is steered.
 *
 * The clock is so far ahead of the VBS clock as vbs_env_align_offset() says,
 * and gains or loses up to 1/512 of the time that passes (vbs_params_in_cap()
 * keeps that much free).  A multiple that is D away when it is computed has
 * moved by up to D/512 when it comes.  So a server that waits is looked at again
 * when all but D/512 has passed: what is left then moves by D/2^18.
 *
 * A clock that is stepped moves the multiples anywhere.  The cap holds all the
 * same, since it does not depend on them: each instance has a whole period, what is
 * not paid for when it begins is consumed of it (vbs_pass_multiples()), and whoever
 * has ended its instance does not start before z.
 *
 * Context: the lock of the server's CPU is held throughout.
 */
#include "core.h"

/* So near, a multiple moves by less than 2 us. */
#define VBS_ALIGN_NEAR		1000000ULL

/**
 * vbs_align_look - look how far the clock of the multiples is ahead
 * @c: the server's CPU
 * @s: the server; nothing happens if its releases are not aligned
 *
 * Once per decision: what follows is computed with one reading.
 */
void vbs_align_look(struct vbs_cpu *c, struct vbs_server *s)
{
	if (s->align)
		s->align_offset = vbs_env_align_offset(c, s);
}

/**
 * vbs_align_up - the first multiple that is not before an instant
 * @s: the server, aligned
 * @t: the instant, of the VBS clock
 */
u64 vbs_align_up(const struct vbs_server *s, u64 t)
{
	u64 phase;

	div64_u64_rem(t + s->align_offset, s->period, &phase);
	return phase ? t + s->period - phase : t;
}

/**
 * vbs_align_near - the multiple that an instant stands for
 * @s: the server, aligned
 * @t: where it was when it was computed; the clock has gained or lost far less
 *	than half a period since, unless it was stepped
 */
u64 vbs_align_near(const struct vbs_server *s, u64 t)
{
	return vbs_align_up(s, t - s->period / 2);
}

/**
 * vbs_realign - where is the multiple now that a server waits for?
 * @c: the server's CPU
 * @s: a server that waits
 * @now: the CPU's VBS clock; what a step has moved to before it is released now,
 *	since it could not compete before
 *
 * An instance that was entered early stays where it is: it may have run.
 */
void vbs_realign(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	u64 z = vbs_termination(s);

	if (!s->align)
		return;
	vbs_align_look(c, s);
	if (s->ended)
		s->start = max(now, vbs_align_up(s, max(s->start, z + s->period / 2) -
						 s->period / 2));
	else if (!s->early)
		s->deadline = max(now, vbs_align_near(s, s->deadline));
}

/**
 * vbs_align_again - when to look again at a server that waits
 * @s: the server
 * @due: until when it waits
 * @now: the CPU's VBS clock
 */
u64 vbs_align_again(const struct vbs_server *s, u64 due, u64 now)
{
	if (!s->align || due < now + VBS_ALIGN_NEAR)
		return due;
	return due - (due - now) / 512;
}
