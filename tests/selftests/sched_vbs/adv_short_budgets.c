// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * Four owners take the shortest budgets in the shortest period, another server
 * takes the rest but for 11.7 %, and all always have work. What releases and
 * switches take is not in what they execute: whose is it?
 */
#define OWNERS	4
#define PERIOD	(100 * US)
#define BOOKED	(VBS_BW_UNIT * 883 / 1000)
#define LEN	(2 * SEC)

static u64 shortest(void)
{
	char text[4096], *at;

	file_read(VBS_PROC, text, sizeof(text));
	at = strstr(text, "runtime_min=");
	if (!at)
		t_fatal("no runtime_min in " VBS_PROC);
	return strtoull(at + strlen("runtime_min="), NULL, 10);
}

static u64 clock_of(pid_t pid)
{
	struct timespec ts;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) || clock_gettime(id, &ts))
		t_fatal("the clock of %d", pid);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* What @hog executes in LEN, in 1/10000 */
static u64 share(pid_t hog)
{
	u64 began = now_ns(), had = clock_of(hog);

	sleep_ns(LEN);
	return (clock_of(hog) - had) * 10000 / (now_ns() - began);
}

VBS_TEST("who takes short budgets pays for the releases: lower classes keep what is not booked", 60)
{
	u64 least, cost, got, want;
	pid_t owner[OWNERS], rest, hog;
	unsigned int n = 0;
	u32 left = BOOKED;

	need_vbs();
	eps_measure();
	cost = sysctl_vbs("release_cost_ns");
	least = shortest();
	t_equal(least, cost > 5 * US ? 2 * cost : 10 * US, "runtime_min, with c = %ju ns",
		(uintmax_t)cost);
	while (n < OWNERS && left > vbs_bw(least, PERIOD)) {
		owner[n] = t_fork(spin_forever, NULL);
		must_enter(owner[n++], least, PERIOD, 0);
		left -= vbs_bw(least, PERIOD);
	}
	rest = t_fork(spin_forever, NULL);
	must_enter(rest, 10 * MS * left / VBS_BW_UNIT, 10 * MS, 0);
	t_diag("%u owners of %ju ns, %ju of %u booked", n, (uintmax_t)least,
	       (uintmax_t)cpu_key(0, "booked"), VBS_BW_UNIT);
	hog = t_fork(spin_forever, NULL);
	/* What is not booked, but for a tick each ms: epsilon does not grow with releases */
	want = (VBS_BW_UNIT - BOOKED) * 10000ULL / VBS_BW_UNIT - eps_ticks(LEN) * 10000 / LEN;
	got = share(hog);
	t_at_least(got, want, "1/10000 of the CPU for a fair task");
	t_equal(set_fifo(hog, 1), 0, "it becomes FIFO");
	got = share(hog);
	t_at_least(got, want, "1/10000 of the CPU for a FIFO task");
	for (unsigned int i = 0; i < n; i++)
		t_equal(server_val(owner[i], "misses"), 0, "misses of owner %u", i);
	t_equal(server_val(rest, "misses"), 0, "misses of the rest");
}
