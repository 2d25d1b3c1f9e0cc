// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "clocks.h"
#include "until_stopped.h"
#include "vm/transfer.h"

#define LOOK_NS		20000000ULL
#define LISTENS_NS	20000000000ULL	/* by then the other end does */
#define CANCEL_NS	10000000000ULL
#define GOES_ON_NS	5000000000ULL	/* from when QEMU has given up until its guest runs */
#define ANY_TIME_MS	2000000		/* the most that QEMU takes */

void transfer_read(struct json_object *o, struct transfer_look *look)
{
	int64_t syncs = qmp_number(o, "ram.dirty-sync-count");

	memset(look, 0, sizeof(*look));
	snprintf(look->status, sizeof(look->status), "%s", qmp_word(o, "status"));
	snprintf(look->why, sizeof(look->why), "%s", qmp_word(o, "error-desc"));
	look->passes = syncs > 1 ? syncs - 1 : 0;	/* the first finds out what there is to send */
	look->left = qmp_number(o, "ram.remaining");
	look->sent = qmp_number(o, "ram.transferred");
	look->expected = qmp_number(o, "expected-downtime");
	look->stood = qmp_number(o, "downtime");
	look->took = qmp_number(o, "total-time");
}

bool transfer_has_stopped(const struct transfer_look *look)
{
	return strcmp(look->status, "active") && strcmp(look->status, "setup");
}

enum transfer_verdict transfer_judge(const struct transfer_plan *plan, const struct transfer_look *look,
				     uint64_t elapsed)
{
	if (!strcmp(look->status, "completed"))
		return TRANSFER_DONE;
	if (!strcmp(look->status, "failed") || !strcmp(look->status, "cancelled"))
		return TRANSFER_FAILED;
	if (transfer_has_stopped(look))
		return TRANSFER_GOES_ON;
	if (!plan->relax && (look->passes >= plan->passes || elapsed >= plan->within))
		return TRANSFER_HOPELESS;
	return TRANSFER_GOES_ON;
}

static bool look_at(struct qmp *q, struct transfer_look *look)
{
	struct json_object *o = qmp_ask(q, "query-migrate", NULL);

	if (o)
		transfer_read(o, look);
	json_object_put(o);
	return o;
}

static bool set_limit(struct qmp *q, uint64_t ms)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "downtime-limit", json_object_new_int64(ms));
	return qmp_do(q, "migrate-set-parameters", o);
}

static bool send_to(struct qmp *q, const char *uri)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "uri", json_object_new_string(uri));
	return qmp_do(q, "migrate", o);
}

static enum transfer_verdict failed(const struct qmp *q, struct transfer_look *look)
{
	snprintf(look->why, sizeof(look->why), "%.150s", q->why);
	return q->lost ? TRANSFER_LOST : TRANSFER_FAILED;
}

/* The guest goes on here.  It may have gone before that came: TRANSFER_DONE */
static enum transfer_verdict cancel(struct qmp *q, struct transfer_look *look, enum transfer_verdict verdict)
{
	uint64_t end = now_ns() + CANCEL_NS;
	struct transfer_look now = { .status = "active" };

	qmp_do(q, "migrate_cancel", NULL);
	do {
		sleep_until(now_ns() + LOOK_NS);
		if (!look_at(q, &now))
			return failed(q, look);
		if (!strcmp(now.status, "completed")) {
			*look = now;
			return TRANSFER_DONE;
		}
		if (!strcmp(now.status, "cancelled") || !strcmp(now.status, "failed"))
			return verdict;
	} while (now_ns() < end);
	snprintf(look->why, sizeof(look->why), "migrate_cancel: QEMU still calls it '%s'", now.status);
	return TRANSFER_LOST;
}

static enum transfer_verdict watch(struct qmp *q, const struct transfer_plan *plan,
				   struct transfer_look *look)
{
	uint64_t began = now_ns();
	enum transfer_verdict verdict;
	bool freed = false;

