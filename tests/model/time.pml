/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A server in discrete time against honest neighbours on one CPU, written from
 * the rules and not from the code.
 *
 * Each thing that happens at an instant is one atomic step, and so is the unit
 * of time for which whoever is first by deadline then executes.  Instants are
 * relative to now, so that the model is finite.  S is hostile: it wakes, blocks,
 * enters and leaves the kernel, yields, switches and changes its cap whenever
 * and as often as it likes.  H always has work.  N takes at once what a reduced
 * cap of S has left free.  Equal deadlines go either way.
 */

/*
 * S has resources up to (LMAX, PMAX), H has half of the CPU, N 1 of 4.  WIDE: no
 * change of the cap, no N, but larger numbers, and the worst window is measured.
 */
#ifdef WIDE
#define LMAX	4
#define PMAX	16
#define HL	8
#else
#define LMAX	2
#define PMAX	8
#define HL	2
#endif
#define HP	(2 * HL)
#define NP	4

#define BLOCKED	0		/* what S's member does */
#define USER	1
#define KERNEL	2

#ifndef BORROWS
#define BORROWS	3
#endif

/* S: an instance that is open when its release has come; if none, one from s on */
bool inst, open, yielded;
byte e, borrows;
short r, d, z, s;
byte L = 1, P = 2;
byte mode = BLOCKED;

/* Caps in quarters of a CPU: of the instance, and last asked for */
byte cap = 2, cap_next = 2, booked = 2;

/* H and N: until the deadline, executed */
byte hd = HP, he, nd, ne;
bool n_in;

/* What the proof is about, kept apart from the rules */
short gz;		/* start of the present job + what it has executed / u */
byte early_run;		/* executed ahead of a release, since the last one */
short window;		/* executed / u less the time, in the worst window up to now */

#define later(a, b)	((a) > (b) -> (a) : (b))
#define per(units, u)	((units) * 4 / (u))
#define exhausted	(yielded || e >= L)
#define ahead		(-r * L < e * P)	/* t < y = r + e pi / lambda */
#define ready		(mode != BLOCKED && inst && !exhausted && \
			 (open || (mode == KERNEL && borrows <= BORROWS)))

short was;
bool flag;

/* ---- S: the rules ------------------------------------------------------ */

/* Nothing new may start while what has been executed is more than u allows. */
inline job_starts(t)
{
#ifndef HARM_ONLY
	assert((t) >= gz);
#endif
	gz = later(gz, t)
}

/* A raise has been booked by the call, a reduction is freed here. */
inline apply_cap()
{
	cap = cap_next;
	booked = cap
}

inline open_instance()
{
	open = true;
	borrows = 0;
	early_run = 0;
	was = z;
	flag = cap != cap_next;
	apply_cap();
	z = r + per(e, cap);
	if
	:: flag -> z = later(z, was)
	:: else
	fi;
	gz = later(gz, r)
}

inline enter(t)
{
	r = t;
	inst = true;
	open = false;
	yielded = false;
	d = r + P;
	e = 0;
	if
	:: r <= 0 -> job_starts(r); open_instance()
	:: else ->
		cap = later(cap, cap_next);
		borrows++
	fi
}

inline borrow()
{
	if
	:: !inst -> enter(s)
	:: else ->
		r = r + P;
#ifndef BUG_OLD_DEADLINE
		d = d + P;
#endif
		e = 0;
		yielded = false;
		open = false;
		borrows++
	fi
}

/* What is due at this instant */
inline settle()
{
	if
	:: mode != BLOCKED ->
		if
		:: !inst && s <= 0 -> enter(s)
		:: else
		fi;
		if
		:: inst && !open && r <= 0 -> open_instance()
		:: else
		fi;
		if
		:: inst && exhausted && d <= 0 -> enter(d)
		:: else
		fi;
		if
		:: mode == KERNEL && (!inst || exhausted) && borrows < BORROWS ->
			borrow();
			z = later(z, 0);	/* it competes from now on */
			gz = later(gz, 0)
		:: else
		fi
	:: else
	fi;
	/* Until it executes again, these count as the later of them and now. */
	if
	:: !ready -> z = later(z, 0); gz = later(gz, 0)
	:: else
	fi;
	was = 0;
	flag = false
}

inline start_anew()
{
	inst = false;
	open = false;
	yielded = false;
	e = 0;
	r = 0;
	d = 0;
#ifdef BUG_SWITCH
	s = 0
#else
	s = later(0, z)
#endif
}

/* Blocked: what is kept of an instance is only worth it until y. */
inline while_blocked()
{
	if
	:: inst && !ahead && !(yielded && d > 0) ->
		inst = false;
		open = false;
		yielded = false;
		e = 0;
		r = 0;
		d = 0
	:: else
	fi;
	if
	:: cap > cap_next && (inst -> !ahead : z <= 0) -> apply_cap()
	:: else
	fi;
	s = 0
}

