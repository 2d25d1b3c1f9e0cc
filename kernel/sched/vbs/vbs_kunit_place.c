// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of SCHED_VBS's places, in the books of the kernel that runs: booked,
 * refused, asked for; entered and left, and moved while nobody is inside.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/mmu_context.h>
#include <linux/sched/task.h>
#include <linux/sched/vbs.h>
#include <uapi/linux/sched/types.h>

#include "../sched.h"
#include "class.h"

#define TIMES	1000

static const struct vbs_params tenth = {
	.runtime = NSEC_PER_MSEC, .period = 10 * NSEC_PER_MSEC, .cap = VBS_BW_UNIT / 10,
};

static const struct vbs_params whole = {
	.runtime = 10 * NSEC_PER_MSEC, .period = 10 * NSEC_PER_MSEC, .cap = VBS_BW_UNIT,
};

static u32 vbs_booked_on(int cpu)
{
	u32 booked;

	raw_spin_lock_irq(&vbs_books.lock);
	booked = vbs_books.adm.cpu[cpu].booked;
	raw_spin_unlock_irq(&vbs_books.lock);
	return booked;
}

static struct vbs_srv *vbs_make_place(const struct vbs_params *par, enum vbs_role role,
				      const struct cpumask *mask)
{
	const struct vbs_tenant to = { .role = role, .owner = GLOBAL_ROOT_UID };
	int cpu;

	return vbs_place_create(par, mask, &to, &cpu);
}

/* A server that ends is gone, and what it has executed paid, within a second. */
static void vbs_end_place(struct kunit *test, struct vbs_srv *srv, u32 booked)
{
	int cpu = srv->cpu, i;

	vbs_take_no_more(srv);
	for (i = 0; i < 1000 && vbs_booked_on(cpu) != booked; i++)
		fsleep(USEC_PER_MSEC);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(srv->gone));
	KUNIT_EXPECT_EQ(test, vbs_booked_on(cpu), booked);
	vbs_srv_put(srv);
}

static void vbs_test_place_booked(struct kunit *test)
{
	const struct cpumask *mask = cpumask_of(0);
	u32 before = vbs_booked_on(0);
	struct vbs_srv *srv;

	srv = vbs_make_place(&tenth, VBS_ROLE_VCPU, mask);
	KUNIT_ASSERT_FALSE(test, IS_ERR(srv));
	KUNIT_EXPECT_EQ(test, vbs_booked_on(0), before + tenth.cap);
	KUNIT_EXPECT_EQ(test, srv->nr_members, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(vbs_make_place(&whole, VBS_ROLE_VCPU, mask)), -EBUSY);
	KUNIT_EXPECT_EQ(test, vbs_booked_on(0), before + tenth.cap);
	vbs_end_place(test, srv, before);
}

static void vbs_test_place_asked(struct kunit *test)
{
	u32 before = vbs_booked_on(0);
	struct vbs_srv *srv, *s;

	srv = vbs_make_place(&tenth, VBS_ROLE_NONE, cpumask_of(0));
	KUNIT_ASSERT_FALSE(test, IS_ERR(srv));
	for (s = vbs_next_server(NULL); s; s = vbs_next_server(s))
		KUNIT_EXPECT_PTR_NE(test, s, srv);
	vbs_place_unbook(srv);
	vbs_srv_put(srv);
	KUNIT_EXPECT_EQ(test, vbs_booked_on(0), before);
}

/* Nobody has looked whether the class is on but who books. */
static void vbs_test_place_off(struct kunit *test)
{
	const struct cpumask *mask = cpumask_of(0);
	u32 before = vbs_booked_on(0);
	struct vbs_srv *srv[2];

	WRITE_ONCE(sysctl_vbs_enable, 0);
	srv[0] = vbs_make_place(&tenth, VBS_ROLE_VCPU, mask);
	srv[1] = vbs_make_place(&tenth, VBS_ROLE_NONE, mask);
	WRITE_ONCE(sysctl_vbs_enable, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(srv[0]), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(srv[1]), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vbs_booked_on(0), before);
}

/* A task like a user's, which sleeps in the kernel */
struct vbs_visitor {
	struct task_struct	*p;
	struct completion	started;
	struct completion	gone;
	bool			stop;
};

static int vbs_visitor_lives(void *data)
{
	struct vbs_visitor *v = data;

	v->p = current;
	complete(&v->started);
	while (!READ_ONCE(v->stop))
		schedule_timeout_uninterruptible(1);
	complete(&v->gone);
	do_exit(0);
}