	for (;;) {
		if (!look_at(q, look))
			return failed(q, look);
		if (transfer_has_stopped(look))
			plan->has_stopped(plan->arg);
		verdict = transfer_judge(plan, look, now_ns() - began);
		if (verdict == TRANSFER_HOPELESS || (verdict == TRANSFER_GOES_ON && stopped))
			return cancel(q, look, verdict == TRANSFER_HOPELESS ? verdict : TRANSFER_FAILED);
		if (verdict != TRANSFER_GOES_ON)
			return verdict;
		if (plan->relax && look->passes && !freed)
			freed = set_limit(q, ANY_TIME_MS);
		sleep_until(now_ns() + LOOK_NS);
	}
}

/* Nobody listened: nothing has been sent */
static bool to_be_tried_again(const struct transfer_look *look)
{
	return !look->sent && (strstr(look->why, "refused") || strstr(look->why, "No such file"));
}

static enum transfer_verdict go(struct qmp *q, const struct transfer_plan *plan, struct transfer_look *look)
{
	uint64_t end = now_ns() + LISTENS_NS;
	enum transfer_verdict verdict;

	for (;;) {
		memset(look, 0, sizeof(*look));
		verdict = send_to(q, plan->uri) ? watch(q, plan, look) : failed(q, look);
		if (verdict != TRANSFER_FAILED || !to_be_tried_again(look) || now_ns() > end || stopped ||
		    !plan->there(plan->arg))
			return verdict;
		sleep_until(now_ns() + 5 * LOOK_NS);
	}
}

static bool has_return_path(struct json_object *capabilities)
{
	size_t i, n = json_object_array_length(capabilities);
	struct json_object *o, *state;

	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(capabilities, i);
		if (!strcmp(qmp_word(o, "capability"), "return-path"))
			return json_object_object_get_ex(o, "state", &state) && json_object_get_boolean(state);
	}
	return false;
}

static bool set_return_path(struct qmp *q, bool on)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	struct json_object *one = json_object_new_object();

	json_object_object_add(one, "capability", json_object_new_string("return-path"));
	json_object_object_add(one, "state", json_object_new_boolean(on));
	json_object_array_add(list, one);
	json_object_object_add(o, "capabilities", list);
	return qmp_do(q, "migrate-set-capabilities", o);
}

/* As it was before, to be set again */
struct before {
	int64_t limit;
	bool return_path;
};

static bool read_before(struct qmp *q, struct before *b)
{
	struct json_object *parameters = qmp_ask(q, "query-migrate-parameters", NULL);
	struct json_object *capabilities = qmp_ask(q, "query-migrate-capabilities", NULL);
	bool good = parameters && capabilities && json_object_is_type(capabilities, json_type_array);

	if (good)
		*b = (struct before){ qmp_number(parameters, "downtime-limit"), has_return_path(capabilities) };
	json_object_put(parameters);
	json_object_put(capabilities);
	return good;
}

static void restore(struct qmp *q, const struct before *b)
{
	set_limit(q, b->limit);
	if (!b->return_path)
		set_return_path(q, false);
}

/* QEMU calls it failed before it lets its guest go on */
static enum transfer_verdict look_at_guest(struct qmp *q, struct transfer_look *look, enum transfer_verdict verdict)
{
	uint64_t end = now_ns() + GOES_ON_NS;
	struct json_object *o;

	do {
		o = qmp_ask(q, "query-status", NULL);
		if (!o)
			return failed(q, look);
		snprintf(look->guest, sizeof(look->guest), "%s", qmp_word(o, "status"));
		json_object_put(o);
		if (!strcmp(look->guest, "running"))
			break;
		sleep_until(now_ns() + LOOK_NS);
	} while (now_ns() < end);
	return verdict;
}

enum transfer_verdict transfer_run(struct qmp *q, const struct transfer_plan *plan, struct transfer_look *look)
{
	enum transfer_verdict verdict;
	struct before b;

	memset(look, 0, sizeof(*look));
	if (!read_before(q, &b)) {
		verdict = failed(q, look);
		return verdict == TRANSFER_LOST ? verdict : look_at_guest(q, look, verdict);
	}
	if ((b.return_path || set_return_path(q, true)) && (plan->relax || set_limit(q, plan->limit / 1000000)))
		verdict = go(q, plan, look);
	else
		verdict = failed(q, look);
	restore(q, &b);
	if (verdict == TRANSFER_FAILED || verdict == TRANSFER_HOPELESS)
		verdict = look_at_guest(q, look, verdict);
	return verdict;
}
