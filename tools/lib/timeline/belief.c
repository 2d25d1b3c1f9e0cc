// SPDX-License-Identifier: GPL-2.0
/*
 * adjtimex() alone tells nothing: its maxerror is what a program wrote last, and
 * some write 0 at each correction.  So CLOCK_REALTIME has a bound only if one
 * program keeps it that is known to state one:
 *
 *	chronyd: its tracking report.  STA_UNSYNC says nothing (without 'rtcsync' it
 *	is never cleared), but a maxerror of 16 s does: chronyd writes its own, and
 *	the kernel 16 s where somebody else has set the clock since.
 *
 *	ntpd: the larger of its answer to an NTP query and the kernel's maxerror, which
 *	ntpd writes where it leaves the corrections to the kernel (STA_PLL, not
 *	STA_UNSYNC).  The query tells whether it is synchronized at all: before, ntpd
 *	writes 16 us.
 *
 * What the kernel has yet to correct is added to both.  time_offset shrinks once a
 * second by the part that is slewed during that second, 2^-(2 + constant) of it,
 * which adjtimex() does not show any more: at most a third of what it shows.  The
 * rest of adjtime() is slewed by 500 us a second, and these are not shown either.
 * The kernel's maxerror grows by 500 us once a second: that is added, and the us by
 * which it is rounded.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "timeline/ask.h"
#include "timeline/belief.h"

#define SECOND		1000000000ULL
#define MAXERROR_LAG_NS	501000
#define MAXERROR_MAX_US	16000000	/* the kernel's word for 'unknown' */
#define MAXERROR_STEP	500		/* us a second */
#define ADJTIME_STEP_US	500
#define QUERY_NS	(16 * SECOND)
#define QUERY_AGAIN_NS	(8 * SECOND)
#define SCAN_SHARE	100		/* of the time, at most, is spent in /proc */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

uint64_t belief_pending(const struct timex *tx)
{
	uint64_t ns = labs(tx->offset) * (tx->status & STA_NANO ? 1ULL : 1000ULL);

	return ns + ns / 3 + !!ns;
}

static uint64_t adjtime_pending(void)
{
	struct timex tx = { .modes = ADJ_OFFSET_SS_READ };

	if (adjtimex(&tx) < 0 || !tx.offset)
		return 0;
	return (labs(tx.offset) + ADJTIME_STEP_US) * 1000ULL;
}

/*
 * Whether somebody wrote 0 since the last look: then it is now 500 us for each
 * second that has passed, which a bound is by chance once in 500 times.
 */
static bool fell_to_zero(const struct belief *b, long maxerror, uint64_t now)
{
	long most = ((now - b->last_look) / SECOND + 1) * MAXERROR_STEP;

	return b->looked && maxerror < b->last_maxerror && maxerror <= most &&
	       maxerror % MAXERROR_STEP == 0;
}

void belief_take(struct belief *b, const struct timex *tx, uint64_t now)
{
	const struct keeper_kind *kind = b->keepers.kind;
	bool unsync = tx->status & STA_UNSYNC || b->clock_state == TIME_ERROR;

	b->lied = tx->offset && fell_to_zero(b, tx->maxerror, now) &&
		  b->liar != b->keepers.pid;
	if (b->lied)
		b->liar = b->keepers.pid;
	b->looked = true;
	b->last_look = now;
	b->last_maxerror = tx->maxerror;
	if (!kind)
		b->why = unsync ? "nobody keeps it" : "who keeps it is not to be found";
	else if (b->keepers.second)
		b->why = "two programs keep it";
	else if (kind->claim == CLAIM_NONE)
		b->why = kind->why;
	else if (b->liar == b->keepers.pid)
		b->why = "stated a bound of 0 amid a correction";
	else if (tx->maxerror >= MAXERROR_MAX_US)
		b->why = "has not set it yet, or somebody else has";
	else if (kind->claim == CLAIM_NTP && (unsync || !(tx->status & (STA_PLL | STA_FLL))))
		b->why = "does not tell the kernel its bound";
	else if (tx->status & STA_PPSTIME)
		b->why = "does not show what the pulse per second has yet to correct";
	else
		b->why = NULL;
}

static void scan(struct belief *b, uint64_t now)
{
	uint64_t cost;

	if (now < b->next_scan)
		return;
	keepers_find(&b->keepers);
	cost = now_ns() - now;
	b->next_scan = now + (cost > SECOND / SCAN_SHARE ? cost * SCAN_SHARE : SECOND);
}

static const char *refusal(int err)
{
	return err == EAGAIN ? "is not synchronized" : "does not answer";
}

/*
 * ntpd's answer of now or of a while ago, when its clock was as good as the kernel's
 * maxerror assumes: it grew by 500 ppm at most.
 */
static const char *query(struct belief *b, uint64_t now, uint64_t *ns)
{
	int err;

	if (b->asked != b->keepers.pid || now >= b->next_query) {
		b->asked = b->keepers.pid;
		b->answer_ns = 0;
		err = ask_ntpd(&b->answer_ns);
		b->answered = now;
		b->next_query = now + (err ? QUERY_AGAIN_NS : QUERY_NS);
		b->refusal = err ? refusal(err) : NULL;
	}
	*ns = b->answer_ns + (now - b->answered) / 2000 + 1;
	return b->refusal;
}

/* What the keeper says when asked, and what the kernel adds */
static void ask_keeper(struct belief *b, const struct timex *tx, uint64_t now)
{
	uint64_t ns = 0, kernel = tx->maxerror * 1000ULL + MAXERROR_LAG_NS;
	int err;

	if (b->keepers.kind->claim == CLAIM_TRACKING) {
		err = ask_chronyd(&ns);
		b->why = err ? refusal(err) : NULL;
	} else {
		b->why = query(b, now, &ns);
		ns = kernel > ns ? kernel : ns;
	}
	ns += belief_pending(tx) + adjtime_pending();
	if (!b->why && ns > b->error_ns)
		b->error_ns = ns;
}

/* The user says that this chronyd keeps the clock: who else runs is not looked for */
static void look_at_chronyd(struct belief *b, const struct timex *tx)
{
	uint64_t ns = 0;
	int err;

	if (tx->maxerror >= MAXERROR_MAX_US) {
		b->why = "has not set it yet, or somebody else has";
		return;
	}
	err = ask_chronyd_at(b->chronyd, &ns);
	b->why = err ? refusal(err) : NULL;
	ns += belief_pending(tx) + adjtime_pending();
	if (!b->why && ns > b->error_ns)
		b->error_ns = ns;
}

static bool look(struct belief *b, struct timex *tx)
{
	uint64_t now = now_ns();

	*tx = (struct timex){ 0 };
	b->clock_state = adjtimex(tx);
	if (b->clock_state < 0)
		return false;
	if (b->chronyd) {
		look_at_chronyd(b, tx);
		return true;
	}
	scan(b, now);
	belief_take(b, tx, now);
	if (!b->why)
		ask_keeper(b, tx, now);
	return true;
}

bool belief_begin(struct belief *b, struct timex *tx)
{
	b->error_ns = 0;
	return look(b, tx);
}

bool belief_end(struct belief *b, struct timex *tx)
{
	const char *why = b->why;
	bool lied = b->lied;

	if (!look(b, tx))
		return false;
	b->lied |= lied;
	if (why)
		b->why = why;
	return true;
}
