/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One server, two tasks, two CPUs: who holds which lock while tasks wake, block,
 * join, leave, switch, move, stray, go on as fair tasks and inherit.
 *
 * All of these sections run with interrupts off, so what happens at a time is two
 * of them, one on each CPU: a process is a CPU, which chooses the next section
 * again and again.  What is done under the lock that protects it is one step; a
 * read without a lock is a step of its own.  Time is abstracted: budgets end and
 * releases come at any moment.
 */

#define NONE	2

#ifdef FAIR
#define BUDGETS	true
#else
#define BUDGETS	false
#endif
#ifdef LONE
#define MEMBERS
#define PINNED	1
#endif
#ifdef LOANS
#define PI
#define PINNED	1
#endif
#if defined(MEMBERS) || defined(PI)
#define TWO
#endif

#ifndef PINNED
#define PINNED	NONE	/* the task that may only run on CPU 0 */
#endif

/* Where a task is queued */
#define OFF	0
#define HOME	1	/* in its server's list */
#define STRAYS	2	/* of its runqueue */
#define LOWER	3	/* in a lower class */

/* What the server has to give */
#define FULL	0
#define EMPTY	1	/* nothing until its release */
#define EARLY	2	/* only what is in the kernel */
#define LIMIT	3	/* nothing, and it has borrowed all that it may */

/* Locks: who holds them, a CPU + 1 */
byte pi[2], rq[2], wait_lock;
/* The deepest lock that a CPU holds: 1 wait_lock, 2 pi_lock, 3 rq, 4 second rq */
byte depth[2];
bool busy[2];

/* Tasks */
byte tcpu[2];		/* task_cpu() */
bool on_rq[2], asleep[2], waking[2], kern[2];
bool mem[2], lent[2];	/* p->vbs.server is the server: as a member, on loan */
bool counted[2], stray[2], fair[2];
byte list[2];
byte curr[2] = NONE;	/* of a CPU */
bool resched[2];

/* The server */
byte home, z_of;	/* its CPU; the CPU in whose clock z is */
byte nr_counted, nr_members, nr_loans, nr_reserved, ended, budget;
bool attached, moving;

/* irq_works and wake-ups on their way to a CPU */
bool stray_work[2], end_work[2], fair_work[2];
bool stray_now[2], fair_now[2];	/* being done */

/* Books, in caps of the server, and what is held until z */
byte booked[2], held[2];

/* An rt_mutex: task 1 owns it, task 0 waits for it */
bool owned, waits, adjust;

#define in_server(p)	(mem[p] || lent[p])
#define is_vbs(p)	(in_server(p) && !fair[p])
#define in_mask(p, c)	(PINNED != p || c == 0)
#define nr_kept		(nr_members + nr_loans)
#define kernel_wants	((counted[0] && kern[0]) || (counted[1] && kern[1]))

/* ---- locks ------------------------------------------------------------- */

inline get_pi(p)
{
	atomic {
		pi[p] == 0 ->
		assert(depth[me] < 2);
		pi[p] = me + 1;
		depth[me] = 2
	}
}

/* Not a step of its own: what follows is done in the same one. */
inline take_rq(c)
{
	rq[c] == 0 ->
	assert(depth[me] < 3);
	rq[c] = me + 1;
	depth[me] = 3
}

inline check_task(p, c)
{
	if
	:: tcpu[p] == c ->
		assert(on_rq[p] || (list[p] == OFF && !counted[p] && !stray[p]));
		assert(!on_rq[p] || (curr[c] == p) == (list[p] == OFF));
		assert(list[p] != HOME || (is_vbs(p) && counted[p]));
		assert(list[p] != STRAYS || (is_vbs(p) && stray[p] && !counted[p] &&
					   (stray_work[c] || stray_now[c])));
		assert(list[p] != LOWER || !is_vbs(p));
		assert(!counted[p] || (is_vbs(p) && home == c && attached && !stray[p]));
		/* A runnable member is counted at home or on its way there. */
		assert(!on_rq[p] || !is_vbs(p) || counted[p] || stray[p]);
		assert(!(curr[c] == p && stray[p]) || resched[c])
	:: else ->
		assert(curr[c] != p)
	fi
}

