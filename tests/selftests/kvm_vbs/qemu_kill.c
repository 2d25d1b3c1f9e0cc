// SPDX-License-Identifier: GPL-2.0
#include "qemu_vm.h"

#define ROUNDS	30
#define PERIOD	(1500 * US)		/* of the device model, the longest */

/* From before QEMU answers to after its guest has booted */
#define LATEST	(3 * SEC)

static u64 seed;

static u64 some(u64 below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 20) % below;
}

/* ns that something was booked after it was gone */
static u64 booked_after(u64 when)
{
	struct qemu *q = qemu_launch("kill", VM_RUN "--", "-smp 2 -object iothread,id=io0");
	u64 gone;

	sleep_ns(when);
	qemu_end(q);
	gone = now_ns();
	books_empty(SEC);
	return now_ns() - gone;
}

VBS_TEST("kill -9 of a VMM at any instant of its life leaves no booking beyond z", 500)
{
	u64 rounds = t_arg("rounds", ROUNDS), worst = 0, when, took;

	need_qemu();
	seed = t_arg("seed", 1);
	for (u64 i = 0; i < rounds; i++) {
		when = some(LATEST);
		took = booked_after(when);
		if (took > worst)
			t_diag("killed after %ju us: booked for %ju us", (uintmax_t)(when / US),
			       (uintmax_t)(took / US));
		worst = took > worst ? took : worst;
	}
	/* z is a period after a release at most; who looks does so every 5 ms */
	t_at_most(worst, PERIOD + 5 * MS + MS, "ns until nothing was booked, at worst of %ju",
		  (uintmax_t)rounds);
	t_equal(books_empty(SEC), 0, "booked in the end");
	t_ok(shell("grep -q '^group' /proc/vbs"), "groups in the end");
}
