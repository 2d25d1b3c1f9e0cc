// SPDX-License-Identifier: GPL-2.0
/* What list, show and metrics tell of a timeline. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "command.h"
#include "show/utf8.h"
#include "timelines/describe.h"
#include "timelines/text.h"

const char *timeline_counter(unsigned int id)
{
	return id == TIMELINE_COUNTER_X86_TSC ? "tsc" :
	       id == TIMELINE_COUNTER_RAW ? "monotonic-raw" : "unknown";
}

void timeline_now(const struct timeline_get *get, struct timeline_time *tt)
{
	if (timeline_gettime(get->set.id, tt))
		*tt = (struct timeline_time){ .status = TIMELINE_STATUS_INITIALIZING,
					      .err_low_ns = TIMELINE_UNBOUNDED,
					      .err_high_ns = TIMELINE_UNBOUNDED };
}

uint64_t timeline_age(const struct timeline_get *get, const struct timeline_time *tt)
{
	const struct timeline_set *set = &get->set;
	int64_t ns = timeline_diff_ns(set->counter_period_frac_sec, set->counter_period_shift,
				      set->counter_value, tt->counter);

	return ns < 0 ? 0 : ns;
}

uint64_t timeline_slewing(const struct timeline_get *get, const struct timeline_time *tt)
{
	uint64_t rate = get->slew_rate;

	if (get->slew_rate < 0)
		rate = -rate;
	if ((int64_t)(get->slew_end - tt->counter) <= 0)
		return 0;
	return timeline_diff_ns(rate, get->set.counter_period_shift, tt->counter, get->slew_end);
}

/* Whoever may write there may write anything, and a synchroniser has some of it from others */
bool timeline_tracked(const struct timeline_get *get, struct tracking *t)
{
	if (tracking_read(get->name, t) || t->generation != get->set.generation)
		return false;
	make_printable(t->from);
	make_printable(t->why);
	make_printable(t->keeper);
	return true;
}

static void call_each(int fd, const volatile struct timeline_entry *table,
		      void (*call)(const struct timeline_get *, void *), void *arg)
{
	struct timeline_get get;
	unsigned int i;

	for (i = 0; i < TIMELINE_IDS; i++) {
		memset(&get, 0, sizeof(get));
		get.set.id = table[i].id;
		if (table[i].magic == TIMELINE_MAGIC && !timeline_ioctl(fd, TIMELINE_GET, &get))
			call(&get, arg);
	}
}

/* In the table, where a place is not an id.  What changes meanwhile is not there, or is found */
int each_timeline(int fd, void (*call)(const struct timeline_get *, void *), void *arg)
{
	const size_t size = TIMELINE_MAX_IDS * TIMELINE_ENTRY_SIZE;
	void *table = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (table == MAP_FAILED)
		return failure(VC_FAIL, "cannot map " TIMELINE_DEVICE ": %s", strerror(errno));
	call_each(fd, table, call, arg);
	munmap(table, size);
	return VC_OK;
}

static struct json_object *json_reference(const struct tracking *t)
{
	struct json_object *o = json_object_new_object();

	json_str(o, "name", t->from);
	if (t->keeper_pid) {
		json_str(o, "keeper", t->keeper);
		json_num(o, "keeper_pid", t->keeper_pid);
	}
	json_flag(o, "believed", t->bounded);
	json_str(o, "why", t->why);
	json_bound(o, "error_ns", t->bounded ? t->reference_ns : TIMELINE_UNBOUNDED);
	if (t->has_offset)
		json_num(o, "offset_ns", t->offset_ns);
	json_u64(o, "contradictions", t->contradictions);
	json_u64(o, "steps", t->steps);
	return o;
}

static void json_tracking(struct json_object *o, const struct timeline_get *get)
{
	struct json_object *keeper = json_object_new_object();
	struct tracking t;

	if (!timeline_tracked(get, &t)) {
		json_object_put(keeper);
		return;
	}
	json_num(keeper, "pid", t.pid);
	json_flag(keeper, "running", tracking_runs(&t));
	json_object_object_add(o, "keeper", keeper);
	json_object_object_add(o, "reference", json_reference(&t));
}

struct text timeline_phc(unsigned int id, unsigned int flags)
{
	struct text t = { "" };
	struct dirent *entry = NULL;
	char path[64];
	DIR *dir;

	if (!(flags & TIMELINE_PHC))
		return t;
	snprintf(path, sizeof(path), "/sys/class/timeline_phc/phc%u", id);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) && strncmp(entry->d_name, "ptp", 3))
		;
	snprintf(t.s, sizeof(t.s), "/dev/%.20s", entry ? entry->d_name : "ptp?");
	if (dir)
		closedir(dir);
	return t;
}

void json_phc(struct json_object *o, unsigned int id, unsigned int flags)
{
	struct text phc = timeline_phc(id, flags);

	if (phc.s[0])
		json_str(o, "phc", phc.s);
}

struct json_object *json_timeline(const struct timeline_get *get)
{
	const struct timeline_set *set = &get->set;
	struct json_object *o = json_object_new_object(), *now = json_object_new_object();
	struct timeline_time tt;

	timeline_now(get, &tt);
	json_str(o, "name", get->name);
	json_num(o, "id", set->id);
	json_num(o, "clock_id", CLOCK_TIMELINE(set->id));
	json_num(o, "generation", set->generation);
	json_str(o, "type", timeline_type(get->time_type));
	json_flag(o, "step", get->flags & TIMELINE_STEP);
	json_num(o, "slew_ppb", get->slew_ppb);
	json_flag(o, "guest", get->flags & TIMELINE_GUEST);
	json_phc(o, set->id, get->flags);
	json_str(o, "counter", timeline_counter(set->counter_id));
	json_u64(o, "counter_hz", get->counter_hz);
	json_u64(o, "updates", get->updates);
	if (get->updates)
		json_u64(o, "age_ns", timeline_age(get, &tt));
	json_u64(o, "counter_value", set->counter_value);
	json_num(o, "period_shift", set->counter_period_shift);
	json_u64(o, "period_frac_sec", set->counter_period_frac_sec);
	json_decimal(o, "period_ppm", timeline_offset_ppm(get), 6);
	json_decimal(o, "growth_ppm", timeline_growth_ppm(set), 6);
	json_num(o, "tai_offset_sec", set->tai_offset_sec);
	json_flag(o, "tai_offset_valid", !!(set->vmclock_flags & TIMELINE_VF_TAI_OFFSET_VALID));
	json_num(o, "leap_indicator", set->leap_indicator);
	json_u64(o, "slewing_ns", timeline_slewing(get, &tt));
	json_tracking(o, get);
	json_reading(now, &tt);
	json_object_object_add(o, "now", now);
	return o;
}