inline put_rq(c)
{
	assert(rq[c] == me + 1);
	check_task(0, c);
	check_task(1, c);
	if
	:: home == c ->
		assert(nr_counted == counted[0] + counted[1]);
		assert(!(budget == LIMIT && kernel_wants) || fair_work[c] || fair_now[c])
	:: else
	fi;
	rq[c] = 0
}

inline free_rq(c)
{
	put_rq(c);
	depth[me] = (held_pi != NONE -> 2 : (wait_lock == me + 1 -> 1 : 0))
}

inline put_pi(p)
{
	pi[p] = 0;
	held_pi = NONE;
	depth[me] = (wait_lock == me + 1 -> 1 : 0)
}

/* pi_lock and the runqueue's lock of a task; goes on in one step with both. */
inline lock_task(p)
{
	get_pi(p);
	held_pi = p;
	lock_task_rq(p)
}

inline lock_task_rq(p)
{
	do
	:: x = tcpu[p];
	   atomic {
		take_rq(x);
		if
		:: tcpu[p] == x -> break
		:: else -> rq[x] = 0; depth[me] = 2
		fi
	   }
	od
}

inline unlock_task(p)
{
	free_rq(x);
	put_pi(p)
}

/* The server's runqueue: its CPU may change until the lock is there. */
inline lock_home()
{
	do
	:: x = home;
	   atomic {
		take_rq(x);
		if
#ifdef BUG_NO_RETRY
		:: true -> break
#else
		:: home == x -> break
		:: else -> rq[x] = 0; depth[me] = (held_pi != NONE -> 2 : 0)
#endif
		fi
	   }
	od
}

/* ---- the server, its runqueue locked ------------------------------------ */

/* Whoever changes it holds its lock, and it is there. */
inline touch()
{
	assert(rq[home] == me + 1);
	assert(!ended)
}

inline settle()
{
	touch();
	if
	:: budget == EMPTY && kernel_wants ->
		if
		:: budget = EARLY
		:: budget = LIMIT
		fi
	:: else
	fi;
	if
	:: budget == LIMIT && kernel_wants -> fair_work[home] = true
	:: else
	fi
}

inline count(p)
{
	touch();
	assert(!counted[p]);
	attached = true;
	counted[p] = true;
	nr_counted++
}

inline uncount(p)
{
	touch();
	assert(counted[p] && nr_counted > 0);
	counted[p] = false;
	nr_counted--
}

inline stray_add(p, c)
{
	stray[p] = true;
	list[p] = STRAYS;
	stray_work[c] = true
}

/* Of whatever class it is now; one that runs is in no list. */
inline enqueue(p, c)
{
	on_rq[p] = true;
	if
	:: !is_vbs(p) -> list[p] = (curr[c] == p -> OFF : LOWER)
	:: is_vbs(p) && home != c && curr[c] != p -> stray_add(p, c)
	:: is_vbs(p) && home != c && curr[c] == p -> stray[p] = true; resched[c] = true
	:: is_vbs(p) && home == c ->
		if
		:: !counted[p] -> count(p)
		:: else
		fi;
		list[p] = (curr[c] == p -> OFF : HOME);
		settle()
	fi
}

inline dequeue(p)
{
	on_rq[p] = false;
	stray[p] = false;
	list[p] = OFF;
	if
	:: counted[p] -> uncount(p)
	:: else
	fi
}

/* The cap is held until z, or free at once. */
inline vacate(c)
{
	attached = false;
	budget = (BUDGETS -> EMPTY : FULL);
	if
	:: booked[c]--
#ifdef BOOKS
	:: held[c]++
#endif
	fi
}

inline end_server()
{
	touch();
	assert(!nr_kept && nr_counted == 0);
	assert(!in_server(0) && !in_server(1));
	vacate(home);
	ended++
}

