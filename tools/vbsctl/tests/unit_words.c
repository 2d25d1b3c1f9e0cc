// SPDX-License-Identifier: GPL-2.0
/* What keepers of timelines have left word of is told without what a terminal would obey. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "timelines/describe.h"
#include "timelines/net_word.h"

static char root[] = "/tmp/vbsctl-words.XXXXXX";

static void leave(const char *what, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/run/vbsctl/timeline-lab%s", root, what);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void words_of_a_keeper_are_printable(void **state)
{
	struct timeline_get get = { .set.generation = 7, .name = "lab" };
	struct tracking t;

	(void)state;
	leave("", "timeline-tracking 1\npid 1\nbegun 2\ngeneration 7\nfrom a\033[2Jb\nbounded 1\n"
		  "why c\302\2331md\nkeeper e\x7f\r\xff" "f\nkeeper_pid 3\n");
	assert_true(timeline_tracked(&get, &t));
	assert_string_equal(t.from, "a?[2Jb");
	assert_string_equal(t.why, "c??1md");
	assert_string_equal(t.keeper, "e???f");
	get.set.generation = 8;
	assert_false(timeline_tracked(&get, &t));
}

static void words_of_servers_are_printable(void **state)
{
	struct net_word word[TS_SERVERS];

	(void)state;
	leave(" servers", "timeline-servers 1\n"
	      "h\033[2J:123 1.2\a.3.4 255 1 2 3 4 5 6 7 t\033ue \033]0;x\n");
	assert_int_equal(net_word_read("lab", word), 1);
	assert_string_equal(word[0].name, "h?[2J:123");
	assert_string_equal(word[0].address, "1.2?.3.4");
	assert_string_equal(word[0].state, "t?ue");
	assert_string_equal(word[0].why, "?]0;x");
}

static int begin(void **state)
{
	char path[64];

	(void)state;
	if (!mkdtemp(root))
		return -1;
	setenv("VBSCTL_ROOT", root, 1);
	snprintf(path, sizeof(path), "%s/run", root);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/run/vbsctl", root);
	return mkdir(path, 0700);
}

static int end(void **state)
{
	static const char *const names[] = {
		"/run/vbsctl/timeline-lab", "/run/vbsctl/timeline-lab servers", "/run/vbsctl", "/run", "",
	};
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", root, names[i]);
		remove(path);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_a_keeper_are_printable),
		cmocka_unit_test(words_of_servers_are_printable),
	};

	return cmocka_run_group_tests_name("words", tests, begin, end);
}
