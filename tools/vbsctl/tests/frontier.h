/* SPDX-License-Identifier: GPL-2.0 */
/* A search of all states that can be reached: each is visited once, in any order. */
#ifndef VBSCTL_TESTS_FRONTIER_H
#define VBSCTL_TESTS_FRONTIER_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/tests/unit.h"

struct frontier {
	size_t states, size;	/* how many there are, and bytes of one */
	uint8_t *met;		/* a bit for each */
	char *stack;		/* those that are still to be visited */
	size_t depth, room;
};

static inline void frontier_begin(struct frontier *f, size_t states, size_t size)
{
	*f = (struct frontier){ .states = states, .size = size, .met = calloc(states / 8 + 1, 1) };
	assert_non_null(f->met);
}

static inline void frontier_end(struct frontier *f)
{
	free(f->met);
	free(f->stack);
}

static inline bool frontier_meets(struct frontier *f, size_t number)
{
	bool met = f->met[number / 8] & 1 << number % 8;

	f->met[number / 8] |= 1 << number % 8;
	return met;
}

static inline void frontier_add(struct frontier *f, size_t number, const void *state)
{
	assert_true(number < f->states);
	if (frontier_meets(f, number))
		return;
	if (f->depth == f->room) {
		f->room = f->room ? 2 * f->room : 4096;
		f->stack = realloc(f->stack, f->room * f->size);
		assert_non_null(f->stack);
	}
	memcpy(f->stack + f->depth++ * f->size, state, f->size);
}

/* False: all have been visited */
static inline bool frontier_take(struct frontier *f, void *state)
{
	if (!f->depth)
		return false;
	memcpy(state, f->stack + --f->depth * f->size, f->size);
	return true;
}

#endif