/* It is no member any more, and maybe was the last one. */
inline quit(c)
{
	assert(nr_members > 0);
	nr_members--;
	if
	:: nr_kept == 0 && home == c -> end_server()
#ifndef BUG_END
	:: nr_kept == 0 && home != c -> end_work[me] = true
#endif
	:: else
	fi
}

/* ---- sections ---------------------------------------------------------- */

/* try_to_wake_up(): here, or through the list of the other CPU */
inline wake(p)
{
	if
	:: kick && on_rq[p] ->
		lock_task_rq(p);
		atomic {
			if
			:: on_rq[p] -> asleep[p] = false; kick = false
			:: else
			fi;
			free_rq(x)
		}
	:: else
	fi;
	if
	:: kick ->
		kick = false;
		if
		:: fair[p] ->
			lock_task_rq(p);
			atomic { fair[p] = false; free_rq(x) }
		:: else
		fi;
		atomic {
			asleep[p] = false;
			if
			:: in_server(p) -> tcpu[p] = home
			:: else -> tcpu[p] = me
			fi
		};
		if
#ifdef REMOTE
		:: waking[p] = true
#endif
		:: x = tcpu[p];
		   atomic { take_rq(x); enqueue(p, x); free_rq(x) }
		fi
	:: else
	fi
}

/* What is woken through this CPU's list */
inline wake_pending(p)
{
	take_rq(me);
	if
	:: waking[p] && tcpu[p] == me -> waking[p] = false; enqueue(p, me)
	:: else
	fi;
	free_rq(me)
}

inline stop_running(p)
{
	curr[me] = NONE;
	if
	:: on_rq[p] && is_vbs(p) && counted[p] -> list[p] = HOME
	:: on_rq[p] && is_vbs(p) && !counted[p] -> stray_add(p, me)
	:: on_rq[p] && !is_vbs(p) -> list[p] = LOWER
	:: !on_rq[p]
	fi
}

#define may_run(p)	(tcpu[p] == me && (list[p] == LOWER || \
			 (list[p] == HOME && (budget == FULL || (budget == EARLY && kern[p])))))

/* At the boundary or in the kernel; whoever wants to sleep does */
inline schedule()
{
	take_rq(me);
	resched[me] = false;
	x = curr[me];
	if
	:: x != NONE ->
		if
		:: asleep[x] -> dequeue(x)
		:: kern[x] = true
		:: BUDGETS && !asleep[x] && !fair[x] -> kern[x] = false
		fi;
		stop_running(x);
		if
		:: home == me && !ended -> settle()
		:: else
		fi
	:: else
	fi;
	if
	:: may_run(0) && (list[0] == HOME || list[1] != HOME || !may_run(1)) -> x = 0
	:: may_run(1) && (list[1] == HOME || list[0] != HOME || !may_run(0)) -> x = 1
	:: !may_run(0) && !may_run(1) -> x = NONE
	fi;
	if
	:: x != NONE ->
		curr[me] = x;
		list[x] = OFF;
		kern[x] = true;
		if
		:: home == me && !ended -> settle()
		:: else
		fi
	:: else
	fi;
	x = 0;
	free_rq(me)
}

/* The timers of this CPU: the budget ends, or the release has come */
inline timer()
{
	take_rq(me);
	if
	:: home == me && attached && !ended ->
		if
		:: budget == FULL && nr_counted > 0 -> budget = EMPTY
		:: budget == EARLY && nr_counted > 0 -> budget = LIMIT
		:: budget != FULL ->
			budget = FULL;
			if
			:: fair[0] || fair[1] -> fair_work[me] = true
			:: else
			fi
		:: else
		fi;
		settle()
	:: else
	fi;
	free_rq(me)
}

#define goes_fair(p)	(counted[p] && kern[p] && budget == LIMIT)
#define comes_back(p)	(fair[p] && on_rq[p] && budget != LIMIT)

