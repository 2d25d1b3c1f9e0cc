// SPDX-License-Identifier: GPL-2.0
/* The terminal of vbsctl top. */
#include <curses.h>
#include <locale.h>
#include <stdio.h>

#include "top.h"

static SCREEN *screen;

bool screen_start(void)
{
	setlocale(LC_ALL, "");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return false;
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	return true;
}

/* Column titles stand out */
static void show_line(const struct top_view *view, int n, const char *line)
{
	bool title = n == view->snap->cpus;

	if (title)
		attron(A_REVERSE);
	mvaddnstr(n, 0, line, COLS);
	if (title)
		attroff(A_REVERSE);
}

static void show_keys(const struct top_view *view)
{
	const struct top_key *k;

	move(LINES - 1, 0);
	clrtoeol();
	printw("q quit; sort:");
	for (k = top_sort_keys; k->key; k++)
		printw(k->key == view->sort ? " [%c]%s" : " %c %s", k->key, k->name);
}

void screen_show(const struct top_view *view)
{
	char line[512];
	int n;

	erase();
	for (n = 0; n < LINES - 1 && top_line(view, n, line, sizeof(line)); n++)
		show_line(view, n, line);
	show_keys(view);
	refresh();
}

int screen_key(uint64_t ms)
{
	int c;

	timeout(ms > INT32_MAX ? INT32_MAX : (int)ms);
	c = getch();
	return c == ERR ? 0 : c;
}

void screen_stop(void)
{
	endwin();
	delscreen(screen);
}
