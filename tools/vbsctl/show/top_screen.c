// SPDX-License-Identifier: GPL-2.0
/* The terminal of vbsctl top. */
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "show/top.h"

static SCREEN *screen;

bool screen_start(bool *utf8)
{
	setlocale(LC_ALL, "");
	*utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return false;
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	return true;
}

/* So many characters as there are columns for; more would go on in the next line */
static int fitting(const wchar_t *wide)
{
	int n, used = 0;

	for (n = 0; wide[n]; n++) {
		int columns = wcwidth(wide[n]);

		used += columns > 0 ? columns : 0;
		if (used > COLS)
			break;
	}
	return n;
}

/* Bytes that are no characters go as they are */
static void put_line(int y, const char *line)
{
	wchar_t wide[512];
	size_t n = mbstowcs(wide, line, sizeof(wide) / sizeof(wide[0]) - 1);

	if (n == (size_t)-1) {
		mvaddnstr(y, 0, line, COLS);
		return;
	}
	wide[n] = 0;
	mvaddnwstr(y, 0, wide, fitting(wide));
}

/* Rows that the screen has room for */
static int page(const struct top_view *view)
{
	int n = LINES - 1 - top_head(view);

	return n > 1 ? n : 1;
}

static void show_keys(const struct top_view *view)
{
	int last = view->first + page(view), used;
	const struct top_key *k;
	char line[256];

	if (last > view->rows)
		last = view->rows;
	used = snprintf(line, sizeof(line), "%d-%d of %d  q quit; sort:",
			view->rows ? view->first + 1 : 0, last, view->rows);
	for (k = top_sort_keys; k->key; k++)
		used += snprintf(line + used, sizeof(line) - used,
				 k->key == view->sort ? " [%c]%s" : " %c%.0s", k->key, k->name);
	snprintf(line + used, sizeof(line) - used, "; PgUp PgDn; space: now");
	put_line(LINES - 1, line);
}

void screen_show(struct top_view *view)
{
	int head = top_head(view), y;
	char line[512];

	screen_scroll(view, SCREEN_NONE);
	erase();
	for (y = 0; y < head && y < LINES - 1; y++) {
		top_line(view, y, line, sizeof(line));
		if (y == head - 1)
			attron(A_REVERSE);
		put_line(y, line);
		attroff(A_REVERSE);
	}
	for (; y < LINES - 1 && top_line(view, y + view->first, line, sizeof(line)); y++)
		put_line(y, line);
	show_keys(view);
	refresh();
}

void screen_scroll(struct top_view *view, int key)
{
	int most = view->rows - page(view);

	switch (key) {
	case SCREEN_UP:
		view->first--;
		break;
	case SCREEN_DOWN:
		view->first++;
		break;
	case SCREEN_PAGE_UP:
		view->first -= page(view);
		break;
	case SCREEN_PAGE_DOWN:
		view->first += page(view);
		break;
	case SCREEN_HOME:
		view->first = 0;
		break;
	case SCREEN_END:
		view->first = most;
		break;
	}
	if (view->first > most)
		view->first = most;
	if (view->first < 0)
		view->first = 0;
}

int screen_key(uint64_t ms)
{
	static const struct { int curses, key; } keys[] = {
		{ 'q', SCREEN_QUIT }, { ' ', SCREEN_NEXT }, { KEY_RESIZE, SCREEN_RESIZE },
		{ KEY_UP, SCREEN_UP }, { KEY_DOWN, SCREEN_DOWN },
		{ KEY_PPAGE, SCREEN_PAGE_UP }, { KEY_NPAGE, SCREEN_PAGE_DOWN },
		{ KEY_HOME, SCREEN_HOME }, { KEY_END, SCREEN_END },
	};
	size_t i;
	int c;

	timeout(ms > INT32_MAX ? INT32_MAX : (int)ms);
	c = getch();
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (c == keys[i].curses)
			return keys[i].key;
	}
	return c > 0 && c < 256 ? c : SCREEN_NONE;
}

void screen_stop(void)
{
	endwin();
	delscreen(screen);
}