/* To the fair class beyond the limit, back after the release */
inline fair_one(p)
{
	if
	:: goes_fair(p) || comes_back(p) ->
#ifdef BUG_FAIR
		/* The flag without the lock of the runqueue */
		get_pi(p);
		held_pi = p;
		if
		:: comes_back(p) -> fair[p] = false
		:: else
		fi;
		lock_task_rq(p);
#else
		lock_task(p);
#endif
		atomic {
			if
			:: on_rq[p] && home == x && goes_fair(p) ->
				dequeue(p);
				fair[p] = true;
				enqueue(p, x)
			:: on_rq[p] && comes_back(p) ->
				list[p] = OFF;
				fair[p] = false;
				enqueue(p, x)
			:: else
			fi;
			unlock_task(p)
		}
	:: else
	fi
}

inline fair_run()
{
	atomic { fair_work[me] = false; fair_now[me] = true };
	fair_one(0);
	fair_one(1);
	fair_now[me] = false
}

/* It has come to the boundary itself. */
inline boundary(p)
{
	lock_task_rq(p);
	atomic {
		if
		:: fair[p] ->
			kern[p] = false;
			fair[p] = false;
			enqueue(p, x)
		:: else
		fi;
		free_rq(x)
	}
}

/* sched_setattr(): another resource; touches the server only */
inline switch_server(p)
{
	if
	:: mem[p] ->
		lock_home();
		atomic {
			touch();
			budget = (BUDGETS && attached -> EMPTY : budget);
			if
			:: attached -> settle()
			:: else
			fi;
			free_rq(x)
		}
	:: else
	fi
}

/* sched_setattr(): to SCHED_OTHER, or it dies */
inline leave(p)
{
	lock_task_rq(p);
	atomic {
		if
		:: mem[p] ->
			kick = on_rq[p];
			if
			:: kick -> dequeue(p)
			:: else
			fi;
			mem[p] = false;
			fair[p] = false;
			quit(x);
			if
			:: kick -> enqueue(p, x)
			:: else
			fi;
			if
			:: p == 0 && waits -> adjust = true
			:: else
			fi;
			kick = false
		:: else
		fi
	};
	if
	:: nr_kept == 0 && !ended -> carry()
	:: else
	fi;
	atomic { free_rq(x) }
}

/* Where the server is elsewhere, z and its CPU are read without its lock. */
inline carry()
{
#ifdef BUG_CARRY
	y = z_of;
	assert(y == home || rq[home] == me + 1)
#else
	assert(z_of == home)
#endif
}

/* sched_setattr(): joins the other task's server */
inline join(p)
{
	lock_task_rq(p);
	if
	:: mem[1 - p] && !in_server(p) && !ended ->
		if
		:: atomic { nr_members > 0 && in_mask(p, home) && !moving -> nr_members++; nr_reserved++ };
		   atomic {
			kick = on_rq[p];
			if
			:: kick -> dequeue(p)
			:: else
			fi;
			mem[p] = true;
			nr_reserved--;
			if
			:: kick -> enqueue(p, x)
			:: else
			fi;
			kick = false;
			if
			:: curr[x] == p -> resched[x] = true
			:: else
			fi
		   }
		:: else
		fi
	:: else
	fi;
	atomic { free_rq(x) }
}

/* The core forgets all members. */
inline forget(p)
{
	if
	:: counted[p] ->
#ifndef BUG_UNCOUNT
		uncount(p)
#endif
	:: else
	fi
}

/* Whoever is in the server's lists becomes a stray of the CPU that it leaves. */
inline leave_behind(p)
{
	if
	:: list[p] == HOME ->
		assert(tcpu[p] == x);
		stray_add(p, x)
	:: curr[x] == p && on_rq[p] && is_vbs(p) ->
		stray[p] = true;
		resched[x] = true
	:: else
	fi
}

/* The other CPU holds its cap already, or books it. */
inline detach()
{
	touch();
	forget(0);
	forget(1);
	vacate(x);
	if
	:: held[1 - x] > 0 -> held[1 - x]--
	:: else -> booked[1 - x]++
	fi
}

