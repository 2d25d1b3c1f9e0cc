/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LIB_TIMELINE_TESTS_PLOT_H
#define LIB_TIMELINE_TESTS_PLOT_H

#include "timeline/tests/score.h"

/* DIRECTORY/timeline-NAME.svg: error against bound; false if it cannot be written */
bool plot_scores(const char *directory, const struct trace_spec *spec,
		 const struct scores *scores);

#endif
