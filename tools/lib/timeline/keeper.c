// SPDX-License-Identifier: GPL-2.0
/*
 * A process keeps CLOCK_REALTIME if it bears the name of a program that does, has
 * CAP_SYS_TIME in the user namespace of this one (so nobody without it can pose as
 * one), and does not visibly leave that clock alone: ptp4l with a PTP clock open
 * steers that one, phc2sys what its command line says.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "timeline/keeper.h"

#define CAP_SYS_TIME_BIT	25
#define PTP_DEVICE		"/dev/ptp"

static const char *proc_path(char *path, size_t size, const char *pid, const char *file)
{
	snprintf(path, size, "/proc/%s/%s", pid, file);
	return sys_path(path);
}

/* The file's first bytes, closed by a 0; their number, 0 where it cannot be read */
static size_t read_proc(const char *pid, const char *file, char *text, size_t size)
{
	char path[64];
	FILE *f = fopen(proc_path(path, sizeof(path), pid, file), "re");
	size_t n = f ? fread(text, 1, size - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return n;
}

static bool read_proc_link(const char *pid, const char *file, char *text, size_t size)
{
	char path[512];
	ssize_t n = readlink(proc_path(path, sizeof(path), pid, file), text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool may_set_the_time(const char *pid)
{
	char status[4096], own[64], its[64], *caps;

	read_proc(pid, "status", status, sizeof(status));
	caps = strstr(status, "\nCapEff:");
	return caps && strtoull(caps + 8, NULL, 16) >> CAP_SYS_TIME_BIT & 1 &&
	       read_proc_link("self", "ns/user", own, sizeof(own)) &&
	       read_proc_link(pid, "ns/user", its, sizeof(its)) && !strcmp(own, its);
}

static bool has_ptp_clock(const char *pid)
{
	char path[64], name[300], target[64];
	DIR *dir = opendir(proc_path(path, sizeof(path), pid, "fd"));
	struct dirent *d;
	bool found = false;

	while (dir && !found && (d = readdir(dir))) {
		snprintf(name, sizeof(name), "fd/%s", d->d_name);
		found = read_proc_link(pid, name, target, sizeof(target)) &&
			!strncmp(target, PTP_DEVICE, strlen(PTP_DEVICE));
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The value of an option such as -c, also as -cVALUE, from the word at @at on */
static const char *option_value(const char *word, const char *end, char option)
{
	const char *next = word + strlen(word) + 1;

	if (word[0] != '-' || word[1] != option)
		return NULL;
	if (word[2])
		return word + 2;
	return next < end ? next : NULL;
}

/* phc2sys sets CLOCK_REALTIME unless -c names other clocks only, or -a comes without -r */
static bool phc2sys_is_idle(const char *pid)
{
	char line[4096];
	const char *end = line + read_proc(pid, "cmdline", line, sizeof(line)), *word, *value;
	bool other = false, realtime = false, automatic = false, both = false;

	for (word = line; word < end; word += strlen(word) + 1) {
		value = option_value(word, end, 'c');
		realtime |= value && !strcmp(value, "CLOCK_REALTIME");
		other |= value && strcmp(value, "CLOCK_REALTIME");
		if (word[0] == '-' && word[1] != '-') {
			automatic |= strchr(word, 'a') == word + 1;
			both |= strchr(word, 'r') != NULL;
		}
	}
	return automatic ? !both : other && !realtime;
}

/* The name is also that of busybox's, which states nothing, and of OpenNTPD's */
static bool is_busybox(const char *pid)
{
	char exe[512];
	const char *base;

	if (!read_proc_link(pid, "exe", exe, sizeof(exe)))
		return true;
	base = strrchr(exe, '/');
	return !strncmp(base ? base + 1 : exe, "busybox", 7);
}

static bool is_not_busybox(const char *pid)
{
	return !is_busybox(pid);
}

static const struct keeper_kind kinds[] = {
	{ "chronyd", "chronyd", CLAIM_TRACKING, NULL, NULL },
	{ "ntpd", "ntpd", CLAIM_NTP, NULL, is_busybox },
	{ "busybox ntpd", "ntpd", CLAIM_NONE, "states no bound", is_not_busybox },
	{ "openntpd", "openntpd", CLAIM_NONE, "states no bound", NULL },
	{ "ntpd-rs", "ntp-daemon", CLAIM_NONE, "does not state what it has yet to correct", NULL },
	{ "systemd-timesyncd", "systemd-timesyn", CLAIM_NONE,
	  "states a bound of 0 whatever it has yet to correct", NULL },
	{ "phc2sys", "phc2sys", CLAIM_NONE,
	  "states a bound of 0 whatever it has yet to correct", phc2sys_is_idle },
	{ "ptp4l", "ptp4l", CLAIM_NONE,
	  "states a bound of 0 whatever it has yet to correct", has_ptp_clock },
};

const char *keeper_says(const struct keeper_kind *kind)
{
	return kind->claim == CLAIM_TRACKING ? "its tracking report" :
	       "its answers to NTP queries and the kernel's maxerror";
}

static void look_at(const char *pid, struct keepers *found)
{
	char comm[32];
	size_t i;

	if (!read_proc(pid, "comm", comm, sizeof(comm)))
		return;
	comm[strcspn(comm, "\n")] = '\0';
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(comm, kinds[i].comm) || !may_set_the_time(pid) ||
		    (kinds[i].idle && kinds[i].idle(pid)))
			continue;
		if (!found->kind) {
			found->kind = &kinds[i];
			found->pid = atoi(pid);
		} else if (found->kind != &kinds[i] && !found->second) {
			found->second = &kinds[i];
			found->second_pid = atoi(pid);
		}
	}
}

void keepers_find(struct keepers *found)
{
	DIR *dir = opendir(sys_path("/proc"));
	struct dirent *d;

	memset(found, 0, sizeof(*found));
	while (dir && (d = readdir(dir))) {
		if (isdigit((unsigned char)d->d_name[0]))
			look_at(d->d_name, found);
	}
	if (dir)
		closedir(dir);
}