/* In one step, the server's lock held: members left behind, z, the CPU */
inline go()
{
#ifdef BUG_BEHIND
	atomic { detach(); z_of = 1 - x; home = 1 - x };
	atomic { leave_behind(0); leave_behind(1); free_rq(x) }
#else
#ifdef BUG_CARRY
	atomic { detach(); leave_behind(0); leave_behind(1); z_of = 1 - x };
	atomic { home = 1 - x; free_rq(x) }
#else
	atomic {
		detach();
		leave_behind(0);
		leave_behind(1);
		z_of = 1 - x;
		home = 1 - x;
		moving = false;
		free_rq(x)
	}
#endif
#endif
}

#define masks_allow(c)	((!mem[0] || in_mask(0, c)) && (!mem[1] || in_mask(1, c)))

/* Hotplug: all members at once, no pi_lock, nobody joins meanwhile */
inline evacuate()
{
	if
	:: !ended ->
		lock_home();
		if
		:: !ended && masks_allow(1 - x) && !nr_reserved -> go()
		:: atomic { else -> free_rq(x) }
		fi
	:: else
	fi
}

/* sched_setaffinity(): a lone member takes its server along. */
inline move(p)
{
	if
	:: mem[p] ->
		lock_home();
		if
#ifdef BUG_LONE
		:: nr_members == 1 && in_mask(p, 1 - x) -> go()
#else
		:: atomic { nr_members == 1 && in_mask(p, 1 - x) -> moving = true }; go()
#endif
		:: atomic { else -> free_rq(x) }
		fi
	:: else
	fi
}

#define is_stray(p)	(list[p] == STRAYS && tcpu[p] == me)

inline come_home(p, to)
{
	if
	:: to == me ->
		stray[p] = false;
		list[p] = OFF;
		enqueue(p, me)
	:: else ->
		dequeue(p);
		tcpu[p] = to;
		enqueue(p, to)
	fi
}

/* Takes strays home, one after the other; the second lock may cost the first. */
inline stray_run()
{
	atomic { take_rq(me); stray_work[me] = false; stray_now[me] = true };
	do
	:: atomic { is_stray(0) -> y = 0 }; stray_one()
	:: atomic { !is_stray(0) && is_stray(1) -> y = 1 }; stray_one()
	:: atomic { !is_stray(0) && !is_stray(1) -> y = 0; stray_now[me] = false; free_rq(me); break }
	od
}

/* It is lent the server and may not go there: the loan ends, without this lock. */
inline recall()
{
	atomic { free_rq(me) };
	lock_task(1);
	atomic {
		if
#ifdef BUG_RECALL
		:: true -> give_back(x)
#else
		:: lent[1] && stray[1] -> give_back(x)
		:: else
#endif
		fi;
		unlock_task(1)
	};
	atomic { take_rq(me) }
}

#define stays_here(p, c)	(lent[p] && !in_mask(p, c))

inline stray_one()
{
	x = home;
	if
	:: x != me && stays_here(y, x) -> recall()
	:: x == me ->
		atomic {
			if
			:: home == me -> come_home(y, me)
			:: else
			fi
		}
	:: x != me && !stays_here(y, x) ->
		/* double_lock_balance() */
		if
		:: atomic { rq[x] == 0 -> rq[x] = me + 1; depth[me] = 4 }
		:: atomic { rq[x] != 0 && me == 0 -> skip };
		   atomic { rq[x] == 0 -> rq[x] = me + 1; depth[me] = 4 }
#ifdef BUG_DOUBLE
		:: atomic { rq[x] != 0 && me == 1 -> skip };
		   atomic { rq[x] == 0 -> rq[x] = me + 1; depth[me] = 4 }
#else
		:: atomic { rq[x] != 0 && me == 1 -> put_rq(me); depth[me] = 0 };
		   atomic { rq[x] == 0 -> rq[x] = me + 1; depth[me] = 3 };
		   atomic { rq[me] == 0 -> rq[me] = me + 1; depth[me] = 4 }
#endif
		fi;
		atomic {
			if
#ifdef BUG_RECHECK
			:: true -> come_home(y, x)
#else
			:: is_stray(y) && (y == 0 || !is_stray(0)) && home == x &&
			   !stays_here(y, x) -> come_home(y, x)
			:: else
#endif
			fi;
			put_rq(x);
			depth[me] = 3
		}
	fi
}

