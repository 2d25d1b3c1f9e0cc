// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline compare: how far a timeline and another clock are apart. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"
#include "options.h"
#include "timeline/compare.h"
#include "timeline/source.h"
#include "timelines/describe.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

#define READINGS	8
#define TRIES		16

/* The other clock: a timeline, or a reference as 'sync' has it */
struct other {
	const char *name;
	bool is_timeline;
	struct timeline_get get;
	struct timeline_source source;
	struct source_state state;
};

struct comparison {
	int fd;
	const char *name;
	struct timeline_get get;
	struct other other;
	uint64_t over;		/* ns: between two comparisons, for the drift; 0: one */
	bool json;
};

/* One comparison, with what both clocks said */
struct finding {
	struct timeline_time a;
	struct shown b;
	unsigned int b_status;
	struct apart apart;
};

static int get_again(struct comparison *c, struct timeline_get *get)
{
	int err;

	memset(get, 0, sizeof(*get));
	get->set.id = c->get.set.id;
	err = timeline_ioctl(c->fd, TIMELINE_GET, get);
	if (!err && get->set.generation != c->get.set.generation)
		err = ESTALE;
	return err ? timeline_failure("read", c->name, err == EINVAL ? ENOENT : err) : VC_OK;
}

static int read_named(const char *name, const struct timeline_get *get, struct timeline_time *tt)
{
	int err = timeline_gettime(get->set.id, tt);

	if (err)
		return timeline_failure("read", name, err == EINVAL ? ENOENT : err);
	if (tt->status == TIMELINE_STATUS_INITIALIZING)
		return failure(VC_FAIL, "'%s' has no time yet: 'vbsctl timeline sync' sets it", name);
	return VC_OK;
}

static int read_other_timeline(struct comparison *c, struct finding *f)
{
	struct timeline_time tt;
	int code = read_named(c->other.name, &c->other.get, &tt);

	if (code)
		return code;
	f->b = (struct shown){ .before = tt.counter, .after = tt.counter,
			       .ns = tt.sec * 1000000000LL + tt.nsec,
			       .low = tt.err_low_ns, .high = tt.err_high_ns };
	f->b_status = tt.status;
	return VC_OK;
}

static int read_reference(struct comparison *c, struct finding *f)
{
	struct other *o = &c->other;
	struct te_sample s;
	int err = source_sample(&o->source, c->get.set.counter_id, &s, &o->state);

	if (err)
		return failure(VC_FAIL, "cannot read %s: %s", o->name, strerror(err));
	f->b = (struct shown){ .before = s.before, .after = s.after, .ns = s.ref_ns,
			       .low = TIMELINE_UNBOUNDED, .high = TIMELINE_UNBOUNDED };
	f->b_status = o->state.synchronized ? TIMELINE_STATUS_SYNCHRONIZED : TIMELINE_STATUS_UNKNOWN;
	if (o->state.synchronized) {
		f->b.low = s.err_low;
		f->b.high = s.err_high;
	}
	return VC_OK;
}

static int compare_once(struct comparison *c, struct finding *f, bool *same)
{
	struct timeline_get first, last;
	struct timeline_time before;
	int code = get_again(c, &first);

	if (!code)
		code = read_named(c->name, &c->get, &before);
	if (!code)
		code = c->other.is_timeline ? read_other_timeline(c, f) : read_reference(c, f);
	if (!code)
		code = read_named(c->name, &c->get, &f->a);
	if (!code)
		code = get_again(c, &last);
	if (code)
		return code;
	compare(&f->a, &first, &last, &f->b, &f->apart);
	/* A step, or another counter, in between says nothing */
	*same = before.disruption == f->a.disruption && first.set.counter_id == last.set.counter_id;
	return VC_OK;
}

/* The best of a few */
static int compare_best(struct comparison *c, struct finding *best)
{
	struct finding f;
	bool same;
	int i, n = 0, code;

	for (i = 0; i < TRIES && n < READINGS; i++) {
		code = compare_once(c, &f, &same);
		if (code)
			return code;
		if (!same)
			continue;
		if (!n || f.apart.read < best->apart.read)
			*best = f;
		n++;
	}
	if (!n)
		return failure(VC_FAIL, "'%s' steps all the time", c->name);
	return VC_OK;
}

static unsigned int scale_of(const struct other *o)
{
	if (o->is_timeline)
		return o->get.time_type;
	return o->source.scale == SCALE_UTC ? TIMELINE_TIME_UTC :
	       o->source.scale == SCALE_TAI ? TIMELINE_TIME_TAI : TIMELINE_TIME_MONOTONIC;
}

static bool tai_of(const struct comparison *c, int *tai)
{
	const struct timeline_get *gets[] = { &c->get, &c->other.get };
	int i;

	for (i = 0; i < 2; i++) {
		if (gets[i]->set.vmclock_flags & TIMELINE_VF_TAI_OFFSET_VALID) {
			*tai = gets[i]->set.tai_offset_sec;
			return true;
		}
	}
	*tai = c->other.state.tai_offset;
	return c->other.state.tai_known;
}

