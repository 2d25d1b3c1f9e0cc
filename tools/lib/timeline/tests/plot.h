/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LIB_TIMELINE_TESTS_PLOT_H
#define LIB_TIMELINE_TESTS_PLOT_H

#include "timeline/tests/score.h"

struct plot {
	const char *file;		/* its name without .svg */
	const char *name, *what;
	double seconds;
	const struct score *ours;	/* the feed-forward clock's */
	const struct score *other;
	const char *whose;
};

/* DIRECTORY/FILE.svg: error against bound; false if it cannot be written */
bool plot_scores(const char *directory, const struct plot *plot);

#endif
