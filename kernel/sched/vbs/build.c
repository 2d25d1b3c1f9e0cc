// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: all of it in one translation unit, so that the pick, charge and
 * enqueue paths are inlined across its files.
 */
#include <linux/anon_inodes.h>
#include <linux/bsearch.h>
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpuset.h>
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/freezer.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/kvm_para.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/mmu_context.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/security.h>
#include <linux/sched/clock.h>
#include <linux/sched/cputime.h>
#include <linux/sched/jobctl.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/vbs.h>
#include <linux/sched/vbs_cpuset.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string_helpers.h>
#include <linux/sysctl.h>
#include <linux/sysrq.h>
#include <linux/timekeeping.h>
#include <linux/timeline.h>
#include <linux/workqueue.h>
#include <uapi/linux/sched/types.h>

#include <asm/irq_regs.h>

#include "../sched.h"
#include "../smp.h"
#include "../stats.h"
#include "../pelt.h"
#include "../../locking/rtmutex_common.h"

#include "class.h"
#include "vm/vm.h"
#include "host/host.h"

#define CREATE_TRACE_POINTS
#include <trace/events/sched_vbs.h>

/* The core */
#include "core/queue.c"
#include "core/admit.c"
#include "core/align.c"
#include "core/gap.c"
#include "core/resource.c"
#include "core/cpu.c"
#include "core/server.c"
#include "core/check.c"

/* The glue */
#include "books/deadline.c"
#include "books/capacity.c"
#include "books/books.c"
#include "alloc.c"
#include "beside.c"
#include "calibrate.c"
#include "env.c"
#include "clock.c"
#include "budget.c"
#include "timer.c"
#include "stray.c"
#include "fair.c"
#include "inherit.c"
#include "member.c"
#include "class.c"
#include "rights.c"
#include "switch.c"
#include "params.c"
#include "dissolve.c"
#include "watch.c"
#ifdef CONFIG_SMP
#include "move.c"
#include "strict.c"
#include "hotplug.c"
#endif
#ifdef CONFIG_CPUSETS
#include "cpuset.c"
#endif
#include "place.c"
#include "vm/threads.c"
#include "vm/group.c"
#include "vm/vcpu.c"
#include "vm/booking.c"
#include "vm/config.c"
#include "vm/guest.c"
#include "vm/show.c"
#ifdef CONFIG_CPUSETS
#include "vm/follow.c"
#endif
#ifdef CONFIG_KVM_GUEST
#include "host/supply.c"
#include "host/sysfs.c"
#endif
#include "boundary.c"
#include "books/sysctl.c"
#include "books/reset.c"
#include "books/proc.c"

/**
 * init_vbs_rq - at boot
 * @rq: a runqueue
 */
void __init init_vbs_rq(struct rq *rq)
{
	memset(&rq->vbs, 0, sizeof(rq->vbs));
	vbs_init_timer(rq);
	vbs_init_strays(rq);
	vbs_init_look(rq);
	vbs_init_free_work(rq);
}