/* NULL, and what the two must differ by; or why that is not known */
static const char *expected(const struct comparison *c, int64_t *ns)
{
	unsigned int a = c->get.time_type, b = scale_of(&c->other);
	int tai;

	*ns = 0;
	if (a == TIMELINE_TIME_MONOTONIC || b == TIMELINE_TIME_MONOTONIC)
		return "they have no scale in common";
	if (a == b)
		return NULL;
	if (!tai_of(c, &tai))
		return "one is utc, one tai, and TAI - UTC is not known";
	*ns = (a == TIMELINE_TIME_TAI ? 1 : -1) * tai * 1000000000LL;
	return NULL;
}

/* NULL, and whether both bounds can hold; or why that cannot be told */
static const char *judge(const struct comparison *c, const struct finding *f, bool *agree)
{
	struct apart apart = f->apart;
	int64_t ns;
	const char *why = expected(c, &ns);

	*agree = true;
	if (why)
		return why;
	if (f->a.err_low_ns == TIMELINE_UNBOUNDED || f->a.err_high_ns == TIMELINE_UNBOUNDED ||
	    f->b.low == TIMELINE_UNBOUNDED || f->b.high == TIMELINE_UNBOUNDED)
		return "a bound is missing";
	apart.ns -= ns;
	*agree = compare_agree(&apart, f->a.err_low_ns, f->a.err_high_ns, f->b.low, f->b.high);
	return NULL;
}

/* In ppm, and how far it can be off */
static double drift(const struct comparison *c, const struct finding *f, double *known)
{
	const struct timeline_set *set = &c->get.set;
	double ns = timeline_diff_ns(set->counter_period_frac_sec, set->counter_period_shift,
				     f[0].apart.counter, f[1].apart.counter);

	*known = (f[0].apart.read + f[1].apart.read) / ns * 1e6;
	return (f[1].apart.ns - f[0].apart.ns) / ns * 1e6;
}

static void print_clock(const char *name, const char *status, uint64_t low, uint64_t high,
			const char *why)
{
	printf("  %-20s %s, %s%s%s\n", name, status, fmt_bound(low, high).s, why[0] ? ": " : "", why);
}

static const char *why_believed(const struct other *o)
{
	const struct keeper_kind *kind = o->source.belief.keepers.kind;

	if (o->is_timeline)
		return "";
	if (o->state.why)
		return o->state.why;
	if (o->source.says && !o->source.stated)
		return o->source.says;
	return o->source.stated || !kind ? "what you state" : keeper_says(kind);
}

static void print_text(const struct comparison *c, const struct finding *f, int n)
{
	const struct finding *last = &f[n - 1];
	int64_t ns = last->apart.ns;
	const char *why;
	bool agree;
	double known, ppm;

	printf("%s is %s %s %s, known to %s\n", c->name, fmt_time(ns < 0 ? -ns : ns).s,
	       ns < 0 ? "behind" : "ahead of", c->other.name, fmt_short(last->apart.read).s);
	print_clock(c->name, timeline_status(last->a.status), last->a.err_low_ns,
		    last->a.err_high_ns, "");
	print_clock(c->other.name, c->other.is_timeline ? timeline_status(last->b_status) :
		    last->b_status ? "believed" : "not believed", last->b.low, last->b.high,
		    why_believed(&c->other));
	if (n > 1) {
		ppm = drift(c, f, &known);
		printf("  drift                %+.4f ppm over %s, known to %.4f ppm\n", ppm,
		       fmt_time(c->over).s, known);
	}
	why = judge(c, last, &agree);
	if (why)
		printf("  whether they agree cannot be told: %s\n", why);
	else
		printf("  the bounds %s\n", agree ? "agree" :
		       "contradict each other: at least one of them is wrong");
}

static struct json_object *json_clock(const char *name, const char *status, uint64_t low,
				      uint64_t high)
{
	struct json_object *o = json_object_new_object();

	json_str(o, "name", name);
	json_str(o, "status", status);
	json_bound(o, "err_low_ns", low);
	json_bound(o, "err_high_ns", high);
	return o;
}

