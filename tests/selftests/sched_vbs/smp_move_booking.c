// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* (50, 500) ms with a cap of 1/5: 40 ms are paid for 200 ms after the start */
#define CAP	(VBS_BW_UNIT / 5 + 1)

static void play(struct actor *a)
{
	burn(40 * MS);
	a->rec.done = 1;
	sleep_until(a->t0 + 2 * SEC);
}

VBS_TEST("a server that moves leaves its booking behind until z, and takes it over coming back", 60)
{
	struct actor *a;
	u64 t0, on0, on1, back0, back1, again0, again1;

	need_vbs();
	need_cpus(2);
	pin_to(0, 0);
	t0 = now_ns() + STAGE_DELAY;
	a = actor_new(play, t0, 50 * MS, 500 * MS, CAP);
	while (!a->rec.done)
		sleep_ns(MS);
	pin_to(a->pid, 1);
	t_equal(server_val(a->pid, "cpu"), 1, "CPU after the move");
	on0 = cpu_key(0, "booked");
	on1 = cpu_key(1, "booked");
	pin_to(a->pid, 0);
	back0 = cpu_key(0, "booked");
	back1 = cpu_key(1, "booked");
	pin_to(a->pid, 1);
	again0 = cpu_key(0, "booked");
	again1 = cpu_key(1, "booked");
	if (now_ns() > t0 + 150 * MS)
		t_skip_all("the machine was too slow to look before z");
	t_equal(on0, CAP, "booked on the CPU that it left");
	t_equal(on1, CAP, "booked on the CPU that it came to");
	t_equal(back0, CAP, "booked on the first one when it is back: once");
	t_equal(back1, 0, "booked on the second one, where it has not run");
	t_equal(again0, CAP, "booked on the first one when it has left again: once");
	t_equal(again1, CAP, "booked on the second one");
	sleep_until(t0 + 1 * SEC);
	t_timely(cpu_key(0, "booked"), 0, "booked on the first one after z");
	t_equal(cpu_key(1, "booked"), CAP, "booked on the second one");
	t_kill(a->pid);
	t_equal(books_empty(2 * SEC), 0, "booked at last");
}
