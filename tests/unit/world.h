/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simulated CPU with servers, driven by a string of bytes.  Each event is
 * done to the core and to the model, and after each the two are compared and
 * the guarantees are checked.  The same string always does the same.
 */
#ifndef _TESTS_UNIT_WORLD_H
#define _TESTS_UNIT_WORLD_H

#include CORE_H
#include "model.h"

#define PERIOD_MIN	100000ULL
#define CAP_MIN		(VBS_BW_UNIT / 100)
#define MAX_SERVERS	6
#define MAX_MEMBERS	4
#define MAX_BOOKINGS	8
#define MAX_NODES	(VBS_NODES_PER_ENT * (MAX_SERVERS + MAX_BOOKINGS))
#define CUT		(1ULL << VBS_KEY_SHIFT)	/* the unit of the queues */


enum member_state { M_OUT, M_BLOCKED, M_USER, M_KERNEL };

/* ---- oracle.c: the guarantees, from what was executed ---- */

#define MAX_JOBS	20
#define MAX_STEPS	20

/* What was released, or began anew, at one instant with one deadline */
struct job {
	u64 arrival, deadline, executed;
};

/* The bandwidth that is booked from an instant on */
struct step {
	u64 at;
	u32 booked;
};

/* G1 to the nanosecond, of a server that has work from `from` on */
struct judge {
	u64 from;		/* a release; 0: nobody, or not at present */
	u64 ran;		/* since then */
};

struct oracle {
	struct job job[MAX_JOBS];	/* a ring, the last at nr - 1 */
	unsigned int nr_jobs;
	struct step step[MAX_STEPS];
	unsigned int nr_steps;
	u64 late;		/* most ns charged beyond a budget at once */
	u64 late_at;		/* when that last happened */
	u64 runtime_max;	/* of all resources so far */
	u32 cap_min;
	bool kernel;		/* has run members in kernel mode */
	/* G2: 2^20 * (executed - u * time), never below 0 */
	wide bucket;
	wide rate_bucket;	/* the same at lambda / pi, times pi */
	bool constant;		/* one resource since entry, no re-entry */
	u64 bucket_at;
	/* G3: first execution after a switch; 0: not watched */
	u64 resume_by;
	/* G4: budget by t + pi after a wake-up */
	u64 full_by, full_left;
	/* G1: a server that always has work */
	u64 streak_from, streak_ran, streak_instances;
	bool streak;
};

struct world;
struct wserver;

void oracle_init(struct oracle *o, u64 now);
void oracle_booked(struct world *w, struct wserver *s);
void oracle_arrival(struct world *w, struct wserver *s, u64 arrival);
void oracle_time(struct world *w, struct wserver *s, u64 delta, u64 ran);
void oracle_resource(struct wserver *s);
void oracle_changed(struct wserver *s);
void oracle_switched(struct world *w, struct wserver *s);
void oracle_woken(struct world *w, struct wserver *s, bool fresh);
void oracle_released(struct world *w, struct wserver *s, bool carried);
void oracle_check(struct world *w, struct wserver *s);
void judge_from(struct world *w, u64 release);
void judge_time(struct world *w, u64 delta, const struct wserver *ran);

/* ---- world.c ---- */

struct wserver {
	bool alive;
	struct vbs_server core;
	struct model_server model;
	enum member_state member[MAX_MEMBERS];
	u32 booked;		/* in the books, as last said by the core */
	u64 carried_z;		/* z of an earlier life */
	u8 carried_borrows;	/* and its steps since the last release */
	u64 woken_at;
	u64 job_release, job_deadline;
	bool job_early, was_ready;
	u64 seen_release, seen_deadline;
	struct oracle oracle;
};

struct wbooking {
	bool alive;
	struct vbs_booking core;
	u64 until;
	struct wserver *owner;	/* whose cap it was */
};

struct world {
	struct vbs_cpu cpu;
	struct model model;
	struct vbs_admission adm;
	struct vbs_adm_cpu adm_cpu;
	struct cpumask adm_mask[VBS_BUCKETS];
	struct vbs_qnode node[MAX_NODES];
	struct vbs_qnode *spare[MAX_NODES];
	unsigned int nr_spare;
	struct wserver server[MAX_SERVERS];
	struct wbooking booking[MAX_BOOKINGS];
	struct wserver *curr;
	int curr_member;

	u64 now;
	bool exact;		/* no lateness, no interrupts: no misses */
	bool aligns, kernels, changes;
	/*
	 * All of the CPU is booked, and server 0 is honest: it always has work.
	 * The others act where it hurts, and may keep the CPU beyond a budget.
	 */
	bool siege, overruns;
	struct judge judge;
	unsigned int nr_servers;
	u64 ahead, ahead_first;	/* of the VBS clock: that of aligned releases */
	u64 lateness;		/* of timers, from now on */
	u64 lateness_max;
	u64 slop;		/* interrupts and lateness so far */
	bool late_releases;	/* the timer is late now */
	bool no_model;		/* only the guarantees count */

	const u8 *in, *end;
	bool log;
	unsigned long events;
};

void world_init(struct world *w);
void world_check(struct world *w);
void world_pick(struct world *w);
void world_releases(struct world *w, unsigned int batch);
void world_interrupt(struct world *w, u64 delta);
void world_overrun(struct world *w, u64 beyond);
u64 world_run_step(struct world *w, u64 limit, unsigned int batch);

extern unsigned long world_events;

__attribute__((__format__(__printf__, 2, 3), __noreturn__))
void world_fail(struct world *w, const char *fmt, ...);
__attribute__((__format__(__printf__, 2, 3)))
void world_log(struct world *w, const char *fmt, ...);
int server_nr(const struct world *w, const struct wserver *s);

/* ---- events.c ---- */

/* Runs a string to its end; a disagreement ends the program */
void world_run(struct world *w, const u8 *data, size_t size, bool log);
extern bool world_no_model;	/* the core is not compared with the model */

/* ---- compare.c: core against model ---- */
void compare_server(struct world *w, struct wserver *s);
void compare_world(struct world *w);

#endif /* _TESTS_UNIT_WORLD_H */