static void print_json(const struct comparison *c, const struct finding *f, int n)
{
	const struct finding *last = &f[n - 1];
	struct json_object *o = json_list(NULL, NULL), *other;
	const char *why;
	bool agree;
	double known, ppm;

	json_num(o, "offset_ns", last->apart.ns);
	json_u64(o, "known_to_ns", last->apart.read);
	json_object_object_add(o, "timeline", json_clock(c->name, timeline_status(last->a.status),
							 last->a.err_low_ns, last->a.err_high_ns));
	other = json_clock(c->other.name, c->other.is_timeline ? timeline_status(last->b_status) :
			   last->b_status ? "believed" : "not believed", last->b.low, last->b.high);
	if (!c->other.is_timeline)
		json_str(other, "why", why_believed(&c->other));
	json_object_object_add(o, "other", other);
	if (n > 1) {
		ppm = drift(c, f, &known);
		json_decimal(o, "drift_ppm", ppm, 6);
		json_decimal(o, "drift_known_to_ppm", known, 6);
	}
	why = judge(c, last, &agree);
	json_object_object_add(o, "agree", why ? NULL : json_object_new_boolean(agree));
	json_print(o);
}

static void pause_for(uint64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		;
}

static int compare_all(struct comparison *c)
{
	struct finding f[2] = { 0 };
	int n = 0, code;
	bool agree;

	code = compare_best(c, &f[n++]);
	if (!code && c->over) {
		pause_for(c->over);
		code = compare_best(c, &f[n++]);
	}
	if (code)
		return code;
	if (f[0].a.disruption != f[n - 1].a.disruption && n > 1)
		return failure(VC_FAIL, "'%s' has stepped meanwhile", c->name);
	if (c->json)
		print_json(c, f, n);
	else
		print_text(c, f, n);
	return judge(c, &f[n - 1], &agree) || agree ? VC_OK : VC_FAIL;
}

static int open_other(struct comparison *c)
{
	struct other *o = &c->other;
	char why[256];
	int err;

	o->is_timeline = strcmp(o->name, "realtime") && strcmp(o->name, "tai") &&
			 !strchr(o->name, '/');
	if (o->is_timeline)
		return timeline_get_named(c->fd, o->name, &o->get);
	err = source_open(&o->source, o->name, why, sizeof(why));
	if (err)
		return failure(err == EINVAL ? VC_USAGE : err == EACCES ? VC_PERM : VC_FAIL, "%s", why);
	return VC_OK;
}

static int compare_named(struct comparison *c)
{
	int code;

	c->fd = timeline_open(&code);
	if (c->fd < 0)
		return code;
	code = timeline_get_named(c->fd, c->name, &c->get);
	if (!code)
		code = open_other(c);
	if (!code && c->other.is_timeline && (c->other.source.stated || c->other.source.scale))
		code = failure(VC_USAGE, "'%s' is a timeline, which has a scale and a bound of its own",
			       c->other.name);
	if (!code && !c->other.is_timeline && c->get.set.counter_id == TIMELINE_COUNTER_RAW &&
	    source_raw_is_shifted())
		code = failure(VC_FAIL, "the counter is CLOCK_MONOTONIC_RAW, and in a time namespace that cannot be told");
	if (!code)
		code = compare_all(c);
	source_close(&c->other.source);
	close(c->fd);
	return code;
}

static const char *take_value(int c, struct comparison *cmp)
{
	struct timeline_source *src = &cmp->other.source;

	switch (c) {
	case 'o':
		return parse_time(optarg, &cmp->over);
	case 'e':
		src->stated = true;
		return parse_time(optarg, &src->error_ns);
	case 's':
		return parse_scale(optarg, &src->scale);
	default:
		cmp->json |= c == 'j';
		return NULL;
	}
}

static int compare_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "over", required_argument, NULL, 'o' },
		{ "reference-error", required_argument, NULL, 'e' },
		{ "scale", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct comparison cmp = { .over = 1000000000,
				  .other.source = { .readings = READINGS, .fd = -1,
						    .hop_ns = PTP4L_NO_HOPS } };
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "o:e:s:jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		why = take_value(c, &cmp);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (optind != argc - 2)
		return usage_error(cmd, "it takes a timeline and another clock");
	cmp.name = argv[optind];
	cmp.other.name = argv[optind + 1];
	return compare_named(&cmp);
}

const struct command timeline_compare = {
	.name = "timeline compare",
	.summary = "tell how far a timeline and another clock are apart",
	.help =
	"Usage: vbsctl timeline compare [OPTION]... NAME OTHER\n\n"
	"  -o, --over TIME      between the two comparisons that tell the drift (1s); 0s: one,\n"
	"                       and no drift\n"
	"  -e, --reference-error TIME\n"
	"                       what you trust OTHER to, if it is no timeline\n"
	"  -s, --scale SCALE    what a PTP clock shows: utc or tai\n"
	"  -j, --json           JSON\n\n"
	"OTHER is a timeline, realtime, tai or /dev/ptpN. 'Known to' is how far the offset can\n"
	"be off because of the reading; each clock has its own bound besides. Exit status 1:\n"
	"the bounds contradict each other, so at least one of them is wrong.\n\n"
	"  vbsctl timeline compare lab realtime\n"
	"  vbsctl timeline compare lab plant --over 10s\n"
	"  vbsctl timeline compare lab /dev/ptp0 --scale tai --json\n",
	.run = compare_main,
};