inline wake(m)
{
	bool again;

	again = inst && ahead;
	mode = m;
	if
	:: inst && yielded && d > 0
	:: inst && !(yielded && d > 0) && again
	:: !inst || (!again && !(yielded && d > 0)) -> start_anew()
	fi;
	if
	:: again -> gz = later(gz, 0)
	:: else
	fi;
#ifdef BUG_Z
	if
	:: again -> z = later(z, 0)
	:: else
	fi;
	settle();
#else
	settle();
	if
	:: again -> z = later(z, 0)
	:: else
	fi;
#endif
	again = false
}

inline block()
{
	mode = BLOCKED;
	while_blocked();
	settle()
}

inline resource(l, p)
{
	atomic {
		(L != l || P != p) && l * 4 <= cap_next * p ->
		L = l;
		P = p;
		start_anew();
		if
		:: mode == BLOCKED -> while_blocked()
		:: else
		fi;
		settle()
	}
}

inline ask_cap(c)
{
	atomic {
		cap_next != c && L * 4 <= c * P && later(cap, c) <= (n_in -> 1 : 2) ->
		cap_next = c;
#ifdef BUG_FREED
		booked = c;
#else
		booked = later(cap, c);
#endif
		if
		:: mode == BLOCKED -> while_blocked()
		:: else
		fi;
		settle()
	}
}

/* ---- time -------------------------------------------------------------- */

inline execute()
{
	e++;
	z = z + per(1, cap);
	gz = gz + per(1, cap);
#ifdef WIDE
	window = window + per(1, cap);
#endif
	if
	:: !open -> early_run++
	:: else
	fi
}

#define h_ready		(he < HL)
#define n_ready		(n_in && ne < 1)

inline one_unit()
{
	if
	:: ready && (!h_ready || d <= hd) && (!n_ready || d <= nd) -> execute()
	:: h_ready && (!ready || hd <= d) && (!n_ready || hd <= nd) -> he++
	:: n_ready && (!ready || nd <= d) && (!h_ready || nd <= hd) -> ne++
	:: !ready && !h_ready && !n_ready
	fi;
	/* now is one later */
	r = (inst -> r - 1 : 0);
	d = (inst -> d - 1 : 0);
	s = (inst || mode == BLOCKED -> 0 : s - 1);
	z--;
	gz--;
	window = later(window - 1, 0);
	hd--;
	nd = (n_in -> nd - 1 : 0)
}

inline neighbours()
{
	if
	:: hd == 0 ->
		assert(he == HL);
		hd = HP;
		he = 0
	:: else
	fi;
	if
	:: n_in && nd == 0 ->
		assert(ne == 1);
		ne = 0;
		if
		:: nd = NP
		:: n_in = false
		fi
	:: else
	fi
}

inline check()
{
#ifdef HARM_ONLY
	gz = 0;
	early_run = 0;
	window = 0
#else
	assert(!(ready && d <= 0));	/* S has its rights, too */
	assert(booked >= later(cap, cap_next) && booked + n_in <= 2);
	assert(early_run <= 3 * LMAX);
	assert(!inst || (r <= 4 * PMAX && d <= r + PMAX));
	assert(!inst || z >= gz);
	assert(!open || z <= later(d, 0));
	/* u L + 2 lambda (1 - u), and 3 lambda in the kernel, divided by u = 1/2 */
	assert(window <= (2 * LMAX / 2 + 3 * LMAX) * 2)
#endif
}

active proctype world()
{
	do
	:: atomic { mode == BLOCKED -> wake(USER) }
	:: atomic { mode == BLOCKED -> wake(KERNEL) }
	:: atomic { mode != BLOCKED -> block() }
	:: atomic { mode == USER -> mode = KERNEL; settle() }
	:: atomic { mode == KERNEL -> mode = USER; settle() }
	:: atomic { mode != BLOCKED && inst && open && !yielded -> yielded = true; settle() }
	:: resource(1, 2)
#ifdef WIDE
	:: resource(4, 16)
#else
	:: resource(2, 4)
	:: resource(1, 4)
	:: resource(2, 8)
#endif
#ifndef WIDE
	:: ask_cap(1)
	:: ask_cap(2)
	:: atomic { !n_in && booked + 1 <= 2 -> n_in = true; nd = NP; ne = 0 }
#endif
	:: atomic {
		one_unit();
		neighbours();
		if
		:: mode == BLOCKED -> while_blocked()
		:: else
		fi;
		settle();
		check()
	}
	od
}
