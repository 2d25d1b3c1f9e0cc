// SPDX-License-Identifier: GPL-2.0
/*
 * Rules are files NAME.conf, a line "key value" for each thing; # begins a comment.  What
 * is not understood is an error, so that nobody believes a limit to be in force that has a
 * typing mistake; a rule with one attaches nothing, and none after it is looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/sysfile.h"
#include "vm/rules.h"

static int wrong(const struct vm_rule *rule, int line, const char *key, const char *why)
{
	if (line)
		failure(VC_FAIL, "%s:%d: %s: %s", rule->file, line, key, why);
	else
		failure(VC_FAIL, "%s: %s", rule->file, why);
	return -1;
}

static const char *copy(char *to, size_t size, const char *value)
{
	if (strlen(value) >= size)
		return "the text is too long";
	strcpy(to, value);
	return NULL;
}

static const char *take_user(struct vm_rule *rule, const char *value)
{
	struct passwd *pw = getpwnam(value);
	uint64_t uid;

	if (pw)
		rule->uid = pw->pw_uid;
	else if (!parse_count(value, &uid) && uid < UINT32_MAX)
		rule->uid = uid;
	else if (strcmp(value, "*"))
		return "there is no such user";
	return copy(rule->user, sizeof(rule->user), value);
}

static const char *take(struct vm_rule *rule, const char *key, const char *value)
{
	if (!*value)
		return "its value is missing";
	if (!strcmp(key, "name"))
		return copy(rule->name, sizeof(rule->name), value);
	if (!strcmp(key, "user"))
		return take_user(rule, value);
	return vm_request_take(&rule->req, key, value);
}

/* "  key  value  # comment", in place: the key, or NULL; *value without spaces around it */
static char *split(char *line, char **value)
{
	char *key, *end;

	line[strcspn(line, "#")] = '\0';
	key = line + strspn(line, " \t\r");
	if (!*key)
		return NULL;
	end = key + strlen(key);
	while (end > key && strchr(" \t\r", end[-1]))
		*--end = '\0';
	*value = key + strcspn(key, " \t");
	if (**value)
		*(*value)++ = '\0';
	*value += strspn(*value, " \t");
	return key;
}

static int read_lines(struct vm_rule *rule, char *text)
{
	char *line, *key, *value, *rest = text;
	const char *why;
	int n = 0;

	while ((line = strsep(&rest, "\n"))) {
		n++;
		key = split(line, &value);
		why = key ? take(rule, key, value) : NULL;
		if (why)
			return wrong(rule, n, key, why);
	}
	return 0;
}

int vm_rule_read(const char *file, struct vm_rule *rule)
{
	char *text = sys_read(file), numbers[512];
	const char *why;
	int ret;

	memset(rule, 0, sizeof(*rule));
	snprintf(rule->file, sizeof(rule->file), "%s", file);
	if (!text)
		return wrong(rule, 0, "", strerror(errno));
	ret = read_lines(rule, text);
	free(text);
	if (ret)
		return ret;
	if (!rule->name[0])
		return wrong(rule, 0, "", "the name is missing, as in \"name web*\"");
	why = vm_request_complete(&rule->req, numbers, sizeof(numbers));
	return why ? wrong(rule, 0, "", why) : 0;
}

/*
 * Everybody may have a process of any name, and on many machines open /dev/kvm, which is
 * what KVM announces: without a user a rule is for root's, who is 0.
 */
static bool is_for(const struct vm_rule *rule, const char *name, const char *comm, uint32_t uid)
{
	if (fnmatch(rule->name, name, 0) && (!*comm || fnmatch(rule->name, comm, 0)))
		return false;
	if (uid == UINT32_MAX || rule->uid == uid || !strcmp(rule->user, "*"))
		return true;
	if (!rule->user[0])
		failure(VC_OK, "note: %s has no 'user', so it is for root's machines only; uid %u has one of that name",
			rule->file, uid);
	return false;
}

/* As fnmatch() has it: no hidden files, and none that a package manager put aside */
static int is_rule(const struct dirent *d)
{
	return !fnmatch("*.conf", d->d_name, FNM_PERIOD);
}

int vm_rule_find(const char *name, const char *comm, uint32_t uid, struct vm_rule *rule)
{
	struct dirent **entry;
	char path[512];
	int i, found = 0, n = scandir(sys_path(VM_RULES_DIR), &entry, is_rule, alphasort);

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), VM_RULES_DIR "/%s", entry[i]->d_name);
		free(entry[i]);
		if (found)
			continue;
		found = vm_rule_read(path, rule);
		if (!found)
			found = is_for(rule, name, comm, uid);
	}
	if (n >= 0)
		free(entry);
	return found;
}
