// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: another resource and cap for a server, on the CPU where it is.
 */

/*
 * The running member's server has changed under it: what it may still run is
 * different now.  On this CPU the timer says so, else schedule() does.
 */
static void vbs_switched(struct rq *rq, struct vbs_srv *srv)
{
	struct task_struct *curr = rq->vbs.curr;

	vbs_arm_release(rq);
	if (!curr || curr->vbs.server != srv) {
		vbs_preempt_curr(rq);
		return;
	}
	if (srv->core.state == VBS_READY && !srv->core.early &&
	    vbs_first_ready(rq->vbs.core) == &srv->core &&
	    cpu_of(rq) == smp_processor_id())
		vbs_arm_run(rq, srv, curr);
	else
		resched_curr(rq);
}

/*
 * The clock of aligned release is the timeline that the caller is bound to.  One
 * that is bound to none, perhaps a tool, leaves what the server has.
 */
static timeline_ref_t vbs_timeline_for(const struct vbs_srv *srv,
				       const struct vbs_params *par)
{
	return par->align ? timeline_binding() ?: srv->timeline : 0;
}

/* Of the new resource; where nobody is runnable, if somebody were now */
static u64 vbs_first_release(const struct vbs_srv *srv)
{
	const struct vbs_server *s = &srv->core;

	return s->ended ? s->start : s->release;
}

static void vbs_do_switch(struct rq *rq, struct vbs_srv *srv,
			  const struct vbs_params *par, timeline_ref_t timeline)
{
	struct vbs_server *s = &srv->core;
	struct vbs_cpu *c = rq->vbs.core;
	u64 runtime = s->runtime, period = s->period, now;

	update_rq_clock(rq);
	/* Where nobody has run yet there is no instance for the end of which a cap stays. */
	vbs_attach(rq, srv);
	vbs_update_server(rq, srv);
	now = vbs_clock(rq);
	if (par->runtime == runtime && par->period == period &&
	    par->align == s->align && timeline == srv->timeline) {
		vbs_set_cap(c, s, par->cap, now);
		vbs_arm_release(rq);
		return;
	}
	srv->timeline = timeline;
	vbs_switch(c, s, par, now);
	trace_sched_vbs_switch(srv->id, srv->cpu, runtime, s->runtime, period,
			       s->period, now, vbs_first_release(srv));
	vbs_switched(rq, srv);
}

/**
 * vbs_switch_to - another resource and cap, if the cap can be booked
 * @rq: the server's CPU's, locked
 * @srv: the server
 * @p: for whom, in the trace
 * @par: checked
 * @timeline: whose multiples aligned releases keep to; 0 without @par->align
 *
 * Return: 0 or -EBUSY.
 */
int vbs_switch_to(struct rq *rq, struct vbs_srv *srv, struct task_struct *p,
		  const struct vbs_params *par, timeline_ref_t timeline)
{
	u32 spare = 0;
	bool raised;

	if (vbs_books_raise(srv, par->cap, &spare)) {
		vbs_reject(p, VBS_REJECT_NO_ROOM, par->cap, spare, srv->cpu);
		return -EBUSY;
	}
	raised = max(srv->core.cap, par->cap) > vbs_booked(srv);
	vbs_do_switch(rq, srv, par, timeline);
	if (raised)
		cpufreq_update_util(rq, 0);
	return 0;
}