static struct vbs_visitor *vbs_visitor_comes(struct kunit *test)
{
	struct vbs_visitor *v = kunit_kzalloc(test, sizeof(*v), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, v);
	init_completion(&v->started);
	init_completion(&v->gone);
	KUNIT_ASSERT_GT(test, user_mode_thread(vbs_visitor_lives, v, CLONE_FS | SIGCHLD), 0);
	wait_for_completion(&v->started);
	get_task_struct(v->p);
	return v;
}

static void vbs_visitor_goes(struct vbs_visitor *v)
{
	WRITE_ONCE(v->stop, true);
	wait_for_completion(&v->gone);
	put_task_struct(v->p);
}

static void vbs_leaves(struct kunit *test, struct task_struct *p)
{
	const struct sched_attr normal = {
		.size = sizeof(normal), .sched_policy = SCHED_NORMAL,
	};

	KUNIT_EXPECT_EQ(test, sched_setattr_nocheck(p, &normal), 0);
}

static void vbs_test_place_entered(struct kunit *test)
{
	struct vbs_visitor *v = vbs_visitor_comes(test);
	struct task_struct *p = v->p;
	u32 before = vbs_booked_on(0);
	struct vbs_srv *srv[2];
	int i;

	for (i = 0; i < 2; i++) {
		srv[i] = vbs_make_place(&tenth, VBS_ROLE_VCPU, cpumask_of(0));
		KUNIT_ASSERT_FALSE(test, IS_ERR(srv[i]));
	}
	for (i = 0; i < TIMES; i++) {
		KUNIT_ASSERT_EQ(test, vbs_go_into(p, srv[i % 2], true, false), 0);
		KUNIT_ASSERT_PTR_EQ(test, p->vbs.own, srv[i % 2]);
		KUNIT_ASSERT_EQ(test, srv[!(i % 2)]->nr_members, 0);
		if (i % 3 == 0)
			vbs_leaves(test, p);
	}
	vbs_leaves(test, p);
	KUNIT_EXPECT_EQ(test, vbs_booked_on(0), before + 2 * tenth.cap);
	vbs_end_place(test, srv[0], before + tenth.cap);
	vbs_end_place(test, srv[1], before);
	vbs_visitor_goes(v);
}

static void vbs_test_place_moved(struct kunit *test)
{
	struct vbs_spare spare = {};
	struct vbs_visitor *v;
	struct task_struct *p;
	struct vbs_srv *srv;
	u32 before[2];

	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU");
	v = vbs_visitor_comes(test);
	p = v->p;
	before[0] = vbs_booked_on(0);
	before[1] = vbs_booked_on(1);
	srv = vbs_make_place(&tenth, VBS_ROLE_VCPU, cpumask_of(0));
	KUNIT_ASSERT_FALSE(test, IS_ERR(srv));
	KUNIT_ASSERT_EQ(test, vbs_spare_fill(&spare), 0);
	KUNIT_EXPECT_EQ(test, vbs_go_into(p, srv, true, false), 0);
	KUNIT_EXPECT_EQ(test, vbs_place_move(srv, cpumask_of(1), &spare), -EBUSY);
	vbs_leaves(test, p);
	KUNIT_EXPECT_EQ(test, vbs_place_move(srv, cpumask_of(1), &spare), 0);
	KUNIT_EXPECT_EQ(test, srv->cpu, 1);
	KUNIT_EXPECT_EQ(test, vbs_booked_on(1), before[1] + tenth.cap);
	KUNIT_EXPECT_EQ(test, vbs_go_into(p, srv, true, false), 0);
	vbs_leaves(test, p);
	vbs_end_place(test, srv, before[1]);
	KUNIT_EXPECT_EQ(test, vbs_booked_on(0), before[0]);
	vbs_spare_drop(&spare);
	vbs_visitor_goes(v);
}

static int vbs_place_init(struct kunit *test)
{
	return vbs_enable();
}

static struct kunit_case vbs_place_cases[] = {
	KUNIT_CASE(vbs_test_place_booked),
	KUNIT_CASE(vbs_test_place_asked),
	KUNIT_CASE(vbs_test_place_off),
	KUNIT_CASE(vbs_test_place_entered),
	KUNIT_CASE(vbs_test_place_moved),
	{}
};

static struct kunit_suite vbs_place_suite = {
	.name = "sched_vbs_places",
	.init = vbs_place_init,
	.test_cases = vbs_place_cases,
};

kunit_test_suite(vbs_place_suite);