/* The last member left elsewhere. */
inline end_run()
{
	end_work[me] = false;
	lock_home();
	atomic { end_server(); free_rq(x) }
}

/* ---- an owner inherits, wait_lock held ----------------------------------- */

/* Its class follows: out of the queue, and into the one where it belongs now. */
inline take_loan(c)
{
	kick = on_rq[1];
	if
	:: kick -> dequeue(1)
	:: else
	fi;
	lent[1] = true;
	if
	:: kick -> enqueue(1, c)
	:: else
	fi;
	kick = false
}

/* Wherever the server is now: an irq_work ends it if this was the last. */
inline give_back(c)
{
	kick = on_rq[1];
	if
	:: kick -> dequeue(1)
	:: else
	fi;
	lent[1] = false;
	fair[1] = false;
#ifndef BUG_PLACE
	nr_loans--;
#endif
	if
#ifndef BUG_LAST_LOAN
	:: nr_kept == 0 -> end_work[me] = true
#endif
	:: else
	fi;
	if
	:: kick -> enqueue(1, c)
	:: else
	fi;
	kick = false
}

/*
 * rt_mutex_setprio(1): on loan while task 0 waits and has a server.  Whether the
 * owner is there or may go there is seen under the lock of its runqueue only; the
 * place in the server is taken under the server's.
 */
inline lend()
{
	lock_task(1);
	if
	:: waits && mem[0] && !in_server(1) && !ended && (curr[x] != 1 || home == x) ->
		if
#ifdef BUG_PLACE
		:: atomic { nr_members > 0 && in_mask(1, home) -> take_loan(x) }
#else
		:: atomic { nr_members > 0 && in_mask(1, home) -> nr_loans++; nr_reserved++ };
		   atomic { nr_reserved--; take_loan(x) }
#endif
		:: else
		fi
	:: atomic { lent[1] && !(waits && mem[0]) -> give_back(x) }
	:: else
	fi;
	atomic { unlock_task(1) }
}

inline get_wait_lock()
{
	atomic { wait_lock == 0 -> assert(depth[me] == 0); wait_lock = me + 1; depth[me] = 1 }
}

inline put_wait_lock()
{
	atomic { wait_lock = 0; depth[me] = 0 }
}

inline mutex_wait()
{
	get_wait_lock();
	if
	:: owned && curr[me] == 0 ->
		waits = true;
		asleep[0] = true;
		lend()
	:: else
	fi;
	put_wait_lock()
}

/* Killed, or out of time */
inline mutex_give_up()
{
	get_wait_lock();
	if
	:: waits && curr[me] == 0 && !asleep[0] ->
		waits = false;
		lend()
	:: else
	fi;
	put_wait_lock()
}

inline mutex_unlock()
{
	get_wait_lock();
	owned = false;
	if
	:: waits ->
		waits = false;
		lend();
		put_wait_lock();
		wake(0)
	:: else ->
		put_wait_lock()
	fi
}

inline mutex_adjust()
{
	adjust = false;
	get_wait_lock();
	lend();
	put_wait_lock()
}

/* ---- CPUs ---------------------------------------------------------------- */

#define quiet	(!busy[0] && !busy[1])
inline check_quiet()
{
	assert(nr_kept == mem[0] + mem[1] + lent[1] + nr_reserved || !quiet);
	assert(!quiet || !ended || (!in_server(0) && !in_server(1) && !nr_counted && !attached));
	assert(ended <= 1);
	assert(!quiet || nr_kept || ended || end_work[0] || end_work[1]);
	assert(!quiet || booked[0] == held[0] + (home == 0 && !ended));
	assert(!quiet || booked[1] == held[1] + (home == 1 && !ended));
	assert(!quiet || !lent[1] || (waits && mem[0]) || adjust);
	assert(!quiet || !mem[1] || in_mask(1, home))
}

