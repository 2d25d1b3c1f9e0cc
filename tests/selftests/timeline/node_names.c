// SPDX-License-Identifier: GPL-2.0
/* Two make and destroy timelines of one name: whose CREATE has succeeded has its node */
#include <errno.h>
#include <unistd.h>
#include "tl_test.h"

#define TIMES	300
#define NAME	"again"
#define NODE	"/dev/timelines/" NAME

struct counts {
	u32 made, without, refused;
};

static void make_and_destroy(int fd, struct counts *c)
{
	int id = tl_create(fd, NAME, 0);

	if (id < 0) {
		c->refused += id == -EEXIST;
		return;
	}
	c->made++;
	c->without += access(NODE, R_OK) != 0;
	tl_destroy(fd, id);
}

static void other(void *p)
{
	struct counts *c = p;
	int fd = tl_open();

	while (c->made < TIMES)
		make_and_destroy(fd, c);
}

VBS_TEST("a timeline that takes the name of one that goes has its node", 60)
{
	struct counts *c = t_shared(2 * sizeof(*c));
	int fd = tl_open();

	t_fork(other, &c[1]);
	while (c[0].made < TIMES || c[1].made < TIMES)
		make_and_destroy(fd, &c[0]);
	t_diag("made %u and %u, refused %u and %u", c[0].made, c[1].made, c[0].refused,
	       c[1].refused);
	t_at_least(c[0].refused + c[1].refused, 1, "times that the name was not free");
	t_equal(c[0].without + c[1].without, 0, "timelines without a node");
}
