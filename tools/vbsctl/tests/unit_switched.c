// SPDX-License-Identifier: GPL-2.0
/* The bound of a stage in which its server switches, against every schedule. */
#include <string.h>

#include "base/tests/unit.h"

#include "analyze/supply.h"
#include "tests/slot_sim.h"

/*
 * A stage in which its server switches once: time, work, instance, and what is still to
 * come before its next release. z is in slots: the cap is 1/inverse.
 */
struct change {
	struct resource res[2];
	int inverse, worst;
	uint8_t seen[64][8][2][16][8][8];
};

static void change_visit(struct change *c, int time, int left, int which, int wait, struct sim s)
{
	const struct resource *res = &c->res[which];
	bool run;

	if (!left) {
		c->worst = time > c->worst ? time : c->worst;
		return;
	}
	if (c->seen[time][left][which][wait][s.tau][s.used])
		return;
	c->seen[time][left][which][wait][s.tau][s.used] = 1;
	if (!which) {
		/* Whatever it is doing: z = release + used/cap, and now = release + tau */
		int z = s.used * c->inverse - s.tau;

		change_visit(c, time, left, 1, z > 0 ? z : 0, (struct sim){ 0, 0 });
	}
	if (wait) {
		change_visit(c, time + 1, left, which, wait - 1, s);
		return;
	}
	release(&s, res);
	for (run = false;; run = true) {
		if (run ? may_run(&s, res) : !must_run(&s, res))
			change_visit(c, time + 1, left - run, which, 0,
				     (struct sim){ s.tau + 1, s.used + run });
		if (run)
			return;
	}
}

static int change_worst(struct change *c, int work)
{
	int tau, used;

	memset(c->seen, 0, sizeof(c->seen));
	c->worst = 0;
	for (tau = 0; tau < (int)c->res[0].period; tau++)
	for (used = 0; used <= tau; used++) {
		if (possible(&c->res[0], tau, used))
			change_visit(c, 0, work, 0, 0, (struct sim){ tau, used });
	}
	return c->worst;
}

/* The bound is of who switches at any time, so also of one that never does */
static void check_change(struct change *c, int *cases, int *reached)
{
	struct supply from, to;
	int work, worst, bound;

	assert_true(supply_init(&from, &c->res[0], 0, false) && supply_init(&to, &c->res[1], 0, false));
	for (work = 1; work <= 5; work++) {
		bound = supply_switched(&from, &to, work);
		if ((int)supply_time(&from, work) > bound)
			bound = supply_time(&from, work);
		worst = change_worst(c, work);
		if (worst > bound)
			fail_msg("(%d,%d) to (%d,%d), cap 1/%d, work %d: %d above %d",
				 (int)c->res[0].runtime, (int)c->res[0].period, (int)c->res[1].runtime,
				 (int)c->res[1].period, c->inverse, work, worst, bound);
		(*cases)++;
		*reached += worst == bound;
	}
}

static void switches_are_bounded(void **state)
{
	static struct change c;
	int cases = 0, reached = 0;
	uint64_t t0, t1, c0, c1;

	(void)state;
	for (c.inverse = 2; c.inverse <= 3; c.inverse++)
	for (t0 = 2; t0 <= 6; t0++)
	for (c0 = 1; c0 * c.inverse <= t0; c0++)
	for (t1 = 2; t1 <= 6; t1++)
	for (c1 = 1; c1 * c.inverse <= t1; c1++) {
		c.res[0] = (struct resource){ c0, t0 };
		c.res[1] = (struct resource){ c1, t1 };
		check_change(&c, &cases, &reached);
	}
	at_least("stages with a switch that reach the bound", reached, cases, 90);
}

static void long_switched_stages_have_a_coarser_bound(void **state)
{
	struct resource one = { 1 * MS, 10 * MS }, two = { 100 * US, 10 * MS };
	struct supply from, to;

	(void)state;
	assert_true(supply_init(&from, &one, 0, false) && supply_init(&to, &two, 0, false));
	assert_true(supply_switched(&from, &to, 11000 * MS) >= supply_time_full(&to, 11000 * MS));
	assert_true(supply_switched(&from, &to, 0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switches_are_bounded),
		cmocka_unit_test(long_switched_stages_have_a_coarser_bound),
	};

	return cmocka_run_group_tests_name("switched", tests, NULL, NULL);
}