#define CPUS(cond, locks, body)	\
	atomic { cond -> busy[me] = true; locks }; body; \
	atomic { put_own(); busy[me] = false; x = 0; y = 0; check_quiet() }
#define section(cond, body)	CPUS(cond, skip, body)
#define with_pi(p, cond, body)	CPUS((cond) && pi[p] == 0, take_pi(p), body)
#define step(cond, body)	atomic { cond -> body; x = 0; check_quiet() }

inline take_pi(p)
{
	pi[p] = me + 1;
	depth[me] = 2;
	held_pi = p
}

inline put_own()
{
	if
	:: held_pi != NONE -> pi[held_pi] = 0; held_pi = NONE
	:: else
	fi;
	depth[me] = 0
}

proctype cpu(byte me)
{
	byte x, y, held_pi = NONE;
	bool kick;

end:	do
	:: step(!ended && rq[me] == 0, schedule())
	:: step(!ended && curr[me] != NONE && in_server(curr[me]) && !asleep[curr[me]],
		asleep[curr[me]] = true)
	:: with_pi(0, asleep[0], kick = true; wake(0))
#ifdef REMOTE
	:: step(rq[me] == 0 && waking[0] && tcpu[0] == me, wake_pending(0))
#endif
	:: section(stray_work[me], stray_run())
	:: section(end_work[me], end_run())
#if !defined(LONE) && !defined(STAYS)
	:: section(!ended, evacuate())
#endif
#ifndef PI
	:: with_pi(0, mem[0], switch_server(0))
#endif
#ifndef REMAINS
	:: with_pi(0, mem[0], leave(0))
#endif
#ifdef BOOKS
	:: step(rq[0] == 0 && held[0] > 0, held[0]--; booked[0]--)
	:: step(rq[1] == 0 && held[1] > 0, held[1]--; booked[1]--)
#endif
#ifdef TWO
	:: with_pi(1, asleep[1], kick = true; wake(1))
#ifdef REMOTE
	:: step(rq[me] == 0 && waking[1] && tcpu[1] == me, wake_pending(1))
#endif
#endif
#ifdef MEMBERS
#ifdef LONE
	:: with_pi(0, mem[0], move(0))
#endif
	:: with_pi(1, mem[0] && !mem[1], join(1))
	:: with_pi(1, mem[1], leave(1))
#endif
#ifdef FAIR
	:: step(rq[me] == 0 && !ended, timer())
	:: section(fair_work[me], fair_run())
	:: with_pi(0, curr[me] == 0 && fair[0] && !asleep[0], boundary(0))
	:: step(!rq[0] && !rq[1] && on_rq[0] && list[0] == LOWER, tcpu[0] = 1 - tcpu[0])
#ifdef TWO
	:: with_pi(1, curr[me] == 1 && fair[1] && !asleep[1], boundary(1))
#endif
#endif
#ifdef PI
	:: step(curr[me] == 1 && !owned && !waits && !asleep[1] && wait_lock == 0, owned = true)
	:: section(curr[me] == 1 && owned && !asleep[1], mutex_unlock())
	:: section(curr[me] == 0 && owned && !waits && !asleep[0], mutex_wait())
	:: section(curr[me] == 0 && waits && !asleep[0], mutex_give_up())
	:: section(adjust, mutex_adjust())
#endif
	od
}

init {
	atomic {
		mem[0] = true;
		nr_members = 1;
		booked[0] = 1;
		on_rq[0] = true;
		list[0] = HOME;
		attached = true;
		counted[0] = true;
		nr_counted = 1;
		kern[0] = true;
		kern[1] = true;
		tcpu[1] = 1;
#ifdef TWO
		on_rq[1] = true;
		list[1] = LOWER;
#else
		asleep[1] = true;
#endif
		run cpu(0);
		run cpu(1)
	}
}
